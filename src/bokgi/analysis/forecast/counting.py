"""Counts that a forecast learns from, in portable Ibis: only cells, open deals, wins and entries leave the engine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from bokgi.analysis.forecast.values_then import known_then, values_over_time
from bokgi.analysis.forecast.windows import WEEK, Window, phase_of

UNKNOWN: Final = "(unknown)"
AGE_DAYS: Final = (0, 4, 8, 14, 21, 28, 42, 63, 91, 140, 210, 364)
"""Time in stage is told apart from these days on; the last has no end: what stands longer hardly ever moves."""
EXITS: Final = {
    "on": ("advanced",),
    "back": ("back",),
    "won": ("won",),
    "lost": ("lost", "no_decision", "removed"),
}
_CLOSING: Final = (*EXITS["won"], *EXITS["lost"])
_TRAITS: Final = (
    *("profile", "owner_id", "team", "amount", "outcome", "closed_on", "expected_close_on", "probability"),
)
_THEN: Final = {
    "owner_id": "person",
    "amount": "amount",
    "expected_close_on": "due",
    "probability": "probability",
}
"""Columns that are seen as they were at an origin, and how they are called there."""


def with_profiles(deals: ir.Table, factors: Sequence[str]) -> tuple[ir.Table, pa.Table]:
    """Number the combinations of conditions that occur; deals carry the number as `profile`."""
    present = {"team", "expected_close_on", "probability", "pipeline", "known_at_creation"} - set(deals.columns)
    kinds = {"expected_close_on": "date", "probability": "float64"}
    deals = deals.mutate(**{name: ibis.null(kinds.get(name, "string")) for name in sorted(present)})
    if not factors:
        return deals.mutate(profile=ibis.literal(0, type="int64")), pa.table({"profile": [0]})
    keys = {f"of_{name}": deals[name].cast("string").fill_null(UNKNOWN) for name in factors}
    told = deals.mutate(**keys)
    found = told.select(list(keys)).distinct()
    found = found.mutate(profile=ibis.row_number().over(ibis.window(order_by=list(keys))).cast("int64"))
    rows = found.order_by("profile").to_pyarrow()
    joined = told.join(found, list(keys)).drop(*keys)
    return joined, rows.rename_columns([name.removeprefix("of_") for name in rows.column_names])


def stays(deals: ir.Table, visits: ir.Table) -> ir.Table:
    """Give visits to open stages; a deal without history stands in one nameless stage from creation to closing."""
    columns = ["deal_id", "visit", "pipeline", "stage", "stage_order", "entered_on", "left_on", "exit", "next_stage"]
    told = visits.select(columns).join(deals.select("deal_id", "profile"), "deal_id")
    bare = deals.anti_join(visits, "deal_id").filter(_.created_on.notnull())
    alone = bare.select(
        deal_id=_.deal_id,
        visit=ibis.literal(1),
        pipeline=ibis.coalesce(_.pipeline, ""),
        stage=ibis.literal(""),
        stage_order=ibis.literal(0),
        entered_on=_.created_on,
        left_on=ibis.ifelse(_.closed_on < _.created_on, _.created_on, _.closed_on),
        exit=_.outcome,
        next_stage=ibis.null("string"),
        profile=_.profile,
    )
    kinds = {"visit": "int64", "stage_order": "int64", "profile": "int64", "entered_on": "date", "left_on": "date"}
    kinds |= dict.fromkeys(("deal_id", "pipeline", "stage", "exit", "next_stage"), "string")
    united = ibis.union(*(part.select(*columns, "profile").cast(kinds) for part in (told, alone)))
    return united.filter(_.entered_on.notnull() & (_.left_on.notnull() | (_.exit == "open")))


def slices(first: date, as_of: date, windows: Sequence[Window]) -> pa.Table:
    """Cut the past into weeks that end with `as_of`, and at each origin; `era` is the first origin after it."""
    ends = {as_of - timedelta(days=WEEK * week) for week in range((as_of - first).days // WEEK + 2)}
    ends |= {window.origin for window in windows if first <= window.origin <= as_of}
    ordered = sorted(ends)
    before = [ordered[0] - timedelta(days=WEEK), *ordered[:-1]]
    phase = [
        phase_of(start + (end - start + timedelta(days=1)) / 2) for start, end in zip(before, ordered, strict=True)
    ]
    marks = sorted({as_of, *(window.origin for window in windows if window.origin <= as_of)})
    until = [marks[bisect_left(marks, end)] for end in ordered]
    columns = {"before": pa.array(before, pa.date32()), "last": pa.array(ordered, pa.date32())}
    columns["era"] = pa.array(until, pa.date32())
    return pa.table(columns | {"phase": pa.array(phase, pa.int64())})


def count_cells(told: ir.Table, owners: ir.Table, cut: pa.Table, as_of: date) -> pa.Table:
    """Count days at risk and what ended them, by condition, person, stage, time in stage and slice of the past.

    A deal is at risk from the day after its entry to the day it leaves, for by the end of a day it stands where it
    moved that day. Who passes through a stage within a day was at risk for half a day.
    """
    spans = told.mutate(until=ibis.coalesce(_.left_on, ibis.literal(as_of)))
    weeks = ibis.memtable(cut)
    rows = spans.join(weeks, [spans.entered_on <= weeks["last"], spans.until > weeks.before])
    passing = ibis.coalesce(rows.left_on == rows.entered_on, ibis.literal(value=False))
    begin = ibis.ifelse(rows.entered_on > rows.before, rows.entered_on, rows.before)
    finish = ibis.ifelse(rows.until < rows["last"], rows.until, rows["last"])
    rows = rows.mutate(
        begin=begin,
        days=ibis.ifelse(passing, 0.5, finish.delta(begin, unit="day").cast("float64")),
        stood=begin.delta(rows.entered_on, unit="day"),
        ends=ibis.coalesce(rows.left_on <= rows["last"], ibis.literal(value=False)),
    ).filter(_.days > 0)
    # The age in the middle of the slice, whether the deal stays so long or not: it must not tell the outcome.
    twice = 2 * rows.stood + rows["last"].delta(rows.begin, unit="day")
    bucket: ir.Value = ibis.literal(0)
    for bound in AGE_DAYS[1:]:
        bucket = bucket + (twice >= 2 * bound).cast("int64")
    rows = rows.mutate(
        age=bucket, **{name: (rows.ends & rows.exit.isin(exits)).cast("int64") for name, exits in EXITS.items()}
    )
    keys = ["profile", "person", "pipeline", "stage", "age", "phase", "era"]
    return (
        _with_value(rows, owners, "person", "begin")
        .group_by(keys)
        .agg(days=_.days.sum(), **{name: _[name].sum() for name in EXITS})
        .order_by(keys)
        .to_pyarrow()
    )


def _with_value(rows: ir.Table, values: ir.Table, name: str, day: str) -> ir.Table:
    """Add the value that a column had on the day in column `day`, as `name`."""
    held = values.rename({f"of_{column}": column for column in values.columns})
    joined = rows.left_join(
        held, [rows.deal_id == held.of_deal_id, rows[day] >= held.of_from_on, rows[day] < held.of_to_on]
    )
    then = known_then(joined.of_sure, joined.of_since, joined.of_value, joined[day])
    return joined.mutate(**{name: then}).drop(*(column for column in joined.columns if column in held.columns))


def standing(
    deals: ir.Table, told: ir.Table, changes: ir.Table | None, windows: Sequence[Window], as_of: date
) -> pa.Table:
    """Give the deals that stood open at the end of each origin, and what became of them within its window.

    Owner, amount, expected close and probability are those of then; on `as_of` itself what the deal says.
    """
    asked = pa.table(
        {
            "place": pa.array(range(len(windows)), pa.int64()),
            "origin": pa.array([window.origin for window in windows], pa.date32()),
            "begins": pa.array([window.start for window in windows], pa.date32()),
            "finishes": pa.array([window.end for window in windows], pa.date32()),
        }
    )
    origins = ibis.memtable(asked)
    spans = told.drop("profile")
    rows = spans.join(
        origins, [spans.entered_on <= origins.origin, (spans.left_on > origins.origin) | spans.left_on.isnull()]
    )
    latest = ibis.window(group_by=["place", "deal_id"], order_by=[_.entered_on.desc(), _.visit.desc()])
    rows = rows.mutate(turn=ibis.row_number().over(latest)).filter(_.turn == 0)
    traits = deals.select(of_deal="deal_id", **{name: name for name in _TRAITS})
    rows = rows.join(traits, rows.deal_id == traits.of_deal)
    inside = (rows.closed_on > rows.origin) & (rows.closed_on >= rows.begins) & (rows.closed_on < rows.finishes)
    rows = rows.mutate(
        age=rows.origin.delta(rows.entered_on, unit="day"),
        won=ibis.coalesce((rows.outcome == "won") & inside, ibis.literal(value=False)),
        won_amount=rows.amount.cast("float64"),
    )
    names = ["place", "deal_id", "origin", "profile", "team", "pipeline", "stage", "age", "won", "won_amount"]
    # Kept, and each column looked up by itself: one expression of all would take longer to compile than to run.
    with rows.select(*names, *_THEN).cache() as kept:
        found = kept.select(names).order_by("place", "deal_id").to_pyarrow()
        for column, name in _THEN.items():
            values = _with_value(kept, values_over_time(deals, changes, column), "then", "origin")
            now = values[column].cast("string")
            told = ibis.ifelse(values.origin == ibis.literal(as_of), now, values.then)
            if column == "expected_close_on":
                told = told.try_cast("date").delta(values.origin, unit="day")
            elif column != "owner_id":
                told = told.try_cast("float64")
            held = values.select("place", "deal_id", told=told).order_by("place", "deal_id").to_pyarrow()
            found = found.append_column(name, held["told"])
    return found


def wins(deals: ir.Table) -> pa.Table:
    """Give the won deals by day of closing."""
    won = deals.filter((_.outcome == "won") & _.closed_on.notnull())
    rows = won.select("deal_id", "profile", "team", on="closed_on", amount=_.amount.cast("float64"), person="owner_id")
    return rows.order_by("on", "deal_id").to_pyarrow()


def entries(deals: ir.Table, told: ir.Table) -> pa.Table:
    """Give the days on which deals came into the pipeline: their first stage, and the first after being closed."""
    in_deal = ibis.window(group_by="deal_id", order_by=[_.entered_on, _.visit])
    came = told.mutate(earlier=_.exit.lag().over(in_deal)).filter(_.earlier.isnull() | _.earlier.isin(_CLOSING))
    traits = deals.select(of_deal="deal_id", team="team", person="owner_id")
    rows = came.join(traits, came.deal_id == traits.of_deal)
    rows = rows.select("deal_id", "visit", "pipeline", "stage", "profile", "team", "person", on="entered_on")
    return rows.order_by("on", "deal_id", "visit").to_pyarrow()


def moves(told: ir.Table) -> pa.Table:
    """Count where deals went from each stage, by day."""
    went = told.filter(_.exit.isin(["advanced", "back"]) & _.next_stage.notnull())
    keys = ["left_on", "pipeline", "stage", "next_stage", "exit"]
    return went.group_by(keys).agg(n=_.count()).order_by(keys).to_pyarrow()


def ends(deals: ir.Table, told: ir.Table) -> pa.Table:
    """Count how the deals that reached a stage ended, by day of closing."""
    closed = deals.filter((_.outcome != "open") & _.closed_on.notnull())
    closed = closed.select(of_deal="deal_id", closed_on="closed_on", is_won=(_.outcome == "won").cast("int64"))
    reached = told.select("deal_id", "pipeline", "stage").distinct()
    keys = ["closed_on", "pipeline", "stage"]
    rows = reached.join(closed, reached.deal_id == closed.of_deal)
    return rows.group_by(keys).agg(n=_.count(), won=_.is_won.sum()).order_by(keys).to_pyarrow()
