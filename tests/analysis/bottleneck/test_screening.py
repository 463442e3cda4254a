"""Screening: the score against refitted likelihoods, q-values by the book, the gate under the null."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, special, stats

from bokgi.analysis.bottleneck.screening import Cell, Screened, benjamini_hochberg, elsewhere, gate, screen


def cell(seed: int, *, shift: float = 0.0, rows: int = 600) -> Cell:
    """A stage with one condition of three levels and ten units, one of them shifted."""
    rng = np.random.default_rng(seed)
    condition, unit = rng.integers(0, 3, rows), rng.integers(0, 10, rows)
    n = rng.integers(1, 4, rows).astype(float)
    eta = 0.8 + np.array([0.0, 0.4, -0.5])[condition] + np.where(unit == 3, shift, 0.0)
    wins = rng.binomial(n.astype(int), special.expit(eta)).astype(float)
    return Cell(
        (condition,), (("a", "b", "c"),), {"owner_id": unit}, {"owner_id": tuple(f"p{i}" for i in range(10))}, n, wins
    )


def likelihood_ratio(data: Cell, unit: int) -> float:
    """Signed root of the likelihood ratio of one unit's own effect, by a general optimiser."""
    x = np.column_stack([np.ones(len(data.n)), np.eye(3)[data.conditions[0]][:, 1:]])
    own = (data.units["owner_id"] == unit).astype(float)

    def fit(design: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        def loss(theta: NDArray[np.float64]) -> float:
            eta = design @ theta
            return float(-(data.wins @ eta - data.n @ np.logaddexp(0, eta)))

        best = optimize.minimize(loss, np.zeros(design.shape[1]), method="BFGS")
        return -best.fun, best.x

    null, __ = fit(x)
    full, theta = fit(np.column_stack([x, own]))
    return float(np.sign(theta[-1]) * np.sqrt(max(0.0, 2 * (full - null))))


def test_scores_agree_with_likelihood_ratios() -> None:
    data = cell(1, shift=-0.8)
    found = screen(data, "owner_id", position=None, level=None, flagged=None)
    expected = [likelihood_ratio(data, unit) for unit in range(10)]
    assert found.z == pytest.approx(expected, abs=0.25)
    assert np.nanargmin(found.z) == 3


@pytest.mark.parametrize("wins", [29, 30, 31])
def test_the_score_of_a_high_rate_has_the_tail_of_the_binomial(wins: int) -> None:
    """Forty cases beside very many of which nine of ten move on: the exact mid-p, which the plain score misses."""
    unit = np.array([0, 1])
    data = Cell(
        (), (), {"owner_id": unit}, {"owner_id": ("others", "few")}, np.array([1e5, 40.0]), np.array([9e4, float(wins)])
    )
    found = screen(data, "owner_id", position=None, level=None, flagged=None)
    exact = stats.binom.cdf(wins - 1, 40, 0.9) + 0.5 * stats.binom.pmf(wins, 40, 0.9)
    plain = special.ndtr((wins - 36.0) / np.sqrt(3.6))
    told = special.ndtr(found.z[1])
    assert exact / 1.5 < told < exact * 1.5
    assert plain < exact / 2.0


def test_a_flagged_unit_is_explained() -> None:
    data = cell(2, shift=-1.5)
    flagged = (data.units["owner_id"] == 3).astype(np.int64)
    found = screen(data, "owner_id", position=None, level=None, flagged=flagged)
    assert found.variance[3] == pytest.approx(0.0, abs=0.2)
    assert found.wins[3] == pytest.approx(found.expected[3], abs=1.0)
    assert np.isnan(found.z[3])


def test_units_with_few_cases_have_no_score() -> None:
    data = cell(3, rows=30)
    assert np.isnan(screen(data, "owner_id", position=None, level=None, flagged=None).z).any()


def test_a_level_that_holds_everywhere_is_no_bottleneck() -> None:
    rng = np.random.default_rng(5)
    stages = []
    for _ in range(4):
        source = rng.integers(0, 4, 4_000)
        n = np.ones(4_000)
        wins = rng.binomial(1, special.expit(1.0 + np.array([0.0, 0.2, -0.2, -1.0])[source])).astype(float)
        names = ("w", "x", "y", "z")
        stages.append(Cell((source,), (names,), {"source": source}, {"source": names}, n, wins))
    plain = screen(stages[0], "source", position=0, level=None, flagged=None)
    fair = screen(stages[0], "source", position=0, level=elsewhere(stages, 0, "source", 0), flagged=None)
    assert plain.z[3] < -6
    assert abs(fair.z[3]) < 2.5
    alone = elsewhere(stages[:1], 0, "source", 0)
    assert alone.effect == pytest.approx(np.zeros(4))


def test_the_gate_keeps_its_level_and_opens_for_a_defect() -> None:
    quiet = [
        gate([screen(cell(seed), "owner_id", position=None, level=None, flagged=None)], seed=1) for seed in range(120)
    ]
    assert np.mean(np.array(quiet) < 0.05) <= 0.10
    loud = screen(cell(7, shift=-2.0), "owner_id", position=None, level=None, flagged=None)
    assert 0.0 < gate([loud], seed=1) < 0.001
    zero = np.zeros(1)
    nothing = Screened(("a",), zero, zero, zero, zero, np.full(1, np.nan), np.empty((0, 0)))
    assert gate([nothing], seed=1) == 1.0


def test_q_values_are_those_of_scipy() -> None:
    p = np.random.default_rng(1).uniform(size=50) ** 2
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
    assert benjamini_hochberg(np.array([])).size == 0
