"""Scores against their definitions and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from bokgi.analysis.forecast.blending import stretched
from bokgi.analysis.forecast.scoring import LEVELS, crps, inside, quantile_loss, range_around


@pytest.mark.parametrize("seed", range(5))
def test_crps_is_its_double_sum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    draws, came = rng.gamma(2.0, 3.0, 300), float(rng.gamma(2.0, 3.0))
    slow = np.abs(draws - came).mean() - 0.5 * np.abs(draws[:, None] - draws[None, :]).mean()
    assert crps(draws, came) == pytest.approx(slow)


@pytest.mark.parametrize("came", [-1.0, 0.0, 2.5])
def test_crps_of_normal_draws_is_the_closed_form(came: float) -> None:
    n = 20_000
    levels = (np.arange(n) + 0.5) / n
    from_table = {-1.0: 0.602244, 0.0: 0.233695, 2.5: 1.939818}
    assert crps(special.ndtri(levels), came) == pytest.approx(from_table[came], abs=1e-3)


def test_quantile_loss_by_hand() -> None:
    draws = np.full(10, 4.0)
    slow = np.mean([2 * (level * 1.0) for level in LEVELS])
    assert quantile_loss(draws, 5.0) == pytest.approx(slow)


def test_the_ends_of_a_range_belong_to_it() -> None:
    draws = np.arange(101.0)
    assert inside(draws, 10.0)
    assert inside(draws, 90.0)
    assert not inside(draws, 9.9)
    assert not inside(draws, 90.1)


@pytest.mark.parametrize("scale", [0.7, 0.9, 1.0, 1.6])
def test_what_may_be_nothing_stays_possible_when_a_range_is_narrowed(scale: float) -> None:
    draws = np.sort(np.concatenate([np.zeros(300), np.random.default_rng(1).gamma(2.0, 50.0, 700)]))
    found = stretched(draws, scale)
    assert (found[:300] == 0.0).all()
    assert (np.diff(found) >= 0.0).all()
    assert (np.ptp(found) < np.ptp(draws)) == (scale < 1.0)


def test_a_range_reaches_up_to_a_mean_beyond_it() -> None:
    draws = np.concatenate([np.zeros(95), np.full(5, 100.0)])
    assert range_around(draws, float(draws.mean())) == (0.0, 5.0)
    usual = np.random.default_rng(2).normal(10.0, 1.0, 5_000)
    assert range_around(usual, float(usual.mean())) == tuple(np.quantile(usual, [0.1, 0.9]))
