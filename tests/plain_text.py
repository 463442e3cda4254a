"""Where words stand that should stand nowhere in plain text: in the rows of every table, in the files of a home."""

from __future__ import annotations

import json
from pathlib import Path

from django.db import connection


def places_of(words: str, home: Path) -> list[str]:
    """List tables and files that hold words, as typed or as JSON writes them."""
    forms = {words, json.dumps(words)[1:-1]}
    files = [path for path in home.rglob("*") if path.is_file()]
    return [table for table, rows in _tables() if any(form in rows for form in forms)] + [
        path.name for path in files if any(form.encode() in path.read_bytes() for form in forms)
    ]


def _tables() -> list[tuple[str, str]]:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            # Each text as it is: repr would write a backslash twice and so hide what JSON has escaped.
            found.append((table, "\n".join(str(cell) for row in cursor.fetchall() for cell in row)))
    return found
