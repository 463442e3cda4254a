"""Intervals of shares and of differences against statsmodels and a simulation with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from bokgi.analysis.proportions import difference, wilson
from bokgi.analysis.survival import incidence, interval, quantile


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


@pytest.mark.parametrize("censored", [1.0, 0.01])
def test_differences_of_shares_and_medians_with_open_deals_hold_as_often_as_said(censored: float) -> None:
    # Two ends compete with constant daily hazards, so the truth by day 40 is known; `censored` is the chance that
    # observation goes on for 400 days, or else it stops on a day drawn evenly from the first 90.
    rng, runs, n, day, level = np.random.default_rng(11), 400, 150, 40, 0.9
    hazards = ((0.03, 0.02), (0.015, 0.02))
    true = [won / (won + lost) * (1 - (1 - won - lost) ** day) for won, lost in hazards]
    medians = [int(np.ceil(np.log(0.5) / np.log(1 - won - lost))) for won, lost in hazards]
    inside = middle = known = 0
    for _run in range(runs):
        shares, ends, halves = [], [], []
        for won, lost in hazards:
            end = rng.geometric(won + lost, n)
            seen = np.where(rng.random(n) < censored, 400, rng.integers(1, 91, n))
            kind = np.where(end > seen, "", np.where(rng.random(n) < won / (won + lost), "won", "lost")).tolist()
            found = incidence(
                np.zeros(n, np.int64), np.minimum(end, seen), kind, np.ones(n, np.int64), kinds=["won", "lost"]
            )
            place = int(np.searchsorted(found.day, day, side="right")) - 1
            low, high = interval(found.share["won"], found.variance["won"], level=level)
            shares.append(float(found.share["won"][place]))
            ends.append((float(low[place]), float(high[place])))
            halves.append(quantile(found, 0.5, level=level))
        low_, high_ = difference(shares[0], ends[0], shares[1], ends[1])
        inside += low_ <= true[0] - true[1] <= high_
        one, other = halves
        if None not in (one.day, one.low, one.high, other.day, other.low, other.high):
            known += 1
            low_, high_ = difference(
                float(one.day or 0),
                (float(one.low or 0), float(one.high or 0)),
                float(other.day or 0),
                (float(other.low or 0), float(other.high or 0)),
            )
            middle += low_ <= medians[0] - medians[1] <= high_
    room = 4 * np.sqrt(level * (1 - level) / runs)
    assert abs(inside / runs - level) < room
    # Days are whole, which makes intervals of medians a little too wide, never too narrow.
    assert known > runs / 2
    assert middle / known > level - room
