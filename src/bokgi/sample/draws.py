"""Random draws that are the same everywhere: only `random` and `standard_normal` of a seeded PCG64 are used.

The streams of numpy's higher-level methods may change between its versions; these two do not, and the rest is made
from them by inversion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

_LARGEST_COUNT = 40


class Draws:
    """A stream of draws of its own for one part of the sample, so that a change in one part leaves the others alone."""

    def __init__(self, seed: int, part: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64([seed, part]))

    def uniform(self, *shape: int) -> Floats:
        """Draw from 0 (included) to 1 (excluded)."""
        return self._generator.random(shape)

    def normal(self, *shape: int) -> Floats:
        """Draw from the standard normal distribution."""
        return self._generator.standard_normal(shape)

    def flags(self, probability: Floats | float, n: int) -> Flags:
        """Draw `n` times whether something with this probability happens."""
        return self._generator.random(n) < probability

    def between(self, low: int, high: int, n: int) -> Ints:
        """Draw `n` whole numbers from `low` to `high`, both included."""
        drawn: Ints = low + (self._generator.random(n) * (high - low + 1)).astype(np.int64)
        return drawn

    def below(self, limits: Ints) -> Ints:
        """Draw one whole number from 0 to below each limit."""
        drawn: Ints = (self._generator.random(len(limits)) * limits).astype(np.int64)
        return drawn

    def choose(self, weights: Sequence[float] | Floats, n: int) -> Ints:
        """Draw `n` positions by weight; a matrix of weights has a row for each draw."""
        table = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        bounds = np.cumsum(table, axis=1)
        target = self._generator.random(n) * bounds[:, -1]
        drawn: Ints = np.minimum((target[:, None] >= bounds).sum(axis=1), table.shape[1] - 1).astype(np.int64)
        return drawn

    def counts(self, expected: Floats) -> Ints:
        """Draw Poisson counts by inversion."""
        target = self._generator.random(expected.shape)
        probability = np.exp(-expected)
        cumulated = probability.copy()
        drawn = np.zeros(expected.shape, dtype=np.int64)
        for count in range(1, _LARGEST_COUNT + 1):
            drawn += target >= cumulated
            probability = probability * expected / count
            cumulated = cumulated + probability
        return drawn

    def order(self, n: int) -> Ints:
        """Draw an order of `n` things."""
        return np.argsort(self._generator.random(n), kind="stable").astype(np.int64)


def joined(parts: Sequence[Ints]) -> Ints:
    """Put logged pieces one after another; no piece gives an empty array."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
