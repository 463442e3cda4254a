"""DuckDB's own CSV reader on UTF-8 text, with every refused record kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from bokgi.facts.engine import DICTIONARY
from bokgi.intake.files import footer
from bokgi.intake.files.dialect import Dialect
from bokgi.intake.files.rejects import Rejects
from bokgi.intake.files.structure import Structure
from bokgi.intake.files.table import field_name
from bokgi.intake.sql import literal

_REJECTS: Final = "bokgi_rejects"
_SCANS: Final = "bokgi_reject_scans"
_REGULAR: Final = frozenset({"MISSING COLUMNS", "TOO MANY COLUMNS"})
_ROOM: Final = 2_000_000
_READ_AT_ONCE: Final = 8_000_000
"""Bytes that DuckDB reads as one part of a text."""
_SPARE_ROWS: Final = 1_000
_MOST_ROWS: Final = 122_880
_NEWLINES: Final = {"\n": r"\n", "\r\n": r"\r\n", "\r": r"\r"}


@dataclass(frozen=True)
class Quick:
    """How a reading went: rows staged, records refused (`refused_blank` of them hold no text), kinds of refusal.

    `footer` are the refused records that a report writes below its table, `below` their texts.
    """

    rows: int
    refused_rows: npt.NDArray[np.int64]
    refused_blank: int
    kinds: frozenset[str]
    blank_condition: str
    shown_from: int
    footer: tuple[int, ...] = ()
    below: tuple[str, ...] = ()

    @property
    def refused(self) -> int:
        """Count the refused records."""
        return len(self.refused_rows)

    @property
    def refused_kept(self) -> int:
        """Count the refused records that hold text and are no footer."""
        return self.refused - self.refused_blank - len(self.footer)

    @property
    def regular(self) -> bool:
        """Tell whether records were refused for their number of cells alone."""
        return self.kinds <= _REGULAR

    @property
    def undecodable(self) -> bool:
        """Tell whether the text is not UTF-8."""
        return "INVALID ENCODING" in self.kinds

    def with_footer(
        self, cursor: duckdb.DuckDBPyConnection, records: int, blank: npt.NDArray[np.int64], delimiter: str
    ) -> Quick:
        """Find the footer among the refused records that end the file; on the same cursor as the reading."""
        last = records
        passed = {*self.refused_rows[-footer.MOST_PASSED :].tolist(), *blank[-footer.MOST_PASSED :].tolist()}
        while last in passed:
            last -= 1
        found = cursor.execute(
            f"""SELECT line::BIGINT, trim(any_value(csv_line), chr(10) || chr(13)) FROM {_REJECTS}
                WHERE line > {last} AND NOT {self.blank_condition} GROUP BY line ORDER BY line"""
        ).fetchall()
        numbers = [int(line) for line, _ in found]
        lines = [
            footer.Line(text, alone=_is_one_cell(text, delimiter), apart=number - 1 > before)
            for number, before, (_, text) in zip(numbers, [last, *numbers], found, strict=False)
        ]
        places = footer.places_of(lines)
        below = tuple(lines[place].text for place in places if lines[place].alone)
        return replace(self, footer=tuple(numbers[place] for place in places), below=below)

    def set_aside(self, cursor: duckdb.DuckDBPyConnection, rejects: Rejects) -> None:
        """Hand the refused records over that hold text; must follow the reading on the same cursor."""
        if self.refused_kept:
            rejects.add_query(
                cursor,
                f"""SELECT line::BIGINT - {self.shown_from} AS _row,
                           trim(any_value(csv_line), chr(10) || chr(13)) AS raw,
                           CASE min(error_type::VARCHAR) WHEN 'MISSING COLUMNS' THEN 'too_few_cells'
                                ELSE 'too_many_cells' END AS problem
                    FROM {_REJECTS} WHERE NOT {self.blank_condition} AND NOT list_contains({list(self.footer)}, line)
                    GROUP BY line ORDER BY line""",
            )


def _is_one_cell(text: str, delimiter: str) -> bool:
    return delimiter not in text.rstrip(delimiter) or re.fullmatch(r'\s*"[^"]*"\s*', text) is not None


def read_quickly(
    cursor: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, parquet: Path, *, longest: int | None = None
) -> Quick | None:
    """Read a text into Parquet with columns c1 … cn; null when DuckDB gives the file up.

    With `longest`, the length of the longest record in bytes, the text is known to be sound and is read from one place.
    """
    for table in (_REJECTS, _SCANS):
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
    columns = ", ".join(f"'{field_name(i + 1)}': 'VARCHAR'" for i in range(dialect.width))
    options = [
        f"delim = {literal(dialect.delimiter)}",
        "quote = '\"'",
        "escape = '\"'",
        f"new_line = '{_NEWLINES[dialect.newline]}'",
        "auto_detect = false",
        "header = false",
        f"skip = {dialect.skip}",
        f"columns = {{{columns}}}",
        "store_rejects = true",
        "rejects_limit = 0",
        f"rejects_table = '{_REJECTS}'",
        f"rejects_scan = '{_SCANS}'",
    ]
    if dialect.short_records:
        options.append("null_padding = true")
    if longest is not None:
        limit = max(longest + 16, _ROOM)
        options += ["parallel = false", f"max_line_size = {limit}", f"buffer_size = {max(16 * _ROOM, 2 * limit)}"]
    try:
        counted = cursor.execute(
            f"""COPY (SELECT * FROM read_csv({literal(str(path))}, {", ".join(options)}))
                TO {literal(str(parquet))}
                (FORMAT parquet, ROW_GROUP_SIZE {_rows_of_part(path, dialect)}, DICTIONARY_SIZE_LIMIT {DICTIONARY})"""
        ).fetchall()
    except duckdb.InvalidInputException:
        return None
    ((rows,),) = counted
    marks = literal(dialect.delimiter + ' "\t\r\n\u00a0\u3000')
    blank = f"translate(csv_line, {marks}, '') = ''"
    kinds = frozenset(str(kind) for (kind,) in cursor.execute(f"SELECT DISTINCT error_type FROM {_REJECTS}").fetchall())
    lines = cursor.execute(
        f"SELECT line::BIGINT AS line, bool_and({blank}) AS blank FROM {_REJECTS} GROUP BY line ORDER BY line"
    ).fetchnumpy()
    refused = np.asarray(lines["line"], dtype=np.int64)
    return Quick(int(rows), refused, int(np.sum(lines["blank"])), kinds, f"({blank})", 1 if dialect.hinted else 0)


def _rows_of_part(path: Path, dialect: Dialect) -> int:
    """Estimate how many records DuckDB reads as one part of a text, a few more.

    Row groups of that size (within 2,048 rows) are written as they were read. Others are put together first, row by
    row, which costs a fifth of the reading. So the estimate decides about time only.
    """
    with path.open("rb") as stream:
        head = stream.read(_READ_AT_ONCE // 8)
    counted = Structure(newline=dialect.newline.encode(), delimiter=dialect.delimiter.encode())
    counted.feed(head)
    rows = counted.records * _READ_AT_ONCE // max(len(head), 1)
    return min(max(rows + _SPARE_ROWS, 2 * _SPARE_ROWS), _MOST_ROWS)
