"""Screening: conversion of each unit at each stage against what its cases let expect, and a gate before any flag.

The null model of a stage is a logistic regression on the conditions of its cases. For a unit, observed minus expected
has variance `Σ w − c' H⁻¹ c` (score test: `w = p(1 − p)`, `c` the unit's part of the cross-tables, `H` the
information), so that a unit that makes up much of the data isn't compared with itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import linalg, special

from bokgi.analysis.cross_tables import Design, logistic

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SMALLEST_VARIANCE: Final = 2.0
"""Units whose observed count has less variance than this (about ten cases) are too few to be screened."""
GATE_SIMULATIONS: Final = 4_000


@dataclass(frozen=True)
class Cell:
    """Cells of one stage: coded conditions, coded units of each view, cases and successes."""

    conditions: tuple[Ints, ...]
    labels: tuple[tuple[str | None, ...], ...]
    units: dict[str, Ints]
    names: dict[str, tuple[str | None, ...]]
    n: Floats
    wins: Floats

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each condition."""
        return tuple(len(labels) for labels in self.labels)


@dataclass(frozen=True)
class Screened:
    """One view of one stage: cases, successes, those expected from the others, variance, score z (null: too few)."""

    names: tuple[str | None, ...]
    n: Floats
    wins: Floats
    expected: Floats
    variance: Floats
    z: Floats
    correlation: Floats
    """Correlation of the z of the units that are not too few, under the null."""


def code(column: pa.ChunkedArray) -> tuple[Ints, tuple[str | None, ...]]:
    """Give the codes of a text column (null is a level of its own) and the labels in their order."""
    encoded = column.combine_chunks().cast(pa.string()).dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), tuple(encoded.dictionary.to_pylist())


@dataclass(frozen=True)
class Elsewhere:
    """Effect of each unit of a view at all other stages, and the covariance of these effects."""

    effect: Floats
    covariance: Floats


def elsewhere(stages: Sequence[Cell], here: int, view: str, position: int) -> Elsewhere:
    """Estimate how much better or worse the units of a view that is itself a condition do at the other stages.

    Leads from one source may convert less everywhere; a bottleneck is a stage at which they fall behind their own
    level. Effects are in log-odds, of the levels of `view` at stage `here`.
    """
    names = stages[here].names[view]
    others = [cell for i, cell in enumerate(stages) if i != here]
    place = {name: k for k, name in enumerate(names)}
    if not others:
        return Elsewhere(np.zeros(len(names)), np.zeros((len(names), len(names))))
    count = len(names) + 1
    unit = [np.array([place.get(name, len(names)) for name in cell.names[view]])[cell.units[view]] for cell in others]
    rest = [f for f in range(len(stages[here].sizes)) if f != position]
    labels: list[dict[str | None, int]] = [{} for _ in rest]
    coded: list[list[Ints]] = [[] for _ in rest]
    for cell in others:
        for k, f in enumerate(rest):
            code_of = np.array([labels[k].setdefault(label, len(labels[k])) for label in cell.labels[f]])
            coded[k].append(code_of[cell.conditions[f]])
    stage = np.concatenate([np.full(len(cell.n), i) for i, cell in enumerate(others)])
    levels = (stage, np.concatenate(unit), *(np.concatenate(parts) for parts in coded))
    design = Design(levels, (len(others), count, *(len(names) for names in labels)))
    n, wins = np.concatenate([cell.n for cell in others]), np.concatenate([cell.wins for cell in others])
    fit = logistic(design, n, wins)
    inverse = linalg.cho_solve((fit.cholesky, True), np.eye(design.size), check_finite=False)
    own = slice(design.starts[1], design.starts[1] + len(names))
    # Effects count from the mean of the cases: the common part belongs to the intercept.
    share = np.bincount(levels[1], n, count)[:-1]
    centre = np.eye(len(names)) - np.ones((len(names), 1)) * (share / max(share.sum(), 1.0))[None, :]
    return Elsewhere(centre @ fit.effects[own], centre @ inverse[own, own] @ centre.T)


