"""Pushes: moves of the expected close of a deal to a later day."""

from __future__ import annotations

import ibis
from ibis import _


def pushes(deal_changes: ibis.Table) -> ibis.Table:
    """Give the changes that moved an expected close to a later day; a first date, one taken away, or a text is none.

    Reads `deal_changes` (`field, old, new` and whatever else), and gives its rows.

    >>> import pyarrow as pa
    >>> rows = {"field": ["expected_close_on"] * 4, "old": ["2026-01-31", "2026-01-31", None, "2026-01-31"]}
    >>> changes = ibis.memtable(pa.table(rows | {"new": ["2026-02-28", "2026-01-15", "2026-03-31", "Q3"]}))
    >>> pushes(changes).to_pyarrow()["new"].to_pylist()
    ['2026-02-28']
    """
    return deal_changes.filter((_.field == "expected_close_on") & (_.new.try_cast("date") > _.old.try_cast("date")))
