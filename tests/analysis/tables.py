"""Fact tables for analyses: from text or rows, on the engine in this process or another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.facts.schema import STATE_COLUMNS, TABLES, Column
from tests import cast

Row = dict[str, Any]
Given: TypeAlias = Any
"""A text table, rows, or an Arrow table."""

PLAIN: dict[str, Any] = {
    "string": "",
    "integer": 0,
    "number": 1.0,
    "boolean": False,
    "amount": Decimal(0),
    "rate": Decimal(1),
}
PLAIN_BY_NAME = {"pipeline": "default", "outcome": "open", "origin": "recorded", "kind": "open", "lead_source": "all"}


def columns(name: str) -> tuple[Column, ...]:
    return (*TABLES[name].columns, *STATE_COLUMNS.get(name, ()))


def from_rows(name: str, rows: Iterable[Row]) -> pa.Table:
    """Fill the columns that are not given: null where allowed, else the plainest value."""
    rows = list(rows)
    strange = {key for row in rows for key in row} - {column.name for column in columns(name)}
    assert not strange, f"{name} has no columns {strange}"
    arrays = []
    for column in columns(name):
        plain = None if column.nullable else PLAIN_BY_NAME.get(column.name, PLAIN.get(column.type))
        arrays.append(pa.array([row.get(column.name, plain) for row in rows], column.arrow().type))
    return pa.table(arrays, schema=pa.schema([column.arrow() for column in columns(name)]))


class Facts:
    """Every fact table by name, as Ibis tables of one engine; empty where the test gives none."""

    def __init__(self, tables: Mapping[str, ibis.Table]) -> None:
        self._tables = dict(tables)

    def __getattr__(self, name: str) -> ibis.Table:
        if name not in self._tables:
            self._tables[name] = ibis.memtable(from_rows(name, []))
        return self._tables[name]


def arrow(tables: Mapping[str, Given]) -> dict[str, pa.Table]:
    """Turn text tables (see `tests.cast.rows_of`) or rows into Arrow tables."""
    made = {}
    for name, given in tables.items():
        if isinstance(given, str):
            made[name] = cast.rows_of(name, given, STATE_COLUMNS.get(name, ()))
        else:
            made[name] = from_rows(name, given) if isinstance(given, list) else given
    return made


def facts(**tables: Given) -> Facts:
    """Give the tables to the engine in this process."""
    return Facts({name: ibis.memtable(table) for name, table in arrow(tables).items()})


def facts_on(connection: Any, folder: Path, tables: Mapping[str, Given]) -> Facts:  # noqa: ANN401 - any Ibis backend
    """Give the tables to another engine, through Parquet as a lake would."""
    made = arrow(tables)
    views = {}
    for name in TABLES:
        path = folder / f"{name}.parquet"
        pq.write_table(made.get(name, from_rows(name, [])), path)
        views[name] = connection.read_parquet(str(path))
    return Facts(views)


def rows_of(answer: ibis.Table | pa.Table) -> list[Row]:
    """Run an expression and give its rows."""
    table = answer if isinstance(answer, pa.Table) else answer.to_pyarrow()
    rows: list[Row] = table.to_pylist()
    return rows


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Put rows into an order of their own, for answers that have none."""
    return sorted(rows, key=lambda row: [(value is not None, str(value)) for value in row.values()])


def calendar(start: date, end: date, holidays: Iterable[date] = ()) -> pa.Table:
    """Make the calendar from `start` up to `end`: Monday to Friday are working days unless listed."""
    free = set(holidays)
    rows: list[Row] = []
    working_days = 0
    for ordinal in range(start.toordinal(), end.toordinal()):
        on = date.fromordinal(ordinal)
        year, week, weekday = on.isocalendar()
        working = weekday <= 5 and on not in free
        working_days += working
        monday = date.fromordinal(ordinal - weekday + 1)
        row: Row = {"day": on, "working": working, "week_start": monday, "iso_week": f"{year}-W{week:02d}"}
        rows.append(row | {"working_days": working_days})
    return from_rows("calendar", rows)
