"""Facts as they had happened by the end of a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from bokgi.domain.period import Period
from bokgi.facts.as_of import as_of
from bokgi.facts.model import Facts
from bokgi.facts.settings import YEAR_STARTS, Setting, Settings
from tests.cast import CAST, facts_of
from tests.facts.lakes import rows

ON = date(2026, 2, 15)
FUTURE = "2026-11-23"


def deals_on(facts: Facts, on: date = ON, *columns: str) -> list[tuple[Any, ...]]:
    return rows(as_of(facts, on).deals, "deal_id", *columns)


def test_a_deal_that_closed_later_is_open() -> None:
    facts = facts_of(
        deals="""
        deal_id | created_on | outcome | closed_on  | lost_reason | stage
        d1      | 2026-01-01 | lost    | 2026-02-16 | price       | lost
        d2      | 2026-01-01 | lost    | 2026-02-15 | price       | lost
        """,
    )
    assert deals_on(facts, ON, "outcome", "closed_on", "lost_reason", "stage") == [
        ("d1", "open", None, None, None),
        ("d2", "lost", "2026-02-15", "price", "lost"),
    ]


def test_a_deal_exists_from_its_creation_or_from_when_something_shows_it() -> None:
    facts = facts_of(
        deals="""
        deal_id  | created_on | first_seen_on
        then     | 2026-02-15 | 2026-11-23
        later    | 2026-02-16 | 2026-11-23
        seen     |            | 2026-02-15
        moved    |            | 2026-11-23
        changed  |            | 2026-11-23
        unknown  |            | 2026-11-23
        """,
        stage_events="deal_id | entered_on\nmoved | 2026-02-15\nunknown | 2026-02-16",
        deal_changes="deal_id | changed_on | new\nchanged | 2026-02-15 | 1",
    )
    assert deals_on(facts) == [("changed",), ("moved",), ("seen",), ("then",)]


def test_the_stage_is_the_last_one_entered_by_then() -> None:
    facts = facts_of(
        deals="deal_id | created_on | stage\nd1 | 2026-01-01 | won\nd2 | 2026-01-01 | proposal",
        stages=CAST["stages"],
        stage_events="""
        deal_id | entered_on | entered_at          | seq | stage
        d1      | 2026-02-01 |                     | 1   | qualified
        d1      | 2026-02-15 | 2026-02-15 01:00:00 | 1   | proposal
        d1      | 2026-02-15 | 2026-02-15 02:00:00 | 1   | negotiation
        d1      | 2026-02-15 |                     | 9   | prospecting
        d1      | 2026-02-16 |                     | 1   | proposal
        """,
    )
    assert deals_on(facts, ON, "stage") == [("d1", "negotiation"), ("d2", None)]


def test_a_deal_opened_again_was_closed_in_between() -> None:
    facts = facts_of(
        deals="deal_id | created_on | stage\nd1 | 2026-01-01 | proposal\nd2 | 2026-01-01 | proposal",
        stages=CAST["stages"],
        stage_events="""
        deal_id | entered_on | stage
        d1      | 2026-02-01 | lost
        d1      | 2026-03-01 | proposal
        """,
        deal_changes="""
        deal_id | field     | changed_on | new
        d2      | outcome   | 2026-02-10 | no_decision
        d2      | closed_on | 2026-02-10 | 2026-02-09
        d2      | outcome   | 2026-03-10 | open
        """,
    )
    assert deals_on(facts, ON, "outcome", "closed_on") == [
        ("d1", "lost", "2026-02-01"),
        ("d2", "no_decision", "2026-02-09"),
    ]
    assert deals_on(facts, date(2026, 3, 31), "outcome") == [("d1", "open"), ("d2", "open")]


KNOWN = """
    deal_id  | created_on | owner_id | amount | currency | outcome | closed_on  | known_at_creation | first_seen_on
    never    | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-11-23
    declared | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,owner_id,        | 2026-11-23
    seen     | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-02-15
    closed   | 2026-01-01 | lee      | 10     | KRW      | won     | 2026-02-15 | ,                 | 2026-11-23
    recorded | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-11-23
    emptied  | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-11-23
"""
OBSERVED = """
    deal_id  | created_on | owner_id | amount | currency | outcome | observed_on | first_seen_on
    observed | 2026-01-01 | lee      | 10     | KRW      | open    | 2026-02-15  | 2026-01-05
    after    | 2026-01-01 | lee      | 10     | KRW      | open    | 2026-02-01  | 2026-01-05
"""
CHANGES = """
    deal_id  | field  | changed_on | old | new
    never    | amount | 2026-02-16 | 7   | 10
    recorded | amount | 2026-02-01 | 3   | 5
    recorded | amount | 2026-02-15 | 5   | 7.5
    recorded | amount | 2026-02-16 | 7.5 | 10
    emptied  | amount | 2026-02-15 | 7   |
    observed | amount | 2026-02-10 | 1   | 3
    after    | amount | 2026-02-10 | 10  | 12
