"""The reading against organisations with planted causes: who is found, and how seldom equal people are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator.causes import PLANTED, Causes, cause_tables
from bokgi.questions.asked import asked
from bokgi.questions.causes import readings

SEEDS = 3


def read(world: Causes) -> dict[str, tuple[str, ...]]:
    found, tables = cause_tables(world)
    with asked(facts_of_tables(tables), as_of=found.organisation.end - timedelta(days=1)) as here:
        return {one.person_id: one.found for one in readings(here)[0]}


@pytest.mark.slow
def test_planted_causes_are_found_and_equal_people_seldom() -> None:
    worlds = [read(Causes(seed=seed)) for seed in range(SEEDS)]
    hits = {name: sum(name in found[f"p{place:03d}"] for found in worlds) for place, name in enumerate(PLANTED)}
    assert hits["ramp"] == SEEDS
    assert sum(hits.values()) >= 0.6 * SEEDS * len(PLANTED), hits
    equal = [found[person] for found in worlds for person in found if int(person[1:]) >= len(PLANTED)]
    assert sum(bool(one) for one in equal) <= 1


@pytest.mark.slow
def test_an_organisation_of_equal_people_shows_nothing() -> None:
    assert not any(read(Causes(seed=11, planted=False)).values())
