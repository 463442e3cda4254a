"""Feedback: per person two or three points to talk about, each a fact about work that the person can change.

Nothing here compares people or judges results: counts of one week, or of one person's few deals, cannot bear that.
A point needs at least two deals (one for what went well), or activities that fall short of the standard by more than
chance; without any there is no point, and the review says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _
from scipy.special import pdtr

from bokgi.apps.reviews.pack.care import deal
from bokgi.apps.reviews.pack.execution import METRIC_NAMES, standards
from bokgi.apps.reviews.pack.order import heaviest_first
from bokgi.apps.reviews.pack.scope import STANDARD_WEEKS, Row, Scope, rows
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded

_MOST_POINTS: Final = 3
_SHOWN_DEALS: Final = 3
_LEAST_DEALS: Final = 2
_CHANCE: Final = 0.05

CONCERNS: Final = {
    "close_passed": N_("The expected close date of {n} of {open} open deals has passed."),
    "no_next_step": N_("{n} of {open} open deals have no next step written down."),
    "untouched": N_("Nobody was in touch for {days} working {days:day|days} or more on {n} of {open} open deals."),
    "pushed": N_("The close date of {n} of {open} open deals was pushed three times or more."),
    "next_step_passed": N_("The date of the next step of {n} of {open} open deals has passed."),
    "nothing_planned": N_("{n} of {open} open deals have nothing planned."),
    "stage_overdue": N_("{n} of {open} open deals stay in their stage longer than planned."),
}
"""Reasons of `analysis.hygiene` that a person can do something about, in the order in which they are raised."""


def feedback(
    scope: Scope,
    people: Sequence[Mapping[str, Any]],
    heaviest: Sequence[Mapping[str, Any]],
    counts: Mapping[str | None, Row],
) -> list[dict[str, Any]]:
    """Give the points of every person listed in the execution check, in that order."""
    lists = {(row["person_id"], row["reason"]): row["deals"] for row in heaviest}
    moved = _moved(scope)
    short = _short_of_standard(scope, people)
    told = []
    for person in people:
        key = person["person_id"]
        points = [*_praise(person, moved.get(key)), *short.get(key, [])]
        attention = counts.get(key, {})
        concerns = [reason for reason in CONCERNS if (attention.get(reason) or 0) >= _LEAST_DEALS]
        points += [_concern(reason, attention, lists.get((key, reason), []), scope) for reason in concerns]
        told.append(
            {
                "person_id": key,
                "name": person["name"],
                "team": person["team"],
                "points": points[:_MOST_POINTS],
                "reason": None if points else "too_few",
            }
        )
    return told


def _point(code: str, n: int, sentence: Message, deals: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    return {"code": code, "n": n, "sentence": encoded(sentence), "deals": list(deals)}


def _concern(reason: str, attention: Row, deals: Sequence[dict[str, Any]], scope: Scope) -> dict[str, Any]:
    n = attention[reason]
    values = {"n": n, "open": attention["open"], "days": scope.facts.settings.untouched_days}
    return _point(reason, n, Message(CONCERNS[reason], values), deals)


def heaviest(scope: Scope, care: ir.Table) -> list[dict[str, Any]]:
    """Give each person's heaviest `deals` for each reason, the heaviest first, by `person_id` and `reason`."""
    holds = {reason: ibis.coalesce(_[reason], ibis.literal(value=False)) for reason in CONCERNS}
    places = {
        f"place_{reason}": ibis.row_number().over(
            ibis.window(group_by=["owner_id", _[reason]], order_by=heaviest_first())
        )
        for reason in CONCERNS
    }
    marked = care.filter(_.owner_id.notnull()).mutate(**holds).mutate(**places)
    first = ibis.or_(*(_[reason] & (_[f"place_{reason}"] < _SHOWN_DEALS) for reason in CONCERNS))
    few = rows(marked.filter(first).select("owner_id", "deal_id", "amount", *holds, *places))
    told: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for reason in CONCERNS:
        here = [row for row in few if row[reason] and row[f"place_{reason}"] < _SHOWN_DEALS]
        for row in sorted(here, key=lambda one: one[f"place_{reason}"]):
            told.setdefault((row["owner_id"], reason), []).append(deal(row, scope))
    return [{"person_id": key, "reason": reason, "deals": deals} for (key, reason), deals in told.items()]


