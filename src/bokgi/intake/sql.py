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

    A place in a list, not IN or contains: DuckDB turns those into a join, which every row pays for even where nobody
    looks at the answer.

    >>> import duckdb
    >>> is_closed = one_of("stage", ["Won", "Lost"])
    >>> duckdb.sql(f"SELECT {is_closed} FROM (VALUES ('Won'), ('Talk'), (NULL)) AS v(stage)").fetchall()
    [(True,), (False,), (None,)]
    """
    place = f"list_position([{', '.join(map(literal, texts))}], {sql})"
    return f"(CASE WHEN {sql} IS NOT NULL THEN {place} IS NOT NULL END)"


def filled(sql: str) -> str:
    """Write a text without spaces at its ends; null where nothing is left.

    Most texts need no cutting, and a look at both ends costs less than cutting, which walks through all of a text.

    >>> import duckdb
    >>> duckdb.sql(f"SELECT {filled('t')} FROM (VALUES (' a '), ('b'), (' '), (''), (NULL)) AS v(t)").fetchall()
    [('a',), ('b',), (None,), (None,), (None,)]
    """
    at_ends = f"starts_with({sql}, ' ') OR ends_with({sql}, ' ') OR {sql} = ''"
    return f"CASE WHEN {at_ends} THEN nullif(trim({sql}), '') ELSE {sql} END"
