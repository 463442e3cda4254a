"""Both ends of a change of the pipeline are in one currency by the rates of its last day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pytest

from bokgi.apps.reviews.pack import review_pack
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.facts.read import facts
from bokgi.questions.pipeline import tell_pipeline_change
from tests.questions.test_asked import COMPANY, written

ABROAD = COMPANY | {
    "deals": """
        deal_id|owner_id|account_id|created_on|assigned_on|outcome|closed_on|pipeline|stage|amount|currency|known_at_creation
        d1 | kim | hanbit | 2026-10-01 | 2026-10-01 | open | | p | talk | 100 | USD | ,amount,
    """,
    "stage_events": """
        deal_id | seq | pipeline | stage | entered_on | origin
        d1 | 0 | p | talk | 2026-10-01 | recorded
    """,
    "rates": """
        month | currency | rate
        2026-10-01 | USD | 1300
        2026-11-01 | USD | 1400
    """,
}
START, END = date(2026, 10, 26), date(2026, 11, 1)


@pytest.fixture
def read_facts(tmp_path: Path) -> Facts:
    return facts(ibis.duckdb.connect(), written(tmp_path, ABROAD))


def test_a_week_that_ends_in_another_month_has_both_ends_by_its_rates(read_facts: Facts) -> None:
    told = tell_pipeline_change(read_facts, as_of=END, start=START)

    assert (told["start"]["amount"], told["end"]["amount"]) == ({"amount": "140000", "currency": "KRW"},) * 2
    assert told["difference"] == {"amount": "0", "currency": "KRW"}


def test_the_review_of_such_a_week_does_so_too(read_facts: Facts) -> None:
    pack = review_pack(read_facts, period=Period.week("2026-W44"), as_of=END)

    assert pack["pipeline_change"]["start"]["amount"] == {"amount": "140000", "currency": "KRW"}
    assert pack["pipeline_change"]["difference"] == {"amount": "0", "currency": "KRW"}
