"""Gains: the absorbing chain against its closed form and a walk, shrinkage of shifts and values."""

from __future__ import annotations

import numpy as np
import pytest

from bokgi.analysis.bottleneck.gains import shifts, value_of, win_after


def test_win_probability_past_a_stage_is_the_product_of_the_later_conversions() -> None:
    counts = np.array([[0, 6000, 0, 0, 4000], [0, 0, 3000, 0, 3000], [0, 0, 0, 1000, 1000]], dtype=float)
    found = win_after(counts, np.random.default_rng(1)).mean(axis=1)
    assert found == pytest.approx([0.5 * 0.5, 0.5, 1.0], abs=0.01)


def test_moves_back_and_skips_agree_with_a_walk() -> None:
    counts = np.array([[0, 500, 100, 10, 390], [80, 0, 520, 0, 400], [0, 60, 0, 500, 440]], dtype=float) * 20
    p = counts / counts.sum(axis=1, keepdims=True)
    rng = np.random.default_rng(2)
    won = np.zeros(3)
    passed = np.zeros(3)
    for start in range(3):
        for _ in range(20_000):
            at, ahead = start, False
            while at < 3:
                at = int(rng.choice(5, p=p[at]))
                ahead = ahead or (start < at < 4)
            passed[start] += ahead
            won[start] += ahead and at == 3
    assert win_after(counts, rng).mean(axis=1) == pytest.approx(won / passed, abs=0.015)


def test_a_chain_without_exits_gives_probabilities_all_the_same() -> None:
    found = win_after(np.zeros((4, 6)), np.random.default_rng(1))
    assert ((found >= 0) & (found <= 1)).all()


def test_one_unit_far_off_is_believed_and_chance_is_not() -> None:
    n, expected = np.full(30, 60.0), np.full(30, 45.0)
    wins = expected.copy()
    wins[0], wins[1] = 22.0, 42.0
    found = shifts(n, wins, expected, np.random.default_rng(1)).draws
    assert np.quantile(found[0], 0.95) < -0.8
    assert abs(found[1].mean()) < 0.15


def test_a_unit_with_few_wins_is_valued_like_everybody() -> None:
    n, mean, sd = np.array([400.0, 1.0]), np.array([10e6, 500e6]), np.array([5e6, 0.0])
    drawn = value_of(n, mean, sd, np.random.default_rng(1))
    assert drawn[0].mean() == pytest.approx(10e6, rel=0.1)
    assert drawn[1].mean() < 100e6
    assert (drawn > 0).all()


def test_nobody_won_is_worth_nothing() -> None:
    drawn = value_of(np.zeros(2), np.zeros(2), np.zeros(2), np.random.default_rng(1))
    assert drawn == pytest.approx(0.0, abs=1.0)
