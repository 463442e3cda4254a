"""Rows in quarantine are taken in by a repaired mapping or by hand, or dismissed; they leave it once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.intake import quarantine
from bokgi.intake.importing import import_files
from bokgi.intake.plan import PlanOptions, plan_import
from bokgi.intake.quarantine import Place, Wanted
from bokgi.intake.release import release_by_hand, release_by_mapping
from bokgi.intake.undoing import undo_import
from tests.intake.homes import AT, LADDER, Company, counts, deals_mapping

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
TEXT = f"""{HEAD}
D1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | | North
D2 | b | Acme | Lee | Dancing | 2 | 2026-01-05 | | South
D3 | c | Acme | Lee | Talk | lots | 2026-01-05 | |
"""


def waiting(company: Company) -> list[tuple[int, str, int]]:
    return [(row.place.import_no, row.place.file, row.place.row) for row in quarantine.quarantined(company.lake)]


def test_a_refused_row_is_listed_with_its_cells_and_reasons(company: Company) -> None:
    company.load(TEXT)

    assert waiting(company) == [(1, "deals.csv", 3), (1, "deals.csv", 4)]
    row = quarantine.refused_row(company.lake, Place(1, "deals.csv", 3))
    assert row.cells["stage"] == "Dancing"
    assert row.codes == ("stage_unknown",)
    assert row.as_json()["findings"] == [{"code": "stage_unknown", "column": "stage", "value": "Dancing"}]
    assert quarantine.count(company.lake) == 2
    assert [row.place.row for row in quarantine.quarantined(company.lake, limit=1, offset=1)] == [4]


def test_reasons_and_pages_are_those_of_all_rows(company: Company) -> None:
    bad = [
        f"D{n} | a{n} | Acme | Kim | {('Dancing', 'Talk')[n % 2]} | {'x' * (n % 5)} | 2026-01-05 | | R{n}"
        for n in range(40)
    ]
    company.load("\n".join([HEAD, *bad]))
    every = quarantine.quarantined(company.lake)
    seen = quarantine.look(company.lake, Wanted(), limit=None)
    assert (seen.waiting, seen.total, seen.rows) == (len(every), len(every), tuple(every))
    assert {(reason.code, reason.column): reason.rows for reason in seen.reasons} == Counter(
        (str(one["code"]), one["column"]) for row in every for one in row.findings
    )
    assert {reason.code: reason.values for reason in seen.reasons} == {
        "stage_unknown": ("Dancing",),
        "amount_malformed": ("x", "xx", "xxx"),
    }
    of_rule = [row for row in every if "stage_unknown" in row.codes]
    for page, rows in ((0, of_rule[:8]), (8, of_rule[8:16]), (800, of_rule[(len(of_rule) - 1) // 8 * 8 :])):
        found = quarantine.look(company.lake, Wanted(1, "stage_unknown"), limit=8, offset=page)
        assert (found.waiting, found.total, list(found.rows)) == (len(every), len(of_rule), rows)
    assert [row.cells["region"] for row in quarantine.look(company.lake, Wanted(find="r12"), limit=9).rows] == ["R12"]
    assert quarantine.look(company.lake, Wanted(2), limit=9).total == 0


def test_a_repaired_mapping_takes_in_the_rows_it_repairs(company: Company) -> None:
    company.load(TEXT)
    repaired = deals_mapping(values={"deals.stage": {"Dancing": "Offer"}})
    done = release_by_mapping(company.lake, 1, by="test", at=AT, mappings=[repaired])

    assert done.released == 1
    assert (done.counts.accepted, done.counts.known) == (1, 1)
    assert waiting(company) == [(1, "deals.csv", 4)]
    assert company.rows("deals", "deal_id, stage, attributes['region']") == [
        ("D1", "Talk", "North"),
        ("D2", "Offer", "South"),
    ]
    assert company.rows("releases", "file, row, how", "quarantined_by = 1") == [("deals.csv", 3, "remapped")]


def test_a_row_that_is_refused_for_another_reason_now_was_not_taken_in(company: Company) -> None:
    company.load(TEXT.replace("| 2 | 2026", "| lots | 2026"))
    repaired = deals_mapping(values={"deals.stage": {"Dancing": "Offer"}})
    done = release_by_mapping(company.lake, 1, by="test", at=AT, mappings=[repaired])

    assert (done.released, done.refused) == (0, 2)
    assert [row.codes for row in quarantine.quarantined(company.lake)] == [("amount_malformed",)] * 2


def test_the_same_mapping_releases_nothing_and_writes_nothing(company: Company) -> None:
    company.load(TEXT)
    version = company.lake.version()
    done = release_by_mapping(company.lake, 1, by="test", at=AT)

    assert (done.import_no, done.released) == (None, 0)
    assert company.lake.version() == version


def test_a_record_without_cells_keeps_its_text_when_rows_are_judged_again(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text("id,name,account,stage\nD1,a,Acme,Talk\nD2,b\n", encoding="utf-8")
    with plan_import([path], lake=company.lake, options=PlanOptions(exported_at=AT)) as plan:
        done = import_files(company.lake, plan, by="test", at=AT)
    assert (done.import_no, done.quarantined) == (1, 1)

    again = release_by_mapping(company.lake, 1, by="test", at=AT)

    assert (again.released, again.refused) == (0, 1)
    (row,) = quarantine.quarantined(company.lake)
    assert (row.cells, row.codes) == ({"": "D2,b"}, ("too_few_cells",))


def test_a_row_is_taken_in_with_corrected_cells(company: Company) -> None:
    company.load(TEXT)
    done = release_by_hand(company.lake, Place(1, "deals.csv", 4), {"amount": "30"}, by="test", at=AT)

    assert (done.released, done.counts.accepted) == (1, 1)
    assert company.rows("deals", "deal_id, amount::INT") == [("D1", 1), ("D3", 30)]
    assert company.rows("releases", "row, how", "quarantined_by = 1") == [(4, "repaired")]
    assert counts(company.load(TEXT)) == (3, 0, 0, 3)


def test_a_correction_that_is_refused_as_well_changes_nothing(company: Company) -> None:
    company.load(TEXT)
    version = company.lake.version()
    done = release_by_hand(company.lake, Place(1, "deals.csv", 4), {"amount": "-3"}, by="test", at=AT)

    assert (done.import_no, done.released) == (None, 0)
    assert [finding.code for finding in done.findings] == ["amount_negative"]
    assert company.lake.version() == version


def test_a_dismissed_row_leaves_without_being_taken_in(company: Company) -> None:
    company.load(TEXT)
    quarantine.dismiss(company.lake, [Place(1, "deals.csv", 3)], by="test", at=AT)

    assert waiting(company) == [(1, "deals.csv", 4)]
    assert company.rows("deals", "deal_id") == ["D1"]
    assert counts(company.load(TEXT)) == (3, 0, 0, 3)


def test_what_does_not_wait_cannot_be_released_or_dismissed(company: Company) -> None:
    company.load(TEXT)
    with pytest.raises(NotFoundError):
        quarantine.dismiss(company.lake, [Place(1, "deals.csv", 2)], by="test", at=AT)
    with pytest.raises(NotFoundError):
        release_by_hand(company.lake, Place(1, "deals.csv", 2), {}, by="test", at=AT)
    with pytest.raises(NotFoundError):
        release_by_mapping(company.lake, 9, by="test", at=AT)
    with pytest.raises(UsageError) as unknown:
        release_by_hand(company.lake, Place(1, "deals.csv", 4), {"Betrag": "3"}, by="test", at=AT)
    assert unknown.value.code == "header_unknown"


def test_raw_text_is_json_of_the_cells_with_text(company: Company) -> None:
    company.load(TEXT)

    [raw] = company.rows("quarantine", "raw", "row = 4")
    assert json.loads(raw) == {
        "id": "D3", "name": "c", "account": "Acme", "owner": "Lee", "stage": "Talk", "amount": "lots",
        "created": "2026-01-05",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["mended", "dismissed"])
def test_a_row_that_was_decided_stays_so_when_its_file_comes_again_and_nothing_refuses_it(
    company: Company, how: str
) -> None:
    rows = ("D1 | a | Acme | Kim | Dancing | 5 | 2026-01-05 | | ", "D2 | b | Acme | Kim | Talk | 7 | 2026-01-05 | | ")
    text = "\n".join((HEAD, *rows))
    assert company.load(text).quarantined == 1
    place = Place(1, "deals.csv", 2)
    if how == "mended":
        assert release_by_hand(company.lake, place, {"stage": "Offer"}, by="test", at=AT).released == 1
    else:
        quarantine.dismiss(company.lake, [place], by="test", at=AT)
    before = company.rows("deals", "deal_id, stage")
    dancing = replace(LADDER[1], stage="Dancing", label="Dancing", stage_order=9)
    known = deals_mapping(stages=(*LADDER, dancing))
    again = company.load(text, known, on=date(2026, 12, 1))
    assert (again.accepted, again.quarantined, again.known) == (0, 0, 2)
    assert company.rows("deals", "deal_id, stage") == before
    # Another text is another row.
    changed = company.load(text.replace("| 5 |", "| 6 |"), known, on=date(2026, 12, 2))
    assert changed.accepted == 1
    assert company.rows("deals", "stage", "deal_id = 'D1'") == ["Dancing"]


def test_a_row_whose_mending_was_taken_back_is_judged_when_its_file_comes_again(company: Company) -> None:
    text = f"{HEAD}\nD1 | a | Acme | Kim | Dancing | 5 | 2026-01-05 | | "
    company.load(text)
    release_by_hand(company.lake, Place(1, "deals.csv", 2), {"stage": "Offer"}, by="test", at=AT)
    undo_import(company.lake, 2, by="test", at=AT)
    dancing = replace(LADDER[1], stage="Dancing", label="Dancing", stage_order=9)
    assert company.load(text, deals_mapping(stages=(*LADDER, dancing)), on=date(2026, 12, 1)).accepted == 1
