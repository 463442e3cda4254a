"""Facts that were never on disk, which keep what is computed of them as those of a home do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from bokgi.facts.model import Facts, Keeping
from bokgi.facts.schema import FACT_TABLES, STATE_COLUMNS, TABLES
from bokgi.facts.settings import Settings


def facts_of_tables(given: Mapping[str, pa.Table]) -> Facts:
    """Some fact tables as the facts of a home; the others are empty."""
    tables = {}
    for name in FACT_TABLES:
        if name == "settings":
            continue
        rows = given.get(name, TABLES[name].arrow().empty_table())
        for column in STATE_COLUMNS.get(name, ()):
            if column.name not in rows.column_names:
                rows = rows.append_column(column.arrow(), pa.nulls(rows.num_rows, column.arrow().type))
        tables[name] = rows
    return in_memory(tables, Settings(currency="KRW"))


def in_memory(rows: Mapping[str, pa.Table], settings: Settings) -> Facts:
    """Read tables as the facts of a home on a DuckDB of their own."""
    connection = ibis.duckdb.connect()
    for name, table in rows.items():
        connection.con.register(name, table)
    tables = {name: connection.table(name) for name in rows}
    kept: dict[str, ir.Table] = {}
    held: dict[str, pa.Table] = {}

    def keep(name: str, make: Callable[[], ir.Table | pa.Table]) -> ir.Table:
        if name not in kept:
            made = make()
            there = made if isinstance(made, pa.Table) else made.to_pyarrow()
            connection.con.register(f"kept {name}", there)
            kept[name] = connection.table(f"kept {name}")
        return kept[name]

    def hold(name: str, make: Callable[[], pa.Table]) -> pa.Table:
        if name not in held:
            held[name] = make()
        return held[name]

    def there(kind: str) -> list[str]:
        return [name for name in kept if re.match(rf"{kind}-\d", name)]

    # Whole answers are kept in files: below this one there are none.
    nowhere = Path(os.devnull)
    keeping = Keeping(tables, settings, keep, hold, there, nowhere, lambda: in_memory(rows, settings))
    return Facts(**tables, settings=settings, keeping=keeping)
