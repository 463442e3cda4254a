"""Scores against their definitions and closed forms."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy import special

from bokgi.analysis.forecast.backtesting import BLEND, Origin, scores
from bokgi.analysis.forecast.benchmarks import RUN_RATE
from bokgi.analysis.forecast.blending import Blend, Past, learn_blend, stretched
from bokgi.analysis.forecast.scoring import (
    LEVELS,
    crps,
    judged,
    quantile_loss,
    range_around,
    separate,
)
from bokgi.analysis.forecast.windows import Window


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


def test_the_share_inside_is_that_of_the_ranges_as_they_are_shown() -> None:
    """The ends belong to a range, and where mostly nothing comes it reaches up to its mean."""
    usual, seldom = np.arange(101.0), np.concatenate([np.zeros(95), np.full(5, 100.0)])
    nothing: Any = None
    day = date(2025, 12, 31)
    cases = [(usual, came) for came in (9.9, 10.0, 90.0, 90.1)] + [(seldom, came) for came in (0.0, 3.0, 5.1)]
    origins = [
        Origin(Window(day, day, day), nothing, {BLEND: draws}, Blend(1.0, 1.0, 0), RUN_RATE, came, nothing)
        for draws, came in cases
    ]
    assert scores(origins)[BLEND].coverage80 == pytest.approx(4 / 7)
    shown = [range_around(draws, float(draws.mean())) for draws, _ in cases]
    assert sum(low <= came <= high for (low, high), (_, came) in zip(shown, cases, strict=True)) == 4


@pytest.mark.parametrize("n", [2, 4, 5, 6, 7, 10, 14, 24])
def test_right_ranges_of_overlapping_quarters_are_seldom_called_wrong(n: int) -> None:
    month = np.random.default_rng(n).normal(size=(5_000, n + 2))
    quarter = (month[:, :-2] + month[:, 1:-1] + month[:, 2:]) / np.sqrt(3.0)
    share, count = np.unique((np.abs(quarter) < special.ndtri(0.9)).mean(axis=1), return_counts=True)
    wrong = [judged(float(one), separate(n, 3)) is not None for one in share]
    assert count[wrong].sum() / count.sum() < 0.06


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


def test_a_hopeless_deal_does_not_carry_the_run_rate() -> None:
    rng = np.random.default_rng(2)
    rate = np.sort(rng.gamma(20.0, 50.0, 1_000))
    hopeless = np.zeros(1_000)
    hopeless[-1] = 300.0
    blend = Blend(0.5, 1.0, 9)
    found = blend.of(hopeless, rate)
    assert np.quantile(found, 0.05) < 0.001 * np.quantile(rate, 0.05)
    assert found.mean() < 0.01 * rate.mean()
    assert blend.of(np.zeros(1_000), rate).tolist() == [0.0] * 1_000
    # Where something comes on each path, or as often as by the run rate, both count as their weights say.
    model = np.sort(rng.gamma(3.0, 400.0, 1_000))
    assert blend.of(model, rate) == pytest.approx((model + rate) / 2.0)
    seldom = np.where(np.arange(1_000) < 400, 0.0, rate)
    assert blend.of(np.where(np.arange(1_000) < 400, 0.0, model), seldom)[400:] == pytest.approx(
        (model[400:] + rate[400:]) / 2.0
    )


def test_a_blend_without_much_past_keeps_to_what_it_began_with() -> None:
    """Four past windows weigh as much as the prior: one that the run rate won does not take the weight to it."""
    rng = np.random.default_rng(3)
    rate = np.sort(rng.normal(100.0, 5.0, 400))
    model = rate + 60.0
    one = Past(model, rate, 100.0)
    weights = [learn_blend([one] * n).weight for n in (1, 4, 40)]
    assert weights[0] > weights[1] > weights[2]
    assert weights[0] > 0.5
    assert weights[2] <= 0.1


@pytest.mark.parametrize("n", [5, 18])
def test_the_scale_is_the_conformal_one_drawn_to_one(n: int) -> None:
    """So many past windows lie within as are 80 % of one more than there are, before it is shrunken."""
    draws = np.sort(np.random.default_rng(4).normal(100.0, 10.0, 4_000))
    middle, high = draws.mean(), np.quantile(draws, 0.9)
    came = [middle + (high - middle) * reach for reach in np.linspace(0.2, 1.6, n)]
    found = learn_blend([Past(draws, draws, one) for one in came])
    needed = np.quantile(np.linspace(0.2, 1.6, n), min(0.8 * (n + 1) / n, 1.0))
    assert found.scale == pytest.approx((n * min(needed, 2.0) + 8.0) / (n + 8.0), rel=1e-6)
