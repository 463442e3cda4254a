"""Which lines of a table are no record: what a report writes below its groups and at its end, sums and a footer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import duckdb

from bokgi.intake.files import footer
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.model import FileMapping
from bokgi.intake.mapping.writings import scanned
from bokgi.intake.sql import literal

# An e-mail's or a person's "total" is none of these: the whole cell has to be the word.
_LINE: Final = re.compile(footer.TOTALS)
_NAME: Final = re.compile(footer.NAMES_OF_TOTALS)
_FIGURE: Final = re.compile(footer.FIGURE)
_SUM_OF: Final = r"(?i).{1,40}\s*[(\[]?(?:소\s?계|합\s?계|총\s?계|(?:sub-?\s?)?total)[)\]]?"
_SUBJECTS: Final = frozenset({"targets.person_name", "targets.team", "targets.subject"})
_SEPARATOR: Final = "\x1f"
_ENOUGH: Final = 1_000


def total_rows(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping
) -> dict[str, tuple[str, ...]]:
    """Find the texts that mark lines of totals: column → texts, beside those that `mapping` knows already.

    A line of totals has a cell that is such a word ("합계", "Grand Totals (12 records)"), no id, only figures and names
    of sums ("Count") in its other cells: a deal called "Total" that has an owner or a stage is a deal. The footer are
    the lines with a single cell that end the file, where one of them says what only a footer says. Of a large file the
    sample decides.
    """
    found = {header: dict.fromkeys(texts) for header, texts in mapping.total_rows.items()}
    for row in _candidates(connection, staged):
        header = _label(dict(zip((column.name for column in staged.columns), row, strict=True)), mapping)
        if header is not None:
            text = row[[column.name for column in staged.columns].index(header)]
            found.setdefault(header, {})[str(text).strip()] = None
    for header, text in (*_footer(connection, staged), *_sums_of_teams(connection, staged, mapping)):
        found.setdefault(header, {})[text] = None
    return {header: tuple(texts) for header, texts in found.items()}


def _sums_of_teams(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping
) -> list[tuple[str, str]]:
    """Read whose targets are sums of others ("영업1팀 소계"), which would be a team of that name."""
    columns = [column.column for column in mapping.columns if column.field in _SUBJECTS]
    found = []
    for header in columns:
        text = f"trim({staged.column(header).sql})"
        sums = f"regexp_full_match({text}, {literal(_SUM_OF)})"
        rows = connection.execute(f"SELECT DISTINCT {text} FROM {scanned(staged)} WHERE {sums} ORDER BY 1").fetchall()
        found += [(header, name) for (name,) in rows]
    return found


def _candidates(connection: duckdb.DuckDBPyConnection, staged: StagedFile) -> list[tuple[str | None, ...]]:
    """Read the lines that have such a word in any cell."""
    columns = ", ".join(column.sql for column in staged.columns)
    cells = literal(rf"(?:^|{_SEPARATOR})\s*{footer.TOTALS}\s*(?:{_SEPARATOR}|$)")
    rows = scanned(staged)
    query = f"SELECT {columns} FROM {rows} WHERE regexp_matches(concat_ws({literal(_SEPARATOR)}, {columns}), {cells})"
    return connection.execute(f"{query} LIMIT {_ENOUGH}").fetchall()


def _footer(connection: duckdb.DuckDBPyConnection, staged: StagedFile) -> list[tuple[str, str]]:
    """Read the footer: column and text of each of its lines. A text that a record has as well stays with the record."""
    columns = [column.sql for column in staged.columns]
    rows = connection.execute(
        f"SELECT _row, {', '.join(columns)} FROM {scanned(staged)} ORDER BY _row DESC LIMIT {footer.LONGEST + 1}"
    ).fetchall()
    numbers = [number for number, *_ in rows]
    lines: list[tuple[int, str]] = []
    for _, *row in rows:
        filled = [(place, text.strip()) for place, text in enumerate(row) if text and text.strip()]
        if len(filled) != 1 or len(columns) == 1:
            break
        lines.append(filled[0])
    told = [
        footer.Line(text, alone=True, apart=number - 1 > above)
        for number, above, (_, text) in zip(numbers, [*numbers[1:], 0], lines, strict=False)
    ]
    lines = [lines[::-1][place] for place in footer.places_of(told[::-1])]
    others = f"SELECT {', '.join(columns)} FROM {staged.relation} WHERE "
    return [
        (staged.columns[place].name, text)
        for place, text in dict.fromkeys(lines)
        if _alone(connection, others, columns, place, text)
    ]


def _alone(connection: duckdb.DuckDBPyConnection, rows: str, columns: list[str], place: int, text: str) -> bool:
    """Tell whether no row with further cells has a text in the same column."""
    more = " OR ".join(f"{column} IS NOT NULL" for number, column in enumerate(columns) if number != place)
    same = f"trim({columns[place]}) = {literal(text)} AND ({more})"
    return connection.execute(f"SELECT count(*) FROM ({rows}{same})").fetchone() == (0,)


def _label(row: Mapping[str, str | None], mapping: FileMapping) -> str | None:
    """Name the column that marks a line as one of totals; null where the line is a record."""
    words = [(header, text.strip()) for header, text in row.items() if text and not _FIGURE.fullmatch(text)]
    label = next((header for header, text in words if _LINE.fullmatch(text)), None)
    if label is None or not all(_NAME.fullmatch(text) for _, text in words):
        return None
    ids = [column.column for column in mapping.columns if column.field.endswith("_id")]
    return None if any((row.get(header) or "").strip() for header in ids if header != label) else label
