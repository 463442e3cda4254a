"""Draws by inversion have the distributions they claim."""

from __future__ import annotations

import numpy as np

from bokgi.sample.draws import Draws, joined


def test_counts_are_poisson() -> None:
    drawn = Draws(3, 1).counts(np.full(40_000, 2.5))
    assert abs(drawn.mean() - 2.5) < 0.05
    assert abs(drawn.var() - 2.5) < 0.1
    assert abs((drawn == 0).mean() - np.exp(-2.5)) < 0.01


def test_choices_follow_the_weights_of_their_row() -> None:
    weights = np.repeat(np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]]), [20_000, 10], axis=0)
    drawn = Draws(3, 2).choose(weights, len(weights))
    assert abs((drawn[:20_000] == 1).mean() - 0.75) < 0.02
    assert (drawn[:20_000] < 2).all()
    assert (drawn[20_000:] == 2).all()


def test_whole_numbers_reach_both_ends_and_no_further() -> None:
    draws = Draws(3, 3)
    assert np.unique(draws.between(-2, 2, 1_000)).tolist() == [-2, -1, 0, 1, 2]
    assert np.unique(draws.below(np.full(1_000, 3, dtype=np.int64))).tolist() == [0, 1, 2]


def test_an_order_holds_each_thing_once() -> None:
    assert sorted(Draws(3, 4).order(100).tolist()) == list(range(100))


def test_streams_of_other_parts_and_seeds_differ() -> None:
    first = Draws(1, 1).uniform(5).tolist()
    assert first == Draws(1, 1).uniform(5).tolist()
    assert first != Draws(1, 2).uniform(5).tolist()
    assert first != Draws(2, 1).uniform(5).tolist()


def test_no_pieces_make_an_empty_column() -> None:
    assert joined([]).tolist() == []
