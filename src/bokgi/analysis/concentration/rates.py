"""Rates of winning behind the counts: gamma over people, Poisson within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

_SPREADS: Final = np.geomspace(0.02, 2.5, 36)
_SPREAD_PRIOR: Final = 0.7
_RATES: Final = 41


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval."""

    estimate: float
    low: float
    high: float


def drawn_wins(counts: Floats, time: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draw the expected wins of each person in the period (`draws × people`) from the gamma–Poisson posterior.

    Rates are gamma with mean m and coefficient of variation c; the grid covers both, c with a half-normal prior.
    """
    relative = time / time.mean()
    middle = np.log(counts.sum() / relative.sum())
    logs = []
    means = []
    for spread in _SPREADS:
        reach = 5.0 * np.sqrt(1.0 / counts.sum() + spread**2 / len(counts))
        mean = np.exp(middle + np.linspace(-reach, reach, _RATES))
        shape = spread**-2
        expected = mean[:, None] * relative
        log = special.gammaln(shape + counts) - special.gammaln(shape) - shape * np.log1p(expected / shape)
        log = log + counts * (np.log(expected) - np.log(shape + expected))
        # Even steps in log m stand for more of it where the reach is wide, and even steps in log c for c itself.
        logs.append(log.sum(axis=1) - 0.5 * (spread / _SPREAD_PRIOR) ** 2 + np.log(spread * reach))
        means.append(mean)
    height = np.concatenate(logs)
    weight = np.exp(height - height.max())
    pick = rng.choice(len(weight), draws, p=weight / weight.sum())
    shape = _SPREADS[pick // _RATES] ** -2
    mean = np.concatenate(means)[pick]
    rate = rng.gamma(shape[:, None] + counts) / ((shape / mean)[:, None] + relative)
    return np.asarray(rate * relative, dtype=np.float64)


def estimate_of(draws: Floats, tail: float) -> Estimate:
    """Give the mean of draws with the interval that leaves `tail` out on either side."""
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Estimate(float(draws.mean()), float(low), float(high))
