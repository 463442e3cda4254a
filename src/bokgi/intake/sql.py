"""Quoting for the SQL that intake writes over staged text."""

from __future__ import annotations

from collections.abc import Iterable


def identifier(name: str) -> str:
    """Quote a column or table name.

    >>> print(identifier('a "b" c'))
    "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text.

    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"


def one_of(sql: str, texts: Iterable[str]) -> str:
    """Write the condition that a text is one of several; null for a null.

    A list and contains, not IN: DuckDB turns a long IN into a join, which every row pays for.

    >>> one_of("stage", ["Won", "Lost"])
    "list_contains(['Won', 'Lost'], stage)"
    """
    return f"list_contains([{', '.join(map(literal, texts))}], {sql})"
