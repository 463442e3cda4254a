"""Organisations in which some people have a low result for a reason that is known: one cause each, or none.

People are equal but for what is planted. Person 0 is handed hard deals, person 1 answers leads late, person 2 loses
deals at one stage, person 3 does less from a week on, person 4 is new; the others are as everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.simulator.organisation import CONDITIONS, Defect, Organisation, World, simulate
from benchmarks.simulator.tables import days_of, table

Ints = NDArray[np.int64]

PLANTED: Final = ("environment", "lead_handling", "skill", "motivation", "ramp")
"""What is planted on person 0, 1, …"""
LOST_STAGE: Final = 2
_WEEK: Final = 7


@dataclass(frozen=True)
class Causes:
    """What to simulate; without `planted` everybody is equal. `loss`: log-odds at one stage; `fall`: of activities."""

    seed: int
    planted: bool = True
    people: int = 16
    deals: int = 3_200
    weeks: int = 78
    loss: float = -1.6
    fall: float = 0.5
    fallen_weeks: int = 14
    late: float = 0.15
    late_planted: float = 0.60
    leads: int = 45


def cause_tables(world: Causes) -> tuple[World, dict[str, pa.Table]]:
    """Simulate an organisation and give its fact tables, leads and calendar among them.

    >>> _, tables = cause_tables(Causes(seed=1, people=6, deals=300, weeks=60))
    >>> tables["leads"].num_rows
    270
    """
    rng = np.random.default_rng([world.seed, 77])
    organisation = Organisation(
        seed=world.seed,
        reps=world.people,
        teams=2,
        weeks=world.weeks,
        deals=world.deals,
        person_sd=0.0,
        territory_sd=0.0,
        territories=4,
        turnover=0.0,
        acts_on="stages",
        intercept=1.2,
        condition_scale=0.6,
        defects=(Defect(LOST_STAGE, world.loss, person=2),) if world.planted else (),
    )
    found = simulate(organisation)
    tables = dict(found.tables)
    people = [f"p{number:03d}" for number in range(world.people)]
    last = (organisation.end - timedelta(days=1)).toordinal() - 719_163
    if world.planted:
        owner = _hard_deals_to_the_first(found, rng)
        tables["deals"] = _with(tables["deals"], "owner_id", pa.array([people[one] for one in owner.tolist()]))
        tables["stage_events"] = _owned(tables["stage_events"], tables["deals"], "by_id")
        tables["memberships"] = _new(tables["memberships"], organisation)
    return found, tables | _recorded(rng, world, people, last)


def with_handling(found: World) -> dict[str, pa.Table]:
    """Give the fact tables of an organisation with leads, weekly calls and a calendar, in which nobody differs.

    >>> with_handling(simulate(Organisation(seed=1, reps=6, deals=200, weeks=52)))["leads"].num_rows
    270
    """
    made = found.organisation
    world = Causes(seed=made.seed, planted=False, people=made.reps, deals=made.deals, weeks=made.weeks)
    people = [f"p{number:03d}" for number in range(made.reps)]
    last = (made.end - timedelta(days=1)).toordinal() - 719_163
    return found.tables | _recorded(np.random.default_rng([made.seed, 78]), world, people, last)


def _recorded(rng: np.random.Generator, world: Causes, people: list[str], last: int) -> dict[str, pa.Table]:
    """Give what people do: weekly calls, leads with the first answers to them, and the calendar."""
    calls = _weekly(rng, world, people, last)
    leads, answers = _leads(rng, world, people, last)
    activities, activity_people = (pa.concat_tables(both) for both in zip(calls, answers, strict=True))
    calendar = _calendar(last - world.weeks * _WEEK - 400, last + 60)
    return {"activities": activities, "activity_people": activity_people, "leads": leads, "calendar": calendar}


def _hard_deals_to_the_first(found: World, rng: np.random.Generator) -> Ints:
    """Swap deals between person 0 and the people without a plant, until person 0 has the hard ones."""
    deals, accounts = found.tables["deals"], found.tables["accounts"]
    ease = np.zeros(deals.num_rows)
    for name, options in CONDITIONS.items():
        source = deals if name in deals.column_names else accounts
        effects = {level: effect for level, _, effect in options}
        ease += np.array([effects[level] for level in source[name].to_pylist()])
    owner = found.owner.copy()
    own = np.flatnonzero(owner == 0)
    free = np.flatnonzero(owner >= len(PLANTED))
    pool = np.concatenate([own, free])
    hard = pool[np.argsort(ease[pool] + rng.normal(0, 0.35, len(pool)))][: len(own)]
    givers = owner[hard[owner[hard] != 0]]
    given = np.setdiff1d(own, hard)
    owner[hard] = 0
    owner[given] = givers[: len(given)]
    return owner


def _with(rows: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)


def _owned(rows: pa.Table, deals: pa.Table, name: str) -> pa.Table:
    owners = dict(zip(deals["deal_id"].to_pylist(), deals["owner_id"].to_pylist(), strict=True))
    return _with(rows, name, pa.array([owners[deal] for deal in rows["deal_id"].to_pylist()]))


def _new(members: pa.Table, organisation: Organisation) -> pa.Table:
    """Let person 4 have begun ten weeks ago."""
    began = members["started_on"].to_pylist()
    began[PLANTED.index("ramp")] = organisation.end - timedelta(weeks=10)
    return _with(members, "started_on", pa.array(began, pa.date32()))


def _weekly(rng: np.random.Generator, world: Causes, people: list[str], last: int) -> tuple[pa.Table, pa.Table]:
    """Give calls of every week, on no deal: about twenty, more in some weeks than in others."""
    weeks = np.arange(world.weeks)
    monday = last + 1 - _WEEK * (world.weeks - weeks)
    monday = monday - (monday + 3) % _WEEK
    common = np.exp(rng.normal(0, 0.12, world.weeks))
    level = np.exp(rng.normal(0, 0.25, len(people)))
    rate = 20 * level[:, None] * common[None, :] * rng.gamma(60, 1 / 60, (len(people), world.weeks))
    if world.planted:
        rate[PLANTED.index("motivation"), -world.fallen_weeks :] *= world.fall
    count = rng.poisson(rate)
    who = np.repeat(np.repeat(np.arange(len(people)), world.weeks), count.ravel())
    on = np.repeat(np.tile(monday, len(people)), count.ravel()) + rng.integers(0, 5, count.sum())
    return _acts("w", [people[one] for one in who.tolist()], on, None)


def _acts(prefix: str, who: list[str], on: Ints, accounts: list[str] | None) -> tuple[pa.Table, pa.Table]:
    ids = [f"{prefix}{number:07d}" for number in range(len(who))]
    columns: dict[str, object] = {
        "activity_id": ids,
        "kind": ["call"] * len(ids),
        "happened_on": days_of(on),
        "done": np.ones(len(ids), dtype=bool),
        "automatic": np.zeros(len(ids), dtype=bool),
    }
    if accounts is not None:
        columns["account_id"] = accounts
    return table("activities", columns), table("activity_people", {"activity_id": ids, "person_id": who})


def _leads(
    rng: np.random.Generator, world: Causes, people: list[str], last: int
) -> tuple[pa.Table, tuple[pa.Table, pa.Table]]:
    """Give leads of the last half year, answered the same day, or after a week."""
    n = len(people) * world.leads
    who = np.repeat(np.arange(len(people)), world.leads)
    assigned = last - 20 - rng.integers(0, 150, n)
    assigned = assigned - np.maximum((assigned + 3) % _WEEK - 4, 0)
    share = np.full(len(people), world.late)
    if world.planted:
        share[PLANTED.index("lead_handling")] = world.late_planted
    late = rng.random(n) < share[who]
    accounts = [f"lead-a{number:06d}" for number in range(n)]
    owners = [people[one] for one in who.tolist()]
    leads = table(
        "leads",
        {
            "lead_id": [f"l{number:06d}" for number in range(n)],
            "account_id": accounts,
            "owner_id": owners,
            "assigned_on": days_of(assigned),
            "created_on": days_of(assigned),
        },
    )
    return leads, _acts("a", owners, assigned + np.where(late, 9, 0), accounts)


def _calendar(first: int, last: int) -> pa.Table:
    day = np.arange(first, last + 1)
    weekday = (day + 3) % _WEEK
    working = weekday < 5
    return table(
        "calendar",
        {
            "day": days_of(day),
            "working": working,
            "week_start": days_of(day - weekday),
            "iso_week": [""] * len(day),
            "working_days": np.cumsum(working),
        },
    )
