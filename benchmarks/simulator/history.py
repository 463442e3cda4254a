"""Paths of deals through the stages: what happens when, with the detours that real histories have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEVER = 10**7
"""A day that never comes."""


@dataclass(frozen=True)
class Paths:
    """All stage entries with their day (since 1970-01-01), and how and when each deal ends (`NEVER`: it does not)."""

    deal: Ints
    stage: Ints  # index of an open stage; -1 lost for a while, before it was opened again
    entered: Ints
    won: NDArray[np.bool_]
    no_decision: NDArray[np.bool_]
    closed: Ints
    planned_close: Ints


def simulate_paths(
    rng: np.random.Generator,
    *,
    created: Ints,
    conversion: Floats,
    never_close: float,
    cycle_days: float,
    rush: float,
    begun: Ints | None = None,
) -> Paths:
    """Walk every deal through the stages: conversion decides the exit, log-normal times decide the day.

    `begun`: the stage in which each deal is on the day it is `created` (none given: the first).
    """
    n, stages = conversion.shape
    begun = np.zeros(n, dtype=np.int64) if begun is None else begun
    before = np.arange(stages)[None, :] < begun[:, None]
    advanced = (rng.random((n, stages)) < conversion) | before
    reached = np.concatenate([np.ones((n, 1), dtype=bool), np.cumprod(advanced, axis=1).astype(bool)], axis=1)
    won = reached[:, -1]
    last = reached[:, :-1].sum(axis=1) - 1
    median = cycle_days / stages * np.linspace(0.8, 1.2, stages)
    stay = median[None, :] * np.exp(rng.normal(0, 0.7, (n, stages)))
    lost_here = (~won)[:, None] & (np.arange(stages)[None, :] == last[:, None])
    stay = np.where(before, 0, np.maximum(np.round(np.where(lost_here, stay * 1.6, stay)), 0))
    detour = rng.random(n)
    back = (detour < 0.04) & (last >= 1)
    reopened = (detour >= 0.04) & (detour < 0.07)
    extra = np.round(rng.gamma(2.0, 10.0, n)) + 1
    stay[np.arange(n), last] += np.where(back | reopened, 2 * extra, 0)

    starts = created[:, None] + np.concatenate([np.zeros((n, 1)), np.cumsum(stay, axis=1)[:, :-1]], axis=1).astype(
        np.int64
    )
    closed = starts[np.arange(n), last] + stay[np.arange(n), last].astype(np.int64)
    planned = closed + np.round(rng.normal(-10, 20, n)).astype(np.int64)
    closed = _rush(rng, closed, starts[np.arange(n), last], won, rush)
    stale = (rng.random(n) < never_close) & ~won
    closed = np.where(stale, NEVER, closed)

    recorded = reached[:, :-1] & ~before
    skipped = rng.random((n, stages)) < 0.06
    skipped[np.arange(n), begun] = False
    skipped[np.arange(n), last] = False
    recorded &= ~skipped
    deal, stage = np.nonzero(recorded)
    entered = starts[deal, stage]
    at = starts[np.arange(n), last]
    b, r = np.flatnonzero(back), np.flatnonzero(reopened)
    step = extra.astype(np.int64)
    deal = np.concatenate([deal, b, b, r, r])
    stage = np.concatenate([stage, last[b] - 1, last[b], np.full(len(r), -1), last[r]])
    entered = np.concatenate([entered, at[b] + step[b], at[b] + 2 * step[b], at[r] + step[r], at[r] + 2 * step[r]])
    entered = np.minimum(entered, closed[deal])
    order = np.lexsort((np.arange(len(deal)), entered, deal))
    no_decision = ~won & (rng.random(n) < 0.25)
    return Paths(deal[order], stage[order], entered[order], won, no_decision, closed, planned)


def _rush(rng: np.random.Generator, closed: Ints, not_before: Ints, won: NDArray[np.bool_], rush: float) -> Ints:
    """Pull some wins of the weeks after a quarter's end into its last ten days."""
    months = (closed.astype("datetime64[D]")).astype("datetime64[M]").astype(np.int64)
    quarter_start = ((months // 3) * 3).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    into = closed - quarter_start
    pulled = won & (into < 28) & (rng.random(len(closed)) < rush * 1.5)
    target = quarter_start - 1 - rng.integers(0, 10, len(closed))
    return np.where(pulled & (target >= not_before), target, closed)
