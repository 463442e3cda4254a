"""The stage model and the run rate blended by how each did before, and the range made as wide as it had to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.scoring import crps

Floats = NDArray[np.float64]

WEIGHTS: Final = np.linspace(0.0, 1.0, 11)
_PRIOR_WEIGHT: Final = 0.95
_PRIOR_ORIGINS: Final = 4.0
_PRIOR_SCALE_ORIGINS: Final = 8.0
_NARROWEST, _WIDEST = 0.7, 2.0
_COVER: Final = 0.8


@dataclass(frozen=True)
class Past:
    """An origin whose window is over: sorted draws of both, and what came."""

    model: Floats
    run_rate: Floats
    came: float


@dataclass(frozen=True)
class Blend:
    """Weight of the stage model (the rest is the run rate's), and by what the range is widened around its mean."""

    weight: float
    scale: float
    n: int

    def of(self, model: Floats, run_rate: Floats) -> Floats:
        """Blend sorted draws quantile by quantile and widen or narrow them; sorted, never negative."""
        return stretched(mixed(model, run_rate, self.weight), self.scale)


def mixed(model: Floats, run_rate: Floats, weight: float) -> Floats:
    """Mix sorted draws quantile by quantile: `weight` of the stage model, the rest of the run rate.

    What was won of late has to have deals with which it could go on: where the model says that more likely than the
    run rate does nothing comes at all, the run rate counts as much less, where nothing can come not at all.

    >>> mixed(np.array([0.0, 0.0, 0.0, 4.0]), np.array([2.0, 2.0, 4.0, 4.0]), 0.5).tolist()
    [0.25, 0.25, 0.5, 4.0]
    """
    anything, of_late = int(np.count_nonzero(model)), int(np.count_nonzero(run_rate))
    share = (1.0 - weight) * min(anything / max(of_late, 1), 1.0)
    out: Floats = (1.0 - share) * model + share * run_rate
    return out


def stretched(draws: Floats, scale: float) -> Floats:
    """Widen (`scale` above 1) or narrow draws around their mean; none falls below 0.

    What lies below the mean is narrowed in ratio, not in distance: where nothing may come in, that stays possible.

    >>> stretched(np.array([0.0, 1.0, 5.0]), 0.5).round(2).tolist()
    [0.0, 1.41, 3.5]
    """
    middle = draws.mean()
    out: Floats = np.maximum(middle + scale * (draws - middle), 0.0)
    if scale < 1.0 and middle > 0.0:
        out = np.where(draws < middle, middle * (draws / middle) ** scale, out)
    return out


def learn_blend(past: Sequence[Past]) -> Blend:
    """Learn weight and scale from origins whose window is over.

    The weight minimises the mean CRPS over them, each in units of what came on average, with a prior of four origins
    that prefer 0.95. The scale is what would have made the 80 % range hold 80 % of what came, shrunken towards 1 by a
    prior of eight origins.
    """
    if not past:
        return Blend(_PRIOR_WEIGHT, 1.0, 0)
    unit = max(float(np.mean([one.came for one in past])), 1e-9)
    scores = np.array([[crps(mixed(one.model, one.run_rate, w), one.came) / unit for w in WEIGHTS] for one in past])
    spread = float(np.ptp(scores.mean(axis=0))) or 1.0
    prior = _PRIOR_ORIGINS * spread * (WEIGHTS - _PRIOR_WEIGHT) ** 2
    weight = float(WEIGHTS[int(np.argmin(scores.sum(axis=0) + prior))])
    reach = []
    for one in past:
        both = mixed(one.model, one.run_rate, weight)
        middle = both.mean()
        low, high = np.quantile(both, [(1.0 - _COVER) / 2.0, (1.0 + _COVER) / 2.0])
        side = max(high - middle, 1e-9 * unit) if one.came > middle else max(middle - low, 1e-9 * unit)
        reach.append(abs(one.came - middle) / side)
    n = len(reach)
    needed = float(np.quantile(reach, min(_COVER * (n + 1) / n, 1.0)))
    scale = (n * np.clip(needed, _NARROWEST, _WIDEST) + _PRIOR_SCALE_ORIGINS) / (n + _PRIOR_SCALE_ORIGINS)
    return Blend(weight, float(scale), n)
