"""The usual range of a weekly count: hand-made cases and how often it alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.analysis.usual_range import Standing, usual_range


def test_a_week_outside_is_told_from_one_inside() -> None:
    found = usual_range([30, 32, 28, 35, 31, 29, 33, 30])
    assert found is not None
    assert found.standing(31) is Standing.WITHIN
    assert found.standing(5) is Standing.BELOW
    assert found.standing(70) is Standing.ABOVE


def test_three_weeks_are_too_few() -> None:
    assert usual_range([3, 4, 5]) is None


def test_weeks_without_anything_have_a_range_that_starts_at_zero() -> None:
    found = usual_range([0] * 8)
    assert found is not None
    assert found.low == 0
    assert found.high >= 1


@given(st.lists(st.integers(0, 500), min_size=4, max_size=12))
def test_the_range_holds_the_mean_and_no_negative_count(counts: list[int]) -> None:
    found = usual_range(counts)
    assert found is not None
    assert 0 <= found.low <= found.mean <= found.high


@pytest.mark.parametrize("mean", [2.0, 8.0, 40.0, 300.0])
def test_weeks_like_the_others_seldom_alarm(mean: float) -> None:
    rng = np.random.default_rng(20261123)
    alarms = 0
    for weeks in rng.poisson(mean, size=(2000, 9)).tolist():
        found = usual_range(weeks[:8])
        assert found is not None
        alarms += found.standing(weeks[8]) is not Standing.WITHIN
    assert alarms / 2000 <= 0.015


def test_a_week_at_half_is_found_when_the_counts_are_large() -> None:
    rng = np.random.default_rng(7)
    found = [usual_range(weeks) for weeks in rng.poisson(300, size=(200, 8)).tolist()]
    assert all(one is not None and one.standing(150) is Standing.BELOW for one in found)
