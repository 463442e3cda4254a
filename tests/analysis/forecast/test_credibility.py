"""Multiplicative effects against R-like Poisson models, their shrinkage, and rows that happen at most once."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator

from bokgi.analysis.forecast.credibility import Block, Crossed, multiplicative, multiplicative_of_table


def cells(seed: int, n: int, effect: float) -> tuple[list[Block], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 3, n), rng.integers(0, 4, n)
    exposure = rng.uniform(50, 150, n)
    rate = 0.2 * np.exp(effect * (a - 1) + 0.5 * effect * (b == 3))
    return [Block.of(a, 3), Block.of(b, 4)], exposure, rng.poisson(exposure * rate).astype(np.float64)


def test_with_many_events_it_is_the_poisson_model() -> None:
    blocks, exposure, events = cells(1, 4_000, 0.6)
    found = multiplicative(blocks, exposure, events)
    dummies = np.column_stack(
        [np.ones(len(events)), *((block.group == k) for block in blocks for k in range(1, block.sizes[0]))]
    )
    fitted = sm.GLM(events, dummies.astype(float), family=sm.families.Poisson(), exposure=exposure).fit().fittedvalues
    assert exposure * found.rate * found.of(blocks) == pytest.approx(fitted, rel=2e-3)


def test_a_factor_without_signal_has_hardly_any_effect() -> None:
    spread = []
    for seed in range(20):
        blocks, exposure, events = cells(seed, 200, 0.0)
        found = multiplicative(blocks, exposure / 20.0, np.round(events / 20.0))
        spread.append(max(np.abs(np.log(effect)).max() for block in found.blocks for effect in block))
    assert np.median(spread) < 0.03


def test_a_rare_level_keeps_close_to_one() -> None:
    level = np.array([0] * 100 + [1] * 100 + [2])
    events = np.array([10.0] * 100 + [30.0] * 100 + [2.0])
    exposure = np.array([100.0] * 200 + [1.0])
    found = multiplicative([Block.of(level, 3)], exposure, events)
    raw = 2.0 / found.rate
    assert 1.0 < found.blocks[0][0][2] < raw / 2


def test_factors_of_one_block_are_those_of_two_blocks() -> None:
    blocks, exposure, events = cells(3, 500, 0.5)
    group = blocks[0].group * 4 + blocks[1].group
    both = Block(group, (np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)), (3, 4))
    one, two = multiplicative([both], exposure, events), multiplicative(blocks, exposure, events)
    assert one.rate * one.of([both]) == pytest.approx(two.rate * two.of(blocks), rel=5e-3)


def test_a_start_saves_time_and_changes_nothing_else() -> None:
    blocks, exposure, events = cells(4, 500, 0.5)
    cold = multiplicative(blocks, exposure, events)
    other = multiplicative(blocks, exposure, np.roll(events, 7))
    warm = multiplicative(blocks, exposure, events, start=other)
    assert warm.rate * warm.of(blocks) == pytest.approx(cold.rate * cold.of(blocks), rel=5e-3)


def test_rows_that_happen_at_most_once_give_back_their_hazard() -> None:
    rng = np.random.default_rng(5)
    n = 200_000
    level = rng.integers(0, 2, n)
    load = rng.uniform(0.2, 2.0, n)
    happened = rng.random(n) < -np.expm1(-load * np.array([0.5, 1.5])[level])
    found = multiplicative([Block.of(level, 2)], load, happened.astype(np.float64), bounded=True)
    assert found.rate * found.blocks[0][0] == pytest.approx([0.5, 1.5], rel=0.02)


def test_factors_of_one_block_settle_where_blocks_of_their_own_do(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    due, stage = rng.integers(0, 5, 20_000), rng.integers(0, 4, 20_000)
    load = rng.gamma(0.7, 0.3, 20_000)
    true = np.array([0.2, 1.0, 1.5, 1.2, 0.5])[due] * np.array([0.7, 0.9, 1.1, 1.3])[stage]
    won = (rng.random(20_000) < -np.expm1(-load * true)).astype(np.float64)
    apart = [Block.of(due, 5), Block.of(stage, 4), Block.of(due * 4 + stage, 20)]
    each = np.arange(20)
    together = [Block(due * 4 + stage, (each // 4, each % 4, each), (5, 4, 20))]

    def found(blocks: list[Block]) -> NDArray[np.float64]:
        fit = multiplicative(blocks, load, won, dispersion=2.0, bounded=True, drawn_to_one=1_000.0)
        return fit.rate * fit.of(blocks)

    quick = found(together)
    monkeypatch.setattr("bokgi.analysis.forecast.credibility._TOLERANCE", 1e-10)
    monkeypatch.setattr("bokgi.analysis.forecast.credibility._SWEEPS", 1_000)
    settled = found(apart)
    assert settled.min() < 0.5 * settled.max()
    assert found(together) == pytest.approx(settled, rel=1e-8)
    assert quick == pytest.approx(settled, rel=1e-3)


def by_single_steps(
    blocks: list[Block], exposure: NDArray[np.float64], events: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same, obviously: row by row, one factor after the other, until none moves any more."""
    load = exposure * events.sum() / exposure.sum()
    factors = [
        (level[block.group], size) for block in blocks for level, size in zip(block.levels, block.sizes, strict=True)
    ]
    effects = [np.ones(size) for _, size in factors]
    moved = 1.0
    while moved > 1e-9:
        before = load.copy()
        for place, (level, size) in enumerate(factors):
            seen, without = np.bincount(level, events, size), np.bincount(level, load, size) / effects[place]
            without *= seen.sum() / without.sum()
            variance = ((seen - without) ** 2 - without).sum() / (without**2).sum()
            prior = 1.0 / np.clip(variance, 1e-4, 4.0)
            new = (seen + prior) / (without + prior)
            load *= (new / effects[place])[level]
            effects[place] = new
        load *= events.sum() / load.sum()
        moved = np.abs(np.log(load / before)).max()
    out: NDArray[np.float64] = load / exposure
    return out


