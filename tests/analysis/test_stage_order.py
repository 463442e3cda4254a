"""An order of stages that history contradicts is found; one that deals are sent back along now and then is not."""

from __future__ import annotations

from itertools import pairwise

import ibis
import pyarrow as pa
import pytest

from bokgi.analysis.stage_order import Reversed, reversed_stages

ORDER = {"talk": 1, "offer": 2, "terms": 3}


def visits(paths: dict[tuple[str, ...], int], pipeline: str = "default") -> list[dict[str, object]]:
    """Give the visits of so many deals on each path."""
    return [
        {"pipeline": pipeline, "stage": a, "stage_order": ORDER[a], "next_stage": b, "next_order": ORDER[b]}
        for path, n in paths.items()
        for a, b in pairwise(path)
        for _each in range(n)
    ]


def found(rows: list[dict[str, object]]) -> tuple[Reversed, ...]:
    return reversed_stages(ibis.memtable(pa.Table.from_pylist(rows)))


def test_stages_passed_the_other_way_round_are_named_once_for_each_pipeline() -> None:
    wrong = visits({("offer", "talk", "terms"): 30, ("talk", "offer", "terms"): 5})
    right = visits({("talk", "offer", "terms"): 40}, "renewal")
    assert found([*wrong, *right]) == (Reversed("default", "talk", "offer", 30, 35),)
    both = [*wrong, *visits({("terms", "offer", "talk"): 50}, "renewal")]
    assert [(one.pipeline, one.n) for one in found(both)] == [("default", 30), ("renewal", 50)]


@pytest.mark.parametrize(
    "paths",
    [
        {("talk", "offer", "terms"): 40, ("talk", "offer", "talk"): 15},
        # Nine moves are few, and of 30 a few more than half may be chance.
        {("offer", "talk"): 9},
        {("offer", "talk"): 18, ("talk", "offer"): 12},
    ],
    ids=["sent back", "few", "chance"],
)
def test_what_may_be_chance_or_a_step_back_is_no_wrong_order(paths: dict[tuple[str, ...], int]) -> None:
    assert found(visits(paths)) == ()


def test_no_moves_contradict_nothing() -> None:
    rows = visits({("talk", "offer"): 12})
    assert reversed_stages(ibis.memtable(pa.Table.from_pylist(rows).slice(0, 0))) == ()
