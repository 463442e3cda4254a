"""DuckDB as the facts use it: in the process, in UTC, with a place to spill to."""

from __future__ import annotations

from pathlib import Path

import duckdb


def connect(spill: Path | None = None, *, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB of its own, without extensions from the network.

    >>> connect().execute("SELECT current_setting('TimeZone')").fetchone()
    ('UTC',)
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if spill is not None:
        settings["temp_directory"] = str(spill)
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def quoted(name: str) -> str:
    """Quote an identifier.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def parquet(paths: list[Path]) -> str:
    """Give the SQL that reads Parquet files of one table, whatever version of the schema wrote them."""
    listed = ", ".join(literal(str(path)) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true)"
