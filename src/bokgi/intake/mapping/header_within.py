"""Whether a second header stands among the rows: two tables on one sheet, or files put one behind the other."""

from __future__ import annotations

from typing import Final

import duckdb

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.headers import named
from bokgi.intake.mapping.writings import scanned
from bokgi.intake.sql import literal

_SEPARATOR: Final = "\x1f"
_LEAST_CELLS: Final = 2
_ENOUGH: Final = 1_000


def header_within(connection: duckdb.DuckDBPyConnection, staged: StagedFile) -> list[Finding]:
    """Say where a row reads like a header: at least two cells, without a digit, each the name of a field.

    Such a row and those below it are read under the first header all the same. Of a large file the sample decides.
    """
    columns = ", ".join(column.sql for column in staged.columns)
    found = connection.execute(
        f"""SELECT _row, {columns} FROM {scanned(staged)}
            WHERE NOT regexp_matches(concat_ws({literal(_SEPARATOR)}, {columns}), '[0-9]') ORDER BY _row
            LIMIT {_ENOUGH}"""
    ).fetchall()
    again = [(int(row), cells) for row, *texts in found if _is_header(cells := [text for text in texts if text])]
    if not again:
        return []
    first, cells = again[0]
    message = Message(
        N_(
            "Row {row} of {file} reads like the header of another table ({cells}). It and the rows below are taken for "
            "rows of the first one; put each table into a file or on a sheet of its own."
        ),
        {"row": first, "file": staged.name, "cells": ", ".join(cells)},
    )
    places = tuple(Example(staged.name, row, cells[0]) for row, cells in again[:5])
    return [Finding("header_within", Severity.WARNING, message, len(again), places)]


def _is_header(cells: list[str]) -> bool:
    return len(cells) >= _LEAST_CELLS and all(named(cell) for cell in cells)
