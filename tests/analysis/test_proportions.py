"""Intervals of shares and of differences against statsmodels and a simulation with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from bokgi.analysis.proportions import difference, wilson


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("hits", "n"), [(0, 7), (7, 7), (1, 9), (40, 80), (3, 1000)])
def test_the_interval_of_a_share_is_that_of_the_referee(hits: int, n: int, level: float) -> None:
    expected = proportion_confint(hits, n, alpha=1 - level, method="wilson")
    assert wilson(hits / n, n, level=level) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("hits1", "n1", "hits0", "n0"), [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20)])
def test_with_wilsons_intervals_a_difference_is_newcombes(hits1: int, n1: int, hits0: int, n0: int) -> None:
    s1, s0 = hits1 / n1, hits0 / n0
    expected = confint_proportions_2indep(hits1, n1, hits0, n0, method="newcomb")
    assert difference(s1, wilson(s1, n1), s0, wilson(s0, n0)) == pytest.approx(expected, abs=1e-9)


def test_in_the_long_run_the_true_difference_lies_inside_as_often_as_said() -> None:
    rng = np.random.default_rng(7)
    p1, p0, n1, n0, level = 0.35, 0.55, 40, 60, 0.9
    inside = 0
    for hits1, hits0 in zip(rng.binomial(n1, p1, 4000), rng.binomial(n0, p0, 4000), strict=True):
        s1, s0 = hits1 / n1, hits0 / n0
        low, high = difference(s1, wilson(s1, n1, level=level), s0, wilson(s0, n0, level=level))
        inside += low <= p1 - p0 <= high
    # Four standard errors of 4000 draws.
    assert abs(inside / 4000 - level) < 4 * np.sqrt(level * (1 - level) / 4000)
