"""The deals that could close in a period, counted by cell and by what became of them."""

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

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import squares_of
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNKNOWN: Final = "(unknown)"
OTHER: Final = "(other)"
MOST_LEVELS: Final = 12
"""A column keeps at most so many levels; the rarest are counted together."""
CLOSE_DATE: Final = "expected_close_on"
_ENDED: Final = (Outcome.WON.value, Outcome.LOST.value, Outcome.NO_DECISION.value)

OPEN: Final = 0
LATER: Final = 1
SLIPPED: Final = 2
WON_UNKNOWN: Final = 3
WON: Final = 4
OUT: Final = 5
"""Ends of a deal of the pool; `OUT + k` is lost or without decision after reaching stage number k (from 0)."""


@dataclass(frozen=True)
class Window:
    """A period, and the last day whose events count for it."""

    period: Period
    until: date


@dataclass(frozen=True)
class Pools:
    """Counts of several pools over the same cells.

    A cell is a `combination` of levels (`names`) and a `start`: 0 for deals created in the period, k + 1 for those that
    stood at stage number k when it began. `n` is `pools × cells × ends`; `amount` and `squares` (of the known amounts
    won in the period) are `pools × cells`, `won` their exact sum by pool; `stages` are (order, name).
    """

    names: tuple[tuple[str, ...], ...]
    combination: Ints
    start: Ints
    n: Floats
    amount: Floats
    squares: Floats
    won: tuple[Decimal, ...]
    stages: tuple[tuple[int, str], ...]


def moves_recorded(deal_changes: ibis.Table) -> bool:
    """Tell whether any move of a close date is on record."""
    return bool(deal_changes.filter(_.field == CLOSE_DATE).limit(1).count().to_pyarrow().as_py())


def count_pools(
    deals: ibis.Table,
    visits: ibis.Table | None,
    deal_changes: ibis.Table | None,
    windows: Sequence[Window],
    *,
    by: Sequence[str],
    person: str | None = None,
) -> Pools:
    """Count the pool of each window, or of each person in one window.

    With `person` (a column) the pools are those of the people in order, and `names` of the last column are theirs.
    The engine counts; only the cells leave it.
    """
    check_columns(deals, [*by, *([person] if person else [])])
    keys = [*by, *([person] if person else [])]
    stages = _stages(visits)
    tables = [_counted(_pool(deals, visits, deal_changes, window, stages, keys), keys) for window in windows]
    return _cells(tables, keys, stages, by_person=person is not None)


def _stages(visits: ibis.Table | None) -> tuple[tuple[int, str], ...]:
    """Open stages in order; stages of several pipelines at one place of the order share their first name."""
    if visits is None:
        return ()
    found = visits.group_by("stage_order").agg(stage=_.stage.min()).order_by("stage_order").to_pyarrow()
    return tuple(zip(found["stage_order"].to_pylist(), found["stage"].to_pylist(), strict=True))


def _pool(
    deals: ibis.Table,
    visits: ibis.Table | None,
    deal_changes: ibis.Table | None,
    window: Window,
    stages: tuple[tuple[int, str], ...],
    keys: Sequence[str],
) -> ibis.Table:
    """One row per deal that could close in the window: its keys, where it began, how it ended."""
    start, end = window.period.start, window.period.end
    ended = _.outcome.isin(_ENDED) & (_.closed_on <= window.until)
    known = deals.filter((_.outcome == Outcome.OPEN.value) | (_.outcome.isin(_ENDED) & _.closed_on.notnull()))
    told = known.mutate(
        ended=ibis.coalesce(ended, ibis.literal(value=False)),
        new=ibis.coalesce(_.created_on >= start, ibis.literal(value=False)),
    ).mutate(won=_.ended & (_.outcome == Outcome.WON.value))
    inside = _.won & (_.closed_on >= start) & (_.closed_on < end)
    told = told.mutate(inside=ibis.coalesce(inside, ibis.literal(value=False)))
    created = ibis.coalesce(_.created_on < end, ibis.literal(value=True))
    pool = told.filter((created | _.inside) & ibis.coalesce(_.closed_on >= start, ibis.literal(value=True)))
    pool = pool.select(
        "deal_id",
        "created_on",
        "closed_on",
        "ended",
        "new",
        "won",
        "inside",
        "amount",
        due_now=_[CLOSE_DATE],
        **{f"key_{key}": _[key].cast("string") for key in keys},
    )
    pool = _with_stages(pool, visits, window, stages)
    pool = _with_due(pool, deal_changes, window)
    late = _.won & ~_.inside
    end_of = ibis.cases(
        (~_.ended, OPEN),
        (_.inside, _.amount.isnull().ifelse(WON_UNKNOWN, WON)),
        (late, ibis.coalesce(_.due_on < end, ibis.literal(value=False)).ifelse(SLIPPED, LATER)),
        else_=OUT + _.furthest,
    )
    begun = _.new.ifelse(0, 1 + _.at)
    return pool.mutate(end=end_of.cast("int64"), start=begun.cast("int64"))


