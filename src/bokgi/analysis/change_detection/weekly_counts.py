"""Weekly counts of what people and teams did, with the working time each week held."""

from __future__ import annotations

from datetime import date
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.activity import by_people, took_place
from bokgi.analysis.comparison.conditions import RAMP_DAYS
from bokgi.analysis.deal_traits import with_team
from bokgi.analysis.totals import steady_sum
from bokgi.domain.stage import Outcome

WEEKS: Final = 104
"""Weeks before the day in question that are looked at."""
ACTIVITY_METRICS: Final = ("activities", "meeting", "call", "email")
PERSON_METRICS: Final = (*ACTIVITY_METRICS, "created")
TEAM_METRICS: Final = ("activities", "created", "won", "win_rate")
WORKING_WEEK: Final = 5.0
_SHAPE: Final = {
    "subject_kind": "string",
    "subject_id": "string",
    "team": "string",
    "metric": "string",
    "week": "date",
    "count": "int64",
    "trials": "int64",
    "time": "float64",
}


def weekly_counts(
    deals: ibis.Table,
    activities: ibis.Table,
    activity_people: ibis.Table,
    memberships: ibis.Table,
    calendar: ibis.Table,
    *,
    as_of: date,
    known: ibis.Table | None = None,
) -> ibis.Table:
    """How much each person and team did in each week, and how much working time the week held for them.

    Reads `deals` (one row per deal), `activities`, `activity_people`, `memberships` (person × team × role for a time)
    and `calendar`, all as of the end of `as_of`. `known`: `acted` of these activities (more that come later do no
    harm), where it is known already.

    Gives one row per series and week, weeks without anything included: `subject_kind` (`person`, `team`), `subject_id`,
    `team` (the person's in that week; null: none), `metric`, `week` (its Monday), `count`, `trials` (of how many, for
    `win_rate`; null: a count), `time` (full working weeks: working days ÷ 5 × share of time; for a team the sum over
    its people). Persons: activities by a person, meetings, calls, e-mails, deals created. Teams: activities, deals
    created, deals won, and won of the deals that were decided. What one person won is not counted here: it is too
    little to tell a change from chance.

    Counts how: the last 104 weeks that are over (no working day left after `as_of`). A metric begins and ends with the
    weeks in which anybody has any: before and after, nothing was recorded. People without memberships count with full
    time from the first week in which they did anything; people in their first 180 days in the company are left out as
    persons, and who is a team's leader only (no activities, no deals) has no row. An activity of two people counts for
    each of them, and in a team once for each of its people. Weeks without a working day have no row.

    Small numbers: none are judged here, see `changes`. Refuses: nothing. Do not read `count` without `time`: a week
    with a holiday is short. Source: own definition; `tests/analysis/change_detection`.

    >>> import pyarrow as pa
    >>> from bokgi.facts.schema import TABLES
    >>> def table(name, **row):
    ...     schema = pa.schema([column.arrow().with_nullable(True) for column in TABLES[name].columns])
    ...     return ibis.memtable(pa.Table.from_pylist([row], schema=schema))
    >>> monday = date(2026, 11, 2)
    >>> deal = table("deals", deal_id="d", owner_id="kim", outcome="open", created_on=monday)
    >>> call = table("activities", activity_id="a", kind="call", automatic=False, happened_on=monday)
    >>> by = table("activity_people", activity_id="a", person_id="kim")
    >>> member = table("memberships", person_id="kim", team="1팀", share=0.5, started_on=date(2020, 1, 6))
    >>> day = table("calendar", day=monday, working=True, week_start=monday)
    >>> found = weekly_counts(deal, call, by, member, day, as_of=date(2026, 11, 8))
    >>> found.filter(_.metric == "call").select("subject_id", "team", "count", "time").to_pyarrow().to_pylist()
    [{'subject_id': 'kim', 'team': '1팀', 'count': 1, 'time': 0.1}]
    """
    weeks = _weeks(calendar, as_of)
    days = calendar.filter(_.working).select("day", week="week_start").semi_join(weeks, "week")
    every_day = calendar.select("day", week="week_start").semi_join(weeks, "week")
    done = acted(activities, activity_people) if known is None else known
    did = _activities(done, every_day, as_of)
    made, ended = _created(deals, every_day), _decided(deals, memberships, every_day)
    counted = ibis.union(did, made)
    time = _time(counted, memberships, days, weeks)
    persons = _filled(_active(time, counted).filter(~_.ramp), counted, PERSON_METRICS).mutate(
        subject_kind=ibis.literal("person"), subject_id=_.person_id, trials=ibis.null("int64")
    )
    teams = _teams(time, counted, ended)
    return ibis.union(persons.select(*_SHAPE).cast(_SHAPE), teams.select(*_SHAPE).cast(_SHAPE))


