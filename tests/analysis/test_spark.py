"""Every analysis answers on Spark what it answers on DuckDB."""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis import _

from bokgi import analysis
from bokgi.analysis.bottleneck import bottlenecks
from bokgi.analysis.causes import Reading, causes
from bokgi.analysis.change_detection import changes
from bokgi.analysis.change_detection.weekly_counts import weekly_counts
from bokgi.analysis.cohort_close_rate import cohort_close_rate
from bokgi.analysis.commitments import deal_progress
from bokgi.analysis.comparison import compare_people
from bokgi.analysis.comparison.cells import counted as counted_cases
from bokgi.analysis.comparison.conditions import conditions
from bokgi.analysis.concentration import concentration, resilience
from bokgi.analysis.concentration.won import people_time, won_cells
from bokgi.analysis.content_effect import content_effect
from bokgi.analysis.content_effect.deal_weeks import deal_weeks, first_exposures
from bokgi.analysis.credit import credited, owner_at_close
from bokgi.analysis.data_gaps import gap_owners, gap_sums, gaps, usual_amounts
from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.decomposition import person_gap, won_change
from bokgi.analysis.discussed_deals import discussed_deals, open_at_meeting
from bokgi.analysis.due_deals import due_deals
from bokgi.analysis.execution import execution, execution_by_stage
from bokgi.analysis.forecast import forecast
from bokgi.analysis.funnel import FunnelMode, counted, funnel
from bokgi.analysis.hygiene import hygiene, hygiene_by
from bokgi.analysis.lead_response import lead_response, waiting_cells
from bokgi.analysis.period_flow import period_flow
from bokgi.analysis.pipeline_change import pipeline_change, pipeline_moves
from bokgi.analysis.progress import Subject, progress
from bokgi.analysis.progressions import progressions
from bokgi.analysis.pushes import pushes
from bokgi.analysis.results_by_month import activities_by_month, results_by_month
from bokgi.analysis.stage_conversion import Risk, stage_conversion
from bokgi.analysis.stage_order import reversed_stages
from bokgi.analysis.standards_met import standards_met
from bokgi.analysis.time_in_stage import time_in_stage
from bokgi.analysis.trends import cycles
from bokgi.analysis.velocity import velocity
from bokgi.analysis.visits import off_ladder, visits
from bokgi.analysis.win_loss import loss_reasons, win_loss
from bokgi.analysis.worth_telling import worth_telling
from bokgi.domain.period import Period
from tests.analysis.tables import Facts, arrow, calendar, facts, facts_on, ordered, rows_of
from tests.analysis.test_visits import STAGES

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
DECEMBER = Period(date(2026, 12, 1), date(2027, 1, 1))
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
    "deal_people": "deal_id | person_id | share\nb | lee | 0.75\nb | park | 0.25",
    "content_events": """
        event_id | content_id | deal_id | kind   | happened_on
        1        | case       | a       | sent   | 2026-11-12
        2        | case       | a       | opened | 2026-11-19
        3        | price      | b       | sent   | 2026-11-05
    """,
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
PROMISED: dict[str, Any] = {
    "key": ["one", "two"],
    "deal_id": ["a", "b"],
    "made_on": [date(2026, 11, 10), date(2026, 11, 9)],
    "made_at": [datetime(2026, 11, 10, 1, tzinfo=UTC), datetime(2026, 11, 9, 1, tzinfo=UTC)],
    "until_on": [date(2026, 11, 17)] * 2,
}


class World:
    """The facts at two times, and what one engine made of them: visits and deals with their team and account."""

    def __init__(self, now: Facts, then: Facts) -> None:
        self.now, self.then = now, then
        self.visits = visits(now.deals, now.stage_events, now.stages)
        self.deals = deal_traits(now.deals, now.accounts, now.memberships, on=AS_OF, attributes=["Region"])

    def settled(self, engine: Any, folder: Path) -> World:  # noqa: ANN401 - any Ibis backend
        """Put what was made into files: Spark takes longer to plan what is made of much than to run it."""
        for name in ("visits", "deals"):
            path = str(folder / f"{name}_made.parquet")
            getattr(self, name).to_parquet(path)
            setattr(self, name, engine.read_parquet(path))
        return self


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


def _gaps(world: World) -> ibis.Table:
    return gaps(world.deals, world.now.stages, world.now.activities, as_of=AS_OF)


def _moves(world: World) -> ibis.Table:
    return pipeline_moves(world.then.deals, world.now.deals, world.now.stages)


