"""Which value a column of a deal had on a past day, as far as its history tells."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.pushes import pushes

_LONG_AGO: Final = date(1900, 1, 1)
_FAR_AHEAD: Final = date(9999, 12, 31)
MOST_PUSHES: Final = 2
"""Deals pushed so often are told apart from others, but not from those pushed more often."""


def values_over_time(deals: ir.Table, changes: ir.Table | None, column: str) -> ir.Table:
    """Give the values of a column of deals with the days on which they held.

    Reads `deals` (one row per deal: `deal_id`, the column, `known_at_creation`) and `changes` (one row per change:
    `deal_id, field, seq, old, new, changed_on`). Gives `deal_id, value` (text), `from_on` up to but not including
    `to_on`, `sure` (what the value was does not hang on when the history began) and `since` (first change of that
    column on any deal; null: none). Without a recorded change a value has always been what it is, from `since` on.
    A row with `seq` 0 is a first value, dated at creation.

    >>> import pyarrow as pa
    >>> deals = {"deal_id": ["d1", "d2"], "owner_id": ["lee", "kim"], "known_at_creation": [",", ","]}
    >>> changes = {"deal_id": ["d1"], "field": ["owner_id"], "seq": [1], "old": ["park"], "new": ["lee"]}
    >>> changes |= {"changed_on": [date(2026, 1, 5)]}
    >>> found = values_over_time(*(ibis.memtable(pa.table(rows)) for rows in (deals, changes)), "owner_id")
    >>> found.order_by("deal_id", "from_on").to_pyarrow()["value"].to_pylist()
    ['park', 'lee', 'kim']
    """
    columns = ["deal_id", "value", "from_on", "to_on", "sure", "since"]
    now = unchanged(deals, changes, column).mutate(from_on=ibis.literal(_LONG_AGO), to_on=ibis.literal(_FAR_AHEAD))
    if changes is None:
        return now.select(columns)
    own, since = _own(changes, column)
    in_deal = ibis.window(group_by="deal_id", order_by=[_.changed_on, _.seq, _.new, _.old])
    told = own.mutate(
        place=ibis.row_number().over(in_deal),
        to_on=ibis.coalesce(_.changed_on.lead().over(in_deal), ibis.literal(_FAR_AHEAD)),
    )
    parts = [
        told.select(deal_id="deal_id", value="new", from_on="changed_on", to_on="to_on", sure=ibis.literal(value=True)),
        told.filter(_.place == 0).select(
            deal_id="deal_id",
            value="old",
            from_on=ibis.literal(_LONG_AGO),
            to_on="changed_on",
            sure=ibis.literal(value=False),
        ),
    ]
    kinds = {"deal_id": "string", "value": "string", "from_on": "date", "to_on": "date", "sure": "boolean"}
    changed = ibis.union(*(part.cast(kinds) for part in parts)).cross_join(since)
    return now.select(columns).cast(kinds).union(changed.select(columns))


def unchanged(deals: ir.Table, changes: ir.Table | None, column: str) -> ir.Table:
    """Give what a column is of the deals for which no change of it is recorded: `deal_id, value, sure, since`.

    Columns as in `values_over_time`.
    """
    text = deals[column].cast("string") if column in deals.columns else ibis.null("string")
    now = deals.select(deal_id="deal_id", value=text, sure=surely_known(deals, column))
    if changes is None:
        return now.mutate(since=ibis.null("date"))
    own, since = _own(changes, column)
    return now.anti_join(own, "deal_id").cross_join(since)


def surely_known(deals: ir.Table, column: str) -> ir.BooleanValue:
    """Tell whether a column that never changed holds what the deal was created with, whenever the history began."""
    never = ibis.literal(value=False)
    if "known_at_creation" not in deals.columns:
        return never
    return ibis.coalesce(deals.known_at_creation.contains(f",{column},"), never)


def changed_columns(changes: ir.Table | None) -> set[str]:
    """Name the columns of which a change is dated; of the others nothing but `surely_known` tells what they were."""
    if changes is None:
        return set()
    found = changes.filter(_.changed_on.notnull()).select("field").distinct().to_pyarrow()
    return set(found["field"].to_pylist())


def times_pushed(rows: ir.Table, changes: ir.Table | None) -> ir.Table:
    """Count how often the expected close of deals had been moved to a later day, at most twice.

    Reads `rows` (`at`: names the row, `deal_id`, `origin`: a day) and `changes` as in `values_over_time`. Gives for
    each row `at` and `times_pushed`, moves of the day itself included.

    >>> import pyarrow as pa
    >>> changes = {"deal_id": ["d1"], "field": ["expected_close_on"], "seq": [1], "old": ["2026-01-31"]}
    >>> changes |= {"new": ["2026-02-28"], "changed_on": [date(2026, 1, 30)]}
    >>> rows = {"at": [0, 1], "deal_id": ["d1", "d1"], "origin": [date(2026, 1, 29), date(2026, 1, 30)]}
    >>> found = times_pushed(*(ibis.memtable(pa.table(table)) for table in (rows, changes)))
    >>> found.order_by("at").to_pyarrow()["times_pushed"].to_pylist()
    [0, 1]
    """
    if changes is None:
        return rows.select("at", times_pushed=ibis.literal(0, type="int64"))
    later = pushes(changes)
    turn = ibis.row_number().over(ibis.window(group_by="deal_id", order_by=[_.changed_on, _.seq]))
    first = later.select("deal_id", "changed_on", turn=turn).filter(_.turn < MOST_PUSHES)
    days = first.group_by(of_deal="deal_id").agg(once=_.changed_on.min(), twice=_.changed_on.max(), n=_.count())
    joined = rows.left_join(days, rows.deal_id == days.of_deal)
    once = joined.once <= joined.origin
    twice = (joined.n == MOST_PUSHES) & (joined.twice <= joined.origin)
    return joined.select("at", times_pushed=ibis.ifelse(twice, 2, ibis.ifelse(once, 1, 0)).cast("int64"))


def _own(changes: ir.Table, column: str) -> tuple[ir.Table, ir.Table]:
    """Give the changes of a column, and since when there are any."""
    own = changes.filter((_.field == column) & _.changed_on.notnull())
    return own, own.filter(_.seq > 0).agg(since=_.changed_on.min())


def known_then(sure: ir.Value, since: ir.Value, value: ir.Value, on: ir.Value) -> ir.Value:
    """Give a value of `values_over_time` on a day; null where the history does not reach back to it."""
    return ibis.ifelse(sure | ibis.coalesce(since <= on, ibis.literal(value=False)), value, ibis.null("string"))
