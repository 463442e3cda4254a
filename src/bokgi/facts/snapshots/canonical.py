"""Values as canonical text, so that those of different columns and sources can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from bokgi.facts.engine import literal, quoted


def unpivoted(rows: str, columns: Sequence[str]) -> str:
    """Give the query for deal, import, field and value as canonical text.

    Without a value for a next step the source has no such column: that is no observation.
    """
    if not columns:
        return "SELECT '' AS deal_id, 0 AS as_in, '' AS field, '' AS value WHERE false"
    texts = ", ".join(f"{_text(column)} AS {quoted(column)}" for column in columns)
    names = ", ".join(quoted(column) for column in columns)
    return f"""
        SELECT deal_id, as_in, field, value FROM (SELECT deal_id, import_no AS as_in, {texts} FROM {rows})
        UNPIVOT INCLUDE NULLS (value FOR field IN ({names})) WHERE value IS NOT NULL OR field <> 'has_next_step'
    """


def _text(column: str) -> str:
    """Give the SQL for a value as canonical text: ISO date, plain decimal without needless zeros."""
    text = f"CAST({quoted(column)} AS VARCHAR)"
    return f"rtrim(rtrim({text}, '0'), '.')" if column == "amount" else text


def canonical_of_stored(column: str) -> str:
    """Give the SQL for a stored text in the same form."""
    amount = f"CAST(TRY_CAST({column} AS DECIMAL(18, 2)) AS VARCHAR)"
    number = f"CAST(TRY_CAST({column} AS DOUBLE) AS VARCHAR)"
    plain = f"rtrim(rtrim({amount}, '0'), '.')"
    return f"CASE field WHEN 'amount' THEN {plain} WHEN 'probability' THEN {number} ELSE {column} END"


def list_of(texts: Sequence[str]) -> str:
    """Give texts as a list of SQL literals."""
    return ", ".join(literal(text) for text in texts)
