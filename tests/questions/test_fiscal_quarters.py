"""A company whose year starts in February sees its own quarters, whatever it asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bokgi.analysis.forecast.history import History, Scope
from bokgi.apps.reviews.pack import review_pack
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.backtest import ask_backtest
from bokgi.questions.data_quality import ask_data_quality
from bokgi.questions.decompose import decompose
from bokgi.questions.forecast import ask_forecast
from bokgi.questions.kpis import ask_kpis
from bokgi.questions.pipeline import tell_pipeline_change
from tests.cast import CAST, facts_of

AS_OF = date(2026, 11, 24)
QUARTER = Period(date(2026, 11, 1), date(2027, 2, 1))
DEALS = """
    deal_id | owner_id | stage    | outcome | amount | created_on | expected_close_on | closed_on
    a       | lee      | won      | won     | 100    | 2026-08-01 | 2026-10-20        | 2026-10-20
    b       | lee      | won      | won     | 400    | 2026-08-01 | 2026-11-10        | 2026-11-10
    c       | park     | proposal | open    | 300    | 2026-08-01 | 2027-01-20        |
"""
TARGETS = """
    subject_kind | subject_id | metric     | period_start | period_end | lead_source | amount
    organisation | all        | won_amount | 2026-10-01   | 2027-01-01 | all         | 9999
    organisation | all        | won_amount | 2026-11-01   | 2027-02-01 | all         | 1000
"""


@pytest.fixture(scope="module")
def facts() -> Facts:
    days = "\n".join(f"{month}-01 | true | 1" for month in ("2026-11", "2026-12", "2027-01"))
    calendar = f"day | working | working_days\n{days}"
    return facts_of({"year_starts": "2"}, **CAST, deals=DEALS, targets=TARGETS, calendar=calendar)


def span(found: dict[str, Any]) -> Period:
    return Period(date.fromisoformat(found["start"]), date.fromisoformat(found["end"]))


def test_kpis_stand_at_what_the_fiscal_quarter_brought(facts: Facts) -> None:
    found = {row["key"]: row for row in ask_kpis(facts, as_of=AS_OF)["kpis"]}
    assert found["attainment"]["value"] == pytest.approx(0.4)
    assert found["coverage"]["value"] == pytest.approx(0.5)
    assert span(found["attainment"]["period"]) == QUARTER
    assert span(found["slippage"]["period"]) == Period(date(2026, 8, 1), date(2026, 11, 1))


def test_what_was_won_is_taken_apart_and_forecast_by_the_fiscal_quarter(facts: Facts) -> None:
    told = decompose(facts, as_of=AS_OF)
    assert span(told["after"]["period"]).start == QUARTER.start
    assert span(told["before"]["period"]).start == date(2026, 8, 1)
    forecast = ask_forecast(facts, as_of=AS_OF)
    assert span(forecast["period"]) == QUARTER
    assert Decimal(forecast["won_so_far"]["amount"]) == 400
    assert Decimal(forecast["target"]["amount"]["amount"]) == 1000


def test_gaps_and_slippage_are_those_of_the_fiscal_quarter(facts: Facts) -> None:
    assert span(ask_data_quality(facts, as_of=AS_OF)["period"]) == QUARTER
    change = tell_pipeline_change(facts, as_of=AS_OF, start=date(2026, 11, 17))
    assert span(change["due"]["period"]) == QUARTER


def test_the_review_goes_by_the_fiscal_quarter(facts: Facts) -> None:
    goal = review_pack(facts, period=Period.week_of(AS_OF), as_of=AS_OF)["progress"]
    assert span(goal["period"]) == QUARTER
    assert [Decimal(one["target"]["amount"]) for one in goal["targets"]] == [1000]


@pytest.mark.parametrize(
    ("question", "options"), [(ask_forecast, {}), (ask_backtest, {"period": "quarter"})], ids=["forecast", "backtest"]
)
def test_deals_hurry_at_the_end_of_the_fiscal_quarter(
    monkeypatch: pytest.MonkeyPatch, question: Callable[..., Any], options: dict[str, Any]
) -> None:
    old = "    z | lee | won | won | 200 | 2025-02-01 | 2025-03-01 | 2025-03-01\n"
    facts = facts_of({"year_starts": "2"}, **CAST, deals=DEALS.rstrip() + "\n" + old)
    read, part = [], History.of

    def counted(history: History, scope: Scope) -> History:
        read.append(history)
        return part(history, scope)

    monkeypatch.setattr(History, "of", counted)
    question(facts, as_of=AS_OF, **options)
    assert [history.year_starts for history in read] == [2]
