"""The four funnels on one small set of deals, and the sums that must hold on any."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.bottleneck.counts import STAGE, count_arrivals
from bokgi.analysis.execution import execution, execution_by_stage
from bokgi.analysis.funnel import FIGURES, FunnelMode, counted, funnel
from bokgi.analysis.progressions import progressions
from bokgi.analysis.visits import visits
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.analysis.tables import Facts, Row, facts, rows_of
from tests.analysis.test_visits import STAGES, histories

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
WEEK = Period(date(2026, 11, 9), date(2026, 11, 16))
DEALS = """
deal_id | owner_id | outcome | created_on | closed_on  | stage | amount
walked  | kim      | won     | 2026-11-02 | 2026-11-20 | won   | 100
skipped | kim      | open    | 2026-11-02 |            | offer | 20
back    | lee      | open    | 2026-11-03 |            | lead  |
lost    | lee      | lost    | 2026-11-04 | 2026-11-10 | lost  | 3
bare    |          | won     | 2026-11-05 | 2026-11-06 | won   | 5
standing|          | open    | 2026-11-05 |            | talk  | 1
older   | kim      | open    | 2026-10-01 |            | talk  | 1000
"""
EVENTS = """
deal_id | stage | entered_on
walked  | lead  | 2026-11-02
walked  | talk  | 2026-11-05
walked  | offer | 2026-11-12
walked  | won   | 2026-11-20
skipped | lead  | 2026-11-02
skipped | offer | 2026-11-09
back    | lead  | 2026-11-03
back    | talk  | 2026-11-05
back    | lead  | 2026-11-10
lost    | lead  | 2026-11-04
lost    | talk  | 2026-11-09
lost    | lost  | 2026-11-10
older   | talk  | 2026-11-09
"""


def shown(data: Facts, mode: FunnelMode, period: Period = NOVEMBER, **options: Any) -> list[Row]:  # noqa: ANN401 - options of the analysis
    moved = visits(data.deals, data.stage_events, data.stages)
    return rows_of(funnel(data.deals, moved, data.stages, mode=mode, period=period, **options))


def made() -> Facts:
    return facts(deals=DEALS, stage_events=EVENTS, stages=STAGES)


def test_a_created_cohort_counts_who_entered_and_who_came_at_least_so_far() -> None:
    rows = shown(made(), FunnelMode.CREATED_COHORT)
    assert [(row["stage"], row["deals"], row["at_least"], row["skipped"]) for row in rows] == [
        ("lead", 4, 6, 2),
        ("talk", 3, 6, 3),
        ("offer", 2, 3, 1),
        ("won", 2, 2, 0),
    ]
    talk, won = rows[1], rows[3]
    assert (talk["deals_amount"], talk["deals_amount_unknown"]) == (Decimal(103), 1)
    assert (talk["at_least_amount"], talk["at_least_amount_unknown"]) == (Decimal(129), 1)
    assert (won["kind"], won["stage_order"], won["deals_amount"]) == ("won", 4, Decimal(105))


def test_a_cohort_can_be_split_and_deals_of_nobody_are_a_group() -> None:
    rows = shown(made(), FunnelMode.CREATED_COHORT, by=["owner_id"])
    talk = {row["owner_id"]: (row["deals"], row["at_least"]) for row in rows if row["stage"] == "talk"}
    assert talk == {"kim": (1, 2), "lee": (2, 2), None: (0, 2)}


def test_a_stage_entry_cohort_tells_what_became_of_those_who_entered() -> None:
    rows = {row["stage"]: row for row in shown(made(), FunnelMode.STAGE_ENTRY_COHORT)}
    talk = rows["talk"]
    ends = {name: talk[name] for name in ("entered", "reached", "lost", "no_decision", "removed", "open")}
    assert ends == {"entered": 4, "reached": 1, "lost": 1, "no_decision": 0, "removed": 0, "open": 2}
    assert (talk["open_amount"], talk["open_amount_unknown"]) == (Decimal(1000), 1)


@pytest.mark.parametrize("mode", FunnelMode)
def test_every_count_can_name_its_deals(mode: FunnelMode) -> None:
    data = made()
    moved = visits(data.deals, data.stage_events, data.stages)
    tables, period = (data.deals, moved, data.stages), WEEK if mode is FunnelMode.PERIOD_FLOW else NOVEMBER
    for row in rows_of(funnel(*tables, mode=mode, period=period)):
        where: dict[str, Any] = {"mode": mode, "period": period, "pipeline": row["pipeline"], "stage": row["stage"]}
        named = {name: counted(*tables, **where, figure=name).count().to_pyarrow().as_py() for name in FIGURES[mode]}
        assert named == {name: row[name] for name in FIGURES[mode]}


def test_a_deal_that_came_twice_is_two_entries_and_one_deal() -> None:
    data = made()
    moved = visits(data.deals, data.stage_events, data.stages)
    tables = (data.deals, moved, data.stages)
    lead = next(row for row in shown(data, FunnelMode.PERIOD_FLOW) if row["stage"] == "lead")
    where: dict[str, Any] = {"mode": FunnelMode.PERIOD_FLOW, "period": NOVEMBER, "figure": "entered"}
    found = rows_of(counted(*tables, **where, pipeline=lead["pipeline"], stage="lead"))
    assert lead["entered"] == 5
    assert sorted(row["deal_id"] for row in found) == ["back", "lost", "skipped", "walked"]


def test_a_period_flow_adds_up() -> None:
    rows = {row["stage"]: row for row in shown(made(), FunnelMode.PERIOD_FLOW, WEEK)}
    talk = rows["talk"]
    names = ("at_start", "entered", "advanced", "back", "won", "lost", "no_decision", "removed", "at_end")
    assert {name: talk[name] for name in names} == {
        "at_start": 2,
        "entered": 2,
        "advanced": 1,
        "back": 1,
        "won": 0,
        "lost": 1,
        "no_decision": 0,
        "removed": 0,
        "at_end": 1,
    }
    assert (talk["at_end_amount"], talk["lost_amount"]) == (Decimal(1000), Decimal(3))


def test_a_snapshot_counts_what_stands_where_and_stages_nobody_listed() -> None:
    data = facts(
        deals=DEALS + "strange | kim | open | 2026-11-05 | | secret | 7\nblank | kim | open | 2026-11-05 | | | 8\n",
        stages=STAGES,
    )
    rows = shown(data, FunnelMode.SNAPSHOT)
    assert [(row["stage"], row["stage_order"], row["deals"], row["deals_amount"]) for row in rows] == [
        ("lead", 1, 1, Decimal(0)),
        ("talk", 2, 2, Decimal(1001)),
        ("offer", 3, 1, Decimal(20)),
        ("secret", None, 1, Decimal(7)),
        (None, None, 1, Decimal(8)),
    ]
    assert rows[0]["deals_amount_unknown"] == 1


def test_what_the_first_snapshot_found_did_not_come_in_the_period_unless_it_was_born_in_it() -> None:
    deals = """
    deal_id | owner_id | outcome | created_on | stage | amount
    old     | kim      | open    | 2026-09-01 | talk  | 1
    undated | kim      | open    |            | talk  | 1
    new     | kim      | open    | 2026-11-10 | talk  | 1
    moved   | kim      | open    | 2026-09-01 | talk  | 1
    """
    events = """
    deal_id | stage | entered_on | origin   | not_before_on
    old     | talk  | 2026-11-12 | snapshot |
    undated | talk  | 2026-11-12 | snapshot |
    new     | talk  | 2026-11-12 | snapshot |
    moved   | talk  | 2026-11-12 | snapshot | 2026-11-05
    """
    data = facts(deals=deals, stage_events=events, stages=STAGES)
    (flow,) = (row for row in shown(data, FunnelMode.PERIOD_FLOW, WEEK) if row["stage"] == "talk")
    assert (flow["at_start"], flow["entered"], flow["at_end"]) == (2, 2, 4)
    (cohort,) = (row for row in shown(data, FunnelMode.STAGE_ENTRY_COHORT, WEEK) if row["stage"] == "talk")
    assert (cohort["entered"], cohort["open"]) == (2, 2)
    moves = visits(data.deals, data.stage_events, data.stages)
    people = (data.activities, data.activity_people)
    assert [row["entered"] for row in rows_of(execution(data.deals, moves, *people, period=WEEK))] == [2]
    placed = rows_of(execution_by_stage(data.deals, moves, *people, period=WEEK))
    assert [(row["stage"], row["entered"]) for row in placed] == [("talk", 2)]
    came = count_arrivals(progressions(moves), data.deals, [], [STAGE], (WEEK.start, WEEK.end))[STAGE]
    assert [arrivals.n for arrivals in came.values()] == [2]


@pytest.mark.parametrize("mode", FunnelMode)
def test_every_mode_refuses_a_column_that_deals_lack(mode: FunnelMode) -> None:
    with pytest.raises(UsageError, match="colour"):
        shown(made(), mode, by=["colour"])


@pytest.mark.parametrize("mode", [mode for mode in FunnelMode if mode is not FunnelMode.SNAPSHOT])
def test_no_deals_give_counts_of_nothing(mode: FunnelMode) -> None:
    assert shown(facts(stages=STAGES), mode) == []


WAYS = ("advanced", "back", "won", "lost", "no_decision", "removed")


@given(histories(), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=15)
def test_flows_and_cohorts_add_up_whatever_happened(
    history: tuple[list[Row], list[Row]], first: int, length: int
) -> None:
    deals, events = history
    for number, deal in enumerate(deals):
        deal |= {"amount": None if number == 1 else Decimal(10**number), "created_on": date(2026, 11, 2)}
    data = facts(stages=STAGES, deals=deals, stage_events=events)
    period = Period(date(2026, 11, first), date(2026, 11, first + length))
    for row in shown(data, FunnelMode.PERIOD_FLOW, period):
        for part in ("", "_amount", "_amount_unknown"):
            out = sum(row[f"{way}{part}"] for way in WAYS)
            assert row[f"at_start{part}"] + row[f"entered{part}"] - out == row[f"at_end{part}"]
    for row in shown(data, FunnelMode.STAGE_ENTRY_COHORT):
        ends = ("reached", "lost", "no_decision", "removed", "open")
        assert row["entered"] == sum(row[end] for end in ends)
    cohort = shown(data, FunnelMode.CREATED_COHORT)
    came = [row["at_least"] for row in cohort]
    assert came == sorted(came, reverse=True)
    moved = rows_of(visits(data.deals, data.stage_events, data.stages))
    entered = {row["stage"]: row["deals"] for row in cohort if row["kind"] == "open"}
    for stage, count in entered.items():
        assert count == len({row["deal_id"] for row in moved if row["stage"] == stage})
