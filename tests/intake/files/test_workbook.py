"""Sheets of workbooks come out as text, with the row numbers of the sheet, and bombs are refused unopened."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from bokgi.domain.errors import BokgiError
from bokgi.intake.files import FoundBy, Place, archive
from bokgi.intake.files.workbook import cell_text
from tests.intake.files.bench import Bench, codes

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(fill: Callable[[Any], None]) -> bytes:
    made = openpyxl.Workbook()
    fill(made)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def table(rows: list[list[object]]) -> bytes:
    def fill(made: Any) -> None:  # noqa: ANN401 - openpyxl's own type is not public
        for row in rows:
            made.active.append(row)

    return workbook(fill)


def raw_xlsx(sheet_xml: str, sheets: str = '<sheet name="S" sheetId="1" r:id="rId1"/>') -> bytes:
    """Write the smallest workbook that holds the XML of one sheet."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        parts.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{SHEET}" xmlns:r="{LINKS}"><sheets>{sheets}</sheets></workbook>'
        )
        parts.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        parts.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        parts.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{SHEET}"><sheetData>{sheet_xml}</sheetData></worksheet>'
        )
    return content.getvalue()


def test_cells_are_written_as_a_person_reads_them(bench: Bench) -> None:
    content = table(
        [
            ["id", "금액", "가능성", "수주", "생성일", "수정", "코드"],
            ["D1", 125000.0, 0.1, True, dt.date(2026, 11, 23), dt.datetime.fromisoformat("2026-11-23 15:05"), "001"],
            ["D2", 1117.1, 1e-7, False, None, dt.time(9, 30), None],
        ]
    )
    staged = bench.stage(content, "deals.xlsx")

    assert bench.rows(staged) == [
        (2, "D1", "125000", "0.1", "TRUE", "2026-11-23", "2026-11-23 15:05:00", "001"),
        (3, "D2", "1117.1", "0.0000001", "FALSE", None, "09:30:00", None),
    ]
    assert (staged.name, staged.encoding_found_by, staged.delimiter) == ("deals.xlsx › Sheet", FoundBy.WORKBOOK, None)


def test_numbers_keep_the_fifteen_digits_that_a_sheet_has() -> None:
    assert [cell_text(value) for value in (0.1 + 0.2, 649.457638888889, 1e15, -2.5, -1e-9, 123456789012.34)] == [
        "0.3", "649.457638888889", "1000000000000000", "-2.5", "-0.000000001", "123456789012.34",
    ]  # fmt: skip
    assert cell_text(dt.timedelta(hours=30, minutes=5, seconds=1)) == "30:05:01"
    assert cell_text(7) == "7"


def test_titles_gaps_and_empty_rows_leave_row_numbers_right(bench: Bench) -> None:
    content = table(
        [
            ["2026년 영업기회 현황"],
            [],
            ["작성일", "2026-11-23"],
            ["id", "이름", "금액"],
            ["D1", "a", 5],
            [],
            ["D2", "b", 6],
        ]
    )
    staged = bench.stage(content, "deals.xlsx")

    assert (staged.header_row, staged.titles) == (4, ("2026년 영업기회 현황", "작성일", "2026-11-23"))
    assert bench.rows(staged) == [(5, "D1", "a", "5"), (7, "D2", "b", "6")]
    assert (staged.blank_rows, codes(staged)) == (1, {"rows_empty"})
    assert staged.exported is not None
    assert staged.exported.place is Place.TITLE


def test_a_header_of_two_rows_is_joined(bench: Bench) -> None:
    def fill(made: Any) -> None:  # noqa: ANN401 - as above
        sheet = made.active
        for row in (
            ["영업기회", None, "금액", None, "비고"],
            ["번호", "이름", "예상", "확정", None],
            ["D1", "a", 5, 6, "x"],
        ):
            sheet.append(row)
        for merged in ("A1:B1", "C1:D1", "E1:E2"):
            sheet.merge_cells(merged)

    staged = bench.stage(workbook(fill), "deals.xlsx")
    names = [column.name for column in staged.columns]
    assert names == ["영업기회 - 번호", "영업기회 - 이름", "금액 - 예상", "금액 - 확정", "비고"]
    assert bench.rows(staged) == [(3, "D1", "a", "5", "6", "x")]


def test_each_sheet_is_a_table_and_hidden_or_empty_ones_are_said(bench: Bench) -> None:
    def fill(made: Any) -> None:  # noqa: ANN401 - as above
        made.active.title = "영업기회"
        made.active.append(["id", "name"])
        made.active.append(["D1", "a"])
        made.create_sheet("empty")
        hidden = made.create_sheet("hidden & <odd>")
        hidden.append(["id", "name"])
        hidden.append(["P1", "b"])
        hidden.sheet_state = "hidden"

    staging = bench.stage_all(bench.write("book.xlsx", workbook(fill)))
    assert [(one.sheet, one.rows, codes(one)) for one in staging.files] == [
        ("영업기회", 1, set()),
        ("hidden & <odd>", 1, {"sheet_hidden"}),
    ]
    assert [(finding.code, finding.examples[0].file) for finding in staging.findings] == [
        ("sheet_empty", "book.xlsx › empty")
    ]


