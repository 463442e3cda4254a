"""Decisions about submissions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.forecast.rules import Subject, early_day, may_submit, periods_over, stood_on
from bokgi.apps.forecast.selectors import ModelWord, model_word
from bokgi.domain.period import Period


@dataclass(frozen=True)
class Made:
    """A submission of a day."""

    on: date


def test_an_executive_submits_nothing_and_a_rep_only_the_own_number() -> None:
    subjects = [
        Subject("person", "lee"),
        Subject("person", "park"),
        Subject("team", "1팀"),
        Subject("organisation", "all"),
    ]
    everybody = frozenset({"lee", "park"})
    assert [may_submit(Viewer(Role.VIEWER, "lee"), one, everybody) for one in subjects] == [None] * 4
    rep = [may_submit(Viewer(Role.REP, "lee"), one, everybody) for one in subjects]
    assert [way and way.value for way in rep] == ["own", None, None, None]


def test_a_manager_submits_for_a_team_whose_people_are_all_below() -> None:
    manager = Viewer(Role.MANAGER, "kim", frozenset({"lee", "park"}))
    assert may_submit(manager, Subject("team", "1팀"), frozenset({"kim", "lee", "park"})) is not None
    assert may_submit(manager, Subject("team", "2팀"), frozenset({"lee", "seo"})) is None
    assert may_submit(manager, Subject("team", "3팀"), frozenset()) is None


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(3, 400))
def test_a_third_of_a_period_has_passed_on_its_early_day(start: date, days: int) -> None:
    period = Period(start, date.fromordinal(start.toordinal() + days))
    passed = (early_day(period) - start).days + 1
    assert 3 * passed >= days > 3 * (passed - 1)


def test_what_stood_on_a_day_is_the_newest_up_to_it() -> None:
    made = [Made(date(2026, 11, day)) for day in (20, 10, 3)]
    assert stood_on(made, date(2026, 11, 10)) == made[1]
    assert stood_on(made, date(2026, 11, 2)) is None


def test_a_period_is_over_when_its_last_day_ends() -> None:
    october = Period.parse("2026-10")
    assert periods_over([october, october], date(2026, 10, 31)) == [october]
    assert periods_over([october], date(2026, 10, 30)) == []


def test_the_model_speaks_of_whom_it_knows() -> None:
    def won(amount: int) -> dict[str, str]:
        return {"amount": str(amount), "currency": "KRW"}

    ends = {"mean": won(5), "low": won(3), "high": won(8)}
    answer = {
        "mean": won(50),
        "quantiles": {"0.10": won(40), "0.90": won(60)},
        "people": [{"person_id": "lee", **ends}],
        "teams": [{"team": "1팀", **ends}],
    }
    five = ModelWord(Decimal(5), Decimal(3), Decimal(8))
    assert model_word(answer, Subject("person", "lee")) == model_word(answer, Subject("team", "1팀")) == five
    assert model_word(answer, Subject("person", "park")) is None
    assert model_word(answer, Subject("organisation", "all")) == ModelWord(Decimal(50), Decimal(40), Decimal(60))
    assert model_word({**answer, "mean": None}, Subject("person", "lee")) is None
    assert model_word(None, Subject("person", "lee")) is None
