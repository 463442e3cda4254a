"""An undone import is as if it had never been; what followed is judged again without it."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta

import pytest

from bokgi.domain.errors import NotFoundError, RefusalError, SetupError, UsageError
from bokgi.intake.entering import Correction, correct
from bokgi.intake.undoing import undo_import
from tests.intake.homes import AT, Company, counts, deals_mapping, fills_up

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
ROWS = {
    "D1": "D1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | | ",
    "D2": "D2 | b | Acme | Lee | Talk | 2 | 2026-01-05 | | ",
    "D3": "D3 | c | Globex | Lee | Talk | 3 | 2026-01-05 | | ",
    "D4": "D4 | d | Globex | Park | Talk | 4 | 2026-01-05 | | ",
}


def file(*names: str) -> str:
    return "\n".join([HEAD, *(ROWS[name] for name in names)])


def days(number: int) -> datetime:
    return AT + timedelta(days=number)


def undo(company: Company, import_no: int) -> dict[int, int | None]:
    return undo_import(company.lake, import_no, by="test", at=AT, reason="wrong file").replays


def test_undo_of_the_second_of_three_overlapping_files(company: Company) -> None:
    company.load(file("D1", "D2"), on=days(0))
    company.load(file("D2", "D3"), on=days(1))
    third = company.load(file("D3", "D4"), on=days(2))
    assert counts(third) == (2, 1, 0, 1)

    replays = undo(company, 2)

    assert company.rows("deals", "deal_id") == ["D1", "D2", "D3", "D4"]
    assert company.rows("accounts", "account_id") == ["Acme", "Globex"]
    assert list(replays) == [3]
    again = next(one for one in company.lake.imports() if one.import_no == replays[3])
    assert (again.read, again.accepted, again.known, again.kind) == (2, 2, 0, "replay")
    assert [one.status for one in company.lake.imports()] == ["committed", "undone", "undone", "committed"]


def test_a_disk_that_fills_up_after_an_undo_says_that_it_is_done(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.load(file("D1"), on=days(0))
    company.load(file("D2"), on=days(1))
    with monkeypatch.context() as patched:
        fills_up(patched, company.lake)
        with pytest.raises(SetupError) as refused:
            undo(company, 2)

    assert refused.value.code == "disk_full_after_undo"
    assert refused.value.message.text("en").startswith("Import 2 was taken back, but the disk is full")
    assert [one.status for one in company.lake.imports()] == ["committed", "undone"]
    assert company.rows("deals", "deal_id") == ["D1"]


def test_people_keep_their_keys_through_an_undo(company: Company) -> None:
    company.load(file("D1"), on=days(0))
    company.load(file("D2"), on=days(1))
    company.load(file("D3"), on=days(2))
    before = company.rows("deals", "owner_id", "deal_id = 'D3'")

    undo(company, 2)

    assert company.rows("deals", "owner_id", "deal_id = 'D3'") == before
    names = dict(company.rows("identities", "key, name"))
    assert names[before[0]] == "Lee"


def test_undo_of_the_last_import_brings_back_what_was_before(company: Company) -> None:
    company.load(file("D1", "D2"), on=days(0))
    before = company.rows("deals", "deal_id, amount")
    company.load(file("D1", "D2").replace("| 1 |", "| 9 |"), on=days(1))

    assert undo(company, 2) == {}
    assert company.rows("deals", "deal_id, amount") == before


def test_the_file_of_an_undone_import_can_be_imported_again(company: Company) -> None:
    company.load(file("D1"))
    undo(company, 1)
    assert company.rows("deals") == []

    assert counts(company.load(file("D1"))) == (1, 1, 0, 0)


def test_quarantined_rows_of_a_replayed_import_wait_under_its_new_number(company: Company) -> None:
    company.load(file("D1"), on=days(0))
    company.load(file("D2").replace("Talk", "Dancing"), deals_mapping(), on=days(1))
    replays = undo(company, 1)

    assert company.rows("quarantine", "import_no, row") == [(replays[2], 2)]


def test_undo_refuses_where_a_later_file_is_no_longer_kept(company: Company) -> None:
    company.load(file("D1"), on=days(0))
    company.load(file("D2"), on=days(1))
    shutil.rmtree(company.home / "sources" / "2")
    version = company.lake.version()

    with pytest.raises(RefusalError) as refused:
        undo(company, 1)

    assert refused.value.code == "source_gone"
    assert company.lake.version() == version
    assert company.rows("deals", "deal_id") == ["D1", "D2"]


def test_what_is_not_there_or_undone_already_cannot_be_undone(company: Company) -> None:
    company.load(file("D1"))
    with pytest.raises(NotFoundError):
        undo(company, 7)
    undo(company, 1)
    with pytest.raises(UsageError):
        undo(company, 1)


def test_a_replay_tells_of_records_that_cannot_be_read_as_the_import_did(company: Company) -> None:
    company.load(file("D1"), on=days(0))
    company.load(file("D1", "D2") + "\nD3 | short", on=days(1))

    replays = undo(company, 1)

    again = next(one for one in company.lake.imports() if one.import_no == replays[2])
    told = [(one["code"], one["count"]) for one in json.loads(again.findings) if one["severity"] == "error"]
    assert (again.quarantined, told) == (1, [("too_few_cells", 1)])


def correct_amount(company: Company, deal_id: str, seen: str, value: str, at: datetime) -> None:
    correct(company.lake, [Correction(deal_id, "amount", seen, value, at)], by="test", at=at)


def entered(company: Company) -> list[tuple[str, str, str]]:
    return company.rows("deal_changes", "deal_id, old, new", "origin = 'entered'")


def test_a_correction_is_written_again_on_what_was_there_without_the_undone_import(company: Company) -> None:
    company.load(file("D1"), on=days(0))
    second = file("D1", "D2").replace("D1 | a | Acme | Kim | Talk", "D1 | a | Acme | Kim | Offer")
    company.load(second, on=days(1))
    correct_amount(company, "D1", "1.00", "15", days(2))
    correct_amount(company, "D2", "2.00", "25", days(3))

    undo(company, 2)
    assert company.rows("deals", "deal_id, amount::INT, stage") == [("D1", 15, "Talk")]
    company.load(second, on=days(1))
    assert company.rows("deals", "deal_id, amount::INT, stage") == [("D1", 15, "Offer"), ("D2", 25, "Talk")]
    assert entered(company) == [("D1", "1.00", "15"), ("D2", "2.00", "25")]


def test_what_closed_a_correction_closes_it_again_after_an_undo_of_the_first_import(company: Company) -> None:
    company.load(file("D1"), on=days(0))
    company.load(file("D1").replace("| 1 |", "| 2 |"), on=days(1))
    correct_amount(company, "D1", "2.00", "15", days(2))
    company.load(file("D1").replace("| 1 |", "| 15 |"), on=days(4))
    undo(company, 1)
    assert entered(company) == [("D1", "15", "15"), ("D1", "2.00", "15")]
    undo(company, max(one.import_no for one in company.lake.imports()))
    assert entered(company) == [("D1", "2.00", "15")]
    assert company.rows("deals", "amount::INT") == [15]


def test_a_late_file_dates_no_correction_back_and_shows_what_else_stood_there(company: Company) -> None:
    company.load(file("D1"), on=days(0))
    correct_amount(company, "D1", "1.00", "15", days(5))
    company.load(file("D1").replace("Talk", "Offer"), on=days(3))
    assert company.rows("deals", "amount::INT, stage") == [(15, "Offer")]
    assert company.rows("deal_changes", "field, new, changed_on", "field = 'amount' AND old IS NOT NULL") == [
        ("amount", "15", days(5).date())
    ]
