"""Periods by their names, amounts in one currency, a catalogue that set-up did not compile."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bokgi.domain import messages
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import translate
from bokgi.domain.money import Money
from bokgi.domain.period import Period


def test_amounts_of_one_currency_add_up_and_those_of_two_do_not() -> None:
    assert Money(Decimal(3), "KRW") + Money(Decimal(4), "KRW") == Money(Decimal(7), "KRW")
    with pytest.raises(ValueError, match="KRW and USD"):
        Money(Decimal(3), "KRW") + Money(Decimal(4), "USD")


@pytest.mark.parametrize(("currency", "amount"), [("KRW", "2"), ("USD", "2.50")])
def test_amounts_are_rounded_to_what_a_currency_is_counted_in(currency: str, amount: str) -> None:
    assert Money(Decimal("2.495"), currency).as_json() == {"amount": amount, "currency": currency}


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        Period(date(2026, 2, 1), date(2026, 1, 1))
    assert refused.value.code == "period_reversed"


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 5)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 4)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-09-03..2026-09-10", date(2026, 9, 3), date(2026, 9, 10)),
    ],
)
def test_a_period_is_read_by_its_name(name: str, first: date, after: date) -> None:
    assert Period.parse(name) == Period(first, after)


@pytest.mark.parametrize("name", ["2026-W54", "2025-W53", "2026-13", "2026-Q5", "2026-09-03..2026-09-31", "soon", ""])
def test_a_name_of_no_period_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        Period.parse(name)
    assert refused.value.code == "period_unreadable"


def test_only_weeks_have_the_names_of_weeks() -> None:
    with pytest.raises(UsageError):
        Period.week("2026-09")
    with pytest.raises(UsageError):
        Period.week("2026-W54")


@pytest.mark.parametrize("name", ["2026-Q1", "2026-03", "2026-09-03..2026-09-10", "2026-02-01..2026-05-01"])
def test_the_period_before_is_of_the_same_kind_and_ends_where_this_one_begins(name: str) -> None:
    period = Period.parse(name)
    before = period.before()
    assert before.end == period.start
    assert Period.parse(before.key) == before
    assert (before.start.day == 1) == (period.start.day == 1)


def test_a_catalogue_that_was_not_compiled_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(messages._LOCALE / "ko" / "LC_MESSAGES" / "bokgi.po", folder)  # noqa: SLF001 - where it stands
    compiled = translate("Weekly review", "ko")
    monkeypatch.setattr(messages, "_LOCALE", tmp_path)
    messages._catalogue.cache_clear()  # noqa: SLF001 - as of a new process
    try:
        assert translate("Weekly review", "ko") == compiled != "Weekly review"
        assert translate("Weekly review", "fr") == "Weekly review"
    finally:
        messages._catalogue.cache_clear()  # noqa: SLF001 - as above