def test_columns_that_are_nothing_but_format_are_no_columns(bench: Bench) -> None:
    def fill(made: Any) -> None:  # noqa: ANN401 - as above
        made.active.append(["id", "name"])
        made.active.append(["D1", "a"])
        made.active["F9"].font = Font(bold=True)

    assert [column.name for column in bench.stage(workbook(fill), "deals.xlsx").columns] == ["id", "name"]


def test_formulas_give_their_last_value_and_those_without_one_are_said(bench: Bench) -> None:
    xml = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>sum</t></is></c></row>'
        '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>A2*2</f><v>2</v></c></row>'
        '<row r="3"><c r="A3"><v>2</v></c><c r="B3"><f>A3*2</f></c></row>'
        '<row r="4"><c r="A4"><v>3</v></c><c r="B4"><f>A4*2</f><v></v></c></row>'
    )
    staged = bench.stage(raw_xlsx(xml), "deals.xlsx")

    assert bench.rows(staged) == [(2, "1", "2"), (3, "2", None), (4, "3", None)]
    counts = {finding.code: finding.count for finding in staged.findings}
    assert counts == {"formula_without_value": 2, "formula_value": 1}


def test_an_empty_workbook_is_refused(bench: Bench) -> None:
    with pytest.raises(BokgiError) as refused:
        bench.stage(table([]), "deals.xlsx")
    assert refused.value.code == "file_empty"


def test_a_workbook_that_unpacks_to_much_more_is_refused(bench: Bench) -> None:
    bomb = raw_xlsx("<row>" + " " * (1 << 27) + "</row>")
    assert len(bomb) < 1 << 20
    with pytest.raises(BokgiError) as refused:
        bench.stage(bomb, "deals.xlsx")
    assert refused.value.code == "file_bomb"


def test_cells_at_far_corners_are_refused_before_the_space_between_is_reserved(bench: Bench) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(BokgiError) as refused:
        bench.stage(raw_xlsx(far), "deals.xlsx")
    assert refused.value.code == "sheet_too_large"


def test_formulas_are_counted_once_however_the_parts_are_cut(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = "".join(f'<row r="{i}"><c r="A{i}"><f>B{i}</f><v>1</v></c></row>' for i in range(1, 300))
    path = bench.write("deals.xlsx", raw_xlsx(cells))
    counted = set()
    for size in (64, 101, 1 << 20):
        monkeypatch.setattr(archive, "_BLOCK", size)
        counted.add(archive.inspect(path).sheets["S"])
    assert counted == {archive.SheetPart(299, 0)}


def test_damaged_parts_are_damage(bench: Bench) -> None:
    good = table([["id", "name"], ["D1", "a"]])
    with pytest.raises(BokgiError) as cut:
        bench.stage(good[:-30], "deals.xlsx")
    assert cut.value.code == "file_damaged"
    with pytest.raises(BokgiError) as broken:
        bench.stage(raw_xlsx("<row r='1'><c r='A1'><v>1</v></row"), "deals.xlsx")
    assert broken.value.code == "file_damaged"


def test_other_workbooks_are_read_through_the_same_door(bench: Bench) -> None:
    content = io.BytesIO()
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    body = (
        '<office:body><office:spreadsheet><table:table table:name="S">{}</table:table>'
        "</office:spreadsheet></office:body>"
    )
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in (("id", "name"), ("D1", "a"))
    )
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        parts.writestr(
            "content.xml",
            f"<office:document-content {names}>{body.format(rows)}</office:document-content>",
        )
    assert bench.rows(bench.stage(content.getvalue(), "deals.ods")) == [(2, "D1", "a")]


def test_when_a_workbook_was_saved_is_found_last(bench: Bench) -> None:
    staged = bench.stage(table([["id", "name"], ["D1", "a"]]), "deals.xlsx")
    assert staged.exported is not None
    assert staged.exported.place is Place.PROPERTIES

    named = bench.stage(table([["id", "name"], ["D1", "a"]]), "deals 2026-11-23.xlsx")
    assert named.exported is not None
    assert named.exported.place is Place.FILE_NAME


def test_a_workbook_called_csv_is_read_as_a_workbook(bench: Bench) -> None:
    path: Path = bench.write("deals.csv", table([["id", "name"], ["D1", "a"]]))
    staging = bench.stage_all(path)
    assert [finding.code for finding in staging.findings] == ["ending_misleads"]
    assert bench.rows(staging.files[0]) == [(2, "D1", "a")]


def test_a_workbook_with_the_ending_of_another_kind_is_read_by_its_bytes(bench: Bench) -> None:
    assert bench.rows(bench.stage(table([["id", "name"], ["D1", "a"]]), "deals.xls")) == [(2, "D1", "a")]
