"""Execution check: what each person did in the week, at each stage, against the standard and the weeks before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.analysis.totals import totals
from bokgi.analysis.usual_range import usual_range
from bokgi.apps.reviews.pack.scope import USUAL_WEEKS, Row, Scope, rows
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

FLOWS: Final = ("created", "won", "lost", "no_decision")
_ENDS: Final = (Outcome.WON, Outcome.LOST, Outcome.NO_DECISION)
_ACTIVITIES: Final = "activities"


def done(scope: Scope) -> ir.Table:
    """Give activities that took place, one row per person who took part: `person_id, kind, happened_on, deal_id`."""
    took = held(scope.facts.activities, as_of=scope.as_of)
    found = took.join(scope.facts.activity_people.select("activity_id", "person_id"), "activity_id", rname="of_{name}")
    found = found.select("activity_id", "person_id", "kind", "happened_on", "deal_id")
    if scope.team is None:
        return found
    return found.filter(_.person_id.isin(_members(scope)))


def _members(scope: Scope) -> list[str]:
    return sorted(person for person, team in scope.teams.items() if team == scope.team)


def _within(column: ir.Value, period: Period) -> ir.BooleanValue:
    return (column >= period.start) & (column < period.end)


def _flows(deals: ir.Table, period: Period, by: Sequence[str]) -> list[Row]:
    counts = totals("created", _within(_.created_on, period))
    for end in _ENDS:
        counts |= totals(end.value, (_.outcome == end.value) & _within(_.closed_on, period))
    counts |= totals("open", _.outcome == Outcome.OPEN.value)
    return rows(deals.group_by(list(by)).agg(**counts) if by else deals.agg(**counts))


def _flow(row: Mapping[str, Any], name: str, scope: Scope) -> dict[str, Any]:
    return {
        "count": row.get(name, 0),
        "amount": scope.money(row.get(f"{name}_amount", Decimal(0))),
        "amount_unknown": row.get(f"{name}_amount_unknown", 0),
    }


def execution(
    scope: Scope, stages: Sequence[Row], care: Mapping[str | None, Row], all_care: Row
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Tell what each person did, and the sums with what is usual.

    Everybody is listed who was in the team in the period or has deals or activities; the deals of nobody count in the
    sums only.
    """
    week = scope.seen
    keys = {(stage["pipeline"], stage["stage"]): stage["key"] for stage in stages}
    activities = done(scope).filter(_within(_.happened_on, week))
    by_kind = rows(activities.group_by("person_id", "kind").agg(n=_.count()))
    entered = scope.visits.filter(_within(_.entered_on, week))
    by_stage = rows(entered.group_by("owner_id", "pipeline", "stage").agg(n=_.deal_id.nunique()))
    flows = {row["owner_id"]: row for row in _flows(scope.deals, week, ["owner_id"])}
    standards = _standards(scope, by_kind)
    people = sorted(
        _listed(scope, flows, by_kind),
        key=lambda person: (scope.teams.get(person, "~"), scope.name(person) or "", person),
    )

    def one(person: str | None, who: Iterable[Row], where: Iterable[Row], flow: Row, attention: Row) -> dict[str, Any]:
        kinds: dict[str, int] = {}
        for row in who:
            kinds[row["kind"]] = kinds.get(row["kind"], 0) + row["n"]
        steps: dict[str, int] = {}
        for row in where:
            place = keys.get((row["pipeline"], row["stage"]))
            if place is not None:
                steps[place] = steps.get(place, 0) + row["n"]
        return {
            "activities": dict(sorted(kinds.items())),
            "standard": standards.get(person, []) if person is not None else [],
            "entered": steps,
            **{name: _flow(flow, name, scope) for name in (*FLOWS, "open")},
            "care": {
                "no_next_step": attention.get("no_next_step"),
                "close_date_passed": attention.get("close_passed"),
                "untouched": attention.get("untouched"),
            },
        }

    told = [
        {"person_id": person, "name": scope.name(person), "team": scope.teams.get(person)}
        | one(
            person,
            [row for row in by_kind if row["person_id"] == person],
            [row for row in by_stage if row["owner_id"] == person],
            flows.get(person, {}),
            care.get(person, {"no_next_step": 0, "close_passed": 0, "untouched": 0}),
        )
        for person in people
    ]
    sums = one(None, _joint(activities), by_stage, _flows(scope.deals, week, [])[0], all_care)
    return told, {"this_week": sums, "last_week": _last_week(scope), "usual": usual(scope)}


def _joint(activities: ir.Table) -> list[Row]:
    """Count each activity once, however many of us took part."""
    return rows(activities.group_by("kind").agg(n=_.activity_id.nunique()))


def _listed(scope: Scope, flows: Mapping[str | None, Row], by_kind: Sequence[Row]) -> set[str]:
    active = {
        person for person, row in flows.items() if person is not None and any(row[name] for name in (*FLOWS, "open"))
    }
    active |= {row["person_id"] for row in by_kind}
    week = scope.period
    held_then = scope.facts.memberships.filter(
        (_.valid_from.isnull() | (_.valid_from < week.end))
        & (_.valid_to.isnull() | (_.valid_to > week.start))
        & (_.left_on.isnull() | (_.left_on > week.start))
    )
    for row in rows(held_then.select("person_id", "team", "role").distinct()):
        if row["role"] != "manager" and (scope.team is None or row["team"] == scope.team):
            active.add(row["person_id"])
    return active


