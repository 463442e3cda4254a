"""What a won deal is worth, where its amount is not known yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.coding import Coding
from bokgi.analysis.forecast.credibility import multiplicative
from bokgi.analysis.forecast.hazards import conditions_of
from bokgi.analysis.forecast.history import Wins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HALF_LIFE: Final = 364.0
_MOST: Final = 5_000


@dataclass(frozen=True)
class Amounts:
    """Mean won amount of each profile, and how won amounts scatter around it (ratios with mean 1, with weights)."""

    mean: Floats
    ratio: Floats
    weight: Floats
    n: int

    def draw(self, rng: np.random.Generator, profile: Ints) -> Floats:
        """Draw a won amount for each profile."""
        drawn: Floats = self.mean[profile] * rng.choice(self.ratio, len(profile), p=self.weight)
        return drawn


def fit_amounts(wins: Wins, coding: Coding, *, on: int) -> Amounts | None:
    """Fit won amounts up to day `on` by the conditions of the deal; null where no amount is known.

    Counts the newest 5,000 wins; older ones count less (half after a year). Conditions multiply, shrunken as far as the
    amounts ask for it.
    """
    rows = np.flatnonzero((wins.on <= on) & (wins.amount > 0))[-_MOST:]
    if len(rows) == 0:
        return None
    amount, profile = wins.amount[rows], wins.profile[rows]
    weight = 0.5 ** ((on - wins.on[rows]) / _HALF_LIFE)
    scale = float(np.average(amount, weights=weight))
    scatter = float(np.average((amount / scale - 1.0) ** 2, weights=weight)) if len(rows) > 1 else 1.0
    found = multiplicative(
        conditions_of(coding, profile), weight, weight * amount / scale, dispersion=max(scatter, 1e-6)
    )
    every = conditions_of(coding, np.arange(len(coding.profile)))
    mean = scale * found.rate * (found.of(every) if every else np.ones(len(coding.profile)))
    ratio = amount / mean[profile]
    return Amounts(mean, ratio / float(np.average(ratio, weights=weight)), weight / weight.sum(), len(rows))
