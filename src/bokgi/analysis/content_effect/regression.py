"""Binary regression on categories, with standard errors clustered by deal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse, special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Link = Literal["cloglog", "logit"]

PRIOR_SD: Final = 2.5
"""Weak normal prior of every coefficient but the intercept: keeps categories without an event finite."""
_STEPS: Final = 40
_TOLERANCE: Final = 1e-6
_NEAR: Final = 0.1
"""Steps below this are taken with the information of the step before: it hardly changes any more."""
_LARGEST: Final = 30.0
_SMALLEST: Final = 1e-12


def dummies(columns: Sequence[Ints]) -> sparse.csr_array:
    """Make the design of some categories (numbered from 0) with an intercept; the most frequent level has no column.

    >>> dummies([np.array([0, 1, 1, 2])]).toarray().tolist()
    [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 1.0]]
    """
    n = len(columns[0]) if columns else 0
    rows, places, width = [np.arange(n)], [np.zeros(n, dtype=np.int64)], 1
    for levels in columns:
        counts = np.bincount(levels)
        common = int(np.argmax(counts))
        numbers = np.full(len(counts), -1, dtype=np.int64)
        used = [level for level in range(len(counts)) if level != common and counts[level]]
        numbers[used] = np.arange(len(used))
        own = np.flatnonzero(numbers[levels] >= 0)
        rows.append(own)
        places.append(width + numbers[levels[own]])
        width += len(used)
    row, place = np.concatenate(rows), np.concatenate(places)
    return sparse.csr_array((np.ones(len(row)), (row, place)), shape=(n, width))


@dataclass(frozen=True)
class Fit:
    """Coefficients, fitted probabilities; each row's weight in the information, and its score."""

    beta: Floats
    p: Floats
    weight: Floats
    ridge: Floats
    score: Floats

    def clustered_se(self, design: sparse.csr_array, cluster: Ints, place: int) -> float:
        """Standard error of one coefficient when rows of a cluster hang together (sandwich, g ÷ (g − 1))."""
        unit = np.zeros(len(self.beta))
        unit[place] = 1.0
        influence = (
            design @ linalg.solve(_information(design, self.weight, self.ridge), unit, assume_a="pos")
        ) * self.score
        sums = np.bincount(cluster, influence)
        groups = int(np.count_nonzero(np.bincount(cluster)))
        return float(np.sqrt((sums**2).sum() * groups / max(groups - 1, 1)))


def fit(design: sparse.csr_array, event: Flags, *, link: Link, prior_sd: float = PRIOR_SD) -> Fit:
    """Fit `link(P(event)) = design · beta` by Fisher's scoring; the first column is the intercept.

    `cloglog` makes a coefficient the log of a ratio of weekly rates. An infinite `prior_sd` is no prior.

    >>> found = fit(dummies([np.array([0, 0, 0, 0])]), np.array([True, False, False, False]), link="logit")
    >>> round(float(found.p[0]), 6)
    0.25
    """
    y = event.astype(np.float64)
    width = design.shape[1]
    ridge = np.full(width, prior_sd**-2.0)
    ridge[0] = 0.0
    beta = np.zeros(width)
    share = np.clip(y.mean(), 1e-6, 1.0 - 1e-6)
    beta[0] = np.log(-np.log1p(-share)) if link == "cloglog" else special.logit(share)
    factor = None
    for _ in range(_STEPS):
        p, slope = _probability(design @ beta, link)
        variance = np.maximum(p * (1.0 - p), _SMALLEST)
        score = (y - p) * slope / variance
        if factor is None:
            factor = linalg.cho_factor(_information(design, slope**2 / variance, ridge))
        step = linalg.cho_solve(factor, design.T @ score - ridge * beta)
        beta = beta + np.clip(step, -2.0, 2.0)
        largest = float(np.abs(step).max())
        if largest < _TOLERANCE:
            break
        if largest > _NEAR:
            factor = None
    p, slope = _probability(design @ beta, link)
    variance = np.maximum(p * (1.0 - p), _SMALLEST)
    return Fit(beta, p, slope**2 / variance, ridge, (y - p) * slope / variance)


def _information(design: sparse.csr_array, weight: Floats, ridge: Floats) -> Floats:
    scaled = sparse.csr_array(
        (design.data * np.repeat(weight, np.diff(design.indptr)), design.indices, design.indptr), shape=design.shape
    )
    out: Floats = (design.T @ scaled).toarray()
    out[np.diag_indices(len(out))] += ridge + _SMALLEST
    return out


def _probability(eta: Floats, link: Link) -> tuple[Floats, Floats]:
    """Probability and its slope in the predictor."""
    eta = np.clip(eta, -_LARGEST, _LARGEST)
    if link == "logit":
        p = special.expit(eta)
        return p, p * (1.0 - p)
    rate = np.exp(np.minimum(eta, 3.5))
    p = -np.expm1(-rate)
    return p, rate * np.exp(-rate)
