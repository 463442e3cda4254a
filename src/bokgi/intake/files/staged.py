"""What reading a file gives: staged tables of text, and all that is known about the bytes they came from.

A row number (`_row`) is the number of the record in its file or sheet, the first record being 1, as a spreadsheet
shows it. A cell that holds line breaks makes one record, and empty lines count, so that the number is the one a person
sees after opening the file in Excel. `rows + rejected` is the number of records that carry data below the header:
nothing else is left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from bokgi.domain.findings import Finding
from bokgi.intake.sql import identifier, literal

SHEET_DELIMITER: Final = "\t"
"""What is between the cells of a refused row of a sheet."""
Progress = Callable[[str, int, int], None]
"""Called with the file's name, the bytes read so far and all bytes; may be called from another thread."""


class FoundBy(StrEnum):
    """How an encoding was decided."""

    BOM = "bom"
    STRICT_UTF8 = "strict_utf8"
    STRICT_CP949 = "strict_cp949"
    GIVEN = "given"
    WORKBOOK = "workbook"


class Place(StrEnum):
    """Where the moment of the export was found."""

    FILE_NAME = "file_name"
    TITLE = "title"
    PROPERTIES = "properties"


@dataclass(frozen=True)
class ExportedAt:
    """The moment a file was exported, in the clock of whoever exported it; `has_time` is false for a mere date."""

    moment: datetime
    has_time: bool
    place: Place
    text: str


@dataclass(frozen=True)
class StagedColumn:
    """One column of a staged table.

    `header` is as written (the rows of a header of several rows joined by " - "), `name` is cleaned and unique in the
    file, `field` names the column in the staged relation. `filled` counts cells with text, `distinct` counts different
    texts in the sample, `least` and `greatest` are the ends of the text order over the whole file (null: no text), and
    `samples` are some different texts in the order of the file. `repeats` tells that each text is there several times
    on average, in a stretch of the file.
    """

    position: int
    header: str
    name: str
    field: str
    filled: int
    distinct: int
    least: str | None
    greatest: str | None
    samples: tuple[str, ...]
    repeats: bool = False

    @property
    def sql(self) -> str:
        """Give the quoted identifier."""
        return identifier(self.field)


@dataclass(frozen=True)
class StagedFile:
    """A file, or one sheet of a workbook, as text columns that DuckDB reads.

    `sha256`, `size` and `modified_at` (UTC) are those of the file itself, whatever its sheets. `delimiter` is null for
    a sheet. `header_row` is the row number of the last header row, 0 where the file has none; `titles` are the cells
    above it. `exported` is null where neither name nor content says when the file was made.
    """

    path: Path
    sheet: str | None
    sha256: str
    size: int
    modified_at: datetime
    encoding: str
    encoding_found_by: FoundBy
    delimiter: str | None
    header_row: int
    titles: tuple[str, ...]
    columns: tuple[StagedColumn, ...]
    rows: int
    rejected: int
    blank_rows: int
    exported: ExportedAt | None
    findings: tuple[Finding, ...]
    sql: str
    sample_sql: str
    rejects: Path | None
    stamp: tuple[int, ...] | None = None
    """What tells that the file is still what was read (`Source.stamp`); null: only its content does."""
    placed_sql: str | None = None
    """The staged table with `_place`, the position in its Parquet file; null where nothing but `_row` names a row."""

    @property
    def name(self) -> str:
        """Name the table for a person: the file's name, and the sheet's where there is one."""
        name = self.path.name if self.sheet is None else f"{self.path.name} › {self.sheet}"
        return unicodedata.normalize("NFC", name)

    @property
    def read(self) -> int:
        """Count the records with data below the header."""
        return self.rows + self.rejected

    @property
    def relation(self) -> str:
        """Give the staged table as a parenthesised query: `_row` BIGINT and one VARCHAR per column (null: no text)."""
        return f"({self.sql})"

    def rows_at(self, numbers: str) -> str:
        """Give the query for rows shaped like `relation`, by a query of their numbers (`_row`).

        Where the Parquet file is asked by position, the texts of other rows are passed over unread.
        """
        if self.placed_sql is None:
            return f"SELECT t.* FROM {self.relation} AS t SEMI JOIN ({numbers}) AS w ON t._row = w._row"
        places = f"SELECT p._place FROM ({self.placed_sql}) AS p SEMI JOIN ({numbers}) AS w ON p._row = w._row"
        return f"""SELECT t.* EXCLUDE (_place) FROM ({self.placed_sql}) AS t
            SEMI JOIN ({places}) AS w ON t._place = w._place"""

    @property
    def sample(self) -> str:
        """Give some 2,000 rows from all over the file as a parenthesised query, shaped like `relation`."""
        return f"({self.sample_sql})"

    @property
    def rejects_relation(self) -> str:
        """Give the refused records as a parenthesised query: `_row` BIGINT, `raw` VARCHAR, `problem` VARCHAR.

        `problem` is `too_few_cells`, `too_many_cells`, `broken_quotes`, `undecodable` or `header_within`.
        """
        if self.rejects is None:
            return "(SELECT 0::BIGINT AS _row, ''::VARCHAR AS raw, ''::VARCHAR AS problem WHERE false)"
        return f"(SELECT _row, raw, problem FROM read_parquet({literal(str(self.rejects))}))"

    @property
    def record(self) -> str:
        """Give the SQL of a row of `relation` as one text, with delimiters, as refused records are kept."""
        cells = ", ".join(f"coalesce({column.sql}, '')" for column in self.columns)
        return f"concat_ws({literal(self.delimiter or SHEET_DELIMITER)}, {cells})"

    @property
    def rejected_cells(self) -> str:
        """Give the query for what may be the cells of refused records: `cell`, without quotes and blanks around it."""
        cells = f"unnest(string_split(raw, {literal(self.delimiter or SHEET_DELIMITER)}))"
        return f"SELECT trim({cells}, ' \"\t') AS cell FROM {self.rejects_relation}"

    def column(self, name: str) -> StagedColumn:
        """Find a column by its cleaned name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class Staging:
    """Everything that was staged, in the order given, and the findings that belong to no table."""

    files: tuple[StagedFile, ...]
    findings: tuple[Finding, ...]
