"""Rates that are products of one effect per level of each factor, each shrunken as far as the counts ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SWEEPS: Final = 30
_TOLERANCE: Final = 1e-3
_ROUNDS: Final = 3
"""So often at most factors of one block are gone round before the rows are asked again: that costs far more."""
_SMALLEST_VARIANCE: Final = 1e-4
_LARGEST_VARIANCE: Final = 4.0


@dataclass(frozen=True)
class Block:
    """Factors that a row's group decides: `group` of each row, `levels[f]` of each group, and their numbers.

    Factors of one block are fitted on the sums of its groups, which are far fewer than the rows.
    """

    group: Ints
    levels: tuple[Ints, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, level: Ints, size: int) -> Block:
        """Make a block of one factor, whose levels are the groups."""
        return cls(level, (np.arange(size),), (size,))

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.levels[0])


@dataclass(frozen=True)
class Effects:
    """`rate` of the whole and, for each factor of each block, what a level multiplies it by."""

    rate: float
    blocks: tuple[tuple[Floats, ...], ...]

    def of_groups(self, place: int, levels: Sequence[Ints]) -> Floats:
        """Multiply the effects of the factors of a block at the levels given."""
        product: Floats = np.ones(len(levels[0]))
        for effect, level in zip(self.blocks[place], levels, strict=True):
            product *= effect[level]
        return product

    def of(self, blocks: Sequence[Block]) -> Floats:
        """Multiply all effects for rows with the blocks given."""
        product: Floats = np.ones(len(blocks[0].group))
        for place, block in enumerate(blocks):
            product *= self.of_groups(place, block.levels)[block.group]
        return product


def multiplicative(
    blocks: Sequence[Block],
    exposure: Floats,
    events: Floats,
    *,
    dispersion: float = 1.0,
    bounded: bool = False,
    drawn_to_one: float = 0.0,
    start: Effects | None = None,
) -> Effects:
    """Estimate how each level of each factor multiplies a rate.

    Model: `events ~ dispersion × Poisson(exposure × rate × Π effect)`; with `bounded` an event happens at most once per
    row, with probability `1 − exp(−exposure × rate × Π effect)`. Effects of one factor are gamma-distributed with
    mean 1 and a variance found from the counts themselves, so that a factor without signal has no effect and a rare
    level keeps close to 1; they are centred, the level of the whole is the rate's alone. The rate is free, or drawn to
    1 with the weight of `drawn_to_one` events. `start` are effects found on nearly the same counts: they save time and
    change nothing else.

    Source: credibility with multiplicative effects (Bühlmann & Gisler 2005; Ohlsson & Johansson 2010), variance by
    moments; `tests/analysis/forecast/test_credibility.py` holds it against a Poisson model without shrinkage.

    >>> block = Block.of(np.array([0, 1]), 2)
    >>> found = multiplicative([block], np.array([1e6, 1e6]), np.array([1e5, 3e5]))
    >>> (found.rate * found.of([block])).round(2)
    array([0.1, 0.3])
    """
    observed = [np.bincount(block.group, events, block.groups).astype(np.float64) for block in blocks]
    load = exposure.astype(np.float64) if start is None else exposure * start.rate * start.of(blocks)
    rows = _Rows(blocks, load, bounded=bounded)
    return _fitted(
        blocks,
        observed,
        rows,
        totals=(float(exposure.sum()), float(events.sum())),
        dispersion=dispersion,
        drawn_to_one=drawn_to_one,
        start=start,
    )


class Products(Protocol):
    """A table of which only products with a vector are asked, such as an array as a linear operator of scipy."""

    def matvec(self, x: Floats, /) -> Floats:
        """Sum each row, a column times its number."""

    def rmatvec(self, x: Floats, /) -> Floats:
        """Sum each column, a row times its number."""


@dataclass(frozen=True)
class Crossed:
    """Exposure as a table: a column for each group of the first block, a row for each combination of the others.

    The product of effects is then two products of the table with a vector instead of one number for each cell.
    """

    cells: Products
    blocks: tuple[Block, ...]

    @cached_property
    def total(self) -> float:
        """All exposure."""
        return float(self.cells.matvec(np.ones(self.blocks[0].groups)).sum())


def multiplicative_of_table(exposure: Crossed, observed: Sequence[Floats], *, start: Effects | None = None) -> Effects:
    """Estimate the same as `multiplicative`, of exposure in a table and events already counted by group of each block.

    `group` of the first block is not read; that of the others says the group of each row of the table.

    >>> from scipy.sparse.linalg import aslinearoperator
    >>> blocks = Block.of(np.arange(2), 2), Block.of(np.array([0]), 1)
    >>> table = Crossed(aslinearoperator(np.array([[1e6, 1e6]])), blocks)
    >>> found = multiplicative_of_table(table, [np.array([1e5, 3e5]), np.array([4e5])])
    >>> (found.rate * found.of([blocks[0]])).round(2)
    array([0.1, 0.3])
    """
    blocks = exposure.blocks
    table = _Table(exposure, np.ones(blocks[0].groups), np.ones(len(blocks[1].group)))
    if start is not None:
        table.step(start.rate)
        for place, block in enumerate(blocks):
            table.change(place, start.of_groups(place, block.levels))
    return _fitted(
        blocks,
        observed,
        table,
        totals=(exposure.total, float(observed[0].sum())),
        dispersion=1.0,
        drawn_to_one=0.0,
        start=start,
    )


class _Load(Protocol):
    """What is expected of each row, or of all rows of a group, as the effects change."""

    def of_groups(self, place: int) -> Floats: ...

    def change(self, place: int, by: Floats) -> None: ...

    def step(self, by: float) -> None: ...

    def total(self) -> float: ...


@dataclass
class _Rows:
    blocks: Sequence[Block]
    load: Floats
    bounded: bool

    def _expected(self) -> Floats:
        return -np.expm1(-self.load) if self.bounded else self.load

    def of_groups(self, place: int) -> Floats:
        block = self.blocks[place]
        return np.bincount(block.group, self._expected(), block.groups).astype(np.float64)

    def change(self, place: int, by: Floats) -> None:
        self.load *= by[self.blocks[place].group]

    def step(self, by: float) -> None:
        self.load *= by

    def total(self) -> float:
        return float(self._expected().sum())


@dataclass
class _Table:
    exposure: Crossed
    first: Floats
    others: Floats
    level: float = 1.0
    of_rows: Floats | None = None
    """Exposure of each row times the effects of the first block; null: to be worked out."""
    sums: Floats | None = None
    """What was given of the groups last, and is expected of all of them since the change after it: `whole`."""
    whole: float = 0.0

    def of_groups(self, place: int) -> Floats:
        if place == 0:
            sums: Floats = self.first * self.exposure.cells.rmatvec(self.others)
        else:
            if self.of_rows is None:
                self.of_rows = self.exposure.cells.matvec(self.first)
            block = self.exposure.blocks[place]
            sums = np.bincount(block.group, self.of_rows * self.others, block.groups).astype(np.float64)
        self.sums = self.level * sums
        return self.sums

    def change(self, place: int, by: Floats) -> None:
        if place == 0:
            self.first = self.first * by
            self.of_rows = None
        else:
            self.others = self.others * by[self.exposure.blocks[place].group]
        if self.sums is not None:
            self.whole = float(self.sums @ by)

    def step(self, by: float) -> None:
        self.level *= by
        self.whole *= by

    def total(self) -> float:
        return self.whole


def _fitted(
    blocks: Sequence[Block],
    observed: Sequence[Floats],
    load: _Load,
    *,
    totals: tuple[float, float],
    dispersion: float,
    drawn_to_one: float,
    start: Effects | None,
) -> Effects:
    """Go round the factors until they settle; `load` is exposure times the effects of `start`.

    `totals`: of exposure and events.
    """
    exposure, total = totals
    if total == 0.0:
        rate = (0.5 + drawn_to_one) / max(exposure + drawn_to_one, 1.0)
        return Effects(rate, tuple(tuple(np.ones(size) for size in block.sizes) for block in blocks))
    if start is None:
        rate = total / exposure
        effects = [[np.ones(size) for size in block.sizes] for block in blocks]
        load.step(rate)
    else:
        rate = start.rate
        effects = [[effect.copy() for effect in block] for block in start.blocks]
    seen = [
        [
            np.bincount(level, of_groups, size).astype(np.float64)
            for level, size in zip(block.levels, block.sizes, strict=True)
        ]
        for block, of_groups in zip(blocks, observed, strict=True)
    ]
    for _ in range(_SWEEPS):
        moved = 0.0
        for place, block in enumerate(blocks):
            change = _settled(effects[place], block, seen[place], load.of_groups(place), dispersion)
            load.change(place, change)
            moved = max(moved, _moved(change))
        step = (total + drawn_to_one) / (load.total() + drawn_to_one * rate)
        rate *= step
        load.step(step)
        if max(moved, abs(np.log(step))) < _TOLERANCE:
            break
    return Effects(rate, tuple(tuple(block) for block in effects))


def _settled(effects: list[Floats], block: Block, seen: Sequence[Floats], fitted: Floats, dispersion: float) -> Floats:
    """Go round the factors of a block till they hardly move, and give what each group was multiplied by.

    `seen`: events by level of each factor. What is `fitted` of a group goes with its effects: the rows, of which there
    are far more, are not asked again.
    """
    change: Floats = np.ones(block.groups)
    for _ in range(_ROUNDS if len(effects) > 1 else 1):
        before = change
        for factor, level in enumerate(block.levels):
            old = effects[factor]
            effects[factor] = _shrunken(old, level, seen[factor], fitted * change, dispersion)
            change = change * (effects[factor] / old)[level]
        if _moved(change / before) < _TOLERANCE:
            break
    return change


def _moved(change: Floats) -> float:
    """Tell how far the group that moved most did."""
    return float(np.abs(np.log(change)).max(initial=0.0))


def _shrunken(old: Floats, level: Ints, seen: Floats, fitted: Floats, dispersion: float) -> Floats:
    """Give the effects of a factor that make each level's events what was `seen`, drawn towards 1."""
    without = np.bincount(level, fitted, len(seen)) / old
    without *= seen.sum() / max(float(without.sum()), 1e-300)
    surprise = float(((seen - without) ** 2 - dispersion * without).sum())
    variance = surprise / max(float(without @ without), 1e-12)
    prior = dispersion / min(max(variance, _SMALLEST_VARIANCE), _LARGEST_VARIANCE)
    effects: Floats = (seen + prior) / (without + prior)
    return effects
