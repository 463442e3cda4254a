"""Decompositions of periods that are drawn from one process: how often a part is said to be more than chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulator import Organisation, simulate
from benchmarks.simulator.analysed import analysed
from benchmarks.study.rows import Row, share_row
from bokgi.analysis.decomposition.changes import names, parts_of
from bokgi.analysis.decomposition.pool import WON, Pools, Window, count_pools
from bokgi.domain.period import Period

TOPIC: Final = "decomposition"
SCALES: Final = {"small": 50, "medium": 200, "full": 1_000}
PAIRS: Final = 25
"""Pairs of periods that are drawn from one organisation."""
QUARTERS: Final = ("2025-Q1", "2025-Q2")
END: Final = date(2025, 12, 31)
GROWTH: Final = 1.4


def pools_of(seed: int, deals: int) -> Pools:
    """Count two quarters of a simulated organisation."""
    with analysed(simulate(Organisation(seed=seed, reps=12, deals=deals, rush=0.0))) as tables:
        windows = [Window(Period.parse(quarter), END) for quarter in QUARTERS]
        changes = tables.tables["deal_changes"]
        return count_pools(tables.deals, tables.visits, changes, windows, by=("source", "segment"))


def false_claims(seed: int, count: int, deals: int, *, growth: float = 1.0) -> NDArray[np.bool_]:
    """Draw pairs of periods from the mean of two quarters: `pairs × parts`, true where a part is claimed.

    The second period has `growth` times as many deals.
    """
    rng = np.random.default_rng(seed)
    pools = pools_of(seed, deals)
    both = pools.n.mean(axis=0) * np.array([1.0, growth])[:, None, None]
    wins = pools.n[:, :, WON].sum(axis=0)
    mean = np.where(wins > 0, pools.amount.sum(axis=0) / np.maximum(wins, 1.0), pools.amount.sum() / wins.sum())
    claims = []
    for __ in range(count):
        n = rng.poisson(both).astype(np.float64)
        amount, squares = np.zeros(n.shape[:2]), np.zeros(n.shape[:2])
        for pool in range(2):
            won = n[pool, :, WON].astype(np.int64)
            each = np.repeat(mean, won) * np.exp(rng.normal(-0.18, 0.6, int(won.sum())))
            cell = np.repeat(np.arange(len(mean)), won)
            amount[pool] = np.bincount(cell, each, len(mean))
            squares[pool] = np.bincount(cell, each**2, len(mean))
        totals = tuple(Decimal(round(total)) for total in amount.sum(axis=1).tolist())
        drawn = replace(pools, n=n, amount=amount, squares=squares, won=totals)
        claims.append([part.by_chance is False for part in parts_of(drawn, Decimal(1), 0.95, seed)[0]])
    return np.array(claims)


def run(scale: str, seed: int) -> list[Row]:
    """Measure, for small and large teams, how often a part, or any, is claimed although nothing changed."""
    worlds = SCALES[scale] // PAIRS
    # Not the seeds on which the share of draws was chosen that all parts must hold in at once.
    seeds = [seed + 50_000 + each for each in range(worlds)]
    rows = []
    for deals in (400, 3_000):
        claims = np.concatenate([false_claims(each, PAIRS, deals) for each in seeds])
        parts = names(pools_of(seeds[0], deals).stages)
        worst = int(np.argmax(claims.sum(axis=0)))
        name = " ".join(text for text in parts[worst] if text)
        rows.append(share_row(TOPIC, f"a part claimed by chance, {deals:,} deals", claims.ravel().tolist(), most=0.05))
        measure = f"the part most often claimed by chance ({name}), {deals:,} deals"
        rows.append(share_row(TOPIC, measure, claims[:, worst].tolist(), most=0.07))
        measure = f"comparisons in which any part is claimed by chance, {deals:,} deals"
        rows.append(share_row(TOPIC, measure, (claims.sum(axis=1) > 0).tolist(), most=0.07))
        grown = np.concatenate([false_claims(each, PAIRS, deals, growth=GROWTH) for each in seeds[: -(-worlds // 2)]])
        measure = f"{GROWTH - 1:.0%} more deals found as more deals, {deals:,} deals"
        rows.append(share_row(TOPIC, measure, grown[:, 0].tolist()))
    return rows
