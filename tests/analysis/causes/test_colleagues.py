"""The difference to the average colleague: exact, in any order, with intervals that chance explains."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import numpy as np
import pytest

from bokgi.analysis.causes import against_colleagues
from bokgi.analysis.causes.colleagues import PARTS


@pytest.mark.parametrize("seed", range(8))
def test_the_parts_add_up_and_are_the_mean_over_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    closed, all_closed = int(rng.integers(5, 40)), int(rng.integers(100, 200))
    wins, all_wins = int(rng.integers(1, closed)), int(rng.integers(30, 90))
    won, all_won = Decimal(int(rng.integers(1, 900))), Decimal(int(rng.integers(1_000, 9_000)))
    hand = float(rng.uniform(0.6, 1.3))
    found = against_colleagues(
        own=(closed, wins, (won, 3.0)), everybody=(all_closed, all_wins, all_won), people=6, hand=hand, step=Decimal(1)
    )
    assert sum(found.parts, Decimal(0)) == found.whole == found.won - found.average
    rate = all_wins / all_closed
    before = [all_closed / 6, rate, 1.0, float(all_won) / all_wins]
    after = [closed, rate * hand, wins / closed / (rate * hand), float(won) / wins]
    slow = np.zeros(4)
    for order in permutations(range(4)):
        now = list(before)
        for place in order:
            was = np.prod(now)
            now[place] = after[place]
            slow[place] += (np.prod(now) - was) / 24
    assert [float(part) for part in found.parts] == pytest.approx(slow, abs=1.5)


def test_a_hard_hand_is_told_from_what_became_of_it() -> None:
    own, everybody = (40, 6, (Decimal(600), 20.0)), (240, 72, Decimal(7_200))
    hard = against_colleagues(own=own, everybody=everybody, people=6, hand=0.5)
    parts = dict(zip(PARTS, hard.parts, strict=True))
    assert parts["hand"] < -500
    assert parts["conversion"] == 0
    usual = against_colleagues(own=own, everybody=everybody, people=6, hand=1.0)
    assert dict(zip(PARTS, usual.parts, strict=True))["conversion"] < -500


def test_who_won_nothing_has_parts_that_add_up() -> None:
    found = against_colleagues(own=(9, 0, (Decimal(0), 0.0)), everybody=(90, 30, Decimal(3_000)), people=10, hand=1.0)
    assert found.whole == sum(found.parts, Decimal(0)) == Decimal(-300)


def test_a_small_difference_is_chance() -> None:
    found = against_colleagues(
        own=(10, 3, (Decimal(280), 60.0)), everybody=(100, 32, Decimal(3_200)), people=10, hand=1.0
    )
    assert found.whole_by_chance
    assert all(found.by_chance[place] for place in (0, 2, 3))
