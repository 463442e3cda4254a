"""What each person did, where in the funnel, how fast they answered leads, and against which standard."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.execution import execution, execution_by_stage
from bokgi.analysis.lead_response import lead_response
from bokgi.analysis.standards_met import standards_met
from bokgi.analysis.visits import visits
from bokgi.domain.period import Period
from tests.analysis.tables import Facts, Row, calendar, facts, rows_of
from tests.analysis.test_visits import STAGES, histories

WEEK = Period.week("2026-W46")
DEALS = """
deal_id | owner_id | outcome | created_on | closed_on  | amount | has_next_step | next_step_on
a       | lee      | open    | 2026-11-09 |            | 5      | true          |
b       | lee      | won     | 2026-10-01 | 2026-11-13 | 7      | false         |
c       | lee      | open    | 2026-10-01 |            |        | false         |
d       | park     | lost    | 2026-11-10 | 2026-11-15 |        |               |
e       |          | open    | 2026-10-01 |            | 1      |               |
f       | jung     | won     | 2026-10-01 | 2026-11-16 | 1      |               |
"""
EVENTS = """
deal_id | stage | entered_on
a       | lead  | 2026-11-09
a       | talk  | 2026-11-11
b       | lead  | 2026-11-02
b       | won   | 2026-11-13
d       | lead  | 2026-11-10
d       | talk  | 2026-11-12
d       | lost  | 2026-11-15
"""
ACTIVITIES = """
activity_id | kind    | deal_id | happened_on | outcome   | done | automatic
1           | call    | a       | 2026-11-10  | connected | true | false
2           | meeting | a       | 2026-11-11  | held      | true | false
3           | meeting | a       | 2026-11-12  | no_show   | true | false
4           | email   | b       | 2026-11-12  | replied   |      | false
5           | email   | b       | 2026-11-12  |           | true | true
6           | demo    |         | 2026-11-12  |           | true | false
7           | call    | b       | 2026-11-16  |           | true | false
8           | call    | b       | 2026-11-08  |           | true | false
9           | call    | b       | 2026-11-14  |           | true | false
"""
PEOPLE = """
activity_id | person_id
1           | lee
2           | lee
2           | kim
3           | lee
4           | park
5           | lee
6           | kim
7           | lee
8           | lee
"""


def made(**tables: Any) -> Facts:  # noqa: ANN401 - a table of any form
    given = {"deals": DEALS, "stage_events": EVENTS, "stages": STAGES, "activities": ACTIVITIES}
    return facts(**(given | {"activity_people": PEOPLE} | tables))


def by_person(data: Facts) -> dict[str | None, Row]:
    moved = visits(data.deals, data.stage_events, data.stages)
    rows = rows_of(execution(data.deals, moved, data.activities, data.activity_people, period=WEEK))
    assert [row["person_id"] for row in rows] == sorted({row["person_id"] for row in rows}, key=lambda key: key or "~")
    return {row["person_id"]: row for row in rows}


def test_everybody_who_did_anything_or_owns_an_open_deal_has_a_row() -> None:
    told = by_person(made())
    assert set(told) == {"kim", "lee", "park", None}
    names = ("activities", "call", "meeting", "email", "other", "connected", "no_show", "replied", "entered")
    assert {person: tuple(row[name] for name in names) for person, row in told.items()} == {
        "kim": (2, 0, 1, 0, 1, 0, 0, 0, 0),
        "lee": (3, 1, 2, 0, 0, 1, 1, 0, 2),
        "park": (1, 0, 0, 1, 0, 0, 0, 1, 2),
        None: (1, 1, 0, 0, 0, 0, 0, 0, 0),
    }


def test_deals_count_for_their_owner_with_what_is_known_of_the_amount() -> None:
    told = by_person(made())
    lee, park, nobody = told["lee"], told["park"], told[None]
    assert (lee["created"], lee["created_amount"], lee["won"], lee["won_amount"]) == (1, Decimal(5), 1, Decimal(7))
    assert (park["lost"], park["lost_amount"], park["lost_amount_unknown"]) == (1, Decimal(0), 1)
    assert (lee["open"], lee["with_next_step"]) == (2, 1)
    assert (nobody["open"], nobody["with_next_step"]) == (1, None)
    assert (park["open"], park["with_next_step"]) == (0, 0)


def test_activities_count_in_the_stage_where_the_deal_stood() -> None:
    data = made()
    moved = visits(data.deals, data.stage_events, data.stages)
    rows = rows_of(execution_by_stage(data.deals, moved, data.activities, data.activity_people, period=WEEK))
    told = {(row["person_id"], row["stage"]): row for row in rows}
    # The meeting on the 11th, the day of the move to talk, counts in lead.
    names = ("activities", "call", "meeting", "entered", "advanced", "won", "lost")
    assert {key: tuple(row[name] for name in names) for key, row in told.items()} == {
        ("kim", "lead"): (1, 0, 1, 0, 0, 0, 0),
        ("kim", None): (1, 0, 0, 0, 0, 0, 0),
        ("lee", "lead"): (2, 1, 1, 1, 1, 1, 0),
        ("lee", "talk"): (1, 0, 1, 1, 0, 0, 0),
        ("park", "lead"): (1, 0, 0, 1, 1, 0, 0),
        ("park", "talk"): (0, 0, 0, 1, 0, 0, 1),
        (None, None): (1, 1, 0, 0, 0, 0, 0),
    }


STANDARDS = """
role | metric  | stage | per  | amount | valid_from
AE   | meeting | all   | week | 5      | 2026-01-01
AE   | meeting | all   | week | 3      |
all  | call    | lead  | week | 1      |
AE   | meeting | all   | deal | 1      |
AE   | revenue | all   | week | 1      |
"""
MEMBERS = """
person_id | team | role | share | valid_from | valid_to
lee       | 1팀  | AE   | 0.5   |            | 2026-11-12
lee       | 2팀  | AE   | 0.5   |            |
choi      | 1팀  | AE   | 1     | 2026-11-13 |
kim       | 1팀  |      | 1     |            |
"""


def test_a_standard_asks_for_less_in_a_short_week_and_from_newcomers() -> None:
    days = calendar(date(2026, 11, 1), date(2026, 12, 1), [date(2026, 11, 10)])
    data = made(standards=STANDARDS, memberships=MEMBERS, calendar=days)
    moved = visits(data.deals, data.stage_events, data.stages)
    tables = data.activities, data.activity_people, data.memberships, data.standards, data.calendar
    rows = rows_of(standards_met(moved, *tables, period=WEEK))
    told = {(row["person_id"], row["metric"], row["stage"]): row for row in rows}
    # Four working days; Lee is whole until the 11th, half after it: 2 + 1 days. Choi came on the 13th.
    assert {key: (row["done"], round(row["standard"], 9), row["met"]) for key, row in told.items()} == {
        ("lee", "meeting", "all"): (2, 3.0, False),
        ("lee", "call", "lead"): (1, 0.6, True),
        ("choi", "meeting", "all"): (0, 1.0, False),
        ("choi", "call", "lead"): (0, 0.2, False),
    }


LEADS = """
lead_id | owner_id | account_id | converted_deal_id | assigned_at         | assigned_on | source
quick   | lee      | A          |                   | 2026-11-02 01:00:00 | 2026-11-02  | web
weekend | lee      | B          |                   | 2026-11-06 08:00:00 | 2026-11-06  | web
by_day  | lee      |            | d                 |                     | 2026-11-02  | web
waits   | park     | C          |                   | 2026-11-02 01:00:00 | 2026-11-02  | web
old     | park     | C          |                   | 2026-10-01 01:00:00 | 2026-10-01  | web
nobody  |          | A          |                   | 2026-11-03 00:00:00 | 2026-11-03  | web
"""
ANSWERS = """
activity_id | kind  | account_id | deal_id | happened_at         | happened_on | automatic | done
1           | email | A          |         | 2026-11-02 00:30:00 | 2026-11-02  | false     | true
2           | email | A          |         | 2026-11-02 01:05:00 | 2026-11-02  | true      | true
3           | call  | A          |         | 2026-11-02 04:30:00 | 2026-11-02  | false     | true
4           | call  | A          |         | 2026-11-04 04:30:00 | 2026-11-04  | false     | true
5           | call  | B          |         | 2026-11-09 09:00:00 | 2026-11-09  | false     | true
6           | call  |            | d       |                     | 2026-11-04  | false     | true
7           | call  | C          |         |                     | 2026-11-20  | false     | false
"""


def test_leads_wait_in_working_time_and_unanswered_ones_count_as_waiting() -> None:
    data = facts(
        leads=LEADS, activities=ANSWERS, calendar=calendar(date(2026, 11, 1), date(2026, 12, 1)), stages=STAGES
    )
    november = Period(date(2026, 11, 1), date(2026, 12, 1))
    found = lead_response(
        data.leads,
        data.activities,
        data.calendar,
        as_of=date(2026, 11, 13),
        period=november,
        standard_hours=24,
        minimum_n=1,
    )
    everybody, lee, park = rows_of(found)
    # Quick: 3.5 hours; weekend: 73 less two days; by day: two working days; nobody's: 28.5; the last waits.
    assert (lee["leads"], lee["answered"], lee["by_day"]) == (3, 3, 1)
    assert (lee["median_hours"], lee["p80_hours"]) == (25.0, 48.0)
    assert lee["within_standard"] == pytest.approx(1 / 3)
    assert (park["leads"], park["answered"], park["median_hours"], park["within_standard"]) == (1, 0, None, 0.0)
    assert (everybody["person_id"], everybody["leads"], everybody["answered"]) == (None, 5, 4)
    assert everybody["median_hours"] == 28.5


def test_too_few_leads_have_no_times_and_none_no_rows() -> None:
    data = facts(leads=LEADS, activities=ANSWERS, calendar=calendar(date(2026, 11, 1), date(2026, 12, 1)))
    options: dict[str, Any] = {"as_of": date(2026, 11, 13)}
    tables = data.leads, data.activities, data.calendar
    november = Period(date(2026, 11, 1), date(2026, 12, 1))
    assert {row["reason"] for row in rows_of(lead_response(*tables, period=november, **options))} == {"too_few"}
    assert rows_of(lead_response(*tables, period=Period(date(2026, 1, 1), date(2026, 1, 2)), **options)) == []


@given(histories(), st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["d0", "d1", None])), max_size=6))
@settings(max_examples=15)
def test_every_activity_is_in_one_stage_that_the_deal_stood_in(
    history: tuple[list[Row], list[Row]], acts: list[tuple[int, str | None]]
) -> None:
    deals, events = history
    activities: list[Row] = [
        {"activity_id": str(number), "kind": "call", "deal_id": deal, "happened_on": date(2026, 11, 1 + day)}
        for number, (day, deal) in enumerate(acts)
    ]
    data = facts(deals=deals, stage_events=events, stages=STAGES, activities=activities)
    moved = visits(data.deals, data.stage_events, data.stages)
    period = Period(date(2026, 11, 1), date(2026, 12, 1))
    rows = rows_of(execution_by_stage(data.deals, moved, data.activities, data.activity_people, period=period))
    stays = sorted(rows_of(moved), key=lambda row: int(row["visit"]))
    expected: Counter[str | None] = Counter()
    for act in activities:
        there = [
            stay["stage"]
            for stay in stays
            if stay["deal_id"] == act["deal_id"]
            and stay["entered_on"] <= act["happened_on"]
            and (act["happened_on"] <= stay["left_on"] if stay["left_on"] else stay["exit"] == "open")
        ]
        expected[there[0] if there else None] += 1
    assert {row["stage"]: row["call"] for row in rows if row["call"]} == dict(expected)
