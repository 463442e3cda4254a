"""Execution check: what each person did in the week, at each stage, against the standard and the weeks before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.execution import KINDS, activities_by, execution_by_stage
from bokgi.analysis.execution import execution as executed
from bokgi.analysis.period_flow import period_flow
from bokgi.analysis.standards_met import standards_met
from bokgi.analysis.totals import totals
from bokgi.analysis.usual_range import usual_range
from bokgi.apps.reviews.pack.scope import USUAL_WEEKS, Row, Scope, rows, worth
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

FLOWS: Final = ("created", "won", "lost", "no_decision")
ACTIVITIES: Final = "activities"
METRIC_NAMES: Final = {
    "meeting": Message(N_("meetings")),
    "call": Message(N_("calls")),
    "email": Message(N_("e-mails")),
    "message": Message(N_("messages")),
}
_ALL: Final = "all"


def execution(
    scope: Scope, stages: Sequence[Row], care: Mapping[str | None, Row], all_care: Row
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Tell what each person did, and the sums with what is usual.

    Everybody is listed who was in the team in the period or has deals or activities; the deals of nobody count in the
    sums only. An activity of two people counts for each of them and once in the sums.
    """
    week = scope.seen
    late = scope.lately
    did = {
        row["person_id"]: row for row in rows(executed(late.deals, late.visits, late.activities, late.who, period=week))
    }
    placed = rows(execution_by_stage(late.deals, late.visits, late.activities, late.who, period=week))
    keys = {(stage["pipeline"], stage["stage"]): stage["key"] for stage in stages}
    asked = standards(scope, week)
    lately = _weeks_by_person(scope)
    people = sorted(
        _listed(scope, did), key=lambda person: (scope.teams.get(person, "~"), scope.name(person) or "", person)
    )
    told = [
        {"person_id": person, "name": scope.name(person), "team": scope.teams.get(person)}
        | _row(did.get(person, {}), care.get(person, {}), scope)
        | {
            "standard": asked.get(person, []),
            "weeks": lately.get(person, []),
            "entered": _entered([row for row in placed if row["person_id"] == person], keys),
            "by_stage": _by_stage([row for row in placed if row["person_id"] == person], keys),
            "care": _care(care.get(person, _NOTHING)),
        }
        for person in people
    ]
    sums = (
        _sums(scope, week)
        | _joint(scope, week)
        | {
            "standard": [],
            "entered": _entered(placed, keys),
            "by_stage": _by_stage(placed, keys),
            "care": _care(all_care),
        }
    )
    return told, {"this_week": sums, "last_week": _last_week(scope), "usual": usual(scope, sums)}


_NOTHING: Final = {"no_next_step": 0, "close_passed": 0, "untouched": 0, "nothing_planned": 0}


def _care(found: Row) -> dict[str, int | None]:
    return {
        "no_next_step": found["no_next_step"],
        "close_date_passed": found["close_passed"],
        "untouched": found["untouched"],
        "nothing_planned": found["nothing_planned"],
    }


def _row(row: Row, deals: Row, scope: Scope) -> dict[str, Any]:
    return {
        ACTIVITIES: {kind: row[kind] for kind in KINDS if row.get(kind)},
        **{name: scope.sum_of(row, name) for name in FLOWS},
        "open": scope.sum_of(deals, "open"),
    }


