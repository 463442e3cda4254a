"""Shapley parts against the mean over all orders, and rounding that adds up."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bokgi.analysis.decomposition.shapley import apportioned, shapley

Floats = NDArray[np.float64]


def by_all_orders(before: Floats, after: Floats) -> Floats:
    """Change the factors one after the other in every order, and take the mean of what each adds."""
    factors = len(before)
    total = np.zeros(factors)
    orders = list(permutations(range(factors)))
    for order in orders:
        now = before.copy()
        for factor in order:
            value = now.prod(axis=0).sum()
            now[factor] = after[factor]
            total[factor] += now.prod(axis=0).sum() - value
    return total / len(orders)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), factors=st.integers(1, 6), cells=st.integers(1, 4))
def test_the_parts_are_the_mean_over_all_orders(seed: int, factors: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.uniform(0, 2, (2, factors, cells))
    before[rng.uniform(size=before.shape) < 0.1] = 0.0
    assert shapley(before, after) == pytest.approx(by_all_orders(before, after), abs=1e-12)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), factors=st.integers(1, 16), cells=st.integers(1, 20))
def test_the_parts_sum_to_the_difference_whatever_the_order_of_factors(seed: int, factors: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.uniform(0, 2, (2, factors, cells))
    found = shapley(before, after)
    whole = after.prod(axis=0).sum() - before.prod(axis=0).sum()
    assert found.sum() == pytest.approx(whole, abs=1e-9 * max(1.0, after.prod(axis=0).sum()))
    order = rng.permutation(factors)
    assert shapley(before[order], after[order]) == pytest.approx(found[order], rel=1e-9, abs=1e-9)


def test_a_factor_that_does_not_change_has_no_part_and_axes_in_front_are_separate_questions() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.uniform(0, 2, (2, 5, 4, 3))
    after[:, 2] = before[:, 2]
    found = shapley(before, after)
    assert found[:, 2] == pytest.approx(0.0)
    for question in range(5):
        assert found[question] == pytest.approx(shapley(before[question], after[question]))


@settings(max_examples=200)
@given(
    parts=st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=15),
    noise=st.integers(0, 10_000),
    step=st.sampled_from(["1", "0.01", "1000"]),
)
def test_rounded_parts_add_up_exactly_and_none_moves_by_more_than_a_step(
    parts: list[int], noise: int, step: str
) -> None:
    unit = Decimal(step)
    rng = np.random.default_rng(noise)
    exact = [float(Decimal(part) * unit / 7) + float(rng.uniform(-1, 1)) for part in parts]
    whole = (Decimal(sum(exact)) / unit).quantize(Decimal(1)) * unit
    found = apportioned(exact, whole, unit)
    assert sum(found, Decimal(0)) == whole
    for given_part, rounded in zip(exact, found, strict=True):
        assert rounded % unit == 0
        assert abs(Decimal(given_part) - rounded) <= unit * Decimal("1.01") + Decimal("0.01")
    negative = apportioned([-part for part in exact], -whole, unit)
    assert [-part for part in negative] == list(found)


def test_a_whole_that_is_no_multiple_of_the_step_is_divided_in_its_own_digits() -> None:
    assert apportioned([1.24, 1.26], Decimal("2.50"), Decimal(1)) == (Decimal("1.24"), Decimal("1.26"))
