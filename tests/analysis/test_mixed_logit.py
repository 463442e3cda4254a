"""The mixed model against R's lme4, a NUTS run, quadrature, and a dense slow twin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, optimize, special, stats

from bokgi.analysis.cross_tables import PRIOR_SD, Design
from bokgi.analysis.mixed_logit import SD_PRIOR_RATE, Cells, _mode, _modes, _start, fit
from tests.referees.r import run_r

Floats = NDArray[np.float64]
HERE = Path(__file__).resolve().parent


def cells(seed: int, *, persons: int = 8, territories: int = 4, rows: int = 400, cases: int = 6) -> Cells:
    """Cells of a small organisation with effects of sd 0.6 and 0.4."""
    rng = np.random.default_rng(seed)
    person, territory = rng.integers(0, persons, rows), rng.integers(0, territories, rows)
    source = rng.integers(0, 3, rows)
    u, v = rng.normal(0, 0.6, persons), rng.normal(0, 0.4, territories)
    eta = -0.5 + np.array([0.0, 0.5, -0.7])[source] + u[person] + v[territory]
    n = rng.integers(1, cases, rows)
    wins = rng.binomial(n, special.expit(eta))
    return Cells((source, territory, person), (3, territories, persons), 2, 1, n.astype(float), wins.astype(float))


def dense_mode(data: Cells, sds: tuple[float, float]) -> tuple[Floats, float]:
    """The mode and Laplace marginal by a general optimiser on the written-out design."""
    blocks = [np.ones((len(data.n), 1))]
    blocks += [np.eye(size)[level] for size, level in zip(data.sizes, data.levels, strict=True)]
    x = np.hstack(blocks)
    sd = np.concatenate(
        [[PRIOR_SD], np.full(data.sizes[0], PRIOR_SD), np.full(data.sizes[1], sds[1]), np.full(data.sizes[2], sds[0])]
    )

    def loss(theta: Floats) -> float:
        eta = x @ theta
        return float(-(data.wins @ eta - data.n @ np.logaddexp(0, eta)) + 0.5 * ((theta / sd) ** 2).sum())

    def slope(theta: Floats) -> Floats:
        p = special.expit(x @ theta)
        return np.asarray(-(x.T @ (data.wins - data.n * p)) + theta / sd**2)

    best = optimize.minimize(loss, np.zeros(x.shape[1]), jac=slope, method="BFGS", options={"gtol": 1e-8})
    p = special.expit(x @ best.x)
    hessian = x.T @ (x * (data.n * p * (1 - p))[:, None]) + np.diag(sd**-2)
    return best.x, -best.fun - np.log(sd).sum() - 0.5 * np.linalg.slogdet(hessian)[1]


@pytest.mark.parametrize("sds", [(0.6, 0.4), (0.05, 1.5), (2.0, 0.02)])
def test_counting_finds_the_same_mode_as_a_dense_optimiser(sds: tuple[float, float]) -> None:
    data = cells(1)
    design = Design(data.levels, data.sizes)
    mode, __ = _mode(design, data, sds, _start(design, data))
    effects, marginal = dense_mode(data, sds)
    assert mode.effects == pytest.approx(effects, abs=1e-3)
    assert mode.log_marginal == pytest.approx(marginal, abs=1e-4)


def test_one_person_grouping_agrees_with_quadrature() -> None:
    """With one random grouping the likelihood factors; integrate each person's effect and the sd numerically."""
    n, wins = np.array([30.0, 30.0, 30.0, 30.0]), np.array([3.0, 9.0, 12.0, 20.0])
    data = Cells((np.arange(4),), (4,), 0, None, n, wins)
    draws = fit(data, draws=20_000, seed=3)
    p_best = float((draws.factor(0).argmax(axis=1) == 3).mean())

    grid = np.linspace(-6, 6, 801)
    intercepts = np.linspace(-3, 2, 81)
    log_sds = np.linspace(np.log(0.02), np.log(3), 61)
    total, best = 0.0, 0.0
    for log_sd in log_sds:
        sd = float(np.exp(log_sd))
        prior = stats.norm.pdf(grid, 0, sd)
        for intercept in intercepts:
            weight = stats.norm.pdf(intercept, 0, PRIOR_SD) * sd**2 * np.exp(-SD_PRIOR_RATE * sd)
            p = special.expit(intercept + grid)
            density = [prior * p**w * (1 - p) ** (m - w) for w, m in zip(wins, n, strict=True)]
            mass = [float(integrate.trapezoid(d, grid)) for d in density]
            below = [integrate.cumulative_trapezoid(d, grid, initial=0) for d in density]
            total += weight * float(np.prod(mass))
            best += weight * float(integrate.trapezoid(density[3] * below[0] * below[1] * below[2], grid))
    assert p_best == pytest.approx(best / total, abs=0.02)


