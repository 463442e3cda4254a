"""Shares that stand out: against scipy's distribution, a permutation of the cases, and equal people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bokgi.analysis.causes.outliers import outliers


@pytest.mark.parametrize("seed", range(5))
def test_the_p_value_is_the_mid_p_of_the_hypergeometric_distribution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(5, 60, 4)
    k = rng.binomial(n, 0.3)
    told = outliers(n, k)
    whole, successes = int(n.sum()), int(k.sum())
    for i in range(4):
        drawn = stats.hypergeom(whole, successes, int(n[i]))
        assert told[i] == pytest.approx(drawn.sf(k[i]) + drawn.pmf(k[i]) / 2, abs=1e-9)


def test_the_p_value_is_what_dealing_the_cases_out_anew_gives() -> None:
    n, k = np.array([12, 20, 15]), np.array([8, 5, 4])
    rng = np.random.default_rng(1)
    cases = np.repeat([1, 0], [k.sum(), (n - k).sum()])
    drawn = np.array([rng.permutation(cases)[: n[0]].sum() for _ in range(20_000)])
    mid = (drawn > k[0]).mean() + (drawn == k[0]).mean() / 2
    assert outliers(n, k)[0] == pytest.approx(mid, abs=0.004)


def test_equal_people_stand_out_as_often_as_was_said() -> None:
    rng = np.random.default_rng(7)
    n = np.full(8, 40)
    found = np.array([outliers(n, rng.binomial(n, 0.2)) < 0.01 for _ in range(1_000)])
    assert found.mean() <= 0.013


def test_where_people_differ_anyway_a_person_stands_out_only_beyond_that() -> None:
    rng = np.random.default_rng(8)
    n = np.full(12, 80)
    apart = np.array([rng.binomial(n, rng.beta(4, 12, 12)) for _ in range(300)])
    scattered = np.mean([(outliers(n, k) < 0.01).mean() for k in apart])
    assert scattered <= 0.03
    lone = np.array([70, *([20] * 11)])
    assert outliers(n, lone)[0] < 0.01


def test_too_few_cases_give_no_figure() -> None:
    told = outliers(np.array([4, 30, 0]), np.array([4, 3, 0]))
    assert np.isnan(told[[0, 2]]).all()
    assert not np.isnan(told[1])


def test_nobody_or_everybody_late_is_no_sign() -> None:
    n = np.array([20, 30, 10])
    assert (outliers(n, np.zeros(3, dtype=np.int64)) == pytest.approx(0.5)) is True
    assert (outliers(n, n) == pytest.approx(0.5)) is True
