"""Logistic models on cells: cells that the model cannot tell apart are counted as one, with the same answer."""

from __future__ import annotations

import numpy as np
import pytest

from bokgi.analysis.cross_tables import Design, logistic


@pytest.mark.parametrize("known", [0.0, 0.3])
def test_cells_split_by_people_are_fitted_as_one(known: float) -> None:
    rng = np.random.default_rng(5)
    levels = (rng.integers(0, 3, 4000), rng.integers(0, 4, 4000))
    n = rng.integers(1, 9, 4000).astype(np.float64)
    wins = rng.binomial(n.astype(np.int64), 0.2 + 0.1 * levels[0]).astype(np.float64)
    offset = known * rng.integers(0, 2, 4000).astype(np.float64)
    design = Design(levels, (3, 4))
    found = logistic(design, n, wins, offset=offset if known else None)

    # The optimum says of itself that it is one: the slope of the log posterior is zero there, over all cells.
    eta = design.predictor(found.effects, 4000) + offset
    p = 1.0 / (1.0 + np.exp(-eta))
    np.testing.assert_allclose(found.p, p, atol=1e-12)
    np.testing.assert_allclose(design.gradient(wins - n * p) - found.effects / 2.5**2, 0.0, atol=1e-3)
    information = design.information(n * p * (1.0 - p)) + np.eye(design.size) / 2.5**2
    np.testing.assert_allclose(np.tril(found.cholesky), np.linalg.cholesky(information), rtol=1e-6, atol=1e-6)
