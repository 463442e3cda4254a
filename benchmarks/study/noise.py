"""Files of pure noise as a review reads them: how many show anything at all, by what they show."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np

from benchmarks.simulator import World, simulate
from benchmarks.simulator.causes import with_handling
from benchmarks.study.bottleneck import noise
from benchmarks.study.causes import facts_of
from benchmarks.study.rows import Row, share_row
from bokgi.analysis.causes.reading import CASES_WEEKS
from bokgi.questions.asked import asked
from bokgi.questions.bottlenecks import DEFAULT_VIEWS, find_bottlenecks
from bokgi.questions.causes import readings
from bokgi.questions.changes import ask_changes

TOPIC: Final = "noise"
SCALES: Final = {"small": 4, "medium": 24, "full": 200}
NOTE: Final = """\
Half of the files have conditions that differ, half have none; all have leads, weekly calls and a calendar, so that each
cause can go wrong. The seeds decided nothing (decision 56); before it, 3 of 48 such files told somebody a cause. Alerts
of a week have a goal of their own (changes)."""
OWN_SEEDS: Final = 70_000
"""Files of their own, not those of other topics."""
SHOWN: Final = {
    "bottlenecks": "a bottleneck, six views together",
    "people": "people told apart",
    "causes": "a cause for somebody that is not so",
}
HARD_HANDS: Final = "files in which harder deals that chance dealt to somebody are told as such"


def shown(world: World) -> set[str]:
    """Say what one organisation is shown although nobody differs."""
    as_of = world.organisation.end - timedelta(days=1)
    facts = facts_of(with_handling(world))
    found = set()
    if any(unit["flagged"] for unit in find_bottlenecks(facts, as_of=as_of, by=DEFAULT_VIEWS)["units"]):
        found.add("bottlenecks")
    if ask_changes(facts, as_of=as_of)["alerts"]:
        found.add("alerts")
    with asked(facts, as_of=as_of) as here:
        read, comparison = readings(here)
    if comparison is not None and comparison.detectable:
        found.add("people")
    hands = true_hands(world)
    told = {(one.person_id, cause) for one in read for cause in one.found}
    hard = {(person, cause) for person, cause in told if cause == "environment" and hands[person] < 1.0}
    if told - hard:
        found.add("causes")
    if hard:
        found.add("hands")
    return found


def true_hands(world: World) -> dict[str, float]:
    """Say what an average person reaches in truth with the deals each person closed in a year, relative to all."""
    since = world.organisation.end - timedelta(weeks=CASES_WEEKS)
    deals = world.tables["deals"]
    closed = np.array([on is not None and on >= since for on in deals["closed_on"].to_pylist()])
    owner, chance = np.array(deals["owner_id"].to_pylist()), world.truth.p_win
    usual = float(chance[closed].mean())
    return {str(person): float(chance[closed & (owner == person)].mean()) / usual for person in set(owner[closed])}


def run(scale: str, seed: int) -> list[Row]:
    """Measure how many files show each kind of thing, half of them with conditions that differ, half without."""
    told = [shown(simulate(noise(seed + OWN_SEEDS, each, drivers=each % 2 == 0))) for each in range(SCALES[scale])]
    rows = [
        share_row(TOPIC, f"files of noise that show {what}", [name in one for one in told], most=0.02)
        for name, what in SHOWN.items()
    ]
    anything = [bool(one & set(SHOWN)) for one in told]
    return [
        *rows,
        share_row(TOPIC, "files of noise that show any of these", anything, most=0.02),
        share_row(TOPIC, "files with an alert of the last eight weeks", ["alerts" in one for one in told]),
        share_row(TOPIC, HARD_HANDS, ["hands" in one for one in told]),
    ]
