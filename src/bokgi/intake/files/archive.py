"""Look into an .xlsx before it is parsed: what would fill the memory, and which formulas have no value.

A workbook is a zip of XML. A few kilobytes may unpack to gigabytes, and two cells at opposite corners of a sheet make a
reader reserve every cell between them. Both are refused before the parser sees the file.
"""

from __future__ import annotations

import html
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bokgi.domain.errors import InputError
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.faults import damaged

MOST_EXPANSION: Final = 300
ALWAYS_ALLOWED: Final = 1 << 26
MOST_UNPACKED: Final = 1 << 32
MOST_CELLS: Final = 100_000_000
_BLOCK: Final = 1 << 20
_OVERLAP: Final = 4096
_LARGEST_PART: Final = 1 << 24
_SHEET: Final = re.compile(rb'<(?:\w+:)?sheet\b[^>]*?\bname="([^"]*)"[^>]*?\b\w+:id="([^"]*)"')
_LINK: Final = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE: Final = re.compile(rb'\b(Id|Target)="([^"]*)"')
_FAR_CELL: Final = re.compile(rb'<(?:\w+:)?c r="([A-Z]{2,3})\d')
_ROW: Final = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d+)"')
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ >/]")
_WITHOUT_VALUE: Final = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?: [^>]*)?/>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_CREATED: Final = re.compile(rb"<dcterms:modified[^>]*>([^<]{10,32})<")
_LETTERS: Final = 26


@dataclass(frozen=True)
class SheetPart:
    """What the XML of one sheet says: formulas, and how many of them have no stored value."""

    formulas: int
    without_value: int


@dataclass(frozen=True)
class Archive:
    """What the zip of a workbook says: sheets by name, and when it was last saved (ISO text, null: not said)."""

    sheets: dict[str, SheetPart]
    saved: str | None


def inspect(path: Path) -> Archive:
    """Check the size of a workbook and read what the parser doesn't tell; InputError for a bomb or a damaged file."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive, path)
            parts = _parts(archive)
            sheets = {name: _scan(archive, part, path) for name, part in parts.items()}
            return Archive(sheets, _saved(archive))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise damaged(path) from error


def refuse_bomb(path: Path) -> None:
    """Check the size of another zipped workbook (.xlsb, .ods)."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive, path)


def refuse_wide(path: Path, sheet: str, rows: int, columns: int) -> None:
    """Refuse a sheet whose corners span more cells than can be held."""
    if rows * columns > MOST_CELLS:
        message = Message(
            N_("Sheet {sheet} of {file} spans {rows} {rows:row|rows} and {columns} {columns:column|columns}."),
            {"sheet": sheet, "file": path.name, "rows": rows, "columns": columns},
        )
        hint = Message(N_("Delete what stands far outside the table, or save the sheet as CSV."))
        raise InputError("sheet_too_large", message, hint)


def _refuse_bomb(archive: zipfile.ZipFile, path: Path) -> None:
    unpacked = sum(part.file_size for part in archive.infolist())
    packed = max(path.stat().st_size, 1)
    if unpacked > MOST_UNPACKED or (unpacked > ALWAYS_ALLOWED and unpacked > packed * MOST_EXPANSION):
        message = Message(
            N_("{file} would unpack to {n} {n:time|times} its size."), {"file": path.name, "n": unpacked // packed}
        )
        raise InputError("file_bomb", message, Message(N_("Save the sheet as CSV if it is trustworthy.")))


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Map sheet names to the parts that hold them."""
    links: dict[bytes, str] = {}
    for link in _LINK.findall(_small(archive, "xl/_rels/workbook.xml.rels")):
        attributes = dict(_ATTRIBUTE.findall(link))
        target = html.unescape(attributes.get(b"Target", b"").decode("utf-8", "replace"))
        links[attributes.get(b"Id", b"")] = target[1:] if target.startswith("/") else f"xl/{target}"
    names = set(archive.namelist())
    found = {}
    for name, link in _SHEET.findall(_small(archive, "xl/workbook.xml")):
        if links.get(link) in names:
            found[html.unescape(name.decode("utf-8", "replace"))] = links[link]
    return found


def _small(archive: zipfile.ZipFile, part: str) -> bytes:
    try:
        with archive.open(part) as stream:
            return stream.read(_LARGEST_PART)
    except KeyError:
        return b""


def _saved(archive: zipfile.ZipFile) -> str | None:
    found = _CREATED.search(_small(archive, "docProps/core.xml"))
    return found.group(1).decode("ascii", "replace") if found else None


def _scan(archive: zipfile.ZipFile, part: str, path: Path) -> SheetPart:
    """Read a sheet's XML in blocks: count formulas and find its far corner."""
    formulas = without_value = rows = 0
    columns = _LETTERS
    rest = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            text = rest + block
            # A tag cut by the end of the block is left for the next one, so that nothing is counted twice.
            end = text.rfind(b"</c>") + 4 if b"</c>" in text else max(len(text) - _OVERLAP, 0)
            seen, rest = text[:end], text[end:]
            formulas += len(_FORMULA.findall(seen))
            without_value += len(_WITHOUT_VALUE.findall(seen))
            columns = max([columns, *map(_column_number, set(_FAR_CELL.findall(seen)))])
            rows = max([rows, *map(int, _ROW.findall(seen))])
    refuse_wide(path, part, rows, columns)
    return SheetPart(formulas, without_value)


def _column_number(letters: bytes) -> int:
    """Number a column by its letters.

    >>> _column_number(b"AB")
    28
    """
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - 64
    return number
