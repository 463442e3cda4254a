"""Read the sample's files by their documented encodings, as plain columns of text."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

Columns = dict[str, list[str]]

ENCODINGS = {
    "영업기회.csv": ("cp949", ","),
    "구성원.csv": ("cp949", ","),
    "리드.csv": ("utf-8", ","),
    "콘텐츠노출.csv": ("utf-8", ";"),
}
OTHERS = ("utf-8-sig", ",")
DELIMITER = 1


def read(folder: Path, name: str) -> Columns:
    """Read one CSV file, strictly."""
    encoding, delimiter = ENCODINGS.get(name, OTHERS)
    text = (folder / name).read_bytes().decode(encoding)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return {title: [row[place] for row in rows] for place, title in enumerate(header)}


def rows_of(columns: Columns) -> list[dict[str, str]]:
    """Give rows as dictionaries."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def dotted(text: str) -> date:
    """Read `2026. 11. 23.`."""
    year, month, day = text.rstrip(".").split(". ")
    return date(int(year), int(month), int(day))


def is_date(text: str) -> bool:
    """Tell whether a text is a date as in the deals file."""
    try:
        dotted(text)
    except ValueError:
        return False
    return True


def moment(text: str) -> datetime:
    """Read `2026-11-23 14:05:33`."""
    return datetime.fromisoformat(text)


def manwon(text: str) -> int:
    """Read `12,500`."""
    return int(text.replace(",", ""))
