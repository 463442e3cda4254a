"""Upkeep: what is kept for a time only goes, and nothing that an answer hangs on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bokgi.domain.errors import ConflictError
from bokgi.facts.compaction import compact
from bokgi.intake.upkeep import keep_up
from tests.intake.homes import AT, Company

HEAD = "id | name | account | owner | stage | amount | created | closed | region"
TEXT = f"{HEAD}\nD1 | a | Acme | Kim | Talk | 1 | 2026-01-05 | |\nD2 | b | Acme | Kim | Talk | x | 2026-01-05 | |"
NEXT = f"{HEAD}\nD3 | c | Acme | Kim | Talk | 3 | 2026-01-05 | |"


def test_sources_and_refused_rows_go_when_their_time_is_over_and_facts_stay(company: Company) -> None:
    company.load(TEXT)
    company.load(NEXT)
    deals = company.rows("deals", "deal_id")

    before = keep_up(company.lake, at=AT + timedelta(days=89))
    assert (before.sources, before.facts.rows_dropped) == ((), 0)
    assert before.facts.files_after < before.facts.files_before
    after = keep_up(company.lake, at=AT + timedelta(days=91))
    assert (after.sources, after.facts.rows_dropped) == ((1, 2), 1)
    assert list((company.home / "sources").iterdir()) == []

    compact(company.lake, at=AT + timedelta(days=91), vacuum_hours=0)
    assert company.rows("quarantine", "row") == []
    assert company.rows("deals", "deal_id") == deals
    assert [(one.accepted, one.quarantined) for one in company.lake.imports()] == [(1, 1), (1, 0)]


def test_a_refused_row_that_comes_again_after_its_time_waits_again(company: Company) -> None:
    company.load(TEXT)
    assert company.load(TEXT).quarantined == 0
    keep_up(company.lake, at=AT + timedelta(days=91))
    compact(company.lake, at=AT + timedelta(days=91), vacuum_hours=0)
    assert company.load(TEXT).quarantined == 1


def test_other_days_may_be_set(company: Company) -> None:
    company.load(TEXT)
    assert keep_up(company.lake, at=AT + timedelta(days=31), days=30).sources == (1,)


def test_while_an_import_is_at_work_nothing_goes(company: Company) -> None:
    company.load(TEXT)
    with company.lake.begin(), pytest.raises(ConflictError):
        keep_up(company.lake, at=AT + timedelta(days=91), wait=0)
    assert (company.home / "sources" / "1").exists()