def _last_week(scope: Scope) -> dict[str, Any]:
    before = scope.period.previous()
    row = _flows(scope.deals, before, [])[0]
    count = int(done(scope).filter(_within(_.happened_on, before)).activity_id.nunique().execute())
    return {_ACTIVITIES: count, **{name: _flow(row, name, scope) for name in FLOWS}}


def _standards(scope: Scope, by_kind: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """Compare each person's week with the standards of action of their role that count activities."""
    on = scope.as_of
    holds = (_.valid_from.isnull() | (_.valid_from <= on)) & (_.valid_to.isnull() | (_.valid_to > on))
    wanted = rows(
        scope.facts.standards.filter(holds & (_.per == "week") & (_.stage == "all"))
        .select("role", "metric", "amount")
        .order_by("metric", "role")
    )
    roles = rows(scope.facts.memberships.filter(holds).select("person_id", "role", "share").distinct())
    counted = {(row["person_id"], row["kind"]): row["n"] for row in by_kind}
    kinds = {row["kind"] for row in by_kind} | {"meeting", "call", "email", "message"}
    found: dict[str, list[dict[str, Any]]] = {}
    for member in sorted(roles, key=lambda row: (row["person_id"], row["role"] or "")):
        for standard in wanted:
            if standard["metric"] in kinds and standard["role"] in ("all", member["role"]):
                told = {
                    "metric": standard["metric"],
                    "per": "week",
                    "required": round(standard["amount"] * member["share"], 1),
                    "done": counted.get((member["person_id"], standard["metric"]), 0),
                }
                if told not in found.setdefault(member["person_id"], []):
                    found[member["person_id"]].append(told)
    return found


def usual(scope: Scope) -> dict[str, Any]:
    """Compare this week's counts with the eight weeks before; nothing where the week isn't over or history is short."""
    week = scope.period
    span = Period(week.start - timedelta(weeks=USUAL_WEEKS), week.start)
    first = rows(scope.deals.agg(first=_.created_on.min()))[0]["first"]
    known = {name: _weekly(scope.deals, _day_of(name), _kind_of(name), span) for name in ("created", "won", "lost")}
    known[_ACTIVITIES] = _weekly(done(scope), "happened_on", None, span, distinct="activity_id")
    now = _flows(scope.deals, scope.seen, [])[0]
    this: dict[str, int] = {name: now[name] for name in ("created", "won", "lost")}
    this[_ACTIVITIES] = int(done(scope).filter(_within(_.happened_on, scope.seen)).activity_id.nunique().execute())
    over = scope.as_of >= week.last
    if not over or first is None or first > span.start:
        return {}
    return {name: _usual(weeks, this[name]) for name, weeks in known.items() if any(weeks)}


def _day_of(name: str) -> str:
    return "created_on" if name == "created" else "closed_on"


def _kind_of(name: str) -> str | None:
    return None if name == "created" else name


def _weekly(table: ir.Table, column: str, outcome: str | None, span: Period, *, distinct: str = "deal_id") -> list[int]:
    here = table.filter(_within(_[column], span))
    if outcome is not None:
        here = here.filter(_.outcome == outcome)
    number = (-_[column].delta(ibis.literal(span.start), unit="day") * -1).cast("int64") // 7
    counted = {row["week"]: row["n"] for row in rows(here.group_by(week=number).agg(n=_[distinct].nunique()))}
    return [counted.get(place, 0) for place in range(span.days // 7)]


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


def said(sums: Mapping[str, Any], people: Sequence[Mapping[str, Any]], scope: Scope) -> list[Message]:
    """Say what the team did, how many met the standard, what needs care."""
    week = sums["this_week"]
    values: dict[str, object] = {
        "activities": sum(week["activities"].values()),
        "created": week["created"]["count"],
        "won": week["won"]["count"],
        "won_amount": scope.worth(Decimal(week["won"]["amount"]["amount"])),
        "lost": week["lost"]["count"] + week["no_decision"]["count"],
    }
    lead = (
        Message(N_("{activities} activities, {created} new deals, {won} won ({won_amount}), {lost} lost."), values)
        if values["activities"]
        else Message(N_("{created} new deals, {won} won ({won_amount}), {lost} lost."), values)
    )
    return [lead, *_met(people), *_care(week)]


def _met(people: Sequence[Mapping[str, Any]]) -> list[Message]:
    metrics = dict.fromkeys(found["metric"] for person in people for found in person["standard"])
    said_of = []
    for metric in metrics:
        found = [one for person in people for one in person["standard"] if one["metric"] == metric]
        met = sum(1 for one in found if one["done"] >= one["required"])
        said_of.append(
            Message(
                N_("The standard for {metric} was met by {met} of {n} people."),
                {"metric": METRIC_NAMES.get(metric, Message(metric)), "met": met, "n": len(found)},
            )
        )
    return said_of


METRIC_NAMES: Final = {
    "meeting": Message(N_("meetings")),
    "call": Message(N_("calls")),
    "email": Message(N_("e-mails")),
    "message": Message(N_("messages")),
}


def _care(week: Mapping[str, Any]) -> list[Message]:
    care, n = week["care"], week["open"]["count"]
    parts = {
        "no_next_step": N_("{k} without a next step"),
        "close_date_passed": N_("{k} past their close date"),
        "untouched": N_("{k} untouched"),
    }
    told = [Message(msgid, {"k": care[name]}) for name, msgid in parts.items() if care[name]]
    if not told or not n:
        return []
    return [Message(N_("Of {n} open deals: {parts}."), {"n": n, "parts": told})]
