"""The XLSX writer, read back by two readers that know nothing of it."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from bokgi.sample import SampleSummary
from bokgi.sample.truth import LEAVER, NEWCOMERS, SELLERS, SOURCES, TEAMS
from bokgi.sample.xlsx import Cell, write_xlsx

HEADER = ("날짜", "이름 & <기호>", "수", "소수")
ROWS: list[list[Cell]] = [[date(2024, 2, 29), '㈜가나 "다" & <라> ', 12_500, 1.5], [date(1999, 12, 31), "", -3, 0]]


def test_openpyxl_reads_what_was_written(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", "시트 & 하나", HEADER, ROWS)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["시트 & 하나"]
    header, *rows = sheet.iter_rows(values_only=True)
    assert header == HEADER
    assert rows[0] == (datetime(2024, 2, 29), '㈜가나 "다" & <라> ', 12_500, 1.5)  # noqa: DTZ001 - a cell has no zone
    assert rows[1][0] == datetime(1999, 12, 31)  # noqa: DTZ001 - a cell has no zone
    assert sheet["A2"].number_format == "yyyy\\-mm\\-dd"


def test_calamine_reads_what_was_written(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", "하나", HEADER, ROWS)
    header, first, _ = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_name("하나").to_python()
    assert header == list(HEADER)
    assert first == [date(2024, 2, 29), '㈜가나 "다" & <라> ', 12_500.0, 1.5]


def test_columns_beyond_z_have_two_letters(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", "하나", [str(place) for place in range(30)], [])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    assert sheet["AD1"].value == "29"


@pytest.mark.parametrize(("name", "unit"), [("개인목표.xlsx", "목표(만원)"), ("팀목표.xlsx", "목표(억원)")])
def test_targets_open_in_both_readers_and_agree(sample: SampleSummary, name: str, unit: str) -> None:
    path = sample.folder / name
    book = openpyxl.load_workbook(path)
    assert book.active is not None
    header, *rows = book.active.iter_rows(values_only=True)
    assert header[-1] == unit
    assert len(rows) == sample.rows[name]
    again = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert [float(str(row[-1])) for row in again[1:]] == [float(str(row[-1])) for row in rows]


def test_targets_cover_full_quarters_up_to_the_present_one(sample: SampleSummary) -> None:
    book = openpyxl.load_workbook(sample.folder / "개인목표.xlsx")
    assert book.active is not None
    _, *rows = book.active.iter_rows(values_only=True)
    quarters = list(dict.fromkeys(str(row[0]) for row in rows))
    assert quarters[0] == "2025년 1분기"
    assert quarters[-1] == "2026년 4분기"
    assert len(quarters) == 8
    assert {str(row[3]) for row in rows} == {seller.name for seller in SELLERS}
    of_leaver = [str(row[0]) for row in rows if row[3] == LEAVER]
    assert of_leaver[-1] == "2026년 1분기"
    assert all([str(row[0]) for row in rows if row[3] == name][0] >= "2026년 2분기" for name in NEWCOMERS)  # noqa: RUF015 - the first in time
    assert all(re.fullmatch(r"\d+", str(row[-1])) for row in rows)


def test_some_team_targets_are_by_lead_source(sample: SampleSummary) -> None:
    book = openpyxl.load_workbook(sample.folder / "팀목표.xlsx")
    assert book.active is not None
    _, *rows = book.active.iter_rows(values_only=True)
    assert {str(row[3]) for row in rows} == set(TEAMS)
    by_source = {str(row[5]) for row in rows} - {"전체"}
    assert len(by_source) == 2
    assert by_source <= set(SOURCES)
