"""What came and went, week by week."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.period_flow import FLOWS, period_flow
from bokgi.analysis.visits import visits
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.analysis.tables import Facts, Row, calendar, facts, rows_of
from tests.analysis.test_visits import STAGES

MONTH = Period(date(2026, 11, 4), date(2026, 11, 25))
DAYS = calendar(date(2026, 1, 1), date(2027, 1, 1))


def flow(data: Facts, period: Period = MONTH, by: tuple[str, ...] = ()) -> list[Row]:
    moved = visits(data.deals, data.stage_events, data.stages)
    return rows_of(period_flow(data.deals, moved, data.calendar, period=period, by=by))


def test_each_week_has_a_row_with_what_came_and_went() -> None:
    data = facts(
        calendar=DAYS,
        stages=STAGES,
        deals="""
        deal_id | outcome | created_on | closed_on  | amount | owner_id
        a       | won     | 2026-11-03 | 2026-11-10 | 5      | kim
        b       | lost    | 2026-11-10 | 2026-11-24 |        | kim
        c       | removed | 2026-11-10 |            | 9      | lee
        d       | open    |            |            | 9      | lee
        """,
        stage_events="""
        deal_id | stage | entered_on
        d       | talk  | 2026-10-01
        d       | lost  | 2026-10-05
        d       | talk  | 2026-11-05
        """,
    )
    rows = flow(data)
    assert [(row["iso_week"], row["days"]) for row in rows] == [
        ("2026-W45", 5),
        ("2026-W46", 7),
        ("2026-W47", 7),
        ("2026-W48", 2),
    ]
    assert [(row["created"], row["won"], row["lost"], row["removed"], row["reopened"]) for row in rows] == [
        (0, 0, 0, 0, 1),
        (2, 1, 0, 0, 0),
        (0, 0, 0, 0, 0),
        (0, 0, 1, 0, 0),
    ]
    assert (rows[1]["created_amount"], rows[1]["created_amount_unknown"]) == (Decimal(9), 1)
    assert (rows[3]["lost_amount"], rows[3]["lost_amount_unknown"]) == (Decimal(0), 1)
    split = flow(data, by=("owner_id",))
    assert [(row["owner_id"], row["iso_week"], row["created"]) for row in split if row["created"]] == [
        ("kim", "2026-W46", 1),
        ("lee", "2026-W46", 1),
    ]
    assert len(split) == 8
    told = rows_of(period_flow(data.deals, None, data.calendar, period=MONTH))
    without = [{name: value for name, value in row.items() if not name.startswith("reopened")} for row in rows]
    assert told == without, "whoever gives no visits is told all but what was opened again"


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(UsageError, match="colour"):
        flow(facts(calendar=DAYS, stages=STAGES), by=("colour",))


days = st.none() | st.integers(0, 40).map(lambda n: date(2026, 10, 28) + timedelta(n))
deals = st.lists(
    st.fixed_dictionaries(
        {"created_on": days, "closed_on": days, "outcome": st.sampled_from(["open", "won", "lost", "no_decision"])}
    ),
    max_size=8,
)


@given(deals)
@settings(max_examples=15)
def test_weeks_add_up_to_what_is_dated_in_the_period(rows: list[Row]) -> None:
    numbered = [{"deal_id": f"d{number}"} | row for number, row in enumerate(rows)]
    told = flow(facts(calendar=DAYS, stages=STAGES, deals=numbered))
    expected = Counter("created" for row in rows if row["created_on"] and row["created_on"] in MONTH)
    expected += Counter(row["outcome"] for row in rows if row["closed_on"] and row["closed_on"] in MONTH)
    assert {name: sum(row[name] for row in told) for name in FLOWS} == {name: expected[name] for name in FLOWS}