def screen(cells: Cell, view: str, *, position: int | None, level: Elsewhere | None, flagged: Ints | None) -> Screened:
    """Compare each unit of `view` with what its cases let expect.

    `position` is the place of the view among the conditions, if it is one: then it is left out of the null model and
    the units' `level` at the other stages takes its place. `flagged` marks cells of units flagged in a broader view:
    their difference is taken as explained.
    """
    kept = [f for f in range(len(cells.sizes)) if f != position]
    levels = tuple(cells.conditions[f] for f in kept)
    sizes = tuple(cells.sizes[f] for f in kept)
    if flagged is not None:
        levels, sizes = (*levels, flagged), (*sizes, int(flagged.max()) + 1)
    design = Design(levels, sizes)
    unit, count = cells.units[view], len(cells.names[view])
    offset = None if level is None else level.effect[unit]
    fit = logistic(design, cells.n, cells.wins, offset=offset)
    weight = cells.n * fit.p * (1.0 - fit.p)
    part = design.by_unit(unit, count, weight)
    solved = linalg.solve_triangular(fit.cholesky, part.T, lower=True, check_finite=False)
    covariance = np.diag(np.bincount(unit, weight, count)) - solved.T @ solved
    if level is not None:
        covariance = covariance + covariance @ level.covariance @ covariance
    variance = np.diag(covariance).copy()
    n = np.bincount(unit, cells.n, count).astype(np.float64)
    wins = np.bincount(unit, cells.wins, count).astype(np.float64)
    expected = np.bincount(unit, cells.n * fit.p, count).astype(np.float64)
    enough = (variance >= SMALLEST_VARIANCE) & np.array([name is not None for name in cells.names[view]])
    scale = np.where(enough, np.sqrt(np.maximum(variance, 1e-12)), np.nan)
    own = np.bincount(unit, weight, count)
    third = np.bincount(unit, weight * (1.0 - 2.0 * fit.p), count)
    z = _straightened((wins - expected) / scale, third / scale**3)
    correlation = covariance[np.ix_(enough, enough)] / np.outer(scale[enough], scale[enough])
    # What the others let expect: the unit's own part in the expectation taken out again.
    apart = wins + (expected - wins) * own / np.maximum(variance, 1e-12)
    benchmark = np.where(enough, np.clip(apart, 0.0, n), expected)
    return Screened(cells.names[view], n, wins, benchmark, variance, z, correlation)


def _straightened(z: Floats, skewness: Floats) -> Floats:
    """Turn scores of skewed counts into normal ones (Wilson & Hilferty 1931): high rates have long lower tails."""
    size = np.maximum(np.abs(skewness), 1e-6)
    up = np.sign(skewness) * z
    root = np.cbrt(np.maximum(1.0 + size * up / 2.0, 0.0))
    return np.asarray(np.where(skewness >= 0, 1.0, -1.0) * (6.0 / size * (root - 1.0) + size / 6.0), dtype=np.float64)


def gate(screened: list[Screened], *, seed: int) -> float:
    """P-value of "no unit of this view is below what its cases let expect", over all stages together.

    Two statistics, the lowest z (one unit is far off) and the sum of squares of the negative ones (many are a little
    off), each against its distribution under the null with the correlations the model implies; the smaller p, doubled.
    """
    found = [s for s in screened if s.correlation.size]
    if not found:
        return 1.0
    rng = np.random.default_rng(seed)
    drawn = np.hstack([_correlated(s.correlation, rng) for s in found])
    z = np.concatenate([s.z[~np.isnan(s.z)] for s in found])
    # Bonferroni over the units bounds the p-value of the extreme where the simulation can resolve no more.
    extreme = min(_tail(drawn.min(axis=1), float(z.min())), float(special.ndtr(z.min())) * len(z))
    many = _tail(-(np.minimum(drawn, 0.0) ** 2).sum(axis=1), -float((np.minimum(z, 0.0) ** 2).sum()))
    return min(1.0, 2.0 * min(extreme, many))


def _tail(drawn: Floats, observed: float) -> float:
    """Give the p-value of what was observed among the draws; it is one of them, so that none is impossible."""
    return float((drawn <= observed).sum() + 1) / (len(drawn) + 1)


def _correlated(correlation: Floats, rng: np.random.Generator) -> Floats:
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(rng.standard_normal((GATE_SIMULATIONS, len(values))) @ root.T, dtype=np.float64)


def benjamini_hochberg(p: Floats) -> Floats:
    """Give the q-values of p-values: the smallest false discovery rate at which each would be flagged.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])).round(3)
    array([0.04 , 0.053, 0.053, 0.5  ])
    """
    order = np.argsort(p, kind="stable")
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(1.0, np.minimum.accumulate(ranked[::-1])[::-1])
    return q
