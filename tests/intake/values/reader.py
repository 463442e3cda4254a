"""Texts read by a reading, as a list of tuples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb

from bokgi.intake.values import Reading, ValueKind, query, read

SEOUL = "Asia/Seoul"


def results(reading: Reading, texts: Sequence[str | None]) -> list[tuple[Any, ...]]:
    """Read texts of the column t; one tuple of results per text, in order."""
    source = "(SELECT unnest($texts::VARCHAR[]) AS t, unnest(range(len($texts::VARCHAR[]))) AS place)"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        sql = f"SELECT * EXCLUDE (place) FROM ({query(source, {'x': reading}, ['place'])}) ORDER BY place"
        return connection.execute(sql, {"texts": list(texts)}).fetchall()


def moments(
    texts: Sequence[str | None], form: str, *, file_zone: str = SEOUL, zone: str = SEOUL
) -> list[tuple[datetime | None, Any, bool]]:
    """Read texts as moments: instant, date, malformed."""
    reading = read("t", ValueKind.MOMENT, form, name="x", file_zone=file_zone, organisation_zone=zone)
    return [(at, on, malformed) for at, on, malformed in results(reading, texts)]


def values(texts: Sequence[str | None], kind: ValueKind, form: str = "") -> list[tuple[Any, ...]]:
    """Read texts as another kind."""
    return results(read("t", kind, form, name="x", file_zone=SEOUL, organisation_zone=SEOUL), texts)
