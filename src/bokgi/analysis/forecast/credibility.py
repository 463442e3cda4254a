"""Rates that are products of one effect per level of each factor, each shrunken as far as the counts ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SWEEPS: Final = 30
_TOLERANCE: Final = 1e-3
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
    total = float(events.sum())
    if total == 0.0:
        rate = (0.5 + drawn_to_one) / max(float(exposure.sum()) + drawn_to_one, 1.0)
        return Effects(rate, tuple(tuple(np.ones(size) for size in block.sizes) for block in blocks))
    observed = [np.bincount(block.group, events, block.groups).astype(np.float64) for block in blocks]
    if start is None:
        rate = total / float(exposure.sum())
        effects = [[np.ones(size) for size in block.sizes] for block in blocks]
        load = exposure * rate
    else:
        rate = start.rate
        effects = [[effect.copy() for effect in block] for block in start.blocks]
        load = exposure * rate * start.of(blocks)
    for _ in range(_SWEEPS):
        moved = 0.0
        for place, block in enumerate(blocks):
            fitted = np.bincount(block.group, -np.expm1(-load) if bounded else load, block.groups).astype(np.float64)
            change = np.ones(block.groups)
            for factor, (level, size) in enumerate(zip(block.levels, block.sizes, strict=True)):
                old = effects[place][factor]
                new = _shrunken(old, level, size, observed[place], fitted * change, dispersion)
                change *= (new / old)[level]
                effects[place][factor] = new
            load *= change[block.group]
            moved = max(moved, float(np.abs(np.log(change)).max(initial=0.0)))
        fitted_total = float((-np.expm1(-load) if bounded else load).sum())
        step = (total + drawn_to_one) / (fitted_total + drawn_to_one * rate)
        rate *= step
        load *= step
        if max(moved, abs(np.log(step))) < _TOLERANCE:
            break
    return Effects(rate, tuple(tuple(block) for block in effects))


def _shrunken(old: Floats, level: Ints, size: int, observed: Floats, fitted: Floats, dispersion: float) -> Floats:
    """Give the effects of a factor that make each level's events what was observed, drawn towards 1."""
    seen = np.bincount(level, observed, size)
    without = np.bincount(level, fitted, size) / old
    without *= seen.sum() / max(float(without.sum()), 1e-300)
    surprise = float(((seen - without) ** 2 - dispersion * without).sum())
    variance = surprise / max(float((without**2).sum()), 1e-12)
    prior = dispersion / min(max(variance, _SMALLEST_VARIANCE), _LARGEST_VARIANCE)
    effects: Floats = (seen + prior) / (without + prior)
    return effects
