"""Amounts in the organisation's currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from bokgi.facts.currency import in_one_currency, without_rate
from tests.cast import facts_of
from tests.facts.lakes import rows

ON = date(2026, 11, 23)
RATES = """
    currency | month      | rate
    USD      | 2026-09-01 | 1300.5
    USD      | 2026-11-01 | 1400
    JPY      | 2026-11-01 | 9.123456
"""
DEALS = """
    deal_id | amount  | currency | outcome | closed_on
    own     | 100     | KRW      | open    |
    none    | 100     |          | open    |
    open    | 10.01   | USD      | open    |
    closed  | 10.01   | USD      | won     | 2026-09-30
    undated | 10      | USD      | lost    |
    gap     | 10      | USD      | won     | 2026-10-01
    yen     | 1000    | JPY      | open    |
    euro    | 10      | EUR      | open    |
    empty   |         | USD      | open    |
"""


def test_closed_deals_take_the_rate_of_their_closing_month_and_open_ones_that_of_the_day() -> None:
    found = in_one_currency(facts_of(deals=DEALS, rates=RATES), ON)
    assert rows(found.deals, "deal_id", "amount", "currency") == [
        ("closed", Decimal("13018.00"), "KRW"),
        ("empty", None, None),
        ("euro", None, "EUR"),
        ("gap", None, "USD"),
        ("none", Decimal("100.00"), None),
        ("open", Decimal("14014.00"), "KRW"),
        ("own", Decimal("100.00"), "KRW"),
        ("undated", Decimal("14000.00"), "KRW"),
        ("yen", Decimal("9123.00"), "KRW"),
    ]
    assert found.deals.schema() == facts_of().deals.schema()


def test_deals_without_a_rate_are_counted_by_currency() -> None:
    assert without_rate(facts_of(deals=DEALS, rates=RATES), ON) == {"EUR": 1, "USD": 1}
    assert without_rate(facts_of(deals="deal_id | amount | currency\nd1 | 1 | KRW"), ON) == {}


def test_an_organisation_that_counts_in_cents_gets_cents() -> None:
    facts = facts_of(
        {"currency": "USD"},
        deals="deal_id | amount | currency\nd1 | 10000 | KRW\nd2 | 5.55 | USD",
        rates="currency | month | rate\nKRW | 2026-11-01 | 0.000715",
    )
    assert rows(in_one_currency(facts, ON).deals, "deal_id", "amount") == [
        ("d1", Decimal("7.15")),
        ("d2", Decimal("5.55")),
    ]


def test_half_a_won_is_rounded_away_from_zero() -> None:
    facts = facts_of(
        deals="deal_id | amount | currency\nd1 | 0.5 | USD\nd2 | -0.5 | USD",
        rates="currency | month | rate\nUSD | 2026-11-01 | 1",
    )
    assert rows(in_one_currency(facts, ON).deals, "amount") == [(Decimal("-1.00"),), (Decimal("1.00"),)]


def test_a_deal_of_billions_is_converted() -> None:
    facts = facts_of(
        deals="deal_id | amount | currency\nd1 | 65000000 | USD",
        rates=f"currency | month | rate\nUSD | {ON:%Y-%m}-01 | 1305.5",
    )
    assert rows(in_one_currency(facts, ON).deals, "amount") == [(Decimal("84857500000.00"),)]


def test_targets_take_the_rate_of_the_month_in_which_they_start_and_counts_stay() -> None:
    facts = facts_of(
        targets="""
        metric     | period_start | period_end | amount | currency
        won_amount | 2026-09-01   | 2026-12-01 | 10     | USD
        meetings   | 2026-09-01   | 2026-12-01 | 10     |
        """,
        rates=RATES,
    )
    found = in_one_currency(facts, ON).targets
    assert rows(found, "metric", "amount", "currency") == [("meetings", 10, None), ("won_amount", 13005, "KRW")]


def test_facts_in_one_currency_come_back_as_they_are() -> None:
    facts = facts_of(deals="deal_id | amount | currency\nd1 | 1 | KRW")
    assert in_one_currency(facts, ON) == facts
