"""Source files are kept, checked, and expire."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bokgi.domain.errors import NotFoundError
from bokgi.intake import sources
from bokgi.intake.importing import import_files, mappings_from
from bokgi.intake.mapping import saved
from bokgi.intake.mapping.model import Hints
from bokgi.intake.plan import PlanOptions, plan_import
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


def test_a_column_that_somebody_maps_otherwise_is_read_so_the_next_time(company: Company, tmp_path: Path) -> None:
    file, path = tmp_path / "deals.csv", company.home / "mappings" / "deals.toml"

    def load(header: str, day: int, **told: str) -> None:
        file.write_text(f"{header}\nD{day},Server,Proposal,West,10\nD1,Cloud,Won,East,20\n", encoding="utf-8")
        hints = Hints(columns={("deals.csv", name): field for name, field in told.items()})
        at = AT + timedelta(days=day)
        with plan_import([file], lake=company.lake, options=PlanOptions(exported_at=at, hints=hints)) as plan:
            import_files(company.lake, plan, by="test", at=at)

    load("Deal ID,Deal name,Stage,Territory,Amount", 0)
    path.write_text(path.read_text() + "# mine\n")
    load("Deal ID,Deal name,Stage,Territory,Amount", 2)
    assert "# mine" in path.read_text()

    load("Deal ID,Deal name,Stage,Territory,Amount", 3, Territory="accounts.segment")
    kept = saved.read_file(path)
    assert {one.column: one.field for one in kept.columns}["Territory"] == "accounts.segment"
    with plan_import([file], lake=company.lake) as plan:
        assert plan.files[0].mapping.of("accounts.segment") is not None
        assert "header_changed" not in {finding.code for finding in plan.findings}

    load("Deal ID,Deal name,Stage,Territory,Worth", 4, Worth="deals.amount")
    assert [one.column for one in saved.read_file(path).columns if one.field == "deals.amount"] == ["Worth"]


def test_the_ledger_holds_the_mappings_of_all_files(company: Company) -> None:
    columns = {"id": "deals.deal_id", "name": "deals.name"}
    files = {"deals.csv": TEXT, "more.csv": "id | name\nD9 | z"}
    company.load(files, deals_mapping(), deals_mapping("more.csv", columns))

    [one] = company.lake.imports()
    assert [mapping.file for mapping in mappings_from(one.mapping)] == ["deals.csv", "more.csv"]
    assert mappings_from("") == []
