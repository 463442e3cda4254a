"""Simple forecasts that a good one must beat: run rate, the same time last year, and the weighted pipeline."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.history import NEVER, Ends, Standing, Wins
from bokgi.analysis.forecast.many_deals import MOST_OF_A_SUM, Cumulants, cumulants_of, drawn_apart
from bokgi.analysis.forecast.windows import Window, day_number

Floats = NDArray[np.float64]

RUN_RATE: Final = "run_rate"
SEASONAL_NAIVE: Final = "seasonal_naive"
WEIGHTED: Final = "weighted_pipeline"
WEIGHTED_DUE: Final = "weighted_pipeline_due"
SIMPLE: Final = (RUN_RATE, SEASONAL_NAIVE, WEIGHTED, WEIGHTED_DUE)
RUN_RATE_DAYS: Final = 182
AMOUNT_DAYS: Final = 364
YEAR_DAYS: Final = 364
_CHUNK: Final = 4_000_000


def sums(rng: np.random.Generator, counts: NDArray[np.int64], pool: Floats) -> Floats:
    """Draw the sum of so many amounts of a pool for each path."""
    if len(pool) == 0:
        return np.zeros(len(counts))
    out = np.zeros(len(counts))
    ends = np.cumsum(counts)
    drawn = np.concatenate([[0.0], np.cumsum(rng.choice(pool, int(ends[-1])))])
    out[:] = drawn[ends] - drawn[ends - counts]
    return out


def run_rate(rng: np.random.Generator, wins: Wins, window: Window, *, first: int, paths: int) -> Floats:
    """Draw what is won if deals are won at the rate and for the amounts of late.

    The rate of the last 26 weeks (fewer where the history is shorter) with its uncertainty, amounts of the last 52.
    """
    on = day_number(window.origin)
    seen = max(min(on - first + 1, RUN_RATE_DAYS), 1)
    won = int(wins.between(on - seen, on).sum())
    rate = rng.gamma(won + 0.5, 1.0 / seen, paths)
    pool = wins.amount[wins.between(on - AMOUNT_DAYS, on)]
    return sums(rng, rng.poisson(rate * window.days), pool[pool > 0])


def seasonal_naive(rng: np.random.Generator, wins: Wins, window: Window, *, first: int, paths: int) -> Floats | None:
    """Draw what is won if it is as in the same weeks a year ago; null where the history does not reach back so far."""
    on = day_number(window.origin)
    after, until = on + window.after - YEAR_DAYS, on + window.until - YEAR_DAYS
    if after < first or until > on:
        return None
    there = wins.between(after, until)
    pool = wins.amount[there]
    return sums(rng, rng.poisson(float(there.sum()), paths), pool[pool > 0])


def stage_chances(ends: Ends, given: Floats, *, on: int) -> Floats:
    """Give each stage's chance to be won at all: the CRM's, else the share won of the deals that had reached it."""
    seen = ends.on <= on
    reached = np.bincount(ends.stage[seen], ends.n[seen], len(given))
    won = np.bincount(ends.stage[seen], ends.won[seen], len(given))
    overall = (won.sum() + 0.5) / (reached.sum() + 1.0)
    return np.where(np.isnan(given), (won + overall) / (reached + 1.0), given)


def weighted_pipeline(
    rng: np.random.Generator,
    standing: Standing,
    chance: Floats,
    amount: Floats,
    window: Window,
    *,
    due_only: bool,
    paths: int,
) -> Floats | None:
    """Draw what is won if each open deal is won by the chance of its stage; with `due_only` those due by then only.

    Null where `due_only` is asked and no expected close is known. Overdue deals count as due.
    """
    p = np.where(np.isnan(standing.probability), chance[standing.stage], standing.probability)
    if due_only:
        if not (standing.due < NEVER).any():
            return None
        p = np.where(standing.due <= window.until, p, 0.0)
    total = np.zeros(paths)
    p, amount = p[p > 0.0], amount[p > 0.0]
    one_by_one = drawn_apart(amount**2 * p * (1.0 - p), MOST_OF_A_SUM)
    if not one_by_one.all():
        few = ~one_by_one
        each = cumulants_of(p[few], amount[few], (np.ones(1), np.ones(1)))
        total += Cumulants(*(np.full(paths, values.sum()) for values in (each.mean, each.variance, each.third))).draw(
            rng
        )
        p, amount = p[one_by_one], amount[one_by_one]
    rows = max(_CHUNK // paths, 1)
    for start in range(0, len(p), rows):
        part = slice(start, start + rows)
        hit = rng.random((len(p[part]), paths), dtype=np.float32) < p[part, None]
        total += amount[part].astype(np.float32) @ hit.astype(np.float32)
    return total
