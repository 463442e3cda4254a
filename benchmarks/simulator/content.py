"""Deals that are shown content, week by week, with a known effect, and what decides whom it is sent to.

Each week an open deal moves on with `1 − exp(−exp(η))`, where `η` adds up stage, time in stage, segment, source,
person, recent meetings, the effects of what was seen in an earlier week, and momentum; it ends likewise. What is sent
depends on the activity of the week before (measured) and on momentum (hidden unless it is 0). One item is given by lot.
A share of deals may sleep: nothing says so, they move and end at a small part of the rate and little is done on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.simulator.organisation import World
from benchmarks.simulator.tables import days_of, table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST_WEEK: Final = date(2024, 1, 1)
STAGES: Final = ("discovery", "solution_fit", "proposal", "negotiation")
SEGMENTS: Final = {"enterprise": -0.25, "midmarket": 0.0, "smb": 0.20}
SOURCES: Final = {"referral": 0.30, "inbound": 0.10, "outbound": -0.25}
RANDOMISED: Final = "by_lot"
ARM: Final = "trial"
ASLEEP_PACE: Final = 1 / 7
ASLEEP_ACTIVITY: Final = 0.2


@dataclass(frozen=True)
class Journeys:
    """What to simulate: effects of each item, what drives sending (activity, hidden momentum), how many deals sleep."""

    seed: int
    deals: int = 3_000
    weeks: int = 78
    people: int = 12
    effects: tuple[tuple[str, float], ...] = (("helps", 0.30), ("null", 0.0), ("hurts", -0.10))
    randomised: float | None = None
    measured: float = 1.0
    momentum: float = 0.0
    sent: float = 0.05
    asleep: float = 0.0


def idle_content(found: World, items: int = 5, sent: float = 0.05) -> dict[str, pa.Table]:
    """Give items of content that were sent to the deals of an organisation while they were open, and do nothing.

    >>> from benchmarks.simulator import Organisation, simulate
    >>> sorted(idle_content(simulate(Organisation(seed=1, reps=6, deals=200, weeks=52))))
    ['content', 'content_events']
    """
    rng = np.random.default_rng([found.organisation.seed, 79])
    deals = found.tables["deals"]
    end = np.datetime64(found.organisation.end)
    begun = deals["created_on"].to_numpy().astype("datetime64[D]")
    closed = deals["closed_on"].to_numpy().astype("datetime64[D]")
    days = (np.where(np.isnat(closed), end, closed) - begun).astype(np.int64)
    often = rng.poisson(sent / 7 * days, (items, len(days)))
    item, deal = (np.repeat(place, often.ravel()) for place in (grid.ravel() for grid in np.indices(often.shape)))
    on = begun.astype(np.int64)[deal] + (rng.random(len(deal)) * days[deal]).astype(np.int64)
    names = np.array([f"item{number}" for number in range(items)])
    events = {
        "event_id": [f"e{number}" for number in range(len(deal))],
        "content_id": names[item].tolist(),
        "deal_id": deals["deal_id"].take(pa.array(deal)).combine_chunks(),
        "kind": ["sent"] * len(deal),
        "happened_on": days_of(on),
    }
    there = {"content_id": names.tolist(), "title": names.tolist()}
    return {"content": table("content", there), "content_events": table("content_events", events)}


def content_facts(world: Journeys) -> dict[str, pa.Table]:
    """Draw the deals and write them as fact tables.

    >>> facts = content_facts(Journeys(seed=1, deals=50))
    >>> facts["deals"].num_rows, sorted(set(facts["content_events"]["content_id"].to_pylist()))
    (50, ['helps', 'hurts', 'null'])
    """
    rng = np.random.default_rng(world.seed)
    n = world.deals
    created = np.sort(rng.integers(0, world.weeks - 4, n))
    segment, source, owner = rng.integers(0, 3, n), rng.integers(0, 3, n), rng.integers(0, world.people, n)
    person = rng.normal(0, 0.3, world.people)
    fixed = np.array(list(SEGMENTS.values()))[segment] + np.array(list(SOURCES.values()))[source] + person[owner]
    names = [name for name, _ in world.effects]
    effect = np.array([value for _, value in world.effects])
    arm = rng.random(n) < 0.5
    asleep = rng.random(n) < world.asleep if world.asleep else np.zeros(n, dtype=bool)
    pace, busy = np.where(asleep, np.log(ASLEEP_PACE), 0.0), np.where(asleep, ASLEEP_ACTIVITY, 1.0)
    stage, entered, closed = np.zeros(n, dtype=np.int64), created.copy(), np.full(n, -1)
    seen = np.full((n, len(names)), world.weeks + 1)
    acted, momentum = np.zeros((n, 3), dtype=np.int64), rng.normal(0, 1, n)
    outcome = np.zeros(n, dtype=np.int64)
    events: list[tuple[Ints, Ints, Ints]] = [(np.arange(n), np.zeros(n, dtype=np.int64), created)]
    acts: list[tuple[Ints, int, Ints]] = []
    sends: list[tuple[Ints, int, int]] = []
    for week in range(world.weeks):
        momentum = 0.85 * momentum + np.sqrt(1 - 0.85**2) * rng.normal(0, 1, n)
        here = np.flatnonzero((created < week) & (closed < 0))
        drive = world.momentum * momentum[here]
        recent = (acted[here, 1] == 2) | (acted[here, 2] == 2)
        eta = -1.9 + np.array([0.25, 0.0, -0.15, 0.10])[stage[here]] - 0.05 * np.minimum(week - entered[here], 10)
        eta = eta + fixed[here] + 0.4 * recent + (seen[here] < week) @ effect + drive + pace[here]
        if world.randomised is not None:
            eta = eta + world.randomised * arm[here]
        move = rng.random(len(here)) < -np.expm1(-np.exp(eta))
        end = ~move & (rng.random(len(here)) < -np.expm1(-np.exp(-3.2 - 0.5 * fixed[here] + pace[here])))
        # What is done and sent in the week, before anything moves; it acts from the next week on.
        met, touched = (rng.random(len(here)) < often * busy[here] for often in (0.25, 0.45))
        now = np.where(met, 2, np.where(touched, 1, 0))
        attention = np.array([0.4, 1.0, 1.8])[acted[here, 1]] ** world.measured
        for item in range(len(names)):
            chance = np.minimum(world.sent * attention * np.exp(1.2 * drive), 0.9)
            sent = here[rng.random(len(here)) < chance]
            seen[sent, item] = np.minimum(seen[sent, item], week)
            sends.append((sent, item, week))
        acted[:, 2], acted[:, 1] = acted[:, 1], 0
        acted[here, 1] = now
        acts += [(here[now == kind], kind, np.full(int((now == kind).sum()), week)) for kind in (1, 2)]
        moved, ended = here[move], here[end]
        stage[moved] += 1
        entered[moved] = week
        outcome[moved[stage[moved] == len(STAGES)]] = 1
        outcome[ended] = 2
        closed[outcome > 0] = np.where(closed[outcome > 0] < 0, week, closed[outcome > 0])
        events.append((moved, stage[moved], np.full(len(moved), week)))
        events.append((ended, np.full(len(ended), len(STAGES) + 1), np.full(len(ended), week)))
    return _facts(world, created, closed, outcome, segment, source, owner, arm, events, acts, sends, names)


def _facts(  # noqa: PLR0917 - all that was drawn
    world: Journeys,
    created: Ints,
    closed: Ints,
    outcome: Ints,
    segment: Ints,
    source: Ints,
    owner: Ints,
    arm: NDArray[np.bool_],
    events: list[tuple[Ints, Ints, Ints]],
    acts: list[tuple[Ints, int, Ints]],
    sends: list[tuple[Ints, int, int]],
    names: list[str],
) -> dict[str, pa.Table]:
    n = len(created)
    first = (FIRST_WEEK - date(1970, 1, 1)).days
    ids = np.array([f"d{number:06d}" for number in range(n)])
    labels = np.array([*STAGES, "won", "lost"])

    def on(week: Ints, day: int) -> pa.Array:
        return days_of(first + 7 * week + day)

    deal, stage, week = (np.concatenate([event[part] for event in events]) for part in range(3))
    order = np.lexsort((stage, week, deal))
    deal, stage, week = deal[order], stage[order], week[order]
    act_deal, act_week = (np.concatenate([act[part] for act in acts]) for part in (0, 2))
    act_kind = np.concatenate([np.full(len(act[0]), act[1]) for act in acts])
    sent_deal = np.concatenate([sent[0] for sent in sends])
    sent_item = np.concatenate([np.full(len(sent[0]), sent[1]) for sent in sends])
    sent_week = np.concatenate([np.full(len(sent[0]), sent[2]) for sent in sends])
    content = np.array(names)[sent_item]
    if world.randomised is not None:
        given = np.flatnonzero(arm)
        sent_deal, sent_week = np.concatenate([sent_deal, given]), np.concatenate([sent_week, created[given]])
        content = np.concatenate([content.astype(object), np.full(len(given), RANDOMISED, dtype=object)])
    known = sent_week < world.weeks
    deals = table(
        "deals",
        {
            "deal_id": ids.tolist(),
            "account_id": ids.tolist(),
            "owner_id": [f"p{number}" for number in owner.tolist()],
            "pipeline": ["default"] * n,
            "source": [list(SOURCES)[number] for number in source.tolist()],
            "outcome": np.array(["open", "won", "lost"])[outcome].tolist(),
            "created_on": on(created, 0),
            "closed_on": days_of(first + 7 * closed + 4, mask=closed < 0),
            "known_at_creation": [",owner_id,source,"] * n,
            "attributes": pa.array(
                [[(ARM, "sent" if given else "control")] for given in arm.tolist()], pa.map_(pa.string(), pa.string())
            ),
        },
    )
    accounts = table(
        "accounts", {"account_id": ids.tolist(), "segment": [list(SEGMENTS)[number] for number in segment.tolist()]}
    )
    moves = table(
        "stage_events",
        {
            "deal_id": ids[deal].tolist(),
            "seq": np.ones(len(deal), dtype=np.int64),
            "pipeline": ["default"] * len(deal),
            "stage": labels[stage].tolist(),
            "entered_on": days_of(first + 7 * week + np.where(week == created[deal], 0, 4)),
            "origin": ["recorded"] * len(deal),
        },
    )
    activities = table(
        "activities",
        {
            "activity_id": [f"v{number}" for number in range(len(act_deal))],
            "kind": np.array(["", "call", "meeting"])[act_kind].tolist(),
            "deal_id": ids[act_deal].tolist(),
            "happened_on": on(act_week, 2),
            "automatic": np.zeros(len(act_deal), dtype=bool),
        },
    )
    exposures = table(
        "content_events",
        {
            "event_id": [f"e{number}" for number in range(int(known.sum()))],
            "content_id": content[known].tolist(),
            "deal_id": ids[sent_deal[known]].tolist(),
            "kind": ["sent"] * int(known.sum()),
            "happened_on": on(sent_week[known], 3),
        },
    )
    items = sorted(set(content[known].tolist()))
    stages = {
        "pipeline": ["default"] * len(labels),
        "stage": labels.tolist(),
        "label": labels.tolist(),
        "stage_order": np.arange(1, len(labels) + 1),
        "kind": ["open"] * len(STAGES) + ["won", "lost"],
        "origin": ["given"] * len(labels),
    }
    number = np.arange(7 * world.weeks)
    calendar = {
        "day": days_of(first + number),
        "working": number % 7 < 5,
        "week_start": days_of(first + number - number % 7),
        "iso_week": [""] * len(number),
        "working_days": np.cumsum(number % 7 < 5),
    }
    return {
        "deals": deals,
        "accounts": accounts,
        "stage_events": moves,
        "activities": activities,
        "content_events": exposures,
        "content": table("content", {"content_id": items, "title": items}),
        "stages": table("stages", stages),
        "calendar": table("calendar", calendar),
    }