def _moved(scope: Scope) -> dict[str, tuple[int, list[dict[str, Any]]]]:
    """Give how many of each person's deals moved on to a later stage in the period, with the largest of them."""
    week = scope.seen
    went = scope.lately.visits.filter((_.exit == "advanced") & (_.left_on >= week.start) & (_.left_on < week.end))
    found = went.select("owner_id", "deal_id").distinct().join(scope.deals.select("deal_id", "amount"), "deal_id")
    window = ibis.window(group_by="owner_id", order_by=[_.amount.desc(nulls_first=False), _.deal_id.asc()])
    everyone = ibis.window(group_by="owner_id")
    ranked = found.filter(_.owner_id.notnull()).mutate(
        place=ibis.row_number().over(window), n=_.deal_id.count().over(everyone)
    )
    told: dict[str, tuple[int, list[dict[str, Any]]]] = {}
    for row in rows(ranked.filter(_.place < _SHOWN_DEALS).order_by("owner_id", "place")):
        told.setdefault(row["owner_id"], (row["n"], []))[1].append(deal(row, scope))
    return told


def _praise(person: Mapping[str, Any], moved: tuple[int, list[dict[str, Any]]] | None) -> list[dict[str, Any]]:
    won = person["won"]
    if won["count"]:
        words = Message(
            N_("{n} deal was won this week."), {"n": won["count"]}, plural=N_("{n} deals were won this week.")
        )
        return [_point("won", won["count"], words)]
    if moved:
        n, deals = moved
        words = Message(
            N_("{n} deal moved on to a later stage."), {"n": n}, plural=N_("{n} deals moved on to a later stage.")
        )
        return [_point("moved_on", n, words, deals)]
    return []


def _short_of_standard(scope: Scope, people: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Compare four weeks of activities with the standard; a shortfall that chance explains is not raised."""
    end = scope.period.start + timedelta(weeks=1) if scope.as_of >= scope.period.last else scope.period.start
    span = Period(end - timedelta(weeks=STANDARD_WEEKS), end)
    asked = standards(scope, span)
    joined = _joined_on(scope)
    found: dict[str, list[dict[str, Any]]] = {}
    for person in people:
        key = person["person_id"]
        if (joined.get(key) or span.start) > span.start:
            continue
        for standard in asked.get(key, []):
            required, number = standard["required"], standard["done"]
            if not standard["met"] and float(pdtr(number, required)) < _CHANCE:
                words = Message(
                    N_("{done} {metric} in {weeks} {weeks:week|weeks}; the standard is {required}."),
                    {
                        "done": number,
                        "metric": METRIC_NAMES.get(standard["metric"], Message(standard["metric"])),
                        "weeks": STANDARD_WEEKS,
                        "required": required,
                    },
                )
                found.setdefault(key, []).append(_point("below_standard", number, words))
    return found


def _joined_on(scope: Scope) -> dict[str, date]:
    begun = scope.facts.memberships.group_by("person_id").agg(on=ibis.coalesce(_.started_on.min(), _.valid_from.min()))
    return {row["person_id"]: row["on"] for row in rows(begun) if row["on"] is not None}


def said(found: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Say for how many there is something to talk about."""
    with_points = sum(1 for person in found if person["points"])
    if not with_points:
        return [Message(N_("There is nothing that the data of this week can bear."))]
    sentences = [
        Message(
            N_("There is something to talk about with {n} of {people} {people:person|people}."),
            {"n": with_points, "people": len(found)},
        )
    ]
    if len(found) == 1:
        sentences = []
    sentences.append(Message(N_("The points are facts about work, not a judgement: nobody is compared with anybody.")))
    return sentences
