"""Weekly counts from facts: what counts, whose, in which weeks, with how much working time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator.weeks import FIRST_WEEK, Weeks, simulate_weeks, week_facts
from bokgi.analysis.change_detection import weekly_counts
from bokgi.facts.model import Facts
from tests.cast import CAST, facts_of

MONDAY = date(2026, 11, 2)
CALENDAR = "day | working | week_start\n" + "\n".join(
    f"2026-11-{day:02d} | {'true' if (day - 2) % 7 < 5 and day != 10 else 'false'} | 2026-11-{day - (day - 2) % 7:02d}"
    for day in range(2, 30)
)


def counted(facts: Facts, as_of: date) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = weekly_counts(
        facts.deals, facts.activities, facts.activity_people, facts.memberships, facts.calendar, as_of=as_of
    )
    keys = ("subject_kind", "subject_id", "metric", "week")
    return {tuple(row[key] for key in keys): row for row in rows.to_pyarrow().to_pylist()}


def test_counts_of_a_simulated_organisation_come_back_from_its_facts() -> None:
    world = Weeks(seed=3, teams=2, people=3, weeks=30)
    facts = facts_of_tables(week_facts(world))
    found = counted(facts, date.fromordinal(FIRST_WEEK.toordinal() + 7 * world.weeks - 1))
    truth = [
        row for row in simulate_weeks(world).to_pylist() if (row["subject_kind"], row["metric"]) != ("person", "won")
    ]
    assert len(found) == len(truth)
    for row in truth:
        here = found[row["subject_kind"], row["subject_id"], row["metric"], row["week"]]
        assert {**here, "time": round(here["time"], 9)} == {**row, "time": round(row["time"], 9)}


def test_what_counts_and_what_does_not() -> None:
    facts = facts_of(
        None,
        **CAST,
        calendar=CALENDAR,
        activities="""
            activity_id | kind | happened_on | automatic | done  | outcome
            a1          | call | 2026-11-02  | false     | true  |
            a2          | call | 2026-11-03  | true      | true  |
            a3          | call | 2026-11-04  | false     | false |
            a4          | call | 2026-11-05  | false     | true  | cancelled
            a5          | note | 2026-11-12  | false     | true  |
            a6          | call | 2026-11-23  | false     | true  |
        """,
        activity_people="""
            activity_id | person_id
            a1          | lee
            a1          | park
            a2          | lee
            a3          | lee
            a4          | lee
            a5          | lee
            a6          | lee
        """,
        deals="""
            deal_id | owner_id | created_on | closed_on  | outcome
            d1      | lee      | 2026-11-02 | 2026-11-12 | won
            d2      | park     | 2026-11-09 | 2026-11-13 | lost
            d3      | choi     | 2026-11-09 |            | open
        """,
    )
    found = counted(facts, date(2026, 11, 25))
    weeks = sorted({key[3] for key in found})
    assert weeks == [MONDAY, date(2026, 11, 9)], "the running week is not over, and nothing was done in the third"
    assert found["person", "lee", "call", MONDAY]["count"] == 1
    assert found["person", "park", "activities", MONDAY]["count"] == 1
    assert found["person", "lee", "activities", date(2026, 11, 9)]["count"] == 1
    assert found["person", "park", "created", MONDAY]["count"] == 0
    assert found["person", "lee", "created", date(2026, 11, 9)]["time"] == 0.8, "a holiday"
    assert ("person", "choi", "created", MONDAY) not in found, "in the first 180 days nobody is watched"
    assert ("person", "kim", "created", MONDAY) not in found, "who only leads has no row"
    assert ("person", "jung", "created", MONDAY) not in found, "has left"
    team = found["team", "1팀", "win_rate", date(2026, 11, 9)]
    assert (team["count"], team["trials"]) == (1, 2)
    assert found["team", "1팀", "activities", MONDAY]["count"] == 2
    assert found["team", "1팀", "created", date(2026, 11, 9)]["count"] == 2, "deals of the new person are the team's"


def test_a_week_is_over_with_its_last_working_day() -> None:
    facts = facts_of(
        None,
        **CAST,
        calendar=CALENDAR,
        deals="deal_id | owner_id | created_on\nd1 | lee | 2026-11-02\nd2 | lee | 2026-11-09",
    )
    assert {key[3] for key in counted(facts, date(2026, 11, 12))} == {MONDAY}
    assert {key[3] for key in counted(facts, date(2026, 11, 13))} == {MONDAY, date(2026, 11, 9)}


def test_people_without_memberships_count_from_their_first_week_on() -> None:
    facts = facts_of(
        None,
        calendar=CALENDAR,
        deals="""
            deal_id | owner_id | created_on
            d1      | lee      | 2026-11-02
            d2      | park     | 2026-11-09
            d3      | park     | 2026-11-16
        """,
    )
    found = counted(facts, date(2026, 11, 29))
    assert [found["person", "lee", "created", week]["count"] for week in sorted({key[3] for key in found})] == [1, 0, 0]
    assert ("person", "park", "created", MONDAY) not in found
    assert found["team", None, "created", MONDAY]["time"] == 1.0


def test_nothing_gives_no_rows() -> None:
    assert counted(facts_of(None, calendar=CALENDAR), date(2026, 11, 29)) == {}
    assert pa.types.is_date32(
        weekly_counts(
            *(
                getattr(facts_of(), name)
                for name in ("deals", "activities", "activity_people", "memberships", "calendar")
            ),
            as_of=MONDAY,
        )
        .to_pyarrow()["week"]
        .type
    )
