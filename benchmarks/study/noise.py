"""Files of pure noise as a review reads them: how many show anything at all, by what they show."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from benchmarks.simulator import World, simulate
from benchmarks.study.bottleneck import noise
from benchmarks.study.causes import facts_of
from benchmarks.study.rows import Row, share_row
from bokgi.questions.asked import asked
from bokgi.questions.bottlenecks import DEFAULT_VIEWS, find_bottlenecks
from bokgi.questions.causes import readings
from bokgi.questions.changes import ask_changes

TOPIC: Final = "noise"
SCALES: Final = {"small": 4, "medium": 24, "full": 200}
OWN_SEEDS: Final = 60_000
"""Files of their own, not those of other topics."""
SHOWN: Final = {
    "bottlenecks": "a bottleneck, six views together",
    "people": "people told apart",
    "alerts": "an alert of the last eight weeks",
    "causes": "a cause for somebody",
}


def shown(world: World) -> set[str]:
    """Say what one organisation is shown although nobody differs."""
    as_of = world.organisation.end - timedelta(days=1)
    facts = facts_of(world.tables)
    found = set()
    if any(unit["flagged"] for unit in find_bottlenecks(facts, as_of=as_of, by=DEFAULT_VIEWS)["units"]):
        found.add("bottlenecks")
    if ask_changes(facts, as_of=as_of)["alerts"]:
        found.add("alerts")
    with asked(facts, as_of=as_of) as here:
        read, comparison = readings(here)
    if comparison is not None and comparison.detectable:
        found.add("people")
    if any(one.found for one in read):
        found.add("causes")
    return found


def run(scale: str, seed: int) -> list[Row]:
    """Measure how many files show each kind of thing, half of them with conditions that differ, half without."""
    told = [shown(simulate(noise(seed + OWN_SEEDS, each, drivers=each % 2 == 0))) for each in range(SCALES[scale])]
    rows = [
        share_row(TOPIC, f"files of noise that show {what}", [name in one for one in told], most=0.02)
        for name, what in SHOWN.items()
    ]
    lasting = [bool(one & {"bottlenecks", "people"}) for one in told]
    return [*rows, share_row(TOPIC, "files of noise that show a bottleneck or a ranking", lasting, most=0.02)]
