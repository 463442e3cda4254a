"""Binomial mixed model on aggregated cells: conditions, and two crossed groupings (person, territory).

`logit p = intercept + conditions + u[person] + v[territory]` with `u ~ N(0, sd_u²)`, `v ~ N(0, sd_v²)`, conditions
`~ N(0, 2.5²)`, and for each sd the boundary-avoiding Gamma(2) prior of Chung et al. (2013). For each point of a small
grid over the two sds, Newton finds the mode of all effects; the Laplace approximation of the marginal likelihood is the
weight of the point (Rue, Martino & Chopin 2009); draws come from the mixture of normals.

All predictors are categories, so the information matrix is a set of cross-tables: its cost is that of counting the
cells, whatever the number of deals behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from bokgi.analysis.cross_tables import PRIOR_SD, Design, log_likelihood

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SD_PRIOR_RATE: Final = 0.5
"""Rate of the Gamma(2, rate) prior of an sd on the log-odds scale."""
GRID: Final = 7
SMALLEST_SD: Final = 0.02
LARGEST_SD: Final = 2.5
_NEWTON_STEPS: Final = 60
_TOLERANCE: Final = 1e-6
_SHORTEST_STEP: Final = 1e-6
_DEPTH: Final = 6.0
_NO_SD: Final = 1e-4
_STILL: Final = 1e-3
"""So far (in log-odds) no cell may move for its share of the information to count as unchanged."""


@dataclass(frozen=True)
class Cells:
    """Aggregated outcomes: one cell per combination of levels that occurs.

    `levels[f]` is the level (0 …) of factor `f` in each cell, `sizes[f]` its number of levels. `person` and `territory`
    are positions in `levels`; `territory` is None where there is none. `n` cases, `wins` of them won; both may be
    fractional (shared credit).
    """

    levels: tuple[Ints, ...]
    sizes: tuple[int, ...]
    person: int
    territory: int | None
    n: Floats
    wins: Floats


@dataclass(frozen=True)
class Mode:
    """The mode of all effects at one pair of sds, its Hessian (Cholesky, lower) and the Laplace marginal."""

    sds: tuple[float, float]
    effects: Floats
    cholesky: Floats
    log_marginal: float


@dataclass(frozen=True)
class Posterior:
    """Draws of all effects (`draws × effects`), where each factor's effects stand, and the sds with their weights."""

    draws: Floats
    sd_draws: Floats
    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    grid: tuple[Mode, ...]
    weights: Floats
    mode: Mode
    log_marginal_without_person: float

    def factor(self, position: int) -> Floats:
        """Give the draws of one factor's effects (`draws × levels`)."""
        start = self.starts[position]
        return self.draws[:, start : start + self.sizes[position]]

    @property
    def heterogeneity_p(self) -> float:
        """P-value of "all persons are equal": likelihood ratio on the boundary, half of a χ² with one degree."""
        best = max(mode.log_marginal for mode in self.grid)
        ratio = max(0.0, 2.0 * (best - self.log_marginal_without_person))
        return float(0.5 * special.chdtrc(1.0, ratio)) if ratio > 0 else 1.0


def fit(cells: Cells, *, draws: int, seed: int) -> Posterior:
    """Fit the model and draw from its posterior.

    Parameters
    ----------
    cells
        Aggregated outcomes; at least one cell.
    draws
        Number of posterior draws.
    seed
        Seed of the draws; the same cells and seed give the same draws.

    Returns
    -------
    Posterior
        Always finite: the priors keep empty, separated and all-won data proper.

    Examples
    --------
    >>> cells = Cells((np.array([0, 1]),), (2,), 0, None, np.array([50.0, 50.0]), np.array([5.0, 30.0]))
    >>> posterior = fit(cells, draws=2000, seed=1)
    >>> bool((posterior.factor(0)[:, 1] > posterior.factor(0)[:, 0]).mean() > 0.99)
    True
    """
    design = Design(cells.levels, cells.sizes)
    crossed = cells.territory is not None
    grid, flat = _grid(design, cells, crossed=crossed)
    height = np.array([_height(mode, crossed=crossed) for mode in grid])
    weights = np.exp(height - height.max())
    weights /= weights.sum()
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(draws, weights)
    parts, sds = [], []
    for mode, count in zip(grid, counts, strict=True):
        if count:
            parts.append(_draws(design, mode, count, rng))
            sds.append(np.tile(mode.sds, (count, 1)))
    best = grid[int(np.argmax(weights))]
    order = rng.permutation(draws)
    return Posterior(
        np.concatenate(parts)[order],
        np.concatenate(sds)[order],
        design.starts,
        cells.sizes,
        grid,
        weights,
        best,
        flat.log_marginal,
    )


