"""Every analysis answers on Spark what it answers on DuckDB."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

import ibis
import pyarrow as pa
import pytest

from bokgi.analysis.cohort_close_rate import cohort_close_rate
from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.due_deals import due_deals
from bokgi.analysis.execution import execution, execution_by_stage
from bokgi.analysis.funnel import FunnelMode, funnel
from bokgi.analysis.hygiene import hygiene, hygiene_by
from bokgi.analysis.lead_response import lead_response
from bokgi.analysis.period_flow import period_flow
from bokgi.analysis.pipeline_change import pipeline_change
from bokgi.analysis.progress import Subject, progress
from bokgi.analysis.stage_conversion import Risk, stage_conversion
from bokgi.analysis.standards_met import standards_met
from bokgi.analysis.time_in_stage import time_in_stage
from bokgi.analysis.velocity import velocity
from bokgi.analysis.visits import off_ladder, visits
from bokgi.analysis.win_loss import loss_reasons, win_loss
from bokgi.analysis.worth_telling import worth_telling
from bokgi.domain.period import Period
from tests.analysis.tables import Facts, arrow, calendar, facts_on, ordered, rows_of
from tests.analysis.test_visits import STAGES

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
AS_OF = date(2026, 11, 30)
TABLES: dict[str, Any] = {
    "stages": STAGES,
    "calendar": calendar(date(2026, 9, 1), date(2027, 1, 1), [date(2026, 11, 10)]),
    "accounts": "account_id | industry | segment\na | IT | SMB\nb | Food | Mid",
    "memberships": """
        person_id | team | role | share | valid_from | valid_to
        lee       | 1팀  | AE   | 1     |            | 2026-11-10
        lee       | 2팀  | AE   | 1     | 2026-11-10 |
        park      | 1팀  | AE   | 0.5   |            |
    """,
    "deals": """
        deal_id|owner_id|account_id|source|outcome|created_on|closed_on|stage|amount|expected_close_on|attributes|unknown_then
        a|lee |a|web    |open       |2026-11-09|          |talk   |5   |2026-11-20|Region=East|,
        b|lee |b|web    |won        |2026-10-01|2026-11-13|won    |7   |2026-11-20|Region=West|,
        c|lee |b|partner|open       |2026-10-01|          |offer  |    |          |           |,amount,
        d|park|a|       |lost       |2026-11-10|2026-11-15|lost   |3.25|2026-12-20|           |,
        e|    | |web    |open       |2026-10-01|          |secret |1   |2026-12-20|           |,
        f|park|a|web    |no_decision|2026-11-02|2026-11-16|stalled|11  |2026-11-20|           |,
        g|park|a|web    |removed    |2026-11-02|          |lead   |13  |2026-11-20|           |,
    """,
    "stage_events": """
        deal_id | seq | stage   | entered_on | entered_at          | origin   | not_before_on
        a       | 1   | lead    | 2026-11-09 |                     | recorded |
        a       | 1   | talk    | 2026-11-11 | 2026-11-11 03:00:00 | recorded |
        a       | 1   | lead    | 2026-11-12 |                     | recorded |
        a       | 1   | talk    | 2026-11-16 |                     | snapshot | 2026-11-12
        b       | 1   | lead    | 2026-11-02 | 2026-11-02 03:00:00 | recorded |
        b       | 1   | talk    | 2026-11-02 | 2026-11-02 04:00:00 | recorded |
        b       | 1   | won     | 2026-11-13 |                     | recorded |
        c       | 1   | lead    | 2026-10-02 |                     | recorded |
        c       | 2   | talk    | 2026-10-02 |                     | recorded |
        c       | 1   | lost    | 2026-10-20 |                     | recorded |
        c       | 1   | offer   | 2026-11-05 |                     | recorded |
        d       | 1   | talk    | 2026-11-12 |                     | recorded |
        e       | 1   | secret  | 2026-11-12 |                     | recorded |
        f       | 1   | lead    | 2026-11-02 |                     | snapshot |
        f       | 1   | stalled | 2026-11-16 |                     | recorded |
        g       | 1   | lead    | 2026-11-02 |                     | recorded |
    """,
    "deal_changes": """
        deal_id | field             | seq | old        | new        | changed_on
        b       | expected_close_on | 1   | 2026-09-01 | 2026-10-01 | 2026-08-20
        b       | expected_close_on | 2   | 2026-10-01 | 2026-11-20 | 2026-09-20
        b       | amount            | 1   | 1          | 7          | 2026-09-20
    """,
    "activities": """
        activity_id | kind    | deal_id | account_id | happened_on | happened_at         | outcome   | done  | automatic
        1           | call    | a       | a          | 2026-11-10  | 2026-11-10 05:00:00 | connected | true  | false
        2           | meeting | a       | a          | 2026-11-11  |                     | held      |       | false
        3           | email   | b       | b          | 2026-11-12  |                     | replied   | true  | true
        4           | demo    |         |            | 2026-11-12  |                     |           | true  | false
        5           | call    | c       |            | 2026-12-02  |                     |           | false | false
    """,
    "activity_people": "activity_id | person_id\n1 | lee\n2 | lee\n2 | park\n4 | park",
    "leads": """
        lead_id | owner_id | account_id | assigned_on | assigned_at         | source
        l1      | lee      | a          | 2026-11-06  | 2026-11-06 08:00:00 | web
        l2      | park     | b          | 2026-11-09  |                     | web
    """,
    "standards": "role | metric | stage | per | amount\nAE | meeting | all | week | 2\nall | call | lead | week | 1",
    "targets": """
        subject_kind | subject_id | metric     | period_start | period_end | lead_source | amount
        person       | lee        | won_amount | 2026-11-01   | 2026-12-01 | all         | 20
        person       | lee        | won_amount | 2026-11-01   | 2026-12-01 | web         | 10
        team         | 1팀        | won_amount | 2026-11-01   | 2026-12-01 | all         | 10
    """,
}
BEFORE: dict[str, Any] = {
    "deals": """
        deal_id | owner_id | outcome | stage | amount | expected_close_on
        b       | lee      | open    | talk  | 5      | 2026-11-20
        c       | park     | lost    | lost  | 5      | 2026-11-20
        d       | park     | open    | lead  |        | 2026-11-20
        z       | park     | open    | lead  | 2      | 2026-11-20
    """
}


class World:
    """The facts at two times and their visits, on one engine."""

    def __init__(self, now: Facts, then: Facts) -> None:
        self.now, self.then = now, then
        self.visits = visits(now.deals, now.stage_events, now.stages)
        self.deals = deal_traits(now.deals, now.accounts, now.memberships, on=AS_OF, attributes=["Region"])


def _hygiene(world: World) -> ibis.Table:
    now = world.now
    tables = now.stages, now.activities, now.deal_changes, now.calendar
    return hygiene(now.deals, world.visits, *tables, as_of=AS_OF)


def _funnel(world: World, mode: FunnelMode) -> ibis.Table:
    return funnel(world.deals, world.visits, world.now.stages, mode=mode, period=NOVEMBER, by=["team"])


def _conversion(world: World, risk: Risk) -> pa.Table:
    return stage_conversion(world.deals, world.visits, as_of=AS_OF, period=NOVEMBER, risk=risk, minimum_n=1)


def _time(world: World, risk: Risk) -> pa.Table:
    given: dict[str, Any] = {"as_of": AS_OF, "period": NOVEMBER, "by": ["owner_id"], "minimum_n": 1}
    return time_in_stage(world.deals, world.visits, risk=risk, **given)


ASKED: dict[str, Callable[[World], Any]] = {
    "visits": lambda w: w.visits,
    "off_ladder": lambda w: off_ladder(w.now.stage_events, w.now.stages),
    "deal_traits": lambda w: w.deals.drop("attributes"),
    **{f"funnel {mode}": partial(_funnel, mode=mode) for mode in FunnelMode},
    **{f"stage_conversion {risk}": partial(_conversion, risk=risk) for risk in Risk},
    **{f"time_in_stage {risk}": partial(_time, risk=risk) for risk in Risk},
    "period_flow": lambda w: period_flow(w.deals, w.visits, w.now.calendar, period=NOVEMBER, by=["owner_id"]),
    "pipeline_change": lambda w: pipeline_change(w.then.deals, w.now.deals, w.now.stages, by=["owner_id"]),
    "pipeline_change due": lambda w: pipeline_change(w.then.deals, w.now.deals, w.now.stages, due=NOVEMBER),
    "hygiene": _hygiene,
    "hygiene_by": lambda w: hygiene_by(_hygiene(w), w.deals, by=["team"]),
    "execution": lambda w: execution(w.now.deals, w.visits, w.now.activities, w.now.activity_people, period=NOVEMBER),
    "execution_by_stage": lambda w: execution_by_stage(
        w.now.deals, w.visits, w.now.activities, w.now.activity_people, period=NOVEMBER
    ),
    "lead_response": lambda w: lead_response(
        w.now.leads, w.now.activities, w.now.calendar, as_of=AS_OF, period=NOVEMBER, standard_hours=24, minimum_n=1
    ),
    "standards_met": lambda w: standards_met(
        w.visits,
        w.now.activities,
        w.now.activity_people,
        w.now.memberships,
        w.now.standards,
        w.now.calendar,
        period=NOVEMBER,
    ),
    "win_loss": lambda w: win_loss(w.deals, period=NOVEMBER, by=["segment"], minimum_n=1),
    "win_loss by week": lambda w: win_loss(w.deals, period=NOVEMBER, calendar=w.now.calendar, minimum_n=1),
    "loss_reasons": lambda w: loss_reasons(w.deals, period=NOVEMBER),
    "worth_telling": lambda w: worth_telling(
        w.now.deals, w.visits, w.now.stages, w.now.deal_changes, period=NOVEMBER, minimum_n=1
    ),
    "progress": lambda w: progress(
        w.deals, w.now.targets, w.now.calendar, as_of=date(2026, 11, 20), period=NOVEMBER, subject=Subject.PERSON
    ),
    "progress of teams": lambda w: progress(
        w.deals, w.now.targets, w.now.calendar, as_of=date(2026, 11, 20), period=NOVEMBER, subject=Subject.TEAM
    ),
    "due_deals": lambda w: due_deals(w.then.deals, w.now.deals, period=NOVEMBER, by=["owner_id"], minimum_n=1),
    "cohort_close_rate": lambda w: cohort_close_rate(w.deals, as_of=AS_OF, period=NOVEMBER, by_day=90, minimum_n=1),
    "velocity": lambda w: velocity(w.deals, period=NOVEMBER, minimum_n=1),
}


def answers(value: Any) -> Any:  # noqa: ANN401 - a cell may hold anything
    """Round what is computed in floating point, as engines add up in different orders; leave zones out: all are UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 9)
    return value


@pytest.fixture(scope="module")
def worlds(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:  # noqa: ANN401 - Ibis ships no types
    made = []
    for connection in (ibis.duckdb.connect(), spark):
        folders = [tmp_path_factory.mktemp(name) for name in ("now", "then")]
        made.append(
            World(
                *(facts_on(connection, folder, given) for folder, given in zip(folders, (TABLES, BEFORE), strict=True))
            )
        )
    return made[0], made[1]


# The bridge between Python and Java closes its sockets when it is collected, and says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
@pytest.mark.parametrize("question", ASKED)
def test_spark_answers_as_duckdb_does(question: str, worlds: tuple[World, World]) -> None:
    here, there = (ASKED[question](world) for world in worlds)
    told = [rows_of(answer) for answer in (here, there)]
    assert told[0], "the case must have an answer"
    one, other = ([{name: answers(value) for name, value in row.items()} for row in rows] for rows in told)
    if question in {"visits", "deal_traits"}:
        one, other = ordered(one), ordered(other)
    assert other == one


def test_the_case_has_every_table_it_needs() -> None:
    assert all(isinstance(table, pa.Table) and table.num_rows for table in arrow(TABLES).values())
