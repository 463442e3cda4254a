"""Reports grouped by a column, and merged cells: what stands once holds for all rows of its group, and is said."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import Workbook

from tests.intake.files.bench import Bench, codes

HEAD = "Stage,Deal,Owner,Amount\n"


def stages(bench: Bench, text: str, name: str = "report.csv") -> list[object]:
    return [row[1] for row in bench.rows(bench.stage(text, name))]


def test_each_group_ends_with_a_line_of_totals(bench: Bench) -> None:
    staged = bench.stage(HEAD + "Talk,D1,Kim,10\n,D2,Lee,20\nSubtotal,,,30\nOffer,D3,Kim,5\nSubtotal,,,5\nTotal,,,35\n")

    assert [row[1:3] for row in bench.rows(staged)] == [
        ("Talk", "D1"), ("Talk", "D2"), ("Subtotal", None), ("Offer", "D3"), ("Subtotal", None), ("Total", None)
    ]  # fmt: skip
    (found,) = [finding for finding in staged.findings if finding.code == "groups_filled"]
    assert (found.count, found.message.values["columns"]) == (1, "Stage")


def test_a_number_of_rows_that_is_true_is_evidence_and_taken_off(bench: Bench) -> None:
    assert stages(bench, HEAD + "Talk (2),D1,Kim,10\n,D2,Lee,20\nOffer (1),D3,Kim,5\n") == ["Talk", "Talk", "Offer"]
    counted = HEAD + "Talk (3),D1,Kim,10\n,D2,Lee,20\nOffer (1),D3,Kim,5\n"
    assert stages(bench, counted, "untrue.csv") == ["Talk (3)", None, "Offer (1)"]


@pytest.mark.parametrize("label", ["Subtotal,Count,,2", "소계,,,30", "소계,최소,최댓값,30", "Zwischensumme,,,30"])
def test_totals_may_name_what_they_sum_up(bench: Bench, label: str) -> None:
    text = HEAD + f"Talk,D1,Kim,10\n,D2,Lee,20\n{label}\nOffer,D3,Kim,5\n{label}\n"
    assert stages(bench, text)[:2] == ["Talk", "Talk"]


def test_a_report_may_be_grouped_twice_and_say_something_below_its_table(bench: Bench) -> None:
    text = (
        "Region,Stage,Deal,Amount\nSeoul,Talk,D1,10\n,,D2,20\n,Subtotal,,30\n,Offer,D3,5\n,Subtotal,,5\n"
        'Subtotal,,,35\nBusan,Talk,D4,1\n,Subtotal,,1\nSubtotal,,,1\nTotal,,,36\n,,,\n"Open deals",,,\n'
    )
    rows = [row[1:4] for row in bench.rows(bench.stage(text)) if str(row[3]).startswith("D")]
    assert rows == [("Seoul", "Talk", "D1"), ("Seoul", "Talk", "D2"), ("Seoul", "Offer", "D3"), ("Busan", "Talk", "D4")]


def test_what_is_known_of_the_first_deal_of_each_group_alone_is_none_of_the_others(bench: Bench) -> None:
    text = "Stage,Amount,Deal\nTalk,10,D1\n,,D2\nSubtotal,10,\nOffer,5,D3\n,,D4\nSubtotal,5,\n"
    rows = [row[1:] for row in bench.rows(bench.stage(text)) if row[3] is not None]
    assert rows == [("Talk", "10", "D1"), ("Talk", None, "D2"), ("Offer", "5", "D3"), ("Offer", None, "D4")]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "Talk,D1,Kim,10\n,D2,Lee,20\nOffer,D3,Kim,5\n",
        HEAD + "Talk,D1,Kim,10\n,D2,Lee,20\nTotal,,,30\n",
        HEAD + "Talk,D1,Kim,10\n,D2,Lee,20\nOffer,D3,Kim,5\nTotal,,,35\n",
        HEAD + ",D1,Kim,10\nTalk,D2,Lee,20\nSubtotal,,,30\nOffer,D3,Kim,5\n,D4,Kim,5\nSubtotal,,,10\n",
    ],
    ids=["no totals", "one group", "a total at the end alone", "the first group has no name"],
)
def test_an_empty_cell_without_evidence_stays_empty(bench: Bench, text: str) -> None:
    staged = bench.stage(text)
    assert None in [row[1] for row in bench.rows(staged)]
    assert "groups_filled" not in codes(staged)


def test_merged_cells_hold_for_all_their_rows_and_numbers_once(bench: Bench) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["2026년 현황", None, None, None],
        [None, None, None, None],
        ["담당자", "기회명", "금액", "마감일"],
        ["김민수", "A", 500, date(2026, 12, 1)],
        [None, "B", None, None],
        [None, None, None, None],
        ["이서연", "C", 300, date(2026, 12, 9)],
    ):
        sheet.append(row)
    for cells in ("A1:D1", "A4:A6", "C4:C5", "D4:D5"):
        sheet.merge_cells(cells)
    packed = io.BytesIO()
    book.save(packed)

    staged = bench.stage(packed.getvalue(), "현황.xlsx")

    assert bench.rows(staged) == [
        (4, "김민수", "A", "500", "2026-12-01"), (5, "김민수", "B", None, "2026-12-01"),
        (7, "이서연", "C", "300", "2026-12-09"),
    ]  # fmt: skip
    (found,) = [finding for finding in staged.findings if finding.code == "groups_filled"]
    assert (found.count, found.message.values["columns"]) == (2, "담당자, 마감일")
