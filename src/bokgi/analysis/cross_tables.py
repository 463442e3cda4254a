"""Models whose predictors are all categories, on aggregated cells: their sums are cross-tables, found by counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR_SD: Final = 2.5
"""Prior sd of the intercept and of the effect of a condition (Gelman et al. 2008: keeps separated data finite)."""
_STEPS: Final = 60
_TOLERANCE: Final = 1e-8


class Design:
    """An intercept and one effect per level of each factor.

    `levels[f]` is the level (0 …) of factor `f` in each cell, `sizes[f]` its number of levels. Effects stand in the
    order intercept, levels of the first factor, …; `starts[f]` is where those of factor `f` begin.
    """

    def __init__(self, levels: tuple[Ints, ...], sizes: tuple[int, ...]) -> None:
        self.levels, self.sizes = levels, sizes
        self.starts = tuple(1 + int(start) for start in np.cumsum([0, *sizes])[:-1])
        self.size = 1 + sum(sizes)
        self.pairs = [
            (f, g, levels[f] * sizes[g] + levels[g]) for f in range(len(sizes)) for g in range(f + 1, len(sizes))
        ]

    def predictor(self, effects: Floats, cells: int) -> Floats:
        """Give the linear predictor of each of `cells` cells."""
        total = np.full(cells, effects[0])
        for start, size, level in zip(self.starts, self.sizes, self.levels, strict=True):
            total += effects[start : start + size][level]
        return total

    def gradient(self, residual: Floats) -> Floats:
        """Sum per-cell residuals into each effect."""
        parts = [np.array([residual.sum()])]
        for size, level in zip(self.sizes, self.levels, strict=True):
            parts.append(np.bincount(level, residual, size))
        return np.concatenate(parts)

    def by_unit(self, unit: Ints, units: int, weight: Floats) -> Floats:
        """Sum per-cell weights into `units × effects`; what `gradient` is for each unit of cells."""
        parts = [np.bincount(unit, weight, units)[:, None]]
        for size, level in zip(self.sizes, self.levels, strict=True):
            parts.append(np.bincount(unit * size + level, weight, units * size).reshape(units, size))
        return np.hstack(parts)

    def information(self, weight: Floats) -> Floats:
        """Cross-tabulate per-cell weights into the information matrix."""
        out = np.zeros((self.size, self.size))
        out[0, 0] = weight.sum()
        for start, size, level in zip(self.starts, self.sizes, self.levels, strict=True):
            diagonal = np.bincount(level, weight, size)
            where = np.arange(start, start + size)
            out[where, where] = diagonal
            out[0, where] = out[where, 0] = diagonal
        for f, g, index in self.pairs:
            a, b = self.sizes[f], self.sizes[g]
            block = np.bincount(index, weight, a * b).reshape(a, b)
            i, j = self.starts[f], self.starts[g]
            out[i : i + a, j : j + b] = block
            out[j : j + b, i : i + a] = block.T
        return out


def log_likelihood(n: Floats, wins: Floats, eta: Floats) -> float:
    """Binomial log likelihood of cells with linear predictor `eta` (logit)."""
    softplus = np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))
    return float(wins @ eta - n @ softplus)


@dataclass(frozen=True)
class Fit:
    """A fitted model: effects, the Cholesky factor (lower) of its information, fitted probability of each cell."""

    effects: Floats
    cholesky: Floats
    p: Floats


def logistic(design: Design, n: Floats, wins: Floats, *, offset: Floats | None = None) -> Fit:
    """Fit a logistic model with the weak prior N(0, 2.5²) on every effect, by Newton.

    Parameters
    ----------
    design
        Levels of the factors in each cell.
    n, wins
        Cases and successes of each cell.
    offset
        A known part of each cell's log-odds; none where it is left out.

    Returns
    -------
    Fit
        Always finite; without factors the rate of the whole.

    Examples
    --------
    >>> cells = Design((np.array([0, 1]),), (2,))
    >>> logistic(cells, np.array([1000.0, 1000.0]), np.array([200.0, 600.0])).p.round(2)
    array([0.2, 0.6])
    """
    precision = PRIOR_SD**-2
    effects = np.zeros(design.size)
    effects[0] = special.logit((wins.sum() + 0.5) / (n.sum() + 1.0))
    cholesky = np.eye(design.size)
    known = np.zeros(len(n)) if offset is None else offset
    eta = known + design.predictor(effects, len(n))
    value = log_likelihood(n, wins, eta) - 0.5 * precision * float(effects @ effects)
    for _ in range(_STEPS):
        p = special.expit(eta)
        gradient = design.gradient(wins - n * p) - precision * effects
        information = design.information(n * p * (1.0 - p)) + precision * np.eye(design.size)
        cholesky = linalg.cholesky(information, lower=True, check_finite=False)
        step = linalg.cho_solve((cholesky, True), gradient, check_finite=False)
        if float(gradient @ step) < _TOLERANCE:
            break
        scale = 1.0
        while True:
            candidate = effects + scale * step
            eta = known + design.predictor(candidate, len(n))
            new_value = log_likelihood(n, wins, eta) - 0.5 * precision * float(candidate @ candidate)
            if new_value >= value or scale < _TOLERANCE:
                break
            scale /= 2.0
        effects, value = candidate, new_value
    return Fit(effects, cholesky, special.expit(eta))
