"""What counts as an activity by a person."""

from __future__ import annotations

from datetime import date

import ibis
from ibis import _

CANCELLED = "cancelled"


def held(activities: ibis.Table, *, as_of: date) -> ibis.Table:
    """Activities by a person that had taken place by the end of `as_of`.

    Never those made by a system (`automatic`), cancelled ones, or tasks that are not `done`; one of which the source
    does not say whether it is done counts from its day on. A meeting to which the customer did not come counts: we
    were there.

    >>> import pyarrow as pa
    >>> rows = {"activity_id": ["call", "mass mail", "open task"], "automatic": [False, True, False]}
    >>> rows |= {"done": [None, True, False], "outcome": ["connected", None, None]}
    >>> table = ibis.memtable(pa.table(rows | {"happened_on": [date(2026, 11, 2)] * 3}))
    >>> held(table, as_of=date(2026, 11, 2)).activity_id.to_pyarrow().to_pylist()
    ['call']
    """
    done = ibis.coalesce(_.done, ibis.literal(value=True))
    return _by_people(activities).filter(done & (_.happened_on <= as_of))


def planned(activities: ibis.Table, *, as_of: date) -> ibis.Table:
    """Activities by a person that lie after `as_of`: neither done yet nor cancelled.

    >>> import pyarrow as pa
    >>> rows = {"activity_id": ["demo", "off"], "automatic": [False] * 2, "done": [False, None]}
    >>> rows |= {"outcome": [None, "cancelled"], "happened_on": [date(2026, 11, 9)] * 2}
    >>> planned(ibis.memtable(pa.table(rows)), as_of=date(2026, 11, 2)).activity_id.to_pyarrow().to_pylist()
    ['demo']
    """
    open_yet = ~ibis.coalesce(_.done, ibis.literal(value=False))
    return _by_people(activities).filter(open_yet & (_.happened_on > as_of))


def _by_people(activities: ibis.Table) -> ibis.Table:
    return activities.filter(~_.automatic & (ibis.coalesce(_.outcome, "") != CANCELLED))
