"""Shares with their intervals, and the difference of two estimates."""

from __future__ import annotations

from math import sqrt
from typing import TypeVar

import ibis.expr.types as ir
from scipy.special import ndtri

Share = TypeVar("Share", float, ir.FloatingValue)


def wilson(share: Share, n: Share, *, level: float = 0.95) -> tuple[Share, Share]:
    """Within what limits a share of `n` cases lies, at `level` (score interval).

    `share` (0 to 1) and `n` (above 0, or null) are numbers, or columns of an expression; so are the limits.

    Source: Wilson 1927; `statsmodels` is the referee in `tests/analysis/test_proportions.py`.

    >>> [round(end, 3) for end in wilson(0.5, 20)]
    [0.299, 0.701]
    """
    z = float(ndtri((1 + level) / 2))
    middle = share + z * z / (2 * n)
    spread = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    whole = 1 + z * z / n
    return (middle - spread) / whole, (middle + spread) / whole


def difference(
    after: float, after_ends: tuple[float, float], before: float, before_ends: tuple[float, float]
) -> tuple[float, float]:
    """Within what limits `after - before` lies, from the intervals of the two, which rest on different cases.

    The limits have the level of the intervals given, and keep their lopsidedness (method of variance estimates
    recovery). With Wilson's intervals of two shares it is Newcombe's method 10.

    Source: Newcombe 1998; Zou & Donner 2008. `statsmodels` and a simulation with known truth are the referees in
    `tests/analysis/test_proportions.py`.

    >>> [round(end, 4) for end in difference(56 / 70, wilson(56 / 70, 70), 48 / 80, wilson(48 / 80, 80))]
    [0.0524, 0.3339]
    """
    (low1, high1), (low0, high0) = after_ends, before_ends
    gap = after - before
    return (
        gap - sqrt((after - low1) ** 2 + (high0 - before) ** 2),
        gap + sqrt((high1 - after) ** 2 + (before - low0) ** 2),
    )
