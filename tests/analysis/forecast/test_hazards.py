"""Chances to be won: closed forms where there are any, and a slow twin that walks every path."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from bokgi.analysis.forecast.coding import Coding
from bokgi.analysis.forecast.counting import AGE_DAYS
from bokgi.analysis.forecast.hazards import Hazards, win_chances
from bokgi.analysis.forecast.windows import PHASES, Steps, Window, steps_of

Floats = NDArray[np.float64]
ORIGIN = date(2026, 1, 4)
NONE = np.zeros(0, dtype=np.int64)


def coding(stages: int) -> Coding:
    return Coding(
        (), (), np.zeros((1, 0), dtype=np.int64), ("kim",), ("a",), tuple(("p", f"s{k}") for k in range(stages))
    )


def hazards(on: Floats, won: Floats, lost: Floats, back: Floats) -> Hazards:
    """Rates by stage × time in stage × part of the quarter; deals move to the next stage, or back to the one before."""
    stages = len(back)
    base = {"on": on, "won": won, "lost": lost}
    ones: dict[str, tuple[Floats, ...]] = {name: (np.ones(1),) for name in base}
    return Hazards(base, ones, back, np.eye(stages, k=1), np.eye(stages, k=-1))


def window(days: int, start: int = 1) -> Window:
    return Window(ORIGIN, ORIGIN + timedelta(days=start), ORIGIN + timedelta(days=days + 1))


def chances(given: Hazards, days: int, stage: list[int], age: list[int], start: int = 1) -> Floats:
    n = len(stage)
    zero = np.zeros(n, dtype=np.int64)
    standing = (zero, zero, np.array(stage), np.array(age))
    steps = steps_of(window(days, start))
    return win_chances(given, coding(len(given.back)), steps, standing=standing, entering=(NONE, NONE))[0]


def flat(stages: int, rates: list[float]) -> Floats:
    return np.broadcast_to(np.array(rates)[:, None, None], (stages, len(AGE_DAYS), PHASES)).copy()


@pytest.mark.parametrize("days", [1, 10, 91])
def test_one_stage_with_constant_rates_closes_exponentially(days: int) -> None:
    won, lost = 0.02, 0.03
    given = hazards(flat(1, [0.0]), flat(1, [won]), flat(1, [lost]), np.zeros(1))
    exact = won / (won + lost) * -np.expm1(-(won + lost) * days)
    assert chances(given, days, [0, 0], [0, 500]) == pytest.approx([exact, exact])


def test_only_days_of_the_window_count() -> None:
    won = 0.02
    given = hazards(flat(1, [0.0]), flat(1, [won]), flat(1, [0.0]), np.zeros(1))
    later = chances(given, 60, [0], [0], start=31)[0]
    assert later == pytest.approx(np.exp(-30 * won) - np.exp(-60 * won))


def test_what_is_certain_is_won_and_what_is_dead_is_not() -> None:
    given = hazards(flat(2, [0.0, 0.0]), flat(2, [1e3, 0.0]), flat(2, [0.0, 0.0]), np.zeros(2))
    assert chances(given, 7, [0, 1], [0, 0]) == pytest.approx([1.0, 0.0], abs=1e-8)


def test_two_stages_in_a_row_come_near_the_sum_of_two_exponentials() -> None:
    on, won, days = 0.04, 0.05, 91
    given = hazards(flat(2, [on, 0.0]), flat(2, [0.0, won]), flat(2, [0.0, 0.0]), np.zeros(2))
    exact = 1.0 - (won * np.exp(-on * days) - on * np.exp(-won * days)) / (won - on)
    assert chances(given, days, [0], [0])[0] == pytest.approx(exact, rel=0.01)


def twin(given: Hazards, steps: Steps, stage: int, age: float, entry: int, *, fresh: bool) -> float:
    """Chance of one deal by walking week after week; `fresh`: it entered in the middle of the step `entry`."""
    alive, total = 1.0, 0.0
    stood = 0.0 if fresh else age
    for step in range(entry, len(steps)):
        days = steps.days[step] / (2.0 if fresh and step == entry else 1.0)
        bucket = sum(stood + days / 2.0 >= bound for bound in AGE_DAYS[1:])
        rates = {name: given.base[name][stage, bucket, steps.phase[step]] for name in given.base}
        rates["back"] = given.back[stage]
        rate = sum(rates.values())
        leaves = 1.0 - np.exp(-rate * days)
        part = {name: leaves * value / rate if rate > 0 else 0.0 for name, value in rates.items()}
        total += alive * part["won"] * steps.counts[step]
        if stage + 1 < len(given.back):
            total += alive * part["on"] * twin(given, steps, stage + 1, 0.0, step, fresh=True)
        if stage > 0 and step + 1 < len(steps):
            total += alive * part["back"] * twin(given, steps, stage - 1, 0.0, step + 1, fresh=True)
        alive *= 1.0 - leaves
        stood += days
    return total


@pytest.mark.parametrize("seed", range(4))
def test_it_agrees_with_a_twin_that_walks_every_path(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (3, len(AGE_DAYS), PHASES)
    on, won, lost = (rng.gamma(1.0, 0.02, shape) for _ in range(3))
    given = hazards(on, won, lost, rng.gamma(1.0, 0.01, 3))
    stage, age = [0, 1, 2, 0, 2], [0, 3, 40, 400, 12]
    steps = steps_of(window(24, start=9))
    slow = [twin(given, steps, s, a, 0, fresh=False) for s, a in zip(stage, age, strict=True)]
    assert chances(given, 24, stage, age, start=9) == pytest.approx(slow)


def test_deals_yet_to_enter_agree_with_the_twin() -> None:
    rng = np.random.default_rng(9)
    shape = (2, len(AGE_DAYS), PHASES)
    on, won, lost = (rng.gamma(1.0, 0.02, shape) for _ in range(3))
    given = hazards(on, won, lost, np.zeros(2))
    steps = steps_of(window(30))
    one = np.zeros(1, dtype=np.int64)
    _, found = win_chances(given, coding(2), steps, standing=(NONE, NONE, NONE, NONE), entering=(one, one))
    for entry in range(len(steps)):
        for stage in range(2):
            slow = twin(given, steps, stage, 0.0, entry, fresh=True)
            assert found.arrivals[found.kind[0], stage, entry] == pytest.approx(slow)
