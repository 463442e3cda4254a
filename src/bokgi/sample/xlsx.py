"""A small XLSX writer: one sheet of texts, numbers and dates, the same bytes every time."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

Cell = str | int | float | date

_EPOCH: Final = date(1899, 12, 30)
_MADE: Final = (1980, 1, 1, 0, 0, 0)
_LETTERS: Final = 26
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CONTENT: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEADER, _DATE, _NUMBER = 1, 2, 3
_STYLES: Final = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="#,##0.##"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="맑은 고딕"/></font>'
    '<font><b/><sz val="11"/><name val="맑은 고딕"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def serial(day: date) -> int:
    """Give the number that Excel keeps for a date.

    >>> serial(date(2026, 11, 23))
    46349
    """
    return (day - _EPOCH).days


def write_xlsx(path: Path, title: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Write one sheet called `title`; dates become serial numbers with a date format, the header is bold and frozen.

    The archive is not compressed, so that the bytes do not depend on the version of a compression library.
    """
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_CONTENT}.worksheet+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_CONTENT}.styles+xml"/></Types>'
        ),
        "_rels/.rels": _relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name={quoteattr(title)} sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _relationships(
            {"rId1": ("worksheet", "worksheets/sheet1.xml"), "rId2": ("styles", "styles.xml")}
        ),
        "xl/worksheets/sheet1.xml": _worksheet(header, rows),
        "xl/styles.xml": _STYLES,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, date_time=_MADE)
            entry.create_system = 0
            archive.writestr(entry, _DECLARATION + content)


def _relationships(targets: dict[str, tuple[str, str]]) -> str:
    inside = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'


def _worksheet(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    widths = "".join(
        f'<col min="{place}" max="{place}" width="{2 * len(name) + 6}" customWidth="1"/>'
        for place, name in enumerate(header, 1)
    )
    lines = [_row(1, header, bold=True), *(_row(number, row) for number, row in enumerate(rows, 2))]
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    return (
        f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:{_column(len(header) - 1)}{len(rows) + 1}"/>'
        f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData>{''.join(lines)}</sheetData></worksheet>"
    )


def _row(number: int, cells: Sequence[Cell], *, bold: bool = False) -> str:
    inside = "".join(_cell(f"{_column(place)}{number}", cell, bold=bold) for place, cell in enumerate(cells))
    return f'<row r="{number}">{inside}</row>'


def _cell(reference: str, cell: Cell, *, bold: bool) -> str:
    if isinstance(cell, str):
        style = f' s="{_HEADER}"' if bold else ""
        return f'<c r="{reference}"{style} t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    if isinstance(cell, date):
        return f'<c r="{reference}" s="{_DATE}"><v>{serial(cell)}</v></c>'
    return f'<c r="{reference}" s="{_NUMBER}"><v>{cell}</v></c>'


def _column(place: int) -> str:
    """Give the letters of a column counted from 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters
