"""Quoting for the SQL that intake writes over staged text."""

from __future__ import annotations


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