def _decided(world: World) -> ibis.Table:
    return world.deals.filter(world.deals.closed_on.notnull()).mutate(won=world.deals.outcome == "won")


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
    "progressions": lambda w: progressions(w.visits),
    "pushes": lambda w: pushes(w.now.deal_changes),
    "gaps": _gaps,
    "gap_sums": lambda w: gap_sums(_gaps(w), period=NOVEMBER),
    "gap_owners": lambda w: gap_owners(_gaps(w)),
    "usual_amounts": lambda w: usual_amounts(_gaps(w)),
    "counted of the funnel": lambda w: counted(
        w.deals,
        w.visits,
        w.now.stages,
        mode=FunnelMode.PERIOD_FLOW,
        period=NOVEMBER,
        pipeline="default",
        stage="talk",
        figure="entered",
    ),
    "counted of a comparison": lambda w: counted_cases(
        _decided(w), keys=["source", "segment"], person="owner_id", success="won"
    ),
    "conditions": lambda w: conditions(w.deals, w.now.memberships).drop("attributes"),
    "pipeline_moves": _moves,
    "results_by_month": lambda w: results_by_month(w.deals, period=NOVEMBER),
    "activities_by_month": lambda w: activities_by_month(
        w.now.activities, w.now.activity_people, as_of=AS_OF, period=NOVEMBER
    ),
    "owner_at_close": lambda w: owner_at_close(w.now.deals, w.now.deal_changes).drop("attributes", "attributes_seen"),
    "credited": lambda w: credited(w.deals.drop("attributes"), w.now.deal_people),
    "people_time": lambda w: people_time(w.now.memberships, period=NOVEMBER),
    "won_cells": lambda w: won_cells(w.deals, period=NOVEMBER),
    "weekly_counts": lambda w: weekly_counts(
        w.deals, w.now.activities, w.now.activity_people, w.now.memberships, w.now.calendar, as_of=AS_OF
    ),
    "deal_weeks": lambda w: deal_weeks(w.deals, w.visits, w.now.activities, w.now.calendar, as_of=AS_OF),
    "first_exposures": lambda w: first_exposures(w.now.content_events, w.now.calendar, as_of=AS_OF),
    "open_at_meeting": lambda w: open_at_meeting(
        w.deals, w.visits, w.visits, on=date(2026, 11, 9), until=date(2026, 11, 16), discussed=["a", "c"]
    ),
    "cycles": lambda w: cycles(w.deals, [NOVEMBER]),
    "velocity": lambda w: velocity(w.deals, period=NOVEMBER, minimum_n=1),
    "deal_progress": lambda w: deal_progress(
        ibis.memtable(pa.table(PROMISED)), w.visits, w.now.deals, w.now.activities, w.now.deal_changes
    ),
}


UNORDERED: Final = frozenset(
    {
        "visits",
        "deal_traits",
        "progressions",
        "pushes",
        "gaps",
        "counted of the funnel",
        "counted of a comparison",
        "conditions",
        "pipeline_moves",
        "owner_at_close",
        "credited",
        "people_time",
        "won_cells",
        "weekly_counts",
        "deal_weeks",
        "first_exposures",
        "open_at_meeting",
        "cycles",
    }
)
"""Answers without an order of their own, or whose order is left to who reads them."""

PARTS: Final = {
    "activity": "execution, hygiene",
    "bottleneck": "bottlenecks",
    "execution": "execution",
    "funnel": "funnel",
    "hygiene": "hygiene",
    "lead_response": "lead_response",
    "deal_traits": "deal_traits",
    "forecast": "forecast",
    "comparison": "compare_people",
    "comparison.conditions": "conditions",
    "concentration": "concentration",
    "content_effect": "content_effect",
    "decomposition": "won_change",
    "period_flow": "period_flow",
    "progress": "progress",
    "stage_conversion": "stage_conversion",
    "time_in_stage": "time_in_stage",
    "trends": "cycles",
    "visits": "visits",
    "win_loss": "win_loss",
    "change_detection": "changes",
}
"""Modules (or one function) whose other functions are parts of what is asked."""


def public_analyses() -> set[str]:
    """Name every public function of the analysis that reads an Ibis table, with its module."""
    found = set()
    for module in pkgutil.walk_packages(analysis.__path__, "bokgi.analysis."):
        there = importlib.import_module(module.name)
        for name, function in inspect.getmembers(there, inspect.isfunction):
            kinds = [str(one.annotation) for one in inspect.signature(function).parameters.values()]
            reads = any(kind.startswith(("ibis.Table", "ir.Table")) for kind in kinds)
            if function.__module__ == module.name and not name.startswith("_") and reads:
                found.add(f"{module.name.removeprefix('bokgi.analysis.')}.{name}")
    return found


def within(name: str, places: object) -> bool:
    """Tell whether a function, its module, or the folder of that is among some places."""
    parts = name.split(".")
    assert isinstance(places, dict)
    return any(".".join(parts[:end]) in places for end in range(1, len(parts) + 1))