def _entered(placed: Sequence[Row], keys: Mapping[tuple[str, str], str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in placed:
        key = keys.get((row["pipeline"], row["stage"]))
        if key is not None and row["entered"]:
            found[key] = found.get(key, 0) + row["entered"]
    return found


def _by_stage(placed: Sequence[Row], keys: Mapping[tuple[str, str], str]) -> dict[str, dict[str, int]]:
    """Add activities and moves up by stage; activities on no deal, or on none that was open, stand under "none"."""
    found: dict[str, dict[str, int]] = {}
    for row in placed:
        here = found.setdefault(keys.get((row["pipeline"], row["stage"]), "none"), {})
        for name in (ACTIVITIES, "entered", "advanced", "back", "won", "lost", "no_decision"):
            here[name] = here.get(name, 0) + row[name]
    return found


def _sums(scope: Scope, week: Period) -> dict[str, Any]:
    counts = totals("created", _within("created_on", week))
    for end in (Outcome.WON, Outcome.LOST, Outcome.NO_DECISION):
        counts |= totals(end.value, (_.outcome == end.value) & _within("closed_on", week))
    counts |= totals("open", _.outcome == Outcome.OPEN.value)
    row = rows(scope.lately.deals.agg(**counts))[0]
    return {name: scope.sum_of(row, name) for name in (*FLOWS, "open")}


def _within(column: str, period: Period) -> ir.BooleanValue:
    return (_[column] >= period.start) & (_[column] < period.end)


def _joint(scope: Scope, week: Period) -> dict[str, Any]:
    """Count each activity once, however many of us took part."""
    done = (
        activities_by(scope.lately.activities, scope.lately.who, period=week).select("activity_id", "kind").distinct()
    )
    found = {row["kind"]: row["n"] for row in rows(done.group_by("kind").agg(n=_.count()))}
    return {ACTIVITIES: {kind: found[kind] for kind in sorted(found, key=lambda one: (-found[one], one))}}


def _listed(scope: Scope, did: Mapping[str | None, Row]) -> set[str]:
    active = {person for person in did if person is not None}
    week = scope.period
    then = scope.facts.memberships.filter(
        (_.valid_from.isnull() | (_.valid_from < week.end))
        & (_.valid_to.isnull() | (_.valid_to > week.start))
        & (_.left_on.isnull() | (_.left_on > week.start))
    )
    for row in rows(then.select("person_id", "team", "role").distinct()):
        if row["role"] != "manager" and (scope.team is None or row["team"] == scope.team):
            active.add(row["person_id"])
    return active


def _last_week(scope: Scope) -> dict[str, Any]:
    before = scope.period.previous()
    joint = _joint(scope, before)[ACTIVITIES]
    return {name: found for name, found in _sums(scope, before).items() if name != "open"} | {ACTIVITIES: joint}


def standards(scope: Scope, period: Period) -> dict[str, list[dict[str, Any]]]:
    """Compare each person's activities in a period with the standards of action of their role."""
    facts = scope.facts
    late = scope.lately
    found: dict[str, list[dict[str, Any]]] = {}
    # Most companies have set none: asked first, for the comparison itself is a long question.
    if not rows(facts.standards.filter(_.per == "week").select("metric").limit(1)):
        return found
    for row in rows(
        standards_met(
            late.visits, late.activities, late.who, facts.memberships, facts.standards, facts.calendar, period=period
        )
    ):
        if row["stage"] == _ALL and row["standard"]:
            found.setdefault(row["person_id"], []).append(
                {
                    "metric": row["metric"],
                    "per": "week",
                    "required": round(row["standard"], 1),
                    "done": row["done"],
                    "met": row["met"],
                }
            )
    return found


def usual(scope: Scope, sums: Mapping[str, Any]) -> dict[str, Any]:
    """Compare this week's counts with the eight weeks before; nothing where the week isn't over or history is short."""
    week = scope.period
    span = Period(week.start - timedelta(weeks=USUAL_WEEKS), week.start)
    first = rows(scope.deals.agg(first=_.created_on.min()))[0]["first"]
    if scope.as_of < week.last or first is None or first > span.start:
        return {}
    flows = rows(period_flow(scope.lately.deals, None, scope.facts.calendar, period=span))
    found = {name: _usual([row[name] for row in flows], sums[name]["count"]) for name in ("created", "won", "lost")}
    found[ACTIVITIES] = _usual(_activities_by_week(scope, span), sum(sums[ACTIVITIES].values()))
    return {name: told for name, told in found.items() if told is not None and told["mean"]}


def _activities_by_week(scope: Scope, span: Period) -> list[int]:
    by_week = {row["week_start"]: row["n"] for row in _counted_by_week(scope, span)}
    return [by_week.get(span.start + timedelta(weeks=place), 0) for place in range(USUAL_WEEKS)]


def _weeks_by_person(scope: Scope) -> dict[str | None, list[int]]:
    """Count each person's activities in the weeks before and, once it is over, in this one, the oldest first.

    Begins where anybody's records do: a week of which nothing is known is not one in which nothing was done.
    """
    week = scope.period
    span = Period(week.start - timedelta(weeks=USUAL_WEEKS), week.end)
    counted: dict[tuple[str | None, date], int] = {
        (row["person_id"], row["week_start"]): row["n"] for row in _counted_by_week(scope, span, "person_id")
    }
    first = min((start for _person, start in counted), default=week.start)
    weeks = [span.start + timedelta(weeks=place) for place in range(USUAL_WEEKS + (scope.as_of >= week.last))]
    starts = [start for start in weeks if start >= first]
    people = {person for person, _start in counted}
    return {person: [counted.get((person, start), 0) for start in starts] for person in people}


def _counted_by_week(scope: Scope, span: Period, *by: str) -> list[Row]:
    days = scope.facts.calendar.select("day", "week_start")
    done = activities_by(scope.lately.activities, scope.lately.who, period=span)
    done = done.select("activity_id", "happened_on", *by).distinct()
    return rows(done.join(days, done.happened_on == days.day).group_by("week_start", *by).agg(n=_.count()))


def _usual(weeks: Sequence[int], now: int) -> dict[str, Any] | None:
    found = usual_range(weeks)
    if found is None:
        return None
    return {
        "low": found.low,
        "high": found.high,
        "level": found.level,
        "weeks": found.weeks,
        "mean": found.mean,
        "verdict": found.standing(now).value,
    }


def said(sums: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Say what the team did, how many met the standard, what needs care."""
    week = sums["this_week"]
    values: dict[str, object] = {
        "activities": sum(week[ACTIVITIES].values()),
        "created": week["created"]["count"],
        "won": week["won"]["count"],
        "won_amount": worth(week["won"]["amount"]),
        "lost": week["lost"]["count"] + week["no_decision"]["count"],
    }
    if values["won_amount"] is None:
        lead = Message(
            N_(
                "{activities} {activities:activity|activities}, {created} new {created:deal|deals}, "
                "{won} won, {lost} lost or undecided."
            ),
            values,
        )
    elif values["activities"]:
        lead = Message(
            N_(
                "{activities} {activities:activity|activities}, {created} new {created:deal|deals}, "
                "{won} won ({won_amount}), {lost} lost or undecided."
            ),
            values,
        )
    else:
        lead = Message(
            N_("{created} new {created:deal|deals}, {won} won ({won_amount}), {lost} lost or undecided."), values
        )
    return [lead, *_met(people), *_careless(week)]


def _met(people: Sequence[Mapping[str, Any]]) -> list[Message]:
    metrics = dict.fromkeys(found["metric"] for person in people for found in person["standard"])
    told = []
    for metric in metrics:
        found = [one for person in people for one in person["standard"] if one["metric"] == metric]
        told.append(
            Message(
                N_("The standard for {metric} was met by {met} of {n} {n:person|people}."),
                {
                    "metric": METRIC_NAMES.get(metric, Message(metric)),
                    "met": sum(1 for one in found if one["met"]),
                    "n": len(found),
                },
            )
        )
    return told


def _careless(week: Mapping[str, Any]) -> list[Message]:
    care, n = week["care"], week["open"]["count"]
    parts = {
        "no_next_step": N_("{k} without a next step"),
        "close_date_passed": N_("{k} past their close date"),
        "untouched": N_("{k} untouched"),
        "nothing_planned": N_("{k} with nothing planned"),
    }
    told = [Message(msgid, {"k": care[name]}) for name, msgid in parts.items() if care[name]]
    if not told or not n:
        return []
    return [Message(N_("Of {n} open {n:deal|deals}: {parts}."), {"n": n, "parts": told})]
