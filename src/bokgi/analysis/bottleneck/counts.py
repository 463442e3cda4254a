"""What the engine counts for a search: cases by cell, entries with their amounts, exits of each stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray

from bokgi.analysis.bottleneck.gains import win_after
from bokgi.analysis.bottleneck.screening import Cell, code
from bokgi.analysis.progressions import REACHED
from bokgi.analysis.totals import squares_of, sum_of
from bokgi.analysis.visits import entered_since

Floats = NDArray[np.float64]
Key = tuple[str, str, int]
Window = tuple[date, date]

DAYS_IN_MONTH: Final = 365.25 / 12
STAGE: Final = "stage"
"""The view that compares each stage with its own past."""
PAST: Final = ":past"
"""Ending of a view that compares each of its units with that unit's own past: `team:past`."""


@dataclass(frozen=True)
class Arrivals:
    """Deals that entered a stage; number with an amount, mean amount, standard deviation."""

    n: int
    amounts: tuple[float, float, float]


NOBODY: Final = Arrivals(0, (0.0, 0.0, 0.0))


def is_past(view: str) -> bool:
    """Tell whether a view holds its units against their own past."""
    return view == STAGE or view.endswith(PAST)


def column_of(view: str) -> str:
    """Give the column whose values are the units of a view."""
    return view.removesuffix(PAST)


def joined(progressions: ibis.Table, deals: ibis.Table, columns: Sequence[str]) -> ibis.Table:
    """Give progressions with columns of their deals, named `of_…`."""
    side = deals.select(of_deal="deal_id", **{f"of_{column}": column for column in columns})
    return progressions.join(side, progressions.deal_id == side.of_deal)


def case_cells(progressions: ibis.Table, deals: ibis.Table, columns: Sequence[str], window: Window) -> ibis.Table:
    """Give a row for each stage and combination of columns: `n` first visits that ended in the window, `wins` of them.

    In the order of the keys. `wins` went further: they reached a later stage, or were won.
    """
    start, end = window
    ended = progressions.filter((_.end != "open") & (_.end != "removed") & (_.ended_on >= start) & (_.ended_on < end))
    named = {column: _[f"of_{column}"].cast("string") for column in columns}
    keys = ["pipeline", "stage", "stage_order", *columns]
    cells = joined(ended, deals, columns).mutate(**named).group_by(keys)
    return cells.agg(n=_.count(), wins=(_.end == REACHED).cast("int64").sum()).order_by(keys)


def count_cells(
    progressions: ibis.Table,
    deals: ibis.Table,
    columns: Sequence[str],
    conditions: Sequence[str],
    by: Sequence[str],
    window: Window,
) -> list[tuple[Key, Cell]]:
    """Count the first visits that ended in the window, by stage, conditions and units, and how many went further."""
    counted = case_cells(progressions, deals, columns, window).to_pyarrow()
    out = []
    for key in _stage_keys(counted):
        rows = counted.filter(
            pa.compute.and_(pa.compute.equal(counted["pipeline"], key[0]), pa.compute.equal(counted["stage"], key[1]))
        )
        coded = {column: code(rows[column]) for column in columns}
        views = [column_of(view) for view in by if view != STAGE]
        units, names = {view: coded[view][0] for view in views}, {view: coded[view][1] for view in views}
        cell = Cell(
            tuple(coded[c][0] for c in conditions),
            tuple(coded[c][1] for c in conditions),
            units,
            names,
            rows["n"].to_numpy().astype(np.float64),
            rows["wins"].to_numpy().astype(np.float64),
        )
        out.append((key, cell))
    return out


def _stage_keys(table: pa.Table) -> list[Key]:
    keys = (
        table.select(["pipeline", "stage", "stage_order"]).group_by(["pipeline", "stage", "stage_order"]).aggregate([])
    )
    rows = keys.sort_by([("pipeline", "ascending"), ("stage_order", "ascending")]).to_pylist()
    return [(row["pipeline"], row["stage"], row["stage_order"]) for row in rows]


def count_arrivals(
    progressions: ibis.Table, deals: ibis.Table, columns: Sequence[str], by: Sequence[str], window: Window
) -> dict[str, dict[tuple[str, str, str], Arrivals]]:
    """Entries into each stage within the window, and the amounts that came with them, by view and unit.

    What the first snapshot found in a stage did not come in the window, unless the deal was created in it.
    """
    start, end = window
    within = progressions.filter((_.entered_on >= start) & (_.entered_on < end))
    entered = joined(within, deals, [*columns, "amount", "created_on"])
    entered = entered.mutate(created_on=_.of_created_on).filter(entered_since(start, _.start_unknown))
    views = {column: _[f"of_{column}"].cast("string") for column in (column_of(view) for view in by) if column != STAGE}
    rows = (
        entered.mutate(**views)
        .group_by("pipeline", "stage", *views)
        .agg(
            n=_.count(),
            valued=_.of_amount.count(),
            total=sum_of(_.of_amount, _.of_amount.notnull()),
            squares=squares_of(_.of_amount),
        )
        .to_pyarrow()
    )
    sums = [(name, "sum") for name in ("n", "valued", "total", "squares")]
    out: dict[str, dict[tuple[str, str, str], Arrivals]] = {}
    for view in by:
        keys = ["pipeline", "stage", column_of(view)]
        counted = rows.group_by(list(dict.fromkeys(keys))).aggregate(sums).to_pylist()
        out[view] = {
            (row[keys[0]], row[keys[1]], row[keys[2]]): Arrivals(
                row["n_sum"], _moments(row["valued_sum"], row["total_sum"], row["squares_sum"])
            )
            for row in counted
        }
    return out


def won_a_month(deals: ibis.Table, window: Window) -> tuple[float, float]:
    """Won amount and won deals of a month in the window."""
    start, end = window
    won = deals.filter((_.outcome == "won") & (_.closed_on >= start) & (_.closed_on < end))
    row = won.agg(total=sum_of(_.amount, _.amount.notnull()), n=_.count()).to_pyarrow().to_pylist()[0]
    months = (end - start).days / DAYS_IN_MONTH
    return float(row["total"]) / months, row["n"] / months


def _moments(n: int, total: Decimal, squares: Decimal | None) -> tuple[float, float, float]:
    """Number, mean and standard deviation from sums."""
    if not n or squares is None:
        return 0.0, 0.0, 0.0
    mean = float(total) / n
    variance = max(float(squares) / n - mean**2, 0.0) * n / max(n - 1, 1)
    return float(n), mean, float(np.sqrt(variance))


def win_after_stages(
    visits: ibis.Table, keys: Sequence[Key], window: Window, seed: int
) -> dict[tuple[str, str], Floats]:
    """Draws of the probability of winning once past each stage."""
    start, end = window
    left = visits.filter((_.left_on >= start) & (_.left_on < end) & (_.exit != "removed"))
    rows = left.group_by("pipeline", "stage", "exit", "next_stage").agg(n=_.count()).to_pyarrow().to_pylist()
    out = {}
    rng = np.random.default_rng(seed)
    for pipeline in dict.fromkeys(key[0] for key in keys):
        names = [key[1] for key in keys if key[0] == pipeline]
        counts = np.zeros((len(names), len(names) + 2))
        for row in rows:
            if row["pipeline"] != pipeline or row["stage"] not in names:
                continue
            if row["exit"] == "won":
                to = len(names)
            elif row["next_stage"] in names:
                to = names.index(row["next_stage"])
            else:
                to = len(names) + 1
            counts[names.index(row["stage"]), to] += row["n"]
        for name, drawn in zip(names, win_after(counts, rng), strict=True):
            out[pipeline, name] = drawn
    return out