def test_every_analysis_is_asked_of_spark() -> None:
    asked = {name.split(" ")[0] for name in (*ASKED, *JUDGED)}
    left = {name for name in public_analyses() if name.rsplit(".", 1)[-1] not in asked}
    assert {name for name in left if not within(name, PARTS)} == set()


def test_no_part_outlives_what_it_is_a_part_of() -> None:
    known = public_analyses()
    stale = {place for place in PARTS if not any(within(name, {place: ""}) for name in known)}
    assert stale == set()


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
        now, then = (
            facts_on(connection, folder, given) for folder, given in zip(folders, (TABLES, BEFORE), strict=True)
        )
        made.append(World(now, then).settled(connection, folders[0]))
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
    if question in UNORDERED:
        one, other = ordered(one), ordered(other)
    assert other == one


DEALS: Final = 150


def a_longer_history() -> dict[str, Any]:
    """Deals of a year and a half, one every four days: some change hands, some stand open, some cells are empty."""
    born = [date(2025, 4, 1) + timedelta(days=4 * n) for n in range(DEALS)]
    ended = [on + timedelta(days=30 + 7 * (n % 5)) for n, on in enumerate(born)]
    over = [on <= AS_OF and n % 11 != 5 for n, on in enumerate(ended)]
    outcome = [("won", "lost")[n % 3 == 2] if over[n] else "open" for n in range(DEALS)]
    names = [f"d{n:03d}" for n in range(DEALS)]
    deals = [
        {
            "deal_id": names[n],
            "owner_id": ("lee", "park", "kim", "seo", None)[n % 4 if n % 13 else 4],
            "account_id": "ab"[n % 2],
            "source": ("web", "partner", None)[n % 3],
            "stage": outcome[n] if over[n] else ("lead", "talk")[(AS_OF - born[n]).days > 15],
            "outcome": outcome[n],
            "created_on": born[n],
            "closed_on": ended[n] if over[n] else None,
            "expected_close_on": None if n % 9 == 4 else ended[n] + timedelta(days=n % 20),
            "amount": None if n % 17 == 3 else Decimal(100 + 10 * (n % 7)),
        }
        for n in range(DEALS)
    ]
    steps = [(names[n], 1, "lead", born[n]) for n in range(DEALS)]
    steps += [(names[n], 2, "talk", born[n] + timedelta(days=15)) for n in range(0, DEALS, 2)]
    steps += [(names[n], 3, "lead", born[n] + timedelta(days=16)) for n in range(0, DEALS, 6)]
    events: list[dict[str, Any]] = [
        dict(zip(("deal_id", "seq", "stage", "entered_on"), one, strict=True)) for one in steps
    ]
    changes: list[dict[str, Any]] = []
    for n in range(0, DEALS, 3):
        moved = {"deal_id": names[n], "seq": 1, "changed_on": min(born[n] + timedelta(days=20), AS_OF)}
        due = deals[n]["expected_close_on"]
        changes += [{**moved, "field": "owner_id", "old": "kim", "new": deals[n]["owner_id"]}] if n % 2 else []
        changes += [{**moved, "field": "amount", "old": "90", "new": str(deals[n]["amount"])}]
        changes += [{**moved, "field": "expected_close_on", "old": str(born[n]), "new": str(due)}] if due else []
    acts = [
        {"activity_id": name, "kind": "call", "deal_id": name, "happened_on": on}
        for name, on in zip(names, born, strict=True)
    ]
    sent = [("case", "price")[n % 2] for n in range(DEALS)]
    return {
        "accounts": TABLES["accounts"],
        "activities": acts,
        "activity_people": [{"activity_id": row["deal_id"], "person_id": row["owner_id"] or "lee"} for row in deals],
        "calendar": calendar(date(2025, 1, 1), date(2027, 1, 1)),
        "content_events": [
            {"event_id": name, "content_id": sent[n], "deal_id": name, "kind": "sent", "happened_on": born[n]}
            for n, name in enumerate(names)
            if n % 3
        ],
        "deal_changes": changes,
        "deals": deals,
        "memberships": [{"person_id": person, "team": "1팀", "share": 1.0} for person in ("lee", "park", "kim", "seo")],
        "stage_events": [row for row in events if row["entered_on"] <= AS_OF],
        "stages": STAGES,
    }


def _causes(w: Any) -> tuple[Reading, ...]:  # noqa: ANN401 - a namespace of Ibis tables
    found = changes(w.weekly)
    compared = compare_people(w.decided, factors=["source"], draws=50)
    given: dict[str, Any] = {"comparison": compared, "changes": found, "sure_changes": found, "late_hours": 24.0}
    return causes(w.deals, w.progressions, w.care, w.waits, w.memberships, as_of=AS_OF, factors=["source"], **given)