def _precision(design: Design, cells: Cells, sds: tuple[float, float]) -> Floats:
    """Prior precision of every effect."""
    out = np.full(design.size, PRIOR_SD**-2)
    for position, sd in ((cells.person, sds[0]), (cells.territory, sds[1])):
        if position is not None:
            start = design.starts[position]
            out[start : start + cells.sizes[position]] = sd**-2
    return out


@dataclass(frozen=True)
class _Quadratic:
    """The log likelihood around a mode as a quadratic: modes and marginals at other sds without touching the cells."""

    design: Design
    cells: Cells
    centre: Floats
    height: float
    slope: Floats
    information: Floats

    def at(self, sds: tuple[float, float]) -> Mode:
        """Give the approximate mode and marginal at a pair of sds."""
        precision = _precision(self.design, self.cells, sds)
        hessian = self.information.copy()
        hessian[np.diag_indices(self.design.size)] += precision
        cholesky = linalg.cholesky(hessian, lower=True, check_finite=False)
        target = self.information @ self.centre + self.slope
        effects = linalg.cho_solve((cholesky, True), target, check_finite=False)
        move = effects - self.centre
        value = self.height + float(self.slope @ move) - 0.5 * float(move @ self.information @ move)
        return Mode(sds, effects, cholesky, _log_marginal(value, precision, effects, cholesky))

    def holds(self, mode: Mode) -> bool:
        """Tell whether no cell's log-odds are far from those at the centre, so that the quadratic is all but exact."""
        move = np.abs(mode.effects - self.centre)
        furthest = np.maximum.reduceat(move, [0, *self.design.starts])
        return float(furthest.sum()) <= _STILL


def _log_marginal(log_likelihood: float, precision: Floats, effects: Floats, cholesky: Floats) -> float:
    """Laplace approximation of the marginal likelihood at fixed sds."""
    posterior = log_likelihood - 0.5 * float(precision @ effects**2)
    return posterior + 0.5 * float(np.log(precision).sum()) - float(np.log(np.diag(cholesky)).sum())


def _mode(design: Design, cells: Cells, sds: tuple[float, float], start: Floats) -> tuple[Mode, _Quadratic]:
    """Newton with step halving to the mode of the log posterior at fixed sds, and the likelihood around it."""
    precision = _precision(design, cells, sds)
    cholesky = np.eye(design.size)
    around = _around(design, cells, start, design.predictor(start, len(cells.n)))
    for _ in range(_NEWTON_STEPS):
        effects = around.centre
        value = around.height - 0.5 * float(precision @ effects**2)
        gradient = around.slope - precision * effects
        hessian = around.information.copy()
        hessian[np.diag_indices(design.size)] += precision
        cholesky = linalg.cholesky(hessian, lower=True, check_finite=False)
        step = linalg.cho_solve((cholesky, True), gradient, check_finite=False)
        if float(gradient @ step) < _TOLERANCE:
            break
        scale = 1.0
        while True:
            candidate = effects + scale * step
            eta = design.predictor(candidate, len(cells.n))
            height = log_likelihood(cells.n, cells.wins, eta)
            if height - 0.5 * float(precision @ candidate**2) >= value or scale < _SHORTEST_STEP:
                break
            scale /= 2.0
        around = _around(design, cells, candidate, eta, height)
    marginal = _log_marginal(around.height, precision, around.centre, cholesky)
    return Mode(sds, around.centre, cholesky, marginal), around


