"""Imports written straight into a lake from small text tables, without intake."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.facts.model import Facts
from bokgi.facts.read import facts
from bokgi.facts.schema import TABLES
from tests.cast import rows_of

NOON = time(3, 0, tzinfo=UTC)
"""Noon in Seoul."""


def moment(day: str) -> datetime:
    """Give noon in Seoul on a day."""
    return datetime.combine(date.fromisoformat(day), NOON)


def imported(lake: Lake, exported: str | None, *, at: str | None = None, **given: str | bool) -> int:
    """Write one import: tables as small texts, other words as fields of its ledger entry; give its number."""
    tables = {name: str(text) for name, text in given.items() if name in TABLES}
    entry: dict[str, Any] = {name: value for name, value in given.items() if name not in tables}
    exported_at = None if exported is None else moment(exported)
    written_at = moment(at or exported or "2026-11-23")
    with lake.begin() as writing:
        for name, text in tables.items():
            writing.write(name, rows_of(name, text).drop_columns(["import_no"]))
        plain: dict[str, Any] = {"kind": "file", "source": "crm", "by": "test", "at": written_at}
        writing.commit(Entry(**plain | {"exported_at": exported_at} | entry))
        return writing.import_no


def lake_in(folder: Path) -> Lake:
    """Make an empty lake."""
    return Lake.open(folder, create=True)


def read(lake: Lake, version: int | None = None) -> Facts:
    """Read a lake on a DuckDB of its own."""
    return facts(ibis.duckdb.connect(), lake, version=version)


def rows(table: ir.Table, *columns: str) -> list[tuple[Any, ...]]:
    """Give the rows of an Ibis table, in order, with the columns named; dates as text."""
    found = table.select(*columns).to_pyarrow().to_pylist()
    plain = [tuple(str(value) if isinstance(value, date) else value for value in row.values()) for row in found]
    return sorted(plain, key=lambda row: [(value is not None, str(value)) for value in row])
