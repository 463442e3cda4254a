"""Types of the schema as DuckDB names them."""

from __future__ import annotations

from typing import Final

SQL_TYPES: Final = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "instant": "TIMESTAMPTZ",
    "amount": "DECIMAL(18, 2)",
    "rate": "DECIMAL(18, 6)",
    "map": "MAP(VARCHAR, VARCHAR)",
}
"""Type of a column in `facts.schema` → type in SQL."""


def canonical(sql: str, kind: str) -> str:
    """Give the SQL of a value as `deal_changes` writes it: ISO date, plain decimal without closing zeros, text.

    >>> import duckdb
    >>> amount, day = canonical("'1500.50'", "amount"), canonical("'2026-11-23'", "date")
    >>> duckdb.sql(f"SELECT {amount}, {day}").fetchall()
    [('1500.5', '2026-11-23')]
    """
    text = f"(({sql})::{SQL_TYPES[kind]})::VARCHAR"
    return f"rtrim(rtrim({text}, '0'), '.')" if kind in {"amount", "rate"} else text