def test_factors_of_one_block_settle_before_the_table_is_asked_again() -> None:
    rng = np.random.default_rng(11)
    stage, time = np.divmod(np.arange(4 * 6), 6)
    longer = [time >= bound for bound in range(1, 6)]
    levels = [stage, *(np.where(one, 1 + stage, 0) for one in longer), *(one.astype(np.int64) for one in longer)]
    timing = Block(np.arange(24), tuple(levels), (4, *[5] * 5, *[2] * 5))
    condition = Block(np.arange(30), (np.arange(30) % 5, np.arange(30) // 5), (5, 6))
    exposure = rng.gamma(2.0, 400.0, (30, 24)) * 0.8**time
    rate = 0.02 * (1.0 + 0.4 * stage) * 0.7**time * np.linspace(0.5, 1.8, 30)[:, None]
    events = rng.poisson(exposure * rate).astype(np.float64)
    asked = []

    class Table:
        def matvec(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
            asked.append(len(x))
            return exposure @ x

        def rmatvec(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
            asked.append(len(x))
            return exposure.T @ x

    found = multiplicative_of_table(Crossed(Table(), (timing, condition)), [events.sum(axis=0), events.sum(axis=1)])
    by_row = [Block(np.tile(np.arange(24), 30), timing.levels, timing.sizes)]
    by_row += [Block(np.repeat(np.arange(30), 24), condition.levels, condition.sizes)]
    slow = by_single_steps(by_row, exposure.ravel(), events.ravel())
    assert found.rate * found.of(by_row) == pytest.approx(slow, rel=5e-3)
    assert len(asked) < 24


def test_without_an_event_the_rate_is_small_and_effects_are_one() -> None:
    found = multiplicative([Block.of(np.zeros(4, dtype=np.int64), 1)], np.full(4, 100.0), np.zeros(4))
    assert found.rate == pytest.approx(0.5 / 400)
    assert found.blocks[0][0].tolist() == [1.0]


def test_a_table_of_exposure_gives_what_its_cells_give() -> None:
    rng = np.random.default_rng(6)
    time, condition, person = (rng.integers(0, size, 3_000) for size in (6, 4, 5))
    exposure = rng.gamma(2.0, 5.0, 3_000)
    events = rng.poisson(exposure * 0.02 * np.exp(0.3 * (time % 3) - 0.2 * condition)).astype(np.float64)
    levels = np.arange(4) // 2, np.arange(4)
    by_row = [Block.of(time, 6), Block(condition, levels, (2, 4)), Block.of(person, 5)]
    pairs, pair = np.unique(condition * 5 + person, return_inverse=True)
    cells = sparse.csr_array((exposure, (pair, time)), shape=(len(pairs), 6))
    blocks = Block.of(np.arange(6), 6), Block(pairs // 5, levels, (2, 4)), Block.of(pairs % 5, 5)
    observed = [np.bincount(block.group, events, block.groups).astype(np.float64) for block in by_row]
    start = multiplicative(by_row, exposure, np.roll(events, 3))
    for given in (None, start):
        slow = multiplicative(by_row, exposure, events, start=given)
        fast = multiplicative_of_table(Crossed(aslinearoperator(cells), blocks), observed, start=given)
        assert fast.rate == pytest.approx(slow.rate, rel=1e-9)
        for one, other in zip(fast.blocks, slow.blocks, strict=True):
            for factor, same in zip(one, other, strict=True):
                assert factor == pytest.approx(same, rel=1e-9)