def _around(design: Design, cells: Cells, centre: Floats, eta: Floats, height: float | None = None) -> _Quadratic:
    """Give the likelihood around effects whose linear predictor is `eta`; `height` where it is known there already."""
    p = special.expit(eta)
    return _Quadratic(
        design,
        cells,
        centre,
        log_likelihood(cells.n, cells.wins, eta) if height is None else height,
        design.gradient(cells.wins - cells.n * p),
        design.information(cells.n * p * (1.0 - p)),
    )


def _modes(quadratic: _Quadratic, points: Iterable[tuple[float, float]]) -> Iterator[Mode]:
    """Give the mode at each pair of sds; neighbours start from each other.

    With very many cases the effects hardly move from one point to the next, and what is known around the last mode
    tells this one, too; else Newton goes through the cells.
    """
    for point in points:
        mode = quadratic.at(point)
        if not quadratic.holds(mode):
            mode, quadratic = _mode(quadratic.design, quadratic.cells, point, mode.effects)
        yield mode


def _start(design: Design, cells: Cells) -> Floats:
    """All effects zero, the intercept at the overall rate."""
    effects = np.zeros(design.size)
    n, wins = cells.n.sum(), cells.wins.sum()
    effects[0] = special.logit((wins + 0.5) / (n + 1.0))
    return effects


def _log_prior(sd: float) -> float:
    """Gamma(2, rate) density of an sd, times the Jacobian of its logarithm (the grid is even in log sd)."""
    return 2.0 * float(np.log(sd)) - SD_PRIOR_RATE * sd


def _height(mode: Mode, *, crossed: bool) -> float:
    return mode.log_marginal + _log_prior(mode.sds[0]) + (_log_prior(mode.sds[1]) if crossed else 0.0)


def _range(quadratic: _Quadratic, best: tuple[float, float], axis: int) -> tuple[float, float, float]:
    """Where along one axis the marginal is within a few units of its best: lower end, best, upper end."""
    points = np.geomspace(SMALLEST_SD, LARGEST_SD, 25)
    modes = [quadratic.at((float(sd), best[1]) if axis == 0 else (best[0], float(sd))) for sd in points]
    height = np.array([mode.log_marginal + _log_prior(mode.sds[axis]) for mode in modes])
    near = points[height > height.max() - _DEPTH]
    return float(near[0]), float(points[int(np.argmax(height))]), float(near[-1])


def _grid(design: Design, cells: Cells, *, crossed: bool) -> tuple[tuple[Mode, ...], Mode]:
    """Modes on an even grid of the log sds that covers where the marginal is not negligible.

    And the best fit in which all persons are equal.
    """
    best = (0.3, 0.3)
    __, quadratic = _mode(design, cells, best, _start(design, cells))
    ends = [(SMALLEST_SD, LARGEST_SD), (1.0, 1.0)]
    for _ in range(2):
        for axis in range(2 if crossed else 1):
            low, top, high = _range(quadratic, best, axis)
            best = (top, best[1]) if axis == 0 else (best[0], top)
            ends[axis] = (low, high)
        __, quadratic = _mode(design, cells, best, quadratic.at(best).effects)
    persons = [float(sd) for sd in np.geomspace(*ends[0], GRID)]
    territories = [float(sd) for sd in np.geomspace(*ends[1], GRID if crossed else 1)]
    found = {mode.sds: mode for mode in _modes(quadratic, ((u, v) for u in persons for v in territories))}
    flat = max(_modes(quadratic, ((_NO_SD, v) for v in territories)), key=lambda mode: mode.log_marginal)
    return tuple(found[u, v] for v in territories for u in persons), flat


def _draws(design: Design, mode: Mode, count: int, rng: np.random.Generator) -> Floats:
    """Draw normally around the mode."""
    noise = rng.standard_normal((design.size, count))
    move = linalg.solve_triangular(mode.cholesky, noise, lower=True, trans="T", check_finite=False)
    return np.asarray(mode.effects[None, :] + move.T, dtype=np.float64)
