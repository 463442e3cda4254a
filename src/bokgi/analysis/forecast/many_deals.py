"""Totals of very many independent deals: the largest are drawn one by one, the rest of them as a sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_DRAWN: Final = 4_000
"""So many open deals are drawn one by one; of more, those on which the range hangs most."""
MOST_OF_A_SUM: Final = 1_000
"""The same where nothing but the sum of all is asked: what is left then is hundreds of deals, and nearly normal."""
_NODES: Final = 9
_LEAST_SKEW: Final = 1e-3


def drawn_apart(variance: Floats, most: int) -> NDArray[np.bool_]:
    """Mark the deals that are drawn one by one: all, or the `most` with the largest variance.

    >>> bool(drawn_apart(np.ones(100), 4_000).all()), int(drawn_apart(np.ones(10_000), 4_000).sum())
    (True, 4000)
    """
    apart: NDArray[np.bool_] = np.ones(len(variance), dtype=bool)
    if len(variance) > most:
        bound = np.partition(variance, len(variance) - most)[len(variance) - most]
        apart = variance > bound
        apart[np.flatnonzero(variance == bound)[: most - int(apart.sum())]] = True
    return apart


@dataclass(frozen=True)
class Cumulants:
    """Mean, variance and third central moment of sums, in arrays of one shape."""

    mean: Floats
    variance: Floats
    third: Floats

    def draw(self, rng: np.random.Generator) -> Floats:
        """Draw a sum for each: a gamma moved and stretched to these three moments, never below 0.

        The sum of many independent terms is nearly normal; the third moment is what a sum of few rare large deals
        differs from that by.
        """
        sd = np.sqrt(np.maximum(self.variance, 0.0))
        skew = np.zeros(sd.shape)
        np.divide(np.maximum(self.third, 0.0), sd**3, out=skew, where=sd > 0.0)
        skewed = skew > _LEAST_SKEW
        shape = 4.0 / np.where(skewed, skew, 1.0) ** 2
        gamma = (rng.standard_gamma(shape) - shape) / np.sqrt(shape)
        standard = np.where(skewed, gamma, rng.standard_normal(shape.shape))
        drawn: Floats = np.maximum(self.mean + sd * standard, 0.0)
        return drawn


def cumulants_of(chance: Floats, amount: Floats, scatter: tuple[Floats, Floats]) -> Cumulants:
    """Give the moments of what each deal brings: won with `chance`, for `amount` times a factor of mean 1.

    `scatter`: mean square and mean cube of that factor, 1 where the amount is known.

    >>> found = cumulants_of(np.array([0.5]), np.array([10.0]), (np.ones(1), np.ones(1)))
    >>> found.mean, found.variance, found.third
    (array([5.]), array([25.]), array([0.]))
    """
    first = amount * chance
    second = amount**2 * scatter[0] * chance
    third = amount**3 * scatter[1] * chance
    return Cumulants(first, second - first**2, third - 3.0 * second * first + 2.0 * first**3)


def sums_by_group(
    load: Floats, strength: Floats, amount: Floats, scatter: tuple[Floats, Floats], group: Ints, groups: int
) -> Cumulants:
    """Give the moments of the sum of each group (`groups × paths`).

    A deal is won with the chance `1 − exp(−load × strength of the path)`. Moments are smooth in the strength: those
    at nine strengths tell the others, by the polynomial through them.
    """
    low, high = float(strength.min()), float(strength.max())
    middle, reach = (high + low) / 2.0, max((high - low) / 2.0, 1e-12)
    nodes = chebyshev.chebpts1(_NODES)
    at = np.empty((3, groups, _NODES))
    for place, level in enumerate(middle + reach * nodes):
        each = cumulants_of(-np.expm1(-load * level), amount, scatter)
        for order, values in enumerate((each.mean, each.variance, each.third)):
            at[order, :, place] = np.bincount(group, values, groups)
    through = np.linalg.inv(chebyshev.chebvander(nodes, _NODES - 1).T)
    weights = through @ chebyshev.chebvander((strength - middle) / reach, _NODES - 1).T
    return Cumulants(*(one @ weights for one in at))
