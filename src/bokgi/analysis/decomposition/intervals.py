"""Which parts stand out when all are looked at together, so that looking at many makes no false one likelier."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
LEVEL: Final = 0.95


def stands_out(draws: Floats, together: float) -> Flags:
    """Tell which parts (`draws × parts`) lie away from 0 beyond what is common among all of them.

    Each part's own interval is stretched from its median by one factor, so far that all parts lie inside theirs at once
    in the share `together` of the draws; a part stands out where its stretched interval does not hold 0.

    >>> draws = np.random.default_rng(1).normal(size=(20_000, 10))
    >>> draws[:, :2] += [2.5, 4.0]
    >>> stands_out(draws, 0.95)[:3].tolist()
    [False, True, False]
    """
    tail = (1.0 - LEVEL) / 2.0
    low, middle, high = np.quantile(draws, [tail, 0.5, 1.0 - tail], axis=0)
    reach = np.where(draws >= middle, high - middle, middle - low)
    away = np.abs(draws - middle)
    ratio = np.divide(away, reach, out=np.zeros_like(away), where=reach > 0.0)
    stretch = max(float(np.quantile(ratio.max(axis=1, initial=0.0), together)), 1.0)
    out: Flags = (middle - stretch * (middle - low) > 0.0) | (middle + stretch * (high - middle) < 0.0)
    return out
