"""Deals that want attention: each reason by itself, and what cannot be known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bokgi.analysis.activity import held, planned
from bokgi.analysis.hygiene import REASONS, hygiene, hygiene_by
from bokgi.analysis.visits import visits
from bokgi.domain.errors import UsageError
from tests.analysis.tables import Facts, Row, calendar, facts, rows_of

AS_OF = date(2026, 11, 27)
DAYS = calendar(date(2026, 1, 1), date(2027, 1, 1), [date(2026, 11, 23)])
STAGES = """
stage | label | stage_order | kind | expected_days
lead  | Lead  | 1           | open | 10
talk  | Talk  | 2           | open |
"""
CLEAN = {
    "deal_id": "d",
    "created_on": date(2026, 11, 2),
    "stage": "lead",
    "amount": Decimal(5),
    "expected_close_on": date(2026, 12, 24),
    "has_next_step": True,
    "next_step_on": date(2026, 12, 1),
    "unknown_then": ",",
}
CALL: Row = {"activity_id": "a", "kind": "call", "deal_id": "d", "happened_on": date(2026, 11, 25)}
OTHER: Row = {"activity_id": "z", "kind": "call", "deal_id": "z", "happened_on": date(2026, 11, 25)}


def told(data: Facts) -> list[Row]:
    moved = visits(data.deals, data.stage_events, data.stages)
    tables = data.activities, data.deal_changes, data.calendar
    return rows_of(hygiene(data.deals, moved, data.stages, *tables, as_of=AS_OF))


def reasons(deal: Row, activities: list[Row] | None = None, **tables: Any) -> set[str]:  # noqa: ANN401 - a table of any form
    activities = [CALL] if activities is None else activities
    (row,) = told(facts(deals=[CLEAN | deal], activities=activities, calendar=DAYS, stages=STAGES, **tables))
    found = {name for name in REASONS if row[name]}
    assert row["reasons"] == len(found)
    return found


def test_a_deal_that_is_looked_after_has_no_reason() -> None:
    assert reasons({}) == set()


def test_what_is_not_filled_in() -> None:
    assert reasons({"amount": None}) == {"no_amount"}
    assert reasons({"expected_close_on": None}) == {"no_close_date"}
    assert reasons({"has_next_step": False, "next_step_on": None}) == {"no_next_step"}
    assert reasons({"has_next_step": False}) == set()


def test_a_date_that_no_deal_has_did_not_stay_in_time() -> None:
    def passed(day: date | None) -> set[bool | None]:
        dates = {"next_step_on": None, "expected_close_on": None}
        deals = [CLEAN | dates, CLEAN | dict.fromkeys(dates, day) | {"deal_id": "e"}]
        rows = told(facts(deals=deals, activities=[CALL], calendar=DAYS, stages=STAGES))
        return {row[name] for row in rows for name in ("next_step_passed", "close_passed")}

    assert passed(None) == {None}
    assert passed(AS_OF) == {False}


def test_dates_pass_on_the_day_after() -> None:
    assert reasons({"expected_close_on": AS_OF}) == set()
    assert reasons({"expected_close_on": date(2026, 11, 26)}) == {"close_passed"}
    assert reasons({"next_step_on": date(2026, 11, 26)}) == {"next_step_passed"}


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2026, 11, 13), set()),
        (date(2026, 11, 12), {"untouched"}),
    ],
)
def test_untouched_counts_working_days_without_holidays(last: date, expected: set[str]) -> None:
    # The 23rd is a holiday: nine working days lie after the 13th, ten after the 12th.
    assert reasons({}, [CALL | {"happened_on": last}]) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"automatic": True}, {"untouched", "never_touched"}),
        ({"outcome": "cancelled"}, {"untouched", "never_touched"}),
        ({"done": False}, {"untouched", "never_touched"}),
        ({"happened_on": date(2026, 12, 1)}, set()),
        ({"happened_on": date(2026, 12, 1), "outcome": "cancelled"}, {"untouched", "never_touched"}),
        ({"outcome": "no_show"}, set()),
    ],
)
def test_only_what_people_did_or_plan_is_touch(change: Row, expected: set[str]) -> None:
    assert reasons({}, [OTHER, CALL | change]) == expected


def test_nothing_planned_is_no_activity_ahead_and_no_step_with_a_date() -> None:
    ahead: Row = {"happened_on": date(2026, 12, 1), "done": False}
    plan, other = CALL | ahead | {"activity_id": "b"}, OTHER | ahead
    undated = {"next_step_on": None}
    assert reasons(undated, [CALL, other]) == {"nothing_planned"}
    assert reasons({"next_step_on": date(2026, 11, 26)}, [CALL, other]) == {"nothing_planned", "next_step_passed"}
    assert reasons(undated, [CALL, other, plan]) == reasons({"next_step_on": AS_OF}, [CALL, other]) == set()
    for change in ({"automatic": True}, {"outcome": "cancelled"}, {"done": True}):
        assert reasons(undated, [CALL, other, plan | change]) == {"nothing_planned"}
    # A source that tells of nothing planned is no reason to say so of every deal, nor is one that hardly ever does.
    assert reasons(undated) == set()
    deals = [CLEAN | undated | {"deal_id": f"d{number}"} for number in range(20)]
    plans = [plan | {"activity_id": f"a{number}", "deal_id": f"d{number}"} for number in range(2)]
    for some, flagged in ((plans[:1], set()), (plans, {f"d{number}" for number in range(2, 20)})):
        rows = told(facts(deals=deals, activities=some, calendar=DAYS, stages=STAGES))
        assert {row["deal_id"] for row in rows if row["nothing_planned"]} == flagged
    assert reasons(undated | {"unknown_then": ",next_step_on,"}, [CALL, other]) == set()


def test_a_young_deal_is_not_untouched_yet() -> None:
    assert reasons({"created_on": date(2026, 11, 20)}, [OTHER]) == {"never_touched"}
    assert reasons({"assigned_on": date(2026, 11, 20)}, [OTHER]) == {"never_touched"}


def test_pushes_count_moves_to_a_later_day() -> None:
    changes = """
    deal_id | field             | seq | old        | new        | changed_on
    d       | expected_close_on | 1   | 2026-10-01 | 2026-10-15 | 2026-09-20
    d       | expected_close_on | 2   | 2026-10-15 | 2026-10-10 | 2026-09-21
    d       | expected_close_on | 3   | 2026-10-10 | 2026-11-10 | 2026-09-22
    d       | expected_close_on | 4   |            | 2026-12-10 | 2026-09-23
    d       | amount            | 5   | 1          | 2          | 2026-09-23
    """
    data = facts(deals=[CLEAN], activities=[CALL], calendar=DAYS, stages=STAGES, deal_changes=changes)
    (row,) = told(data)
    assert (row["times_pushed"], row["pushed"]) == (2, False)
    thrice = changes + "    d | expected_close_on | 6 | 2026-12-10 | 2026-12-24 | 2026-09-24\n"
    assert "pushed" in reasons({}, deal_changes=thrice)


def test_the_age_in_a_stage_counts_all_visits_to_it() -> None:
    events = """
    deal_id | stage | entered_on
    d       | lead  | 2026-11-02
    d       | talk  | 2026-11-08
    d       | lead  | 2026-11-22
    """
    (row,) = told(facts(deals=[CLEAN], activities=[CALL], calendar=DAYS, stages=STAGES, stage_events=events))
    assert (row["days_in_stage"], row["expected_days"], row["stage_overdue"]) == (11, 10, True)
    talk = told(facts(deals=[CLEAN | {"stage": "talk"}], stages=STAGES, calendar=DAYS, stage_events=events))[0]
    assert (talk["days_in_stage"], talk["stage_overdue"]) == (None, None)


@pytest.mark.parametrize(
    ("found_on", "origin", "days", "at_least"),
    [
        ("2026-11-27", "snapshot", None, None),
        ("2026-11-20", "snapshot", 7, True),
        ("2026-11-20", "recorded", 7, False),
    ],
)
def test_what_a_first_export_finds_in_a_stage_has_no_age_on_that_day_and_then_at_least_the_days_since(
    found_on: str, origin: str, days: int | None, *, at_least: bool | None
) -> None:
    events = f"deal_id | stage | entered_on | origin\nd | lead | {found_on} | {origin}"
    (row,) = told(facts(deals=[CLEAN], calendar=DAYS, stages=STAGES, stage_events=events))
    assert (row["days_in_stage"], row["days_in_stage_at_least"]) == (days, at_least)


def test_what_cannot_be_known_is_null_and_counts_as_no_reason() -> None:
    deal = CLEAN | {"amount": None, "expected_close_on": None, "next_step_on": None, "has_next_step": None}
    deal |= {"unknown_then": ",amount,expected_close_on,has_next_step,next_step_on,"}
    (row,) = told(facts(deals=[deal], calendar=DAYS, stages=STAGES))
    assert {name for name in REASONS if row[name] is not None} == set()
    assert row["reasons"] == 0


def test_closed_deals_are_left_out_and_the_largest_come_first() -> None:
    data = facts(
        deals="deal_id | outcome | amount\nsmall | open | 1\nnone | open |\nlarge | open | 9\nwon | won | 99",
        calendar=DAYS,
        stages=STAGES,
    )
    assert [row["deal_id"] for row in told(data)] == ["large", "small", "none"]


def test_reasons_are_counted_by_any_column() -> None:
    deals = [CLEAN | {"deal_id": f"d{number}", "owner_id": owner} for number, owner in enumerate(["kim", "kim", "lee"])]
    deals[0]["amount"] = None
    deals[1]["expected_close_on"] = date(2026, 11, 1)
    data = facts(deals=deals, calendar=DAYS, stages=STAGES)
    moved = visits(data.deals, data.stage_events, data.stages)
    found = hygiene(data.deals, moved, data.stages, data.activities, data.deal_changes, data.calendar, as_of=AS_OF)
    rows = rows_of(hygiene_by(found, data.deals, by=["owner_id"]))
    names = ("owner_id", "open", "flagged", "no_amount", "close_passed")
    assert [tuple(row[name] for name in names) for row in rows] == [("kim", 2, 2, 1, 1), ("lee", 1, 0, 0, 0)]
    assert (rows[0]["flagged_amount"], rows[0]["flagged_amount_unknown"]) == (Decimal(5), 1)
    with pytest.raises(UsageError, match="colour"):
        hygiene_by(found, data.deals, by=["colour"])


def test_an_amount_that_waits_for_a_rate_is_filled_in() -> None:
    assert reasons({"amount": None, "currency": "USD"}) == set()
    assert reasons({"amount": None, "currency": None}) == {"no_amount"}


def test_an_activity_is_either_held_or_planned() -> None:
    activities = [
        CALL | {"activity_id": f"a{number}", "happened_on": date(2026, 11, 20 + number)} for number in range(10)
    ]
    table = facts(activities=activities).activities
    assert held(table, as_of=AS_OF).count().execute() + planned(table, as_of=AS_OF).count().execute() == 10
