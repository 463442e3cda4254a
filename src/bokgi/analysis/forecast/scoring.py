"""How good a forecast was: scores of a drawn distribution against what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

LEVELS: Final = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
"""Quantiles that a forecast gives."""
LOW: Final = 0.10
HIGH: Final = 0.90
"""Ends of the range that is told."""
_TAIL: Final = 0.05
_FEWEST_APART: Final = 3
"""Five quarters that overlap count as two, and of right ranges hold less than half of them one time in nine."""


def crps(draws: Floats, came: float) -> float:
    """Continuous ranked probability score of equally likely draws, in the unit of the draws; 0 is best.

    `E|X − y| − ½ E|X − X′|` over the draws as they are (no correction for their number), by sorting. Of a single draw
    the absolute error. Source: Gneiting & Raftery (2007); `tests/analysis/forecast/test_scoring.py`.

    >>> crps(np.array([1.0, 3.0]), 2.0)
    0.5
    """
    ordered = np.sort(draws)
    n = len(ordered)
    between = float(((2.0 * np.arange(1, n + 1) - n - 1.0) * ordered).sum()) / n**2
    return float(np.abs(ordered - came).mean()) - between


def quantile_loss(draws: Floats, came: float) -> float:
    """Sum of twice the pinball losses at `LEVELS`, divided by their number; the weighted quantile loss before weighing.

    >>> round(quantile_loss(np.array([2.0]), 2.0), 3)
    0.0
    """
    levels = np.array(LEVELS)
    error = came - np.quantile(draws, levels)
    return float(2.0 * np.maximum(levels * error, (levels - 1.0) * error).mean())


def usual_hits(n: int, level: float) -> tuple[int, int]:
    """Between how many of `n` periods lie nine of ten times within a range that holds `level` of them (binomial).

    Of fewer than three any number may.

    >>> usual_hits(16, 0.8), usual_hits(2, 0.8)
    ((10, 15), (0, 2))
    """
    if n < _FEWEST_APART:
        return 0, n
    at_most = special.bdtr(np.arange(n + 1), n, level)
    low, high = np.searchsorted(at_most, [_TAIL, 1.0 - _TAIL])
    return int(low), int(high)


def separate(n: int, months: int) -> int:
    """Tell as how many periods that lie apart `n` periods of so many months count, each a month after the one before.

    >>> separate(14, 3), separate(14, 1), separate(1, 3)
    (5, 14, 1)
    """
    return (n + months - 1) // months


def judged(share: float, n: int, level: float = 0.8) -> Literal["too_narrow", "too_wide"] | None:
    """Say what a share of `n` periods that lie apart tells of ranges that should hold `level`; null: chance decides.

    >>> judged(0.36, 5), judged(0.5, 5), judged(1.0, 40)
    ('too_narrow', None, 'too_wide')
    """
    low, high = usual_hits(n, level)
    return "too_narrow" if share * n < low else "too_wide" if share * n > high else None


def wanted(rows: Sequence[tuple[float, float, float, float]], level: float = 0.8) -> float | None:
    """Tell how many times as wide ranges would have held `level` of what came: of mean, low, high and what came.

    Null where a range has no width on the side that would have to reach further.

    >>> wanted([(10.0, 8.0, 12.0, 14.0), (10.0, 8.0, 12.0, 11.0), (10.0, 8.0, 12.0, 5.0), (10.0, 8.0, 12.0, 9.0)])
    2.5
    """
    reach = []
    for mean, low, high, came in rows:
        side = high - mean if came > mean else mean - low
        reach.append(abs(came - mean) / side if side > 0 else np.inf if came != mean else 0.0)
    found = np.sort(reach)[max(int(np.ceil(level * len(reach))) - 1, 0)]
    return float(found) if np.isfinite(found) else None


def range_around(draws: Floats, mean: float) -> tuple[float, float]:
    """Give the ends of the central 80 % of draws, as far out as their mean where that lies beyond.

    Where mostly nothing comes in and rarely much, the mean is above nine of ten draws.

    >>> range_around(np.arange(11.0), 5.0), range_around(np.array([0.0] * 99 + [500.0]), 5.0)
    ((1.0, 9.0), (0.0, 5.0))
    """
    low, high = np.quantile(draws, [LOW, HIGH])
    return min(float(low), mean), max(float(high), mean)
