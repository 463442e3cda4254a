"""Scores against their definitions and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from bokgi.analysis.forecast.scoring import LEVELS, crps, inside, quantile_loss


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
