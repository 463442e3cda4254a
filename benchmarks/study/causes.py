"""Causes behind a low result where they are known: how often each is found, and told of whom it is not true."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Final

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator.causes import PLANTED, Causes, cause_tables
from benchmarks.study.rows import Row, share_row
from bokgi.questions.asked import asked
from bokgi.questions.causes import readings

TOPIC: Final = "causes"
SCALES: Final = {"small": 2, "medium": 20, "full": 40}
OWN_SEEDS: Final = 80_000
"""Organisations that decided nothing about the method."""
SIZES: Final = {"24 people, 4,800 deals": (24, 4_800), "12 people, 2,400 deals": (12, 2_400)}
NOTE: Final = """\
With each person tested by itself (before decision 56), people without a cause were told one in .011 to .018 of
cases, and on organisations used to choose the rule skill was found in .58 and .81 at 24 and 12 people. Where falling
activity is not found it is called unclear."""
Found = dict[str, tuple[str, ...]]


def found_in(world: Causes) -> Found:
    """Read one organisation as the command does: person → causes the data show."""
    made, tables = cause_tables(world)
    with asked(facts_of_tables(tables), as_of=made.organisation.end - timedelta(days=1)) as here:
        return {one.person_id: one.found for one in readings(here)[0]}


def run(scale: str, seed: int) -> list[Row]:
    """Measure by size how often each cause is found, which others are told of the same person, and of equal people."""
    rows = []
    for size, (people, deals) in SIZES.items():
        plain = Causes(seed=seed + OWN_SEEDS, people=people, deals=deals)
        worlds = [found_in(replace(plain, seed=plain.seed + each)) for each in range(SCALES[scale])]
        for place, cause in enumerate(PLANTED):
            told = [world[f"p{place:03d}"] for world in worlds]
            rows.append(share_row(TOPIC, f"{cause} found where it is planted, {size}", [cause in one for one in told]))
            wrong = Counter(other for one in told for other in one if other != cause)
            most = f" (most often {wrong.most_common(1)[0][0]})" if wrong else ""
            measure = f"another cause told where {cause} is planted{most}, {size}"
            rows.append(share_row(TOPIC, measure, [bool(set(one) - {cause}) for one in told]))
        equal = [world[person] for world in worlds for person in world if int(person[1:]) >= len(PLANTED)]
        rows.append(
            share_row(TOPIC, f"any cause told of people without one, {size}", [bool(one) for one in equal], most=0.05)
        )
    return rows
