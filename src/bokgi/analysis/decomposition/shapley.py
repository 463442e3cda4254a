"""Shapley parts of a sum of products, and money rounded so that the parts still add up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def shapley(before: Floats, after: Floats) -> Floats:
    """How much each factor contributes when `Σ over cells of Π over factors` goes from `before` to `after`.

    Parameters
    ----------
    before, after
        Values of the factors, `… × factors × cells`; leading axes are separate questions.

    Returns
    -------
    Floats
        `… × factors`: the mean, over all orders in which the factors could change one after the other, of what the
        change of each adds. They sum to the difference of the two totals.

    For a product this mean is an integral along the diagonal of its multilinear extension (Owen 1972), a polynomial,
    which Gauss–Legendre with half as many points as there are factors gives exactly.

    Examples
    --------
    >>> shapley(np.array([[10.0], [0.5]]), np.array([[20.0], [0.6]])).round(2)
    array([5.5, 1.5])
    """
    factors = before.shape[-2]
    points, weights = np.polynomial.legendre.leggauss((factors + 1) // 2)
    total = np.zeros(before.shape[:-1])
    for point, weight in zip((points + 1.0) / 2.0, weights / 2.0, strict=True):
        middle = before + point * (after - before)
        ones = np.ones_like(middle[..., :1, :])
        ahead = np.cumprod(np.concatenate([ones, middle[..., :-1, :]], axis=-2), axis=-2)
        behind = np.cumprod(np.concatenate([ones, middle[..., :0:-1, :]], axis=-2), axis=-2)[..., ::-1, :]
        total += weight * ((after - before) * ahead * behind).sum(axis=-1)
    return total


def apportioned(parts: Sequence[float], whole: Decimal, step: Decimal) -> tuple[Decimal, ...]:
    """Round parts to multiples of `step` so that they add up to `whole` exactly.

    Each is rounded to the nearest multiple; what is left then goes, a step at a time, to the parts that rounding moved
    most (in case of a tie the first). A whole that is no multiple of `step` is divided in steps of its own last digit.

    >>> apportioned([0.4, 0.4, 0.2], Decimal(1), Decimal(1))
    (Decimal('1'), Decimal('0'), Decimal('0'))
    """
    exponent = whole.as_tuple().exponent
    if whole % step != 0 and isinstance(exponent, int):
        step = Decimal(1).scaleb(exponent)
    exact = [Decimal(part) / step for part in parts]
    rounded = [value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN) for value in exact]
    left = int(whole / step - sum(rounded, Decimal(0)))
    sign = 1 if left > 0 else -1
    order = sorted(range(len(parts)), key=lambda i: (-sign * (exact[i] - rounded[i]), i))
    for turn in range(abs(left)):
        rounded[order[turn % len(order)]] += sign
    return tuple(value * step for value in rounded)
