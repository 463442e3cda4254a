"""Did people do what the team set as its standard of action."""

from __future__ import annotations

from typing import Final

import ibis
from ibis import _

from bokgi.analysis.execution import KINDS, activities_by, in_stage
from bokgi.domain.period import Period

_WEEK: Final = 5.0
ALL: Final = "all"


def standards_met(
    visits: ibis.Table,
    activities: ibis.Table,
    activity_people: ibis.Table,
    memberships: ibis.Table,
    standards: ibis.Table,
    calendar: ibis.Table,
    *,
    period: Period,
) -> ibis.Table:
    """How much of each weekly standard of action each person did in the period.

    Reads `standards` (those with `per` = `week` and a metric in `execution.KINDS`; for a role or `all`, a stage or
    `all`), `memberships` (person × team × role for a time), `visits`, `activities`, `activity_people` and `calendar`.

    Gives one row per person and standard that holds for them, in order: `person_id, role, metric, stage`,
    `done` (activities of the kind that count, in that stage or anywhere), `standard` (asked for in the period: the
    weekly number × the person's share of time × working days in the role ÷ 5, so that a week with a holiday asks for
    less), `met` (`done` ≥ `standard`).

    Counts how: as `execution`. Of several versions of a standard the one valid on the last day of the period holds.
    Who is in two teams with one role is asked once, for the sum of the shares.

    Small numbers: none are judged here. Refuses: nothing; without standards there are no rows. Do not use it as a
    score: activities are a means. Source: own definition; `tests/analysis/test_execution.py`.

    >>> import pyarrow as pa
    >>> week = Period.week("2026-W45")
    >>> none = pa.array([None], pa.date32())
    >>> visits = pa.table({"deal_id": ["x"], "visit": [1], "pipeline": ["p"], "stage": ["talk"], "stage_order": [1]})
    >>> visits = visits.append_column("entered_on", pa.array([week.start])).append_column("left_on", none)
    >>> visits = ibis.memtable(visits.append_column("exit", pa.array(["open"])))
    >>> call = {"activity_id": ["a"], "kind": ["call"], "deal_id": ["d"], "happened_on": [week.start]}
    >>> call = ibis.memtable(pa.table(call | {"automatic": [False], "done": [True], "outcome": ["connected"]}))
    >>> by = ibis.memtable(pa.table({"activity_id": ["a"], "person_id": ["kim"]}))
    >>> valid = {"valid_from": none, "valid_to": none}
    >>> member = ibis.memtable(pa.table({"person_id": ["kim"], "role": ["AE"], "share": [1.0]} | valid))
    >>> rule = {"role": ["AE"], "metric": ["call"], "stage": ["all"], "per": ["week"], "amount": [10.0]}
    >>> days = ibis.memtable(pa.table({"day": [week.start], "working": [True]}))
    >>> found = standards_met(visits, call, by, member, ibis.memtable(pa.table(rule | valid)), days, period=week)
    >>> found.to_pyarrow().to_pylist()
    [{'person_id': 'kim', 'role': 'AE', 'metric': 'call', 'stage': 'all', 'done': 1, 'standard': 2.0, 'met': False}]
    """
    weekly = _weekly(standards, period=period)
    asked = _asked(memberships, weekly, calendar, period=period)
    kinds = weekly.select(of_kind="metric")
    ours = activities.semi_join(kinds, activities.kind == kinds.of_kind)
    acts = activities_by(ours, activity_people, period=period).filter(_.person_id.notnull())
    anywhere = acts.group_by("person_id", metric="kind").agg(done=_.count()).mutate(stage=ibis.literal(ALL))
    # In which stage a deal stood is looked up only for what a standard asks for in a stage.
    staged = weekly.filter(_.stage != ALL).select(of_kind="metric")
    placed = in_stage(acts.semi_join(staged, acts.kind == staged.of_kind), visits).filter(_.stage.notnull())
    somewhere = placed.group_by("person_id", "stage", metric="kind").agg(done=_.count())
    columns = {"person_id": "string", "metric": "string", "stage": "string", "done": "int64"}
    done = ibis.union(anywhere.select(*columns).cast(columns), somewhere.select(*columns).cast(columns))
    told = asked.left_join(done, ["person_id", "metric", "stage"], rname="of_{name}")
    told = told.mutate(done=ibis.coalesce(_.done, 0))
    return told.select("person_id", "role", "metric", "stage", "done", "standard", met=_.done >= _.standard).order_by(
        "person_id", "role", "metric", "stage"
    )


def _asked(memberships: ibis.Table, weekly: ibis.Table, calendar: ibis.Table, *, period: Period) -> ibis.Table:
    """What each person is asked for in the period, by standard (`_weekly`)."""
    days = calendar.filter(_.working & (_.day >= period.start) & (_.day < period.end)).select("day")
    roles = memberships.filter(_.role.notnull()).select("person_id", "role", "share", "valid_from", "valid_to")
    worked = roles.join(
        days,
        [
            roles.valid_from.isnull() | (roles.valid_from <= days.day),
            roles.valid_to.isnull() | (roles.valid_to > days.day),
        ],
    )
    time = worked.group_by("person_id", "role").agg(weeks=_.share.sum() / _WEEK)
    asked = time.join(weekly, (weekly.for_role == ALL) | (weekly.for_role == time.role))
    return asked.select("person_id", "role", "metric", "stage", standard=_.amount * _.weeks)


def _weekly(standards: ibis.Table, *, period: Period) -> ibis.Table:
    """The weekly standards that hold at the end of the period: `for_role, metric, stage, amount`."""
    latest = ibis.window(
        group_by=["role", "metric", "stage"], order_by=[_.valid_from.desc(nulls_first=False), _.amount.desc()]
    )
    holds = (_.valid_from.isnull() | (_.valid_from < period.end)) & (_.valid_to.isnull() | (_.valid_to > period.last))
    weekly = standards.filter(holds & (_.per == "week") & _.metric.isin(KINDS))
    weekly = weekly.mutate(place=ibis.row_number().over(latest)).filter(_.place == 0)
    return weekly.select("metric", "stage", "amount", for_role="role")
