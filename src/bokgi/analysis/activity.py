"""What counts as an activity by a person."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _

CANCELLED, PLANNED = "cancelled", "planned"


def held(activities: ibis.Table, *, as_of: date) -> ibis.Table:
    """Activities by a person that had taken place by the end of `as_of`.

    Never those made by a system (`automatic`), cancelled ones, tasks that are not `done`, or what the source still
    calls planned after its day; one of which the source does not say whether it is done counts from its day on. A
    meeting to which the customer did not come counts: we were there.

    >>> import pyarrow as pa
    >>> rows = {"activity_id": ["call", "mass mail", "open task", "visit"], "automatic": [False, True, False, False]}
    >>> rows |= {"done": [None, True, False, None], "outcome": ["connected", None, None, "planned"]}
    >>> table = ibis.memtable(pa.table(rows | {"happened_on": [date(2026, 11, 2)] * 4}))
    >>> held(table, as_of=date(2026, 11, 2)).activity_id.to_pyarrow().to_pylist()
    ['call']
    """
    return by_people(activities).filter(was_held(as_of))


def planned(activities: ibis.Table, *, as_of: date) -> ibis.Table:
    """Activities by a person that lie after `as_of`: neither done yet nor cancelled.

    >>> import pyarrow as pa
    >>> rows = {"activity_id": ["demo", "off"], "automatic": [False] * 2, "done": [False, None]}
    >>> rows |= {"outcome": [None, "cancelled"], "happened_on": [date(2026, 11, 9)] * 2}
    >>> planned(ibis.memtable(pa.table(rows)), as_of=date(2026, 11, 2)).activity_id.to_pyarrow().to_pylist()
    ['demo']
    """
    return by_people(activities).filter(is_planned(as_of))


def was_held(as_of: date) -> ir.BooleanValue:
    """Tell of an activity by a person whether it had taken place by the end of `as_of`."""
    return took_place() & (_.happened_on <= as_of)


def took_place() -> ir.BooleanValue:
    """Tell of an activity whose day has passed whether it took place, as far as its source says."""
    return ibis.coalesce(_.done, ibis.coalesce(_.outcome, "") != PLANNED)


def is_planned(as_of: date) -> ir.BooleanValue:
    """Tell of an activity by a person whether it lies after `as_of`."""
    return ~ibis.coalesce(_.done, ibis.literal(value=False)) & (_.happened_on > as_of)


def by_people(activities: ibis.Table) -> ibis.Table:
    """Activities by a person that were not cancelled, done or not."""
    return activities.filter(~_.automatic & (ibis.coalesce(_.outcome, "") != CANCELLED))
