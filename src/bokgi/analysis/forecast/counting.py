"""Counts that a forecast learns from, in portable Ibis: only cells, open deals, wins and entries leave the engine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from bokgi.analysis.forecast.values_then import (
    changed_columns,
    known_then,
    surely_known,
    times_pushed,
    values_over_time,
)
from bokgi.analysis.forecast.windows import Window

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
_COLUMNS: Final = (
    *("deal_id", "owner_id", "team", "amount", "outcome", "created_on", "closed_on", "expected_close_on"),
    *("probability", "pipeline", "known_at_creation"),
)
"""What a forecast reads of a deal, besides its conditions."""
_TRAITS: Final = (
    *("profile", "owner_id", "team", "amount", "outcome", "closed_on", "expected_close_on", "probability"),
    "known_at_creation",
)
_THEN: Final = {
    "owner_id": "person",
    "amount": "amount",
    "expected_close_on": "due",
    "probability": "probability",
}
"""Columns that are seen as they were at an origin, and how they are called there."""
_MOST_DEALS: Final = 10**12


def with_profiles(deals: ir.Table, factors: Sequence[str]) -> tuple[ir.Table, pa.Table]:
    """Number the combinations of conditions that occur; deals carry the number as `profile`."""
    kinds = {"created_on": "date", "closed_on": "date", "expected_close_on": "date", "probability": "float64"}
    missing = [name for name in _COLUMNS if name not in deals.columns]
    deals = deals.mutate(**{name: ibis.null(kinds.get(name, "string")) for name in missing})
    if not factors:
        return deals.select(*_COLUMNS, profile=ibis.literal(0, type="int64")), pa.table({"profile": [0]})
    keys = {f"of_{name}": deals[name].cast("string").fill_null(UNKNOWN) for name in factors}
    told = deals.mutate(**keys)
    found = told.select(list(keys)).distinct()
    found = found.mutate(profile=ibis.row_number().over(ibis.window(order_by=list(keys))).cast("int64"))
    rows = found.order_by("profile").to_pyarrow()
    joined = told.join(found, list(keys)).select(*_COLUMNS, "profile")
    return joined, rows.rename_columns([name.removeprefix("of_") for name in rows.column_names])


_STAY: Final = (
    *("deal_id", "visit", "pipeline", "stage", "stage_order", "first", "entered_on", "left_on", "exit", "next_stage"),
)
_STAY_KINDS: Final = {
    "visit": "int64",
    "stage_order": "int64",
    "first": "boolean",
    "entered_on": "date",
    "left_on": "date",
} | dict.fromkeys(("deal_id", "pipeline", "stage", "exit", "next_stage"), "string")


def without_history(deals: ir.Table, visits: ir.Table) -> ir.Table:
    """Give one nameless stage from creation to closing for each deal that has no visit."""
    bare = deals.anti_join(visits.filter(_.visit == 1), "deal_id").filter(_.created_on.notnull())
    return bare.select(
        deal_id=_.deal_id,
        visit=ibis.literal(1),
        pipeline=ibis.coalesce(_.pipeline, ""),
        stage=ibis.literal(""),
        stage_order=ibis.literal(0),
        first=ibis.literal(value=True),
        entered_on=_.created_on,
        left_on=ibis.ifelse(_.closed_on < _.created_on, _.created_on, _.closed_on),
        exit=_.outcome,
        next_stage=ibis.null("string"),
    ).cast(_STAY_KINDS)


def stays(visits: ir.Table, alone: ir.Table) -> ir.Table:
    """Give visits to open stages, and the nameless stages `alone` of deals that have none (`without_history`)."""
    united = visits.select(*_STAY).cast(_STAY_KINDS).union(alone)
    return united.filter(_.entered_on.notnull() & (_.left_on.notnull() | (_.exit == "open")))


def with_value(rows: ir.Table, values: ir.Table, name: str, day: str) -> ir.Table:
    """Add the value that a column had on the day in column `day`, as `name`."""
    held = values.rename({f"of_{column}": column for column in values.columns})
    joined = rows.left_join(
        held, [rows.deal_id == held.of_deal_id, rows[day] >= held.of_from_on, rows[day] < held.of_to_on]
    )
    then = known_then(joined.of_sure, joined.of_since, joined.of_value, joined[day])
    return joined.mutate(**{name: then}).drop(*(column for column in joined.columns if column in held.columns))


def _stood(told: ir.Table, windows: Sequence[Window], first: date, as_of: date) -> ir.Table:
    """Give the stays that lasted over the end of each origin, with the `place`, `origin`, `begins`, `finishes` of it.

    A stay lasts from the first origin on or after its first day up to the last one before the day it left. Days from
    `first` to `as_of` are looked up, for a join by inequality takes several times as long.
    """
    places = sorted(range(len(windows)), key=lambda place: (windows[place].origin, place))
    origins = [windows[place].origin for place in places]
    days = [first + timedelta(days=n) for n in range((as_of - first).days + 1)]
    passed = ibis.memtable(
        pa.table({"day": pa.array(days, pa.date32()), "n": pa.array([bisect_left(origins, day) for day in days])})
    )
    steps = [(n, turn) for n in range(len(places) + 1) for turn in range(n)]
    turns = ibis.memtable(
        pa.table({"n": pa.array([n for n, _turn in steps]), "turn": pa.array([turn for _n, turn in steps])})
    )
    asked = ibis.memtable(
        pa.table(
            {
                "rank": pa.array(range(len(places)), pa.int64()),
                "place": pa.array(places, pa.int64()),
                "origin": pa.array(origins, pa.date32()),
                "begins": pa.array([windows[place].start for place in places], pa.date32()),
                "finishes": pa.array([windows[place].end for place in places], pa.date32()),
            }
        )
    )
    spans = told.select("deal_id", "visit", "pipeline", "stage", "entered_on", "left_on")
    spans = spans.join(passed.rename(since="n"), [spans.entered_on == passed.day]).drop("day")
    spans = spans.left_join(passed.rename(until="n"), [spans.left_on == passed.day]).drop("day")
    lasted = spans.mutate(n=ibis.coalesce(spans.until, len(places)) - spans.since).filter(_.n > 0)
    return lasted.join(turns, "n").mutate(rank=_.since + _.turn).join(asked, "rank")


def standing(
    deals: ir.Table, told: ir.Table, changes: ir.Table | None, windows: Sequence[Window], first: date, as_of: date
) -> pa.Table:
    """Give the deals that stood open at the end of each origin, and what became of them within its window.

    In the order of windows and deals. Owner, amount, expected close and probability are those of then; on `as_of`
    itself what the deal says; `times_pushed` is of then, too. `first`: the day of the first stay.
    """
    traits = deals.select(of_deal="deal_id", **{name: name for name in _TRAITS})
    number = ibis.row_number().over(ibis.window(order_by="of_deal"))
    traits = traits.mutate(number=number).cache()
    rows = _stood(told, windows, first, as_of)
    rows = rows.join(traits, rows.deal_id == traits.of_deal)
    inside = (rows.closed_on > rows.origin) & (rows.closed_on >= rows.begins) & (rows.closed_on < rows.finishes)
    today = rows.origin == ibis.literal(as_of)
    moved = changed_columns(changes) & set(_THEN)
    # What never changed is looked up here; the rest asks the history.
    never = {
        name: _read(column, ibis.ifelse(today | surely_known(rows, column), rows[column].cast("string"), None), rows)
        for column, name in _THEN.items()
        if column not in moved
    }
    rows = rows.mutate(
        at=rows.place * _MOST_DEALS + rows.number,
        age=rows.origin.delta(rows.entered_on, unit="day"),
        won=ibis.coalesce((rows.outcome == "won") & inside, ibis.literal(value=False)),
        won_amount=rows.amount.cast("float64"),
        **{f"then_{name}": value for name, value in never.items()},
    )
    names = ["place", "deal_id", "profile", "team", "pipeline", "stage", "age", "won", "won_amount"]
    told_then = {name: rows[f"then_{name}"] for name in never}
    now = {f"now_{column}": rows[column].cast("string") for column in sorted(moved)}
    found = _latest(rows.select(*names, "at", "visit", "origin", **now, **told_then).to_pyarrow())
    # Each column is looked up by itself: one expression of all would take longer to compile than to run.
    stood = ibis.memtable(found.select(["at", "deal_id", "origin", *now]))
    for column in sorted(moved):
        values = with_value(stood, values_over_time(deals, changes, column), "then", "origin")
        then = ibis.ifelse(values.origin == ibis.literal(as_of), values[f"now_{column}"], values.then)
        held = _latest(values.select("at", told=_read(column, then, values)).to_pyarrow())
        found = found.append_column(_THEN[column], held["told"])
    times = _latest(times_pushed(stood, changes).to_pyarrow())["times_pushed"]
    return found.select([*names, *_THEN.values()]).append_column("times_pushed", times)


def _read(column: str, text: ir.Value, rows: ir.Table) -> ir.Value:
    """Read what a column held: a date as days from the origin, a name as it is, anything else as a number."""
    if column == "expected_close_on":
        return text.try_cast("date").delta(rows.origin, unit="day")
    return text if column == "owner_id" else text.try_cast("float64")


def _latest(table: pa.Table) -> pa.Table:
    """Put rows in the order of `at`; of several stays of a deal at one origin the one begun last, the last visit."""
    at = table["at"].to_numpy()
    order = np.argsort(at)
    differ = np.diff(at[order], prepend=-1) > 0
    if not differ.all():
        if "visit" in table.column_names:
            order = np.lexsort((-table["visit"].to_numpy(), table["age"].to_numpy(), at))
        order = order[differ]
    return table.take(order)


def wins(deals: ir.Table) -> pa.Table:
    """Give the won deals by day of closing."""
    won = deals.filter((_.outcome == "won") & _.closed_on.notnull())
    traits = ["deal_id", "profile", "team", "pipeline"]
    rows = won.select(*traits, on="closed_on", amount=_.amount.cast("float64"), person="owner_id")
    return rows.order_by("on", "deal_id").to_pyarrow()


def entries(deals: ir.Table, told: ir.Table) -> pa.Table:
    """Give the days on which deals came into the pipeline: their first stage, and the first after being closed."""
    stays = told.select("deal_id", "visit", "pipeline", "stage", "entered_on")
    closings = told.filter(_.exit.isin(_CLOSING)).select("deal_id", visit=_.visit + 1)
    came = stays.filter(_.visit == 1).union(stays.filter(_.visit > 1).semi_join(closings, ["deal_id", "visit"]))
    traits = deals.select(of_deal="deal_id", profile="profile", team="team", person="owner_id")
    rows = came.join(traits, came.deal_id == traits.of_deal)
    rows = rows.select("deal_id", "visit", "pipeline", "stage", "profile", "team", "person", on="entered_on")
    return rows.order_by("on", "deal_id", "visit").to_pyarrow().drop_columns(["deal_id", "visit"])


def moves(told: ir.Table) -> pa.Table:
    """Count where deals went from each stage, by day."""
    went = told.filter(_.exit.isin(["advanced", "back"]) & _.next_stage.notnull())
    keys = ["left_on", "pipeline", "stage", "next_stage", "exit"]
    return went.group_by(keys).agg(n=_.count()).order_by(keys).to_pyarrow()


def ends(deals: ir.Table, told: ir.Table) -> pa.Table:
    """Count how the deals that reached a stage ended, by day of closing."""
    closed = deals.filter((_.outcome != "open") & _.closed_on.notnull())
    closed = closed.select(of_deal="deal_id", closed_on="closed_on", is_won=(_.outcome == "won").cast("int64"))
    reached = told.filter(_.first).select("deal_id", "pipeline", "stage")
    keys = ["closed_on", "pipeline", "stage"]
    rows = reached.join(closed, reached.deal_id == closed.of_deal)
    return rows.group_by(keys).agg(n=_.count(), won=_.is_won.sum()).order_by(keys).to_pyarrow()