def _with_stages(
    pool: ibis.Table, visits: ibis.Table | None, window: Window, stages: tuple[tuple[int, str], ...]
) -> ibis.Table:
    """Add `furthest` and `at`: number of the furthest stage reached, and of the stage at the start of the window."""
    if visits is None or not stages:
        return pool.mutate(furthest=ibis.literal(0), at=ibis.literal(0))
    number = ibis.cases(*((_.stage_order == order, place) for place, (order, __) in enumerate(stages)), else_=0)
    reached = visits.semi_join(pool.select("deal_id"), "deal_id").filter(_.entered_on <= window.until)
    # The place of the last visit before the window, by one maximum: the visit counts first, its place comes along.
    before = (_.entered_on < window.period.start).ifelse(_.visit * len(stages) + _.number, ibis.null("int64"))
    told = reached.mutate(number=number).group_by("deal_id").agg(furthest=_.number.max(), at=before.max())
    told = told.mutate(at=_.at % len(stages))
    joined = pool.left_join(told, "deal_id", rname="of_{name}").drop("of_deal_id")
    return joined.mutate(furthest=ibis.coalesce(_.furthest, 0), at=ibis.coalesce(_.at, 0))


def _with_due(pool: ibis.Table, deal_changes: ibis.Table | None, window: Window) -> ibis.Table:
    """Add `due_on`: when a deal that was won later was expected to close, as seen when it entered the pool."""
    if deal_changes is None:
        return pool.mutate(due_on=ibis.null("date"))
    start = ibis.literal(window.period.start)
    late = pool.filter(_.won & ~_.inside).select(
        "deal_id", entry_on=ibis.greatest(ibis.coalesce(_.created_on, start), start)
    )
    moves = deal_changes.filter(_.field == CLOSE_DATE).select("deal_id", "changed_on", "changed_at", "seq", "old")
    moved = late.join(moves, [late.deal_id == moves.deal_id, moves.changed_on > late.entry_on], rname="of_{name}")
    first = ibis.window(
        group_by="deal_id",
        order_by=[_.changed_on.asc(), _.changed_at.asc(nulls_first=True), _.seq.asc(), _.old.asc(nulls_first=True)],
    )
    earlier = moved.mutate(place=ibis.row_number().over(first)).filter(_.place == 0)
    earlier = earlier.select("deal_id", due_then=_.old.cast("date"), has_moved=ibis.literal(value=True))
    joined = pool.left_join(earlier, "deal_id", rname="of_{name}").drop("of_deal_id")
    has_moved = ibis.coalesce(_.has_moved, ibis.literal(value=False))
    return joined.mutate(due_on=has_moved.ifelse(_.due_then, _.due_now))


def _counted(pool: ibis.Table, keys: Sequence[str]) -> pa.Table:
    names = [*(f"key_{key}" for key in keys), "start", "end"]
    amount = (_.end == WON).ifelse(_.amount, ibis.null(pool.amount.type()))
    return (
        pool.group_by(names)
        .agg(n=_.count(), amount=amount.sum().cast("decimal(38, 2)"), squares=squares_of(amount).cast("float64"))
        .order_by(names)
        .to_pyarrow()
    )


def _cells(
    tables: Sequence[pa.Table], keys: Sequence[str], stages: tuple[tuple[int, str], ...], *, by_person: bool
) -> Pools:
    """Number the cells and fill the counts."""
    table = pa.concat_tables(tables)
    n = _floats(table["n"])
    pool = np.repeat(np.arange(len(tables)), [part.num_rows for part in tables])
    coded = [_coded(table[f"key_{key}"], n, every=by_person and key == keys[-1]) for key in keys]
    names = [name for __, name in coded]
    pools = len(tables)
    if by_person:
        pool, pools = coded[-1][0], len(names[-1])
    combined = np.zeros(len(n), dtype=np.int64)
    for code, name in coded[: -1 if by_person else None]:
        combined = combined * len(name) + code
    start = np.asarray(table["start"].to_numpy(), dtype=np.int64)
    width = len(stages) + 2
    cell_id, cell = np.unique(combined * width + start, return_inverse=True)
    ends = OUT + max(len(stages), 1)
    at = (pool * len(cell_id) + cell) * ends + np.asarray(table["end"].to_numpy(), dtype=np.int64)
    counts = _sums(at, n, pools * len(cell_id) * ends).reshape(pools, len(cell_id), ends)
    exact = table["amount"].to_pylist()
    won = [Decimal(0)] * pools
    for place, amount in zip(pool.tolist(), exact, strict=True):
        won[place] += amount or 0
    where = pool * len(cell_id) + cell
    sums = [
        _sums(where, np.nan_to_num(values), pools * len(cell_id)).reshape(pools, len(cell_id))
        for values in (np.array([float(amount or 0) for amount in exact]), _floats(table["squares"]))
    ]
    combination = cell_id // width
    return Pools(tuple(names), combination, cell_id % width, counts, sums[0], sums[1], tuple(won), stages)


def _sums(group: Ints, values: Floats, groups: int) -> Floats:
    return np.bincount(group, values, groups).astype(np.float64)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _coded(column: pa.ChunkedArray, n: Floats, *, every: bool) -> tuple[Ints, tuple[str, ...]]:
    """Number the levels of a column in order, rare ones together unless `every` is asked for."""
    texts = np.array([UNKNOWN if value is None else value for value in column.to_pylist()], dtype=object)
    levels, code = np.unique(texts, return_inverse=True)
    if not every and len(levels) > MOST_LEVELS:
        size = np.bincount(code, n, len(levels))
        kept = np.sort(np.argsort(-size, kind="stable")[: MOST_LEVELS - 1])
        new = np.full(len(levels), len(kept))
        new[kept] = np.arange(len(kept))
        return new[code], (*(str(level) for level in levels[kept]), OTHER)
    return code.astype(np.int64), tuple(str(level) for level in levels)
