"""Files as people export them: CSV in several encodings and delimiters, and XLSX."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bokgi.sample.draws import Texts


class Encoding(Enum):
    """How a CSV file is written: name for Python, delimiter, end of line."""

    KOREAN_EXCEL = ("cp949", ",", "\r\n")
    EXCEL_UTF8 = ("utf-8-sig", ",", "\r\n")
    PLAIN_UTF8 = ("utf-8", ",", "\n")
    MARKETING_TOOL = ("utf-8", ";", "\n")


@dataclass(frozen=True)
class Sheet:
    """One file: its name, how it is written, and its columns by header."""

    name: str
    encoding: Encoding
    columns: dict[str, Texts]

    @property
    def rows(self) -> int:
        """Number of rows below the header."""
        return len(next(iter(self.columns.values())))


def write_csv(folder: Path, sheet: Sheet) -> Path:
    """Write a sheet as CSV; a character that the encoding lacks is an error."""
    encoding, delimiter, line_end = sheet.encoding.value
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(sheet.columns)
    writer.writerows(zip(*(column.tolist() for column in sheet.columns.values()), strict=True))
    path = folder / sheet.name
    path.write_bytes(buffer.getvalue().encode(encoding))
    return path
