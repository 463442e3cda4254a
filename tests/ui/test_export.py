"""Tables as files: nothing in them is computed by the program that opens them."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest

from bokgi.ui.export import Value, as_csv, as_xlsx

DANGEROUS = ["=1+1", "+82-2-123", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '=HYPERLINK("http://x")']


def _dangerous() -> list[list[Value]]:
    return [[text, 0, 0, None, text] for text in DANGEROUS]


FIRST: list[Value] = ["한빛", 5, Decimal("1200000.50"), date(2026, 11, 24), None]
ROWS: list[list[Value]] = [FIRST, *_dangerous()]


def test_a_csv_opens_in_excel_and_holds_no_formula() -> None:
    made = as_csv(["이름", "건수", "금액", "날짜", "메모"], ROWS)
    assert made.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    assert read[1] == ["한빛", "5", "1200000.50", "2026-11-24", ""]
    assert [row[0] for row in read[2:]] == [f"'{text}" for text in DANGEROUS]


def test_a_workbook_has_types_and_no_formula() -> None:
    sheet = openpyxl.load_workbook(
        io.BytesIO(as_xlsx("기회: 11/24", ["이름", "건수", "금액", "날짜", "메모"], ROWS))
    ).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]] == ["한빛", 5, 1200000.5, datetime(2026, 11, 24), None]  # noqa: DTZ001 - what Excel keeps
    assert {cell.data_type for row in sheet.iter_rows(min_row=3) for cell in row} <= {"s", "n"}
    assert sheet["A3"].value == "=1+1"


@pytest.mark.parametrize("value", [10**17, Decimal(10) ** 20])
def test_a_number_too_long_for_excel_keeps_its_digits(value: Decimal | int) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx("x", ["n"], [[value]]))).active
    assert sheet is not None
    assert sheet["A2"].value == str(value)


def test_a_text_longer_than_a_cell_of_excel_is_cut_visibly_and_whole_in_a_csv() -> None:
    text = "가" * 40_000
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx("x", ["메모"], [[text]]))).active
    assert sheet is not None
    assert sheet["A2"].value == "가" * 32_766 + "…"
    assert text in as_csv(["메모"], [[text]]).decode("utf-8-sig")
