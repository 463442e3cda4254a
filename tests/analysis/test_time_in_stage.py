"""How long deals stay in a stage."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from bokgi.analysis.stage_conversion import Risk
from bokgi.analysis.time_in_stage import time_cells, time_in_stage
from bokgi.analysis.visits import visits
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.analysis.tables import Facts, Row, facts, rows_of
from tests.analysis.test_visits import STAGES, histories
from tests.referees.r import run_r

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
AS_OF = date(2026, 11, 30)


def times(data: Facts, **options: Any) -> dict[str, Row]:  # noqa: ANN401 - options of the analysis
    moved = visits(data.deals, data.stage_events, data.stages)
    given: dict[str, Any] = {"as_of": AS_OF, "period": NOVEMBER, "risk": Risk.COHORT, "minimum_n": 1} | options
    return {row["stage"]: row for row in rows_of(time_in_stage(data.deals, moved, **given))}


def test_visits_add_up_and_open_deals_count_as_long_as_seen() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id | outcome | closed_on\ntwice | open |\nlost | lost | 2026-11-12\nhere | open |",
        stage_events="""
        deal_id | stage | entered_on
        twice   | talk  | 2026-11-02
        twice   | lead  | 2026-11-04
        twice   | talk  | 2026-11-10
        twice   | offer | 2026-11-11
        lost    | talk  | 2026-11-02
        here    | talk  | 2026-11-26
        """,
    )
    talk = times(data)["talk"]
    # Stays of 2 + 1 and 10 days are over; 4 days so far are not.
    assert (talk["deals"], talk["left"], talk["open"]) == (3, 2, 1)
    assert (talk["median_days"], talk["p80_days"], talk["at_risk"], talk["reason"]) == (10, 10, 1, None)
    assert (talk["median_shortest"], talk["median_longest"], talk["interval"]) == (10, 10, 0)
    moved = visits(data.deals, data.stage_events, data.stages)
    every = time_in_stage(None, moved, as_of=AS_OF, period=NOVEMBER, risk=Risk.COHORT, minimum_n=1)
    assert {row["stage"]: row for row in rows_of(every)} == times(data)


def test_snapshots_give_the_shortest_and_the_longest_stay() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id\nd\nold",
        stage_events="""
        deal_id | stage | entered_on | origin   | not_before_on
        d       | talk  | 2026-11-09 | snapshot | 2026-11-02
        d       | offer | 2026-11-16 | snapshot | 2026-11-13
        old     | talk  | 2026-11-02 | snapshot |
        """,
    )
    talk = times(data)["talk"]
    # Entered from the 3rd to the 9th, left from the 14th to the 16th: 5 to 13 days, 9 in the middle.
    assert [talk[f"median_{which}"] for which in ("shortest", "days", "longest")] == [5, 9, 13]
    assert (talk["interval"], talk["start_unknown"], talk["deals"]) == (1, 1, 1)


def test_a_period_sees_only_the_days_in_it() -> None:
    data = facts(
        stages=STAGES,
        deals="""
        deal_id | outcome | closed_on
        old     | lost    | 2026-11-03
        future  | lost    | 2026-12-03
        gone    | lost    | 2026-10-30
        """,
        stage_events="""
        deal_id | stage | entered_on
        old     | talk  | 2026-10-22
        future  | talk  | 2026-11-20
        gone    | talk  | 2026-10-20
        """,
    )
    talk = times(data, risk=Risk.PERIOD, as_of=date(2026, 12, 31))["talk"]
    assert (talk["deals"], talk["left"], talk["open"]) == (2, 1, 1)
    assert (talk["median_days"], talk["at_risk"]) == (12, 1)


def test_a_deal_that_closed_on_no_known_day_is_left_out_and_too_few_give_nothing() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id | outcome | closed_on | last_seen_on\nd | won | |\ne | removed | | 2026-11-05",
        stage_events="deal_id | stage | entered_on\nd | talk | 2026-11-02\ne | talk | 2026-11-02",
    )
    talk = times(data)["talk"]
    assert (talk["end_unknown"], talk["deals"], talk["removed"], talk["left"]) == (1, 1, 1, 0)
    assert (talk["median_days"], talk["reason"]) == (None, "too_few")


@pytest.mark.peer
def test_a_month_of_many_deals_agrees_with_r() -> None:
    deals: list[Row] = []
    events: list[Row] = []
    stays, over = [], []
    for number in range(120):
        entered = NOVEMBER.start + timedelta(number % 23)
        stay = (number * 37) % 29
        closed = entered + timedelta(stay)
        done = closed <= AS_OF
        deals.append(
            {"deal_id": f"d{number}", "outcome": "lost" if done else "open", "closed_on": closed if done else None}
        )
        events.append({"deal_id": f"d{number}", "stage": "talk", "entered_on": entered})
        stays.append(stay if done else (AS_OF - entered).days)
        over.append(int(done))
    ours = times(facts(stages=STAGES, deals=deals, stage_events=events))["talk"]
    theirs = run_r(
        """
        library(survival)
        q <- quantile(survfit(Surv(t + 1, k) ~ 1, data = d, conf.type = "log-log"), c(.5, .8))
        out <- list(day = q$quantile - 1, low = q$lower - 1, high = q$upper - 1)
        """,
        {"t": stays, "k": over},
    )
    assert [ours["median_days"], ours["p80_days"]] == theirs["day"]
    assert [ours["median_low"], ours["p80_low"]] == theirs["low"]
    assert [ours["median_high"], ours["p80_high"]] == theirs["high"]


@given(histories())
@settings(max_examples=25)
def test_stays_agree_with_the_slow_twin(history: tuple[list[Row], list[Row]]) -> None:
    deals, events = history
    data = facts(stages=STAGES, deals=deals, stage_events=events)
    moved = visits(data.deals, data.stage_events, data.stages)
    week = Period(date(2026, 11, 1), date(2026, 11, 8))
    last = date(2026, 11, 7)
    cells = rows_of(time_cells(data.deals, moved, as_of=AS_OF, period=week, risk=Risk.PERIOD))
    stays: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows_of(moved):
        if row["entered_on"] <= last:
            stays[row["deal_id"], row["stage"]].append(row)
    expected: dict[tuple[str, int, str], int] = defaultdict(int)
    for (_, stage), rows in stays.items():
        ends = [row["left_on"] if row["left_on"] and row["left_on"] <= last else None for row in rows]
        spent = sum(((end or last) - row["entered_on"]).days for end, row in zip(ends, rows, strict=True))
        exits = {row["exit"] for row in rows}
        if any(row["left_on"] is None and row["exit"] != "open" for row in rows):
            kind = "end_unknown"
        elif None in ends:
            kind = "open"
        else:
            kind = "removed" if "removed" in exits else "left"
        expected[stage, spent, kind] += 1
    answer: dict[tuple[str, int, str], int] = defaultdict(int)
    for cell in cells:
        answer[cell["stage"], cell["end"], cell["kind"]] += cell["n"]
    assert answer == expected


def test_a_column_is_refused_where_no_deals_are_given() -> None:
    data = facts(stages=STAGES)
    moved = visits(data.deals, data.stage_events, data.stages)
    with pytest.raises(UsageError, match="owner_id"):
        time_in_stage(None, moved, as_of=AS_OF, period=NOVEMBER, by=["owner_id"])
