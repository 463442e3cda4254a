"""Whose share stands out from that of the others, beyond chance and beyond how much people differ anyway."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST: Final = 5
"""Cases of one person from which a share is looked at."""
_MANY: Final = 5
_WINSOR: Final = 0.1


def outliers(n: Ints, k: Ints) -> Floats:
    """Who has more successes than the others let expect: one p-value a person, null (nan) below `LEAST` cases.

    `n` cases and `k` successes of each person. Against the pooled share of the others: exact hypergeometric mid-p. From
    five people on, scores are divided by how much people scatter beyond chance (multiplicative overdispersion, after
    pulling in the outer tenths; Spiegelhalter 2005), so that a person is flagged for standing out, not because people
    differ at all. `tests/analysis/causes` holds it against scipy's distribution and a permutation of the cases.

    >>> p = outliers(np.array([20, 20, 20, 20, 3]), np.array([15, 4, 5, 3, 1]))
    >>> bool(p[0] < 0.01), bool((p[1:4] > 0.3).all()), bool(np.isnan(p[4]))
    (True, True, True)
    """
    enough = n >= LEAST
    whole, successes = int(n.sum()), int(k.sum())
    p = np.array([_tail(int(a), int(b), whole, successes) for a, b in zip(n, k, strict=True)])
    z = -special.ndtri(np.clip(p, 1e-12, 1.0 - 1e-12))
    scatter = 1.0
    if enough.sum() >= _MANY:
        low, high = np.quantile(z[enough], [_WINSOR, 1.0 - _WINSOR])
        scatter = max(1.0, float((np.clip(z[enough], low, high) ** 2).mean()))
    return np.where(enough, special.ndtr(-z / np.sqrt(scatter)), np.nan)


def _tail(n: int, k: int, whole: int, successes: int) -> float:
    """Give the probability of more than `k`, and half of exactly `k`, of `successes` among `n` of `whole` cases."""
    at = np.arange(max(k, n + successes - whole, 0), min(n, successes) + 1, dtype=np.float64)
    if not len(at):
        return 0.0
    log = _choose(successes, at) + _choose(whole - successes, n - at) - _choose(whole, n)
    mass = np.exp(log)
    return float(mass.sum() - (mass[0] / 2.0 if at[0] == k else 0.0))


def _choose(n: float, k: float | Floats) -> Floats:
    return np.asarray(special.gammaln(n + 1.0) - special.gammaln(np.add(k, 1.0)) - special.gammaln(n - k + 1.0))
