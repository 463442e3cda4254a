"""Tables to take along: CSV and XLSX that open in Excel and hold nothing that it would compute."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

Value = str | int | float | Decimal | date | None

TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_COMPUTES: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LARGEST_NUMBER: Final = 10**15
"""From here on Excel's numbers lose digits; such a number is written as text."""
_LONGEST_CELL: Final = 32767
"""Letters that a cell of Excel holds; a longer text ends in an ellipsis, as CSV has it whole."""


def harmless(value: Value) -> Value:
    """Put an apostrophe before a text that a spreadsheet would compute; numbers and dates stay what they are.

    >>> harmless("=1+1"), harmless("−3%"), harmless("@sum"), harmless(-3), harmless("한빛")
    ("'=1+1", '−3%', "'@sum", -3, '한빛')
    """
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(_COMPUTES):
        return f"'{value}"
    return value


BEGINNINGS: Final = {"csv": "\ufeff".encode(), "xlsx": b"PK"}
"""The bytes with which every file of a kind begins."""


def begun(kind: str, make: Callable[[], bytes]) -> Iterator[bytes]:
    r"""Give a file in two parts: its beginning at once, so that the browser shows a download while the rest is made.

    >>> list(begun("csv", lambda: as_csv(["n"], [[1]])))
    [b'\xef\xbb\xbf', b'n\r\n1\r\n']
    """
    first = BEGINNINGS[kind]
    yield first
    yield make().removeprefix(first)


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    r"""Write a CSV with a byte order mark (so that Excel reads Korean) and lines as Windows ends them.

    >>> as_csv(["이름", "금액"], [["=1+1", 5], [None, date(2026, 11, 24)]]).decode("utf-8-sig")
    "이름,금액\r\n'=1+1,5\r\n,2026-11-24\r\n"
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([harmless(name) for name in header])
    writer.writerows([["" if value is None else harmless(value) for value in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Write one sheet: texts as texts (never a formula or a link), dates as dates, the header bold and frozen."""
    import xlsxwriter  # noqa: PLC0415 - only whoever takes a table along needs it

    made = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(made, safe) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        bold = book.add_format({"bold": True})
        day, number = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "#,##0.##"))
        for place, name in enumerate(header):
            sheet.write_string(0, place, name, bold)
            sheet.set_column(place, place, min(max(2 * len(name), 12), 40))
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(line, place, value, day)
                elif isinstance(value, int | float | Decimal) and abs(float(value)) < _LARGEST_NUMBER:
                    sheet.write_number(line, place, float(value), number)
                elif value is not None:
                    text = str(value)
                    cut = text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
                    sheet.write_string(line, place, cut)
        sheet.freeze_panes(1, 0)
    return made.getvalue()


def _sheet_name(title: str) -> str:
    """Leave out what a sheet's name may not have; 31 letters at most."""
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in title).strip()[:31] or "1"
