"""Columns filled in after the outcome: how often honest ones are refused, and which leaking ones are found."""

from __future__ import annotations

from typing import Final

import ibis
import numpy as np
import pyarrow as pa

from benchmarks.simulator import Organisation, World, simulate
from benchmarks.study.rows import Row, share_row
from bokgi.analysis.comparison.conditions import leaks

TOPIC: Final = "leaks"
NOTE: Final = """\
Of the area under the curve the limit is .85. On 60 organisations that chose it, no single condition went beyond .77
and no person beyond .82, though conditions, people and territories differed up to two and a half times as much as
usual; the stage that was reached lay at .90 to .97, and a column that holds the outcome at .87 to .93 with a fifth of
its entries drawn by lot. With half of them drawn by lot it lies at .72 to .80, where three strong conditions in one
column lie, too: no limit tells these apart. Entries that few deals have show only in organisations of many: here 100
to 3,000."""
SCALES: Final = {"small": 12, "medium": 100, "full": 300}
OWN_SEEDS: Final = 150_000
"""Organisations that decided nothing about the limit."""
HONEST: Final = ("source", "lead_grade", "type", "segment", "industry", "region", "owner_id")
REASONS: Final = 6
LEAKING: Final = {
    "stage": "the furthest stage that was reached",
    "status": "the outcome, a fifth of the entries by lot",
    "half": "the outcome, half of the entries by lot",
    "reason": "the reason of the close, a fifth of the entries by lot",
    "note": "a note on a tenth of the closed deals",
    "rival": "to whom it was lost, on a third of the lost deals",
}


def world_of(seed: int, each: int) -> World:
    """Give an organisation in which conditions, people and territories differ more, or less, than usual."""
    rng = np.random.default_rng([seed, each])
    return simulate(
        Organisation(
            seed=seed + OWN_SEEDS + each,
            reps=int(rng.integers(5, 31)),
            deals=int(rng.choice([100, 300, 1_000, 3_000])),
            assignment=("random", "good_to_hard", "good_to_easy")[each % 3],
            territories=("one_each", 4, 8)[int(rng.integers(3))],
            condition_scale=float(rng.choice([0.5, 1.0, 2.5])),
            person_sd=0.6,
            territory_sd=0.6,
        )
    )


def found_in(world: World, seed: int) -> set[str]:
    """Name the columns of an organisation's deals that are said to be filled in after the outcome."""
    deals, accounts, rng = world.tables["deals"], world.tables["accounts"], np.random.default_rng(seed)
    outcome = np.array(deals["outcome"].to_pylist())
    won, closed, lost = outcome == "won", outcome != "open", (outcome != "open") & (outcome != "won")
    n = len(outcome)
    lot = {share: rng.random(n) < share for share in (0.2, 0.5)}
    reached = np.zeros(n, dtype=np.int64)
    known = world.paths.stage >= 0
    np.maximum.at(reached, world.paths.deal[known], world.paths.stage[known])
    reason = np.where(won, 0, rng.integers(1, REASONS, n))
    entries = {
        "stage": (reached, np.ones(n, dtype=bool)),
        "status": (np.where(lot[0.2], rng.integers(0, 2, n), won), np.ones(n, dtype=bool)),
        "half": (np.where(lot[0.5], rng.integers(0, 2, n), won), np.ones(n, dtype=bool)),
        "reason": (np.where(lot[0.2], rng.integers(0, REASONS, n), reason), np.ones(n, dtype=bool)),
        "note": (np.zeros(n, dtype=np.int64), closed & (rng.random(n) < 1 / 10)),
        "rival": (rng.integers(0, REASONS, n), lost & (rng.random(n) < 1 / 3)),
    }
    columns = {"outcome": outcome.tolist(), "won": pa.array(won, mask=~closed)}
    columns |= {name: pa.array(value.astype(str), mask=~there) for name, (value, there) in entries.items()}
    for name in HONEST:
        columns[name] = (deals if name in deals.column_names else accounts)[name].to_pylist()
    return {leak.factor for leak in leaks(ibis.memtable(pa.table(columns)), [*HONEST, *LEAKING])}


def run(scale: str, seed: int) -> list[Row]:
    """Measure how often each kind of column is refused."""
    told = [found_in(world_of(seed, each), seed + each) for each in range(SCALES[scale])]
    refused = [name in one for one in told for name in HONEST]
    any_refused = [bool(one & set(HONEST)) for one in told]
    rows = [
        share_row(TOPIC, "an honest column (condition, territory, person) is refused", refused, most=0.01),
        share_row(TOPIC, "organisations in which any of seven honest columns is refused", any_refused, most=0.02),
    ]
    goals = dict.fromkeys(("half", "note", "rival"), 0.0)
    for name, what in LEAKING.items():
        found = [name in one for one in told]
        rows.append(share_row(TOPIC, f"found: {what}", found, least=goals.get(name, 0.8)))
    return rows
