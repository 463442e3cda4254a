"""Who knows the truth of a simulated organisation: the line to which a forecast can come at best."""

from __future__ import annotations

from datetime import date

import numpy as np

from benchmarks.simulator import Organisation, simulate
from benchmarks.simulator.history import NEVER, Paths
from benchmarks.study.forecast_limit import Known, seen_on
from bokgi.analysis.forecast.windows import day_number


def test_chances_of_who_knows_the_truth_come_true() -> None:
    world = simulate(Organisation(seed=31, reps=6, deals=1_500))
    known, rng = Known(world), np.random.default_rng(1)
    told, came = [], []
    for month in (2, 4, 6, 8, 10):
        after, until = (day_number(date(2025, number, 1)) for number in (month, month + 1))
        deal, chance = known.chances(rng, after - 1, after, until)
        closed = world.paths.closed[deal]
        told.append(chance)
        came.append(world.paths.won[deal] & (closed >= after) & (closed < until))
    chance, won = np.concatenate(told), np.concatenate(came)
    sd = np.sqrt((chance * (1.0 - chance)).sum())
    assert abs(chance.sum() - won.sum()) < 3.0 * sd
    likely = chance > 0.5
    assert abs(won[likely].mean() - chance[likely].mean()) < 3.0 * 0.5 / np.sqrt(likely.sum())
    assert ((chance - won) ** 2).mean() < 0.7 * won.var()


def test_a_deal_is_seen_in_the_stage_to_which_it_returns() -> None:
    # Deal 0 went on, 1 went back from its second stage, 2 was lost for a while in its last one, 3 is over.
    deal, stage = np.array([0, 0, 1, 1, 1, 2, 2, 2, 3]), np.array([0, 1, 0, 1, 0, 0, 2, -1, 0])
    entered = np.array([0, 5, 0, 4, 10, 0, 6, 9, 0])
    closed = np.array([90, 90, NEVER, 15])
    nothing = np.zeros(4, dtype=bool)
    found = seen_on(Paths(deal, stage, entered, nothing, nothing, closed, closed), np.zeros(4, int), 20, stages=3)
    assert found.deal.tolist() == [0, 1, 2]
    assert found.stage.tolist() == [1, 1, 2]
    assert found.since.tolist() == [5, 16, 12]
    assert found.doomed.tolist() == [False, True, False]