@pytest.mark.peer
def test_agrees_with_lme4_where_lme4_converges() -> None:
    """Fixed contrasts, sds and person modes of `glmer(cbind(w, l) ~ source + (1|person) + (1|territory))`."""
    data = cells(5, persons=20, territories=8, rows=3_000, cases=8)
    columns = {
        "source": data.levels[0],
        "territory": data.levels[1],
        "person": data.levels[2],
        "n": data.n,
        "w": data.wins,
    }
    script = """
    library(lme4)
    m <- glmer(cbind(w, n - w) ~ factor(source) + (1 | person) + (1 | territory), data = d, family = binomial)
    stopifnot(!isSingular(m))
    sds <- c(attr(VarCorr(m)$person, "stddev"), attr(VarCorr(m)$territory, "stddev"))
    out <- list(fixed = unname(fixef(m)), sds = sds, person = ranef(m)$person[, 1])
    """
    found = run_r(script, columns)
    posterior = fit(data, draws=4_000, seed=1)
    source = posterior.mode.effects[1:4]
    assert source[1] - source[0] == pytest.approx(found["fixed"][1], abs=0.02)
    assert source[2] - source[0] == pytest.approx(found["fixed"][2], abs=0.02)
    assert np.median(posterior.sd_draws, axis=0) == pytest.approx(found["sds"], rel=0.25)
    person = posterior.factor(2).mean(axis=0)
    assert person - person.mean() == pytest.approx(np.array(found["person"]) - np.mean(found["person"]), abs=0.05)


def test_agrees_with_a_nuts_run() -> None:
    """Posterior means and sds of a NUTS run on small data; `tests/referees/nuts_mixed_logit.py` made the summary."""
    summary = json.loads((HERE.parent / "referees" / "nuts_mixed_logit.json").read_text())
    posterior = fit(cells(11, persons=6, territories=3, rows=120), draws=20_000, seed=1)
    person = posterior.factor(2) - posterior.factor(2).mean(axis=1, keepdims=True)
    assert person.mean(axis=0) == pytest.approx(summary["person_mean"], abs=0.05)
    assert person.std(axis=0) == pytest.approx(summary["person_sd"], abs=0.05)


@pytest.mark.parametrize(
    ("n", "wins"),
    [([1, 1, 1], [1, 0, 1]), ([5, 5, 5], [5, 5, 5]), ([5, 5, 5], [0, 0, 0]), ([400, 1, 0], [200, 1, 0])],
)
def test_odd_data_give_finite_answers(n: list[int], wins: list[int]) -> None:
    data = Cells((np.arange(3),), (3,), 0, None, np.array(n, dtype=float), np.array(wins, dtype=float))
    posterior = fit(data, draws=500, seed=1)
    assert np.isfinite(posterior.draws).all()
    assert 0.0 <= posterior.heterogeneity_p <= 1.0


def test_splitting_cells_changes_nothing() -> None:
    data = cells(2)
    twice = Cells(
        tuple(np.concatenate([level, level]) for level in data.levels),
        data.sizes,
        2,
        1,
        np.concatenate([data.n - data.wins, data.wins]),
        np.concatenate([np.zeros_like(data.wins), data.wins]),
    )
    assert fit(twice, draws=200, seed=4).draws == pytest.approx(fit(data, draws=200, seed=4).draws, abs=1e-4)


def test_with_very_many_cases_the_neighbour_tells_the_mode() -> None:
    data = cells(3, persons=6, rows=300, cases=200_000)
    design = Design(data.levels, data.sizes)
    __, around = _mode(design, data, (0.5, 0.3), _start(design, data))
    points = [(0.5, 0.3), (0.5, 0.31), (0.51, 0.31)]
    for near in _modes(around, points):
        assert around.holds(near)
        exact = _mode(design, data, near.sds, _start(design, data))[0]
        np.testing.assert_allclose(near.effects, exact.effects, atol=1e-5)
        assert abs(near.log_marginal - exact.log_marginal) < 1e-3
    assert not around.holds(around.at((0.001, 0.3)))


def test_equal_people_fail_the_test_of_equality_as_often_as_its_level_says() -> None:
    p = []
    for seed in range(400):
        wins = np.random.default_rng([5, seed]).binomial(60, 0.35, 20).astype(float)
        equal = Cells((np.arange(20),), (20,), 0, None, np.full(20, 60.0), wins)
        p.append(fit(equal, draws=1, seed=1).heterogeneity_p)
    assert 0.11 < np.mean(np.array(p) < 0.2) < 0.25
    assert np.mean(np.array(p) < 0.01) < 0.025