def _weeks(calendar: ibis.Table, as_of: date) -> ibis.Table:
    """Give the weeks that are over, the latest `WEEKS` of them, with their last day."""
    left = (_.working & (_.day > as_of)).cast("int64").sum()
    over = calendar.group_by(week="week_start").agg(last=_.day.max(), left=left).filter(_.left == 0)
    over = over.filter(_.week <= as_of)
    latest = ibis.window(order_by=_.week.desc())
    ranked = over.mutate(place=ibis.row_number().over(latest)).filter(_.place < WEEKS)
    return ranked.select("week", "last")


def acted(activities: ibis.Table, activity_people: ibis.Table) -> ibis.Table:
    """How many activities each person took part in, by kind and day: the part of `weekly_counts` that takes long.

    Reads `activities` and `activity_people`. Gives `person_id, kind, day, n`, one row per combination, of activities by
    people that took place if their day has passed: `weekly_counts` cuts them to any day.

    >>> import pyarrow as pa
    >>> rows = {"activity_id": ["a", "b"], "kind": ["call"] * 2, "happened_on": [date(2026, 11, 2)] * 2}
    >>> rows |= {"automatic": [False, True], "done": [True] * 2, "outcome": ["connected"] * 2}
    >>> by = ibis.memtable(pa.table({"activity_id": ["a", "b"], "person_id": ["kim"] * 2}))
    >>> acted(ibis.memtable(pa.table(rows)), by).to_pyarrow().to_pylist()
    [{'person_id': 'kim', 'kind': 'call', 'day': datetime.date(2026, 11, 2), 'n': 1}]
    """
    ours = by_people(activities).filter(took_place()).select("activity_id", "kind", day="happened_on")
    took_part = ours.join(activity_people.select("activity_id", "person_id"), "activity_id")
    return took_part.group_by("person_id", "kind", "day").agg(n=_.count())


def _activities(done: ibis.Table, days: ibis.Table, as_of: date) -> ibis.Table:
    """Count activities by person, metric and week."""
    by = done.filter(_.day <= as_of).join(days, "day")
    kinds = by.filter(_.kind.isin(ACTIVITY_METRICS)).group_by("person_id", "week", metric="kind").agg(count=_.n.sum())
    every = by.group_by("person_id", "week").agg(count=_.n.sum()).mutate(metric=ibis.literal("activities"))
    columns = ["person_id", "week", "metric", "count"]
    return ibis.union(kinds.select(columns), every.select(columns))


