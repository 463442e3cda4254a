"""Models whose predictors are all categories, on aggregated cells: their sums are cross-tables, found by counting."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR_SD: Final = 2.5
"""Prior sd of the intercept and of the effect of a condition (Gelman et al. 2008: keeps separated data finite)."""
_LEAST_COMBINATIONS: Final = 16
_MOST_COMBINATIONS: Final = 512
_STEPS: Final = 60
_TOLERANCE: Final = 1e-8
_HARDLY_FEWER: Final = 2


@dataclass(frozen=True)
class _Block:
    """Factors that are counted as one: the combination of their levels in each cell, and what it stands for.

    `marks[c]` has a one at the effect of each level of combination `c`; the effects are those from `start` on.
    """

    code: Ints
    marks: Floats
    start: int

    @property
    def stop(self) -> int:
        """The effect after the last one of these factors."""
        return self.start + int(self.marks.shape[1])

    @property
    def combinations(self) -> int:
        """How many combinations of levels there can be."""
        return len(self.marks)

    def counts(self, weight: Floats) -> Floats:
        """Sum per-cell weights by combination."""
        return np.bincount(self.code, weight, self.combinations).astype(np.float64, copy=False)


class Design:
    """An intercept and one effect per level of each factor.

    `levels[f]` is the level (0 …) of factor `f` in each cell, `sizes[f]` its number of levels. Effects stand in the
    order intercept, levels of the first factor, …; `starts[f]` is where those of factor `f` begin.

    Neighbouring factors are counted together as long as their combinations are few: a dozen factors are three or four
    blocks, and going through the cells once for each pair of blocks tells the cross-tables of all pairs of factors.
    """

    def __init__(self, levels: tuple[Ints, ...], sizes: tuple[int, ...]) -> None:
        self.levels, self.sizes = levels, sizes
        self.starts = tuple(1 + int(start) for start in np.cumsum([0, *sizes])[:-1])
        self.size = 1 + sum(sizes)
        self._blocks = self._grouped()
        self._pairs = [
            (one, other, one.code * other.combinations + other.code)
            for place, one in enumerate(self._blocks)
            for other in self._blocks[place + 1 :]
        ]

    def _grouped(self) -> list[_Block]:
        """Group neighbouring factors; a table of two blocks is no larger than the cells that are counted into it."""
        cells = len(self.levels[0]) if self.levels else 0
        most = min(_MOST_COMBINATIONS, max(_LEAST_COMBINATIONS, int(cells**0.5)))
        groups: list[list[int]] = []
        for factor, size in enumerate(self.sizes):
            if groups and size * int(np.prod([self.sizes[f] for f in groups[-1]])) <= most:
                groups[-1].append(factor)
            else:
                groups.append([factor])
        return [self._block(group) for group in groups]

    def _block(self, factors: list[int]) -> _Block:
        sizes = [self.sizes[f] for f in factors]
        code = np.ravel_multi_index([self.levels[f] for f in factors], sizes).astype(np.int64, copy=False)
        each = np.unravel_index(np.arange(int(np.prod(sizes))), sizes)
        marks = np.hstack([np.eye(size)[level] for size, level in zip(sizes, each, strict=True)])
        return _Block(code, marks, self.starts[factors[0]])

    def predictor(self, effects: Floats, cells: int) -> Floats:
        """Give the linear predictor of each of `cells` cells."""
        total = np.full(cells, effects[0])
        for block in self._blocks:
            total += (block.marks @ effects[block.start : block.stop])[block.code]
        return total

    def gradient(self, residual: Floats) -> Floats:
        """Sum per-cell residuals into each effect."""
        return np.concatenate(
            [np.array([residual.sum()]), *(block.counts(residual) @ block.marks for block in self._blocks)]
        )

    def by_unit(self, unit: Ints, units: int, weight: Floats) -> Floats:
        """Sum per-cell weights into `units × effects`; what `gradient` is for each unit of cells."""
        parts: list[Floats] = [np.bincount(unit, weight, units).astype(np.float64)[:, None]]
        for block in self._blocks:
            count = block.combinations
            parts.append(
                np.bincount(unit * count + block.code, weight, units * count).reshape(units, count) @ block.marks
            )
        return np.hstack(parts)

    def information(self, weight: Floats) -> Floats:
        """Cross-tabulate per-cell weights into the information matrix."""
        out = np.zeros((self.size, self.size))
        out[0, 0] = weight.sum()
        for block in self._blocks:
            own, counts = slice(block.start, block.stop), block.counts(weight)
            out[own, own] = block.marks.T @ (counts[:, None] * block.marks)
            out[0, own] = out[own, 0] = counts @ block.marks
        for one, other, index in self._pairs:
            shape = one.combinations, other.combinations
            table = one.marks.T @ np.bincount(index, weight, shape[0] * shape[1]).reshape(shape) @ other.marks
            out[one.start : one.stop, other.start : other.stop] = table
            out[other.start : other.stop, one.start : one.stop] = table.T
        return out


def log_likelihood(n: Floats, wins: Floats, eta: Floats) -> float:
    """Binomial log likelihood of cells with linear predictor `eta` (logit)."""
    # Of 1 + exp(−|eta|), between 1 and 2, the plain logarithm is as exact as the sum needs, and several times faster.
    softplus = np.maximum(eta, 0.0) + np.log(1.0 + np.exp(-np.abs(eta)))
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
    merged = _merged(design, n, wins, offset)
    if merged is not None:
        fewer, index, n, wins, known = merged
        found = logistic(fewer, n, wins, offset=known)
        return Fit(found.effects, found.cholesky, found.p[index])
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


def _merged(
    design: Design, n: Floats, wins: Floats, offset: Floats | None
) -> tuple[Design, Ints, Floats, Floats, Floats | None] | None:
    """Count cells that the model cannot tell apart as one; null where that makes them hardly fewer.

    Cells are split by more than one model looks at: by people, where it looks at conditions. Gives the design of the
    merged cells, the merged cell of each cell, and their cases, successes and known parts.
    """
    values, part = (None, None) if offset is None else np.unique(offset, return_inverse=True)
    levels = [*design.levels, *([] if part is None else [part])]
    sizes = [*design.sizes, *([] if values is None else [len(values)])]
    cells, combinations = len(n), prod(sizes)
    if not levels or combinations > cells:
        return None
    code = np.ravel_multi_index(levels, sizes)
    present = np.flatnonzero(np.bincount(code, minlength=combinations))
    if len(present) > cells // _HARDLY_FEWER:
        return None
    place = np.zeros(combinations, dtype=np.int64)
    place[present] = np.arange(len(present))
    each = np.unravel_index(present, sizes)
    fewer = Design(tuple(level.astype(np.int64) for level in each[: len(design.levels)]), design.sizes)
    total, won = (np.bincount(code, weight, combinations)[present].astype(np.float64) for weight in (n, wins))
    return fewer, place[code], total, won, None if values is None else values[each[-1]]
