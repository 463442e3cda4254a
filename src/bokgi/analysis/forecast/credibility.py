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
class Effects:
    """`rate` of the whole and, for each factor, what a level multiplies it by."""

    rate: float
    factors: tuple[Floats, ...]

    def of(self, levels: Sequence[Ints], factors: slice = slice(None)) -> Floats:
        """Multiply the effects of some factors at the levels given."""
        product: Floats = np.ones(len(levels[0]))
        for effect, level in zip(self.factors[factors], levels, strict=True):
            product *= effect[level]
        return product


def multiplicative(
    levels: Sequence[Ints],
    sizes: Sequence[int],
    exposure: Floats,
    events: Floats,
    *,
    dispersion: float = 1.0,
    bounded: bool = False,
    start: Effects | None = None,
) -> Effects:
    """Estimate how each level of each factor multiplies a rate.

    Model: `events ~ dispersion × Poisson(exposure × rate × Π effect)`; with `bounded` an event happens at most once per
    row, with probability `1 − exp(−exposure × rate × Π effect)`. Effects of one factor are gamma-distributed with
    mean 1 and a variance found from the counts themselves, so that a factor without signal has no effect and a rare
    level keeps close to 1. `start` are effects found on nearly the same counts: they save time and change nothing else.

    Source: credibility with multiplicative effects (Bühlmann & Gisler 2005; Ohlsson & Johansson 2010), variance by
    moments; `tests/analysis/forecast/test_credibility.py` holds it against a Poisson model without shrinkage.

    >>> level = np.array([0, 1])
    >>> found = multiplicative([level], [2], np.array([1e6, 1e6]), np.array([1e5, 3e5]))
    >>> (found.rate * found.factors[0]).round(2)
    array([0.1, 0.3])
    """
    total = float(events.sum())
    if total == 0.0 or len(events) == 0:
        rate = 0.5 / max(float(exposure.sum()), 1.0)
        return Effects(rate, tuple(np.ones(size) for size in sizes))
    observed = [np.bincount(level, events, size) for level, size in zip(levels, sizes, strict=True)]
    rate = total / float(exposure.sum()) if start is None else start.rate
    effects = [np.ones(size) for size in sizes] if start is None else [effect.copy() for effect in start.factors]
    load = exposure * rate
    for effect, level in zip(effects, levels, strict=True):
        load = load * effect[level]
    for _ in range(_SWEEPS):
        moved = 0.0
        for place, (level, size) in enumerate(zip(levels, sizes, strict=True)):
            old = effects[place]
            fitted = np.bincount(level, -np.expm1(-load) if bounded else load, size)
            without = fitted / old
            surprise = (observed[place] - without) ** 2 - dispersion * without
            variance = float(surprise.sum()) / max(float((without**2).sum()), 1e-12)
            prior = dispersion / min(max(variance, _SMALLEST_VARIANCE), _LARGEST_VARIANCE)
            new = (observed[place] + prior) / (without + prior)
            if not np.array_equal(new, old):
                load *= (new / old)[level]
                moved = max(moved, float(np.abs(np.log(new / old)).max()))
                effects[place] = new
        step = total / float((-np.expm1(-load) if bounded else load).sum())
        rate *= step
        load *= step
        if max(moved, abs(np.log(step))) < _TOLERANCE:
            break
    return Effects(rate, tuple(effects))
