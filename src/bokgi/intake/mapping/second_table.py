"""A second header among the rows: two tables on one sheet, or files put one behind the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.source import free_name
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.files.table import profiled
from bokgi.intake.mapping.headers import key, named
from bokgi.intake.mapping.model import Hints, Option, Question
from bokgi.intake.mapping.writings import scanned
from bokgi.intake.sql import literal

PROBLEM: Final = "header_within"
"""Why rows of a second table wait in quarantine."""
APART, ROWS = "apart", "rows"
"""Answers to the question what a row is that reads like a header: that of another table, or a row like any other."""

_SEPARATOR: Final = "\x1f"
_LEAST_CELLS: Final = 2
_AT_ONCE: Final = 1_000
_SHOWN: Final = 5


@dataclass(frozen=True)
class Parted:
    """A file without the rows of a second table, which its findings tell, and what to ask of it."""

    staged: StagedFile
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class _Header:
    """A row that reads like a header, and whether it is that of the file again."""

    row: int
    cells: tuple[str, ...]
    again: bool


def is_row(staged: StagedFile, hints: Hints) -> bool:
    """Tell whether somebody said that a row of the file that reads like a header is a row like any other."""
    return hints.answers.get(_key(staged)) == ROWS


def parted(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, *, work: Path, hints: Hints | None = None
) -> Parted:
    """Set the rows of a second table aside: under the first header they would say what nobody wrote.

    A row reads like a header when it has at least two cells, none with a digit, each the name of a field of one entity.
    It and all rows below become refused records of the file (`header_within`), for quarantine; somebody who knows
    better answers that it is a row. The file's own header again is left out alone, for the rows below are its rows. Of
    a large file the sample tells whether there is such a row. `work` is the folder of staged files.
    """
    told = hints or Hints()
    if is_row(staged, told) or next(_headers(connection, staged, scanned(staged)), None) is None:
        return Parted(staged)
    found = list(_headers(connection, staged, staged.relation))
    other = next((header for header in found if not header.again), None)
    again = [header.row for header in found if header.again and (other is None or header.row < other.row)]
    findings: list[Finding] = []
    questions: list[Question] = []
    rejects, set_aside = staged.rejects, 0
    if other is not None:
        rejects, set_aside = _refused(connection, staged, other.row, work)
        findings.append(_finding(staged, other, set_aside))
        questions += [_question(staged)] if _key(staged) not in told.answers else []
    if again:
        text = N_("{n} {n:row|rows} of {file} {n:is|are} the header again and {n:was|were} left out.")
        message = Message(text, {"n": len(again), "file": staged.name})
        places = tuple(Example(staged.name, row) for row in again[:_SHOWN])
        findings.append(Finding("header_repeated", Severity.INFO, message, len(again), places))
    left_out = f"_row IN ({', '.join(map(str, again))})" if again else "false"
    kept = f"WHERE NOT ({left_out})" + ("" if other is None else f" AND _row < {other.row}")
    sql, sample_sql = f"SELECT * FROM ({staged.sql}) {kept}", f"SELECT * FROM ({staged.sample_sql}) {kept}"
    narrowed = replace(
        staged,
        sql=sql,
        placed_sql=None if staged.placed_sql is None else f"SELECT * FROM ({staged.placed_sql}) {kept}",
        sample_sql=sample_sql,
        columns=profiled(connection, staged.columns, sql, sample_sql),
        rows=staged.rows - len(again) - set_aside,
        rejected=staged.rejected + set_aside,
        rejects=rejects,
        findings=(*staged.findings, *findings),
    )
    return Parted(narrowed, tuple(questions))


def _headers(connection: duckdb.DuckDBPyConnection, staged: StagedFile, rows: str) -> Iterator[_Header]:
    """Go through the rows without a digit, in their order, for those that read like a header."""
    columns = ", ".join(column.sql for column in staged.columns)
    own = {place: key(column.name) for place, column in enumerate(staged.columns)}
    cursor = connection.cursor()
    try:
        found = cursor.execute(
            f"""SELECT _row, {columns} FROM {rows}
                WHERE NOT regexp_matches(concat_ws({literal(_SEPARATOR)}, {columns}), '[0-9]') ORDER BY _row"""
        )
        while batch := found.fetchmany(_AT_ONCE):
            for row, *texts in batch:
                cells = {place: text for place, text in enumerate(texts) if text}
                again = len(cells) >= _LEAST_CELLS and all(key(text) == own[place] for place, text in cells.items())
                if again or _is_header(tuple(cells.values())):
                    yield _Header(int(row), tuple(cells.values()), again)
    finally:
        cursor.close()


def _is_header(cells: tuple[str, ...]) -> bool:
    if len(cells) < _LEAST_CELLS:
        return False
    entities: set[str] | None = None
    for cell in cells:
        of_cell = {field.partition(".")[0] for field, _ in named(cell)}
        entities = of_cell if entities is None else entities & of_cell
        if not entities:
            return False
    return True


def _refused(connection: duckdb.DuckDBPyConnection, staged: StagedFile, first: int, work: Path) -> tuple[Path, int]:
    """Write the refused records of a file with the rows from one on; give their file, and how many rows those are."""
    path = free_name(work, f"{staged.path.stem}_apart", ".parquet")
    below = f"{staged.relation} WHERE _row >= {first}"
    rows = f"SELECT _row, {staged.record} AS raw, {literal(PROBLEM)} AS problem FROM {below}"
    connection.execute(
        f"""COPY (SELECT * FROM ({rows} UNION ALL FROM {staged.rejects_relation}) ORDER BY _row)
            TO {literal(str(path))} (FORMAT parquet)"""
    )
    counted = connection.execute(f"SELECT count(*) FROM ({rows})").fetchall()
    return path, int(counted[0][0])


def _finding(staged: StagedFile, header: _Header, n: int) -> Finding:
    message = Message(
        N_(
            "Row {row} of {file} reads like the header of another table ({cells}). From there on {n} {n:row waits|rows "
            "wait} in quarantine; put each table into a file or on a sheet of its own."
        ),
        {"row": header.row, "file": staged.name, "cells": ", ".join(header.cells), "n": n},
    )
    return Finding(PROBLEM, Severity.ERROR, message, n, (Example(staged.name, header.row, None, header.cells[0]),))


def _key(staged: StagedFile) -> str:
    return f"{staged.name}:second_table"


def _question(staged: StagedFile) -> Question:
    return Question(
        key=_key(staged),
        code="second_table_unclear",
        file=staged.name,
        columns=(),
        message=Message(N_("A row of {file} reads like a header. What is it?"), {"file": staged.name}),
        options=(
            Option(APART, Message(N_("the header of another table; it and the rows below wait in quarantine"))),
            Option(ROWS, Message(N_("a row like any other"))),
        ),
        suggestion=APART,
    )