LAST_HALF: Final = Period(date(2026, 6, 1), date(2026, 12, 1))
HALF_BEFORE: Final = Period(date(2025, 12, 1), date(2026, 6, 1))
_SPLIT: Final[dict[str, Any]] = {"as_of": AS_OF, "by": ["source"]}

JUDGED: dict[str, Callable[[Any], Any]] = {
    "forecast": lambda w: forecast(
        w.deals, w.visits, as_of=AS_OF, period=DECEMBER, changes=w.deal_changes, stages=w.stages, factors=["source"]
    ),
    "bottlenecks": lambda w: bottlenecks(
        w.progressions, w.visits, w.deals, as_of=AS_OF, by=["owner_id"], conditions=["source"]
    ),
    "changes": lambda w: changes(w.weekly),
    "compare_people": lambda w: compare_people(w.decided, factors=["source"], with_value=True, draws=50),
    "concentration": lambda w: concentration(w.deals, w.time, period=LAST_HALF, worlds=50),
    "resilience": lambda w: resilience(w.deals, w.time, period=LAST_HALF, target=Decimal(5_000)),
    "content_effect": lambda w: content_effect(w.weeks, content=w.exposures),
    "won_change": lambda w: won_change(
        w.deals, w.visits, w.deal_changes, before=HALF_BEFORE, after=LAST_HALF, **_SPLIT
    ),
    "person_gap": lambda w: person_gap(
        w.deals, w.visits, w.deal_changes, person="lee", other="park", period=LAST_HALF, **_SPLIT
    ),
    "discussed_deals": lambda w: discussed_deals(w.met, minimum_n=1),
    "reversed_stages": lambda w: reversed_stages(
        w.visits.mutate(stage_order=-w.visits.stage_order, next_order=-w.visits.next_order)
    ),
    "causes": _causes,
}
"""Analyses that judge in memory what the engine counts, on `a_longer_history` and what was made of it."""


def _steps(given: dict[str, Any]) -> dict[str, ibis.Table]:
    """What is asked of Spark by itself, and more is made of."""
    now = facts(**given)
    deals = deal_traits(now.deals, now.accounts, now.memberships, on=AS_OF).drop("attributes").cache()
    told = visits(now.deals, now.stage_events, now.stages).cache()
    people = now.memberships
    acts = now.activities, now.activity_people
    before = date(2026, 11, 16)
    return {
        "deals": deals,
        "deal_changes": now.deal_changes,
        "stages": now.stages,
        "visits": told,
        "progressions": progressions(told),
        "weekly": weekly_counts(deals, *acts, people, now.calendar, as_of=AS_OF),
        "decided": deals.filter(deals.closed_on.notnull() & deals.owner_id.notnull()).mutate(won=_.outcome == "won"),
        "care": hygiene(now.deals, told, now.stages, now.activities, now.deal_changes, now.calendar, as_of=AS_OF),
        "waits": waiting_cells(now.leads, now.activities, now.calendar, as_of=AS_OF, period=LAST_HALF),
        "memberships": people,
        "time": people_time(people, period=LAST_HALF),
        "weeks": deal_weeks(deals, told, now.activities, now.calendar, as_of=AS_OF),
        "exposures": first_exposures(now.content_events, now.calendar, as_of=AS_OF),
        "met": open_at_meeting(
            deals, told, told, on=before, until=AS_OF, discussed=[f"d{n:03d}" for n in range(0, 150, 2)]
        ),
    }


@pytest.fixture(scope="module")
def lasting(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[SimpleNamespace, SimpleNamespace]:  # noqa: ANN401 - as above
    folder = tmp_path_factory.mktemp("lasting")
    tables = _steps(a_longer_history())
    for name, table in tables.items():
        pq.write_table(table.to_pyarrow(), folder / f"{name}.parquet")
    here, there = (
        SimpleNamespace(**{name: engine.read_parquet(str(folder / f"{name}.parquet")) for name in tables})
        for engine in (ibis.duckdb.connect(), spark)
    )
    return here, there


def alike(value: Any) -> Any:  # noqa: ANN401 - an answer may hold anything
    """Round an answer to what engines that add up in different orders agree on."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: alike(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray | list | tuple):
        return [alike(one) for one in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, Mapping):
        return {key: alike(one) for key, one in value.items()}
    return f"{value:.9g}" if isinstance(value, float) else value


# As above.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
@pytest.mark.parametrize("question", JUDGED)
def test_spark_judges_as_duckdb_does(question: str, lasting: tuple[SimpleNamespace, SimpleNamespace]) -> None:
    here, there = (JUDGED[question](world) for world in lasting)
    assert here, "the case must have an answer"
    assert getattr(here, "reason", None) is None
    assert alike(there) == alike(here)


def test_the_case_has_every_table_it_needs() -> None:
    assert all(isinstance(table, pa.Table) and table.num_rows for table in arrow(TABLES).values())
