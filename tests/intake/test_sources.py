"""Source files are kept, checked, and expire."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bokgi.domain.errors import NotFoundError
from bokgi.intake import sources
from bokgi.intake.importing import mappings_from
from bokgi.intake.mapping import saved
from tests.intake.homes import AT, Company, deals_mapping

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
TEXT = f"{HEAD}\nD1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | | "


def test_the_source_is_kept_byte_for_byte_and_named_in_the_ledger(company: Company) -> None:
    company.load(TEXT)

    [one] = company.lake.imports()
    [kept] = sources.of_import(one)
    [path] = sources.found(company.lake, one)
    assert (kept.name, kept.size) == ("deals.csv", path.stat().st_size)
    assert path.read_text().startswith("id,name,account")


def test_a_kept_file_that_was_touched_is_no_source(company: Company) -> None:
    company.load(TEXT)
    [one] = company.lake.imports()
    [path] = sources.found(company.lake, one)
    path.write_text("something else")

    with pytest.raises(NotFoundError) as gone:
        sources.found(company.lake, one)
    assert gone.value.code == "source_gone"


def test_files_expire_with_their_import_and_not_before(company: Company) -> None:
    company.load(TEXT)

    assert sources.purge(company.lake, at=AT + timedelta(days=89)) == []
    assert sources.purge(company.lake, at=AT + timedelta(days=91)) == [1]
    assert not (company.home / "sources" / "1").exists()
    assert sources.purge(company.lake, at=AT + timedelta(days=92)) == []


def test_a_home_without_sources_has_nothing_to_expire(company: Company) -> None:
    assert sources.purge(company.lake, at=AT) == []


def test_the_mapping_is_saved_once_and_left_alone_when_a_person_edits_it(company: Company) -> None:
    company.load(TEXT)
    path = company.home / "mappings" / "deals.toml"
    assert saved.read(path.read_text()).of("deals.amount") is not None

    path.write_text("# mine\n" + path.read_text())
    company.load(TEXT.replace("| 1 |", "| 2 |"), on=AT + timedelta(days=1))
    assert path.read_text().startswith("# mine\n")


def test_the_ledger_holds_the_mappings_of_all_files(company: Company) -> None:
    columns = {"id": "deals.deal_id", "name": "deals.name"}
    files = {"deals.csv": TEXT, "more.csv": "id | name\nD9 | z"}
    company.load(files, deals_mapping(), deals_mapping("more.csv", columns))

    [one] = company.lake.imports()
    assert [mapping.file for mapping in mappings_from(one.mapping)] == ["deals.csv", "more.csv"]
    assert mappings_from("") == []