"""


def test_values_are_those_known_then_and_the_rest_is_unknown() -> None:
    facts = facts_of(deals=OBSERVED, deal_changes=CHANGES)
    assert deals_on(facts, ON, "owner_id", "amount", "currency") == [
        ("after", "lee", 12, "KRW"),
        ("observed", "lee", 10, "KRW"),
    ]
    facts = facts_of(deals=KNOWN, deal_changes=CHANGES)
    assert deals_on(facts, ON, "owner_id", "amount", "currency") == [
        ("closed", "lee", 10, "KRW"),
        ("declared", "lee", None, None),
        ("emptied", None, None, "KRW"),
        ("never", None, None, None),
        ("recorded", None, 7.5, "KRW"),
        ("seen", "lee", 10, "KRW"),
    ]


def test_open_deals_with_a_value_unknown_then_are_counted() -> None:
    found = as_of(facts_of(deals=KNOWN, deal_changes=CHANGES), ON)
    assert found.unknown_then("amount") == 2
    assert found.unknown_then("owner_id") == 3
    assert facts_of(deals=KNOWN, deal_changes=CHANGES).unknown_then("amount") == 0


def test_every_kind_of_value_comes_back_from_its_text() -> None:
    facts = facts_of(
        deals="deal_id | created_on\nd1 | 2026-01-01",
        deal_changes="""
        deal_id | field             | changed_on | new
        d1      | amount            | 2026-02-01 | 1234567.89
        d1      | probability       | 2026-02-01 | 0.35
        d1      | has_next_step     | 2026-02-01 | true
        d1      | expected_close_on | 2026-02-01 | 2026-06-30
        d1      | assigned_on       | 2026-02-01 | 2026-01-07
        d1      | owner_id          | 2026-02-01 | lee
        d1      | stage             | 2026-02-01 | nothing of ours
        """,
    )
    columns = ["amount", "probability", "has_next_step", "expected_close_on", "assigned_on", "owner_id"]
    found = as_of(facts, ON).deals
    assert rows(found, *columns) == [(Decimal("1234567.89"), 0.35, True, "2026-06-30", "2026-01-07", "lee")]
    assert found.schema() == facts.deals.schema()


def test_events_after_the_day_are_left_out_and_announced_activities_stay() -> None:
    facts = facts_of(
        activities="""
        activity_id | happened_on | first_seen_on
        past        | 2026-02-15  | 2026-11-23
        announced   | 2026-02-20  | 2026-02-15
        future      | 2026-02-16  | 2026-02-16
        """,
        stage_events="deal_id | entered_on\nd1 | 2026-02-15\nd1 | 2026-02-16",
        content_events="event_id | content_id | happened_on\ne1 | c | 2026-02-15\ne2 | c | 2026-02-16",
        responses="response_id | happened_on\nr1 | 2026-02-15\nr2 | 2026-02-16",
        rates="currency | month | rate\nUSD | 2026-02-01 | 1\nUSD | 2026-03-01 | 2",
        texts="kind | key | text | observed_on\nnext_step | a | x | 2026-02-16\nnote | b | x | 2026-02-16",
    )
    found = as_of(facts, ON)
    assert rows(found.activities, "activity_id") == [("announced",), ("past",)]
    assert rows(found.content_events, "event_id") == [("e1",)]
    assert rows(found.responses, "response_id") == [("r1",)]
    assert rows(found.rates, "month") == [("2026-02-01",)]
    assert rows(found.texts, "key") == [("b",)]
    assert found.stage_events.count().execute() == 1


def test_definitions_hold_as_of_then() -> None:
    facts = facts_of(
        memberships="""
        person_id | team | role | valid_from | valid_to   | left_on
        lee       | a    | AE   |            | 2026-02-15 |
        lee       | b    | AE   | 2026-02-15 | 2026-07-01 | 2026-07-01
        lee       | c    | AE   | 2026-07-01 |            |
        """
    )
    assert rows(as_of(facts, ON).memberships, "team", "valid_to", "left_on") == [
        ("a", "2026-02-15", None),
        ("b", None, None),
    ]


def test_settings_hold_as_of_then() -> None:
    history = (
        Setting(date.min, "minimum_n", "5", date(2026, 2, 16)),
        Setting(date(2026, 2, 16), "minimum_n", "20", date.max),
    )
    facts = replace(facts_of(), settings=Settings(history=history).on(None))
    assert (facts.settings.minimum_n, as_of(facts, ON).settings.minimum_n) == (20, 5)


def test_quarters_of_past_days_are_those_of_the_fiscal_year_as_it_is_now() -> None:
    history = (Setting(date(2026, 2, 16), YEAR_STARTS, "2", date.max),)
    then = as_of(replace(facts_of(), settings=Settings(history=history).on(None)), ON).settings
    assert then.quarter_of(ON) == Period(date(2026, 2, 1), date(2026, 5, 1))


def test_a_lead_is_converted_once_its_deal_exists() -> None:
    facts = facts_of(
        deals="deal_id | created_on\nd1 | 2026-02-15\nd2 | 2026-02-16",
        leads="""
        lead_id | created_on | assigned_on | owner_id | converted_deal_id | outcome      | observed_on | first_seen_on
        l1      | 2026-01-01 | 2026-02-15  | lee      | d1                | converted    | 2026-11-23  | 2026-11-23
        l2      | 2026-01-01 | 2026-02-16  | lee      | d2                | converted    | 2026-11-23  | 2026-11-23
        l3      | 2026-01-01 | 2026-01-01  | lee      |                   | disqualified | 2026-02-15  | 2026-02-15
        l4      |            |             |          |                   | open         | 2026-11-23  | 2026-11-23
        """,
    )
    assert rows(as_of(facts, ON).leads, "lead_id", "owner_id", "converted_deal_id", "outcome") == [
        ("l1", "lee", "d1", "converted"),
        ("l2", None, None, None),
        ("l3", "lee", None, "disqualified"),
    ]
