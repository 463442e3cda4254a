"""Weekly counts of teams with known truth: what people do in a week, in which weeks they are away, who changes when.

A person's week counts `rate × time × common week × workload × scatter`, Poisson: weeks are common to a team (season,
fairs), workload drifts slowly (first-order autoregression), scatter is a person's own week. A change multiplies all
activities of one person in each team from one week on, or what the person wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.simulator.tables import days_of, table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST_WEEK: Final = date(2024, 1, 1)
PERSON_RATES: Final = {"meeting": 6.0, "call": 10.0, "email": 10.0, "other": 3.0, "created": 2.5}
"""Usual counts of a person in a full working week."""
ACTIVITIES: Final = ("meeting", "call", "email", "other")
WIN_RATE: Final = 0.3
WINS: Final = 0.6
COLUMNS: Final = ("subject_kind", "subject_id", "team", "metric", "week", "count", "trials", "time")


@dataclass(frozen=True)
class Weeks:
    """What to simulate; `change` is the factor on one person of each team from week `change_at` on (1: none)."""

    seed: int
    teams: int = 20
    people: int = 8
    weeks: int = 104
    scatter: float = 0.015
    common_sd: float = 0.12
    workload_sd: float = 0.10
    workload_memory: float = 0.8
    person_sd: float = 0.30
    change: float = 1.0
    change_at: int = 60
    changed: str = "activities"


@dataclass(frozen=True)
class Drawn:
    """Counts of each metric and working time (teams × people × weeks), share of time and working days of each week."""

    counts: dict[str, Ints]
    lost: Ints
    time: Floats
    share: Floats
    days: Ints


def draw_weeks(world: Weeks) -> Drawn:
    """Draw what everybody does in every week."""
    rng = np.random.default_rng(world.seed)
    shape = (world.teams, world.people, world.weeks)
    share, days = _time(rng, world)
    time = share[:, :, None] * days[None, None, :] / 5.0
    level = rng.normal(0, world.person_sd, shape[:2])[:, :, None] + _workload(rng, world)
    common = np.exp(rng.normal(0, world.common_sd, (world.teams, 1, world.weeks)) + _season(world))
    effort = np.exp(level) * common * time
    changed = np.ones(shape)
    changed[:, 0, world.change_at :] = world.change
    doing, winning = (changed if world.changed == what else np.ones(shape) for what in ("activities", "won"))
    shared = rng.gamma(1.0 / world.scatter, world.scatter, shape)
    counts = {
        metric: rng.poisson(rate * effort * shared * (1.0 if metric == "created" else doing))
        for metric, rate in PERSON_RATES.items()
    }
    counts["activities"] = np.sum([counts[kind] for kind in ACTIVITIES], axis=0)
    counts["won"] = rng.poisson(WINS * winning * effort)
    lost = rng.poisson(WINS * (1.0 - WIN_RATE) / WIN_RATE * effort)
    return Drawn(counts, lost, time, share, days)


def simulate_weeks(world: Weeks) -> pa.Table:
    """Draw the weekly counts of `analysis.change_detection` for all teams; person 0 of each team is who changes.

    >>> table = simulate_weeks(Weeks(seed=1, teams=1, people=2, weeks=20))
    >>> sorted(set(table["metric"].to_pylist()))
    ['activities', 'call', 'created', 'email', 'meeting', 'win_rate', 'won']
    """
    drawn = draw_weeks(world)
    counts, time = drawn.counts, drawn.time
    persons = ("activities", "meeting", "call", "email", "created", "won")
    parts = [_persons(world, counts[name], time, name) for name in persons]
    parts += [_teams(world, counts[name].sum(axis=1), time, name) for name in ("activities", "created", "won")]
    decided = (counts["won"] + drawn.lost).sum(axis=1)
    parts.append(_teams(world, counts["won"].sum(axis=1), time, "win_rate", trials=decided))
    return pa.concat_tables(parts)


def week_facts(world: Weeks) -> dict[str, pa.Table]:
    """Give the same weeks as fact tables: activities, deals, memberships, the calendar with its holidays."""
    drawn = draw_weeks(world)
    people = np.array([f"t{team:03d}p{person}" for team in range(world.teams) for person in range(world.people)])
    first = (FIRST_WEEK - date(1970, 1, 1)).days
    monday = np.tile(first + 7 * np.arange(world.weeks), len(people))
    owner = np.repeat(people, world.weeks)

    def each(count: Ints) -> tuple[NDArray[np.str_], Ints]:
        return np.repeat(owner, count.ravel()), np.repeat(monday, count.ravel())

    acts = [(kind, *each(drawn.counts[kind])) for kind in ACTIVITIES]
    number = np.arange(sum(len(who) for _, who, _ in acts))
    ids = [f"v{n:07d}" for n in number.tolist()]
    kinds = np.concatenate([np.repeat(kind, len(who)) for kind, who, _ in acts])
    activities = {
        "activity_id": ids,
        "kind": kinds.tolist(),
        "happened_on": days_of(np.concatenate([on for _, _, on in acts])),
        "done": np.ones(len(ids), dtype=bool),
        "automatic": np.zeros(len(ids), dtype=bool),
    }
    by = {"activity_id": ids, "person_id": np.concatenate([who for _, who, _ in acts]).tolist()}
    return {
        "activities": table("activities", activities),
        "activity_people": table("activity_people", by),
        "deals": _deals(drawn, each),
        "memberships": table(
            "memberships",
            {
                "person_id": people.tolist(),
                "team": [person[:4] for person in people.tolist()],
                "role": ["AE"] * len(people),
                "share": drawn.share.ravel(),
                "started_on": pa.array([date(2015, 1, 5)] * len(people)),
            },
        ),
        "calendar": _calendar(drawn.days, first),
    }


def _deals(drawn: Drawn, each: Callable[[Ints], tuple[NDArray[np.str_], Ints]]) -> pa.Table:
    """Give deals that begin in the weeks, and others, begun long before, that are won or lost in them."""
    parts = [("open", *each(drawn.counts["created"])), ("won", *each(drawn.counts["won"])), ("lost", *each(drawn.lost))]
    outcome = np.concatenate([np.repeat(name, len(who)) for name, who, _ in parts])
    on = np.concatenate([days for _, _, days in parts])
    is_open = outcome == "open"
    n = len(on)
    return table(
        "deals",
        {
            "deal_id": [f"d{number:06d}" for number in range(n)],
            "owner_id": np.concatenate([who for _, who, _ in parts]).tolist(),
            "pipeline": ["default"] * n,
            "outcome": outcome.tolist(),
            "created_on": days_of(np.where(is_open, on, 0)),
            "closed_on": days_of(on, mask=is_open),
            "known_at_creation": [",owner_id,"] * n,
        },
    )


def _calendar(days: Ints, first: int) -> pa.Table:
    """Give each day of the weeks; of a short week the first days are holidays."""
    number = np.arange(7 * len(days))
    weekday = number % 7
    working = (weekday < 5) & (weekday >= 5 - np.repeat(days, 7))
    columns = {
        "day": days_of(first + number),
        "working": working,
        "week_start": days_of(first + number - weekday),
        "iso_week": [""] * len(number),
        "working_days": np.cumsum(working),
    }
    return table("calendar", columns)


def _time(rng: np.random.Generator, world: Weeks) -> tuple[Floats, Ints]:
    """Draw who works part-time, and the working days of each week: two long holidays a year and single ones."""
    days = np.full(world.weeks, 5, dtype=np.int64)
    days[rng.choice(world.weeks, world.weeks // 8, replace=False)] = 4
    days[np.isin(np.arange(world.weeks) % 52, (5, 38))] = 2
    return rng.choice([1.0, 1.0, 1.0, 0.6], (world.teams, world.people)), days


def _season(world: Weeks) -> Floats:
    """Add a quiet summer and a growth of a tenth a year, on the log scale."""
    week = np.arange(world.weeks)
    out: Floats = 0.1 * week / 52 - 0.15 * ((week % 52 >= 29) & (week % 52 < 33))
    return out


def _workload(rng: np.random.Generator, world: Weeks) -> Floats:
    """Draw a slow drift of each person, stationary from the first week on."""
    shape = (world.teams, world.people, world.weeks)
    shock = rng.normal(0, world.workload_sd, shape)
    out = np.empty(shape)
    out[:, :, 0] = shock[:, :, 0]
    keep = world.workload_memory
    for week in range(1, world.weeks):
        out[:, :, week] = keep * out[:, :, week - 1] + np.sqrt(1.0 - keep**2) * shock[:, :, week]
    # A week off that nobody recorded: hardly anything is done.
    off = rng.random(shape) < 0.03
    return np.where(off, out - 2.5, out)


def _persons(world: Weeks, count: Ints, time: Floats, metric: str) -> pa.Table:
    teams = np.repeat(np.arange(world.teams), world.people * world.weeks)
    people = np.tile(np.repeat(np.arange(world.people), world.weeks), world.teams)
    ids = [f"t{team:03d}p{person}" for team, person in zip(teams.tolist(), people.tolist(), strict=True)]
    return _table("person", ids, [f"t{team:03d}" for team in teams.tolist()], metric, count, None, time, world)


def _teams(world: Weeks, count: Ints, time: Floats, metric: str, trials: Ints | None = None) -> pa.Table:
    teams = [f"t{team:03d}" for team in np.repeat(np.arange(world.teams), world.weeks).tolist()]
    return _table("team", teams, teams, metric, count, trials, time.sum(axis=1), world)


def _table(
    kind: str,
    subjects: list[str],
    teams: list[str],
    metric: str,
    count: Ints,
    trials: Ints | None,
    time: Floats,
    world: Weeks,
) -> pa.Table:
    n = len(subjects)
    weeks = [FIRST_WEEK + timedelta(weeks=week) for week in range(world.weeks)]
    values = (
        pa.array([kind] * n),
        pa.array(subjects),
        pa.array(teams),
        pa.array([metric] * n),
        pa.array(weeks * (n // world.weeks), pa.date32()),
        pa.array(count.ravel()),
        pa.nulls(n, pa.int64()) if trials is None else pa.array(trials.ravel()),
        pa.array(np.broadcast_to(time, count.shape).ravel()),
    )
    return pa.Table.from_arrays(list(values), names=list(COLUMNS))