def _created(deals: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Count deals created by owner and week."""
    made = deals.filter(_.owner_id.notnull()).join(days, deals.created_on == days.day)
    counted = made.group_by("week", person_id="owner_id").agg(count=_.count())
    return counted.mutate(metric=ibis.literal("created")).select("person_id", "week", "metric", "count")


def _decided(deals: ibis.Table, memberships: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Count deals won and decided by the owner's team on the day they closed, and week."""
    decided = [Outcome.WON.value, Outcome.LOST.value, Outcome.NO_DECISION.value]
    closed = deals.filter(_.outcome.isin(decided) & _.owner_id.notnull()).select("owner_id", "outcome", day="closed_on")
    dated = closed.join(days, "day")
    placed = with_team(dated, memberships, person="owner_id", on=dated.day)
    return placed.group_by("team", "week").agg(
        won=(_.outcome == Outcome.WON.value).cast("int64").sum(), decided=_.count()
    )


def _time(counted: ibis.Table, memberships: ibis.Table, days: ibis.Table, weeks: ibis.Table) -> ibis.Table:
    """Give each person's working time by week, their team then, and whether they are in their first 180 days."""
    member = memberships.select("person_id", "share", "valid_from", "valid_to", "left_on")
    worked = member.join(
        days,
        [
            member.valid_from.isnull() | (member.valid_from <= days.day),
            member.valid_to.isnull() | (member.valid_to > days.day),
            member.left_on.isnull() | (member.left_on > days.day),
        ],
    )
    known = worked.group_by("person_id", "week").agg(time=steady_sum(_.share) / WORKING_WEEK)
    first = counted.group_by("person_id").agg(first=_.week.min()).anti_join(memberships, "person_id")
    full = days.group_by("week").agg(time=_.count() / WORKING_WEEK)
    others = first.join(full, first.first <= full.week).select("person_id", "week", "time")
    both = ibis.union(known.select("person_id", "week", "time"), others).filter(_.time > 0)
    placed = both.join(weeks, "week")
    placed = with_team(placed, memberships, person="person_id", on=placed.last)
    began = memberships.group_by("person_id").agg(began_on=_.started_on.min())
    told = placed.left_join(began, "person_id", rname="of_{name}")
    in_ramp = ibis.coalesce(-_.began_on.delta(_.week, unit="day") < RAMP_DAYS, ibis.literal(value=False))
    return told.select("person_id", "week", "time", "team", ramp=in_ramp)


def _active(time: ibis.Table, counted: ibis.Table) -> ibis.Table:
    """Keep people who did anything at all."""
    return time.semi_join(counted, "person_id")


def _filled(time: ibis.Table, counted: ibis.Table, metrics: tuple[str, ...]) -> ibis.Table:
    """Give every week of every person and metric, with a count of 0 where there is none, within the recorded weeks."""
    spans = counted.filter(_.metric.isin(metrics)).group_by("metric").agg(begun=_.week.min(), ended=_.week.max())
    wanted = time.join(spans, (time.week >= spans.begun) & (time.week <= spans.ended))
    joined = wanted.left_join(counted, ["person_id", "week", "metric"], rname="of_{name}")
    return joined.mutate(count=ibis.coalesce(_["count"], 0))


def _teams(time: ibis.Table, counted: ibis.Table, ended: ibis.Table) -> ibis.Table:
    """Count what teams did, with the working time of their people, those in their first days included."""
    active = _active(time, counted)
    did = _filled(active, counted, ("activities", "created")).group_by("team", "week", "metric")
    sums = did.agg(count=_["count"].sum(), time=steady_sum(_.time)).mutate(trials=ibis.null("int64"))
    span = ended.agg(begun=_.week.min(), ended=_.week.max())
    worked = active.group_by("team", "week").agg(time=steady_sum(_.time)).cross_join(span)
    worked = worked.filter((_.week >= _.begun) & (_.week <= _.ended))
    same_team = worked.team.identical_to(ended.team) & (worked.week == ended.week)
    closed = worked.left_join(ended, same_team, rname="of_{name}").mutate(
        won=ibis.coalesce(_.won, 0), decided=ibis.coalesce(_.decided, 0)
    )
    columns = ["team", "week", "metric", "count", "trials", "time"]
    won = closed.mutate(metric=ibis.literal("won"), count=_.won, trials=ibis.null("int64")).select(columns)
    rate = closed.mutate(metric=ibis.literal("win_rate"), count=_.won, trials=_.decided).select(columns)
    every = ibis.union(sums.select(columns), won, rate)
    return every.mutate(subject_kind=ibis.literal("team"), subject_id=_.team)
