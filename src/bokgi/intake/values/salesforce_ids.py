"""Ids of Salesforce: reports write 15 characters, where case matters; the API writes 18, the last three a checksum."""

from __future__ import annotations

from typing import Final

SALESFORCE_ID: Final = "salesforce_id"
"""Format of a column whose ids are completed to 18 characters."""

_SIGNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT: Final = 15
_CHUNK: Final = 5


def completed(sql: str) -> str:
    """Write an id of 15 characters with its checksum, so that it equals the one of 18; any other text stays.

    >>> import duckdb
    >>> ids = "(SELECT unnest(['006bm00000LKJNN', '006bm00000LKJNNAA5', 'OPP-1']) AS id)"
    >>> [text for (text,) in duckdb.sql(f"SELECT {completed('id')} FROM {ids}").fetchall()]
    ['006bm00000LKJNNAA5', '006bm00000LKJNNAA5', 'OPP-1']
    """
    signs = " || ".join(f"substr('{_SIGNS}', 1 + {_capitals(sql, start)}, 1)" for start in range(1, _SHORT, _CHUNK))
    return f"CASE WHEN regexp_full_match({sql}, '[A-Za-z0-9]{{{_SHORT}}}') THEN {sql} || {signs} ELSE {sql} END"


def _capitals(sql: str, start: int) -> str:
    """Write which of five characters are capitals, as the bits of a number, the first character the lowest."""
    bits = [
        f"CASE WHEN regexp_full_match(substr({sql}, {start + place}, 1), '[A-Z]') THEN {1 << place} ELSE 0 END"
        for place in range(_CHUNK)
    ]
    return f"({' + '.join(bits)})::BIGINT"
