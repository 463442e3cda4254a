"""Motivation: how far the goal is, day by day, and what got better than in the weeks before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.apps.reviews.pack.scope import Row, Scope, rows
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import Outcome

_MONEY: Final = ("won_amount",)
_COUNTS: Final = ("won_count", "created_count", "meetings")
_KINDS: Final = {"organisation": 0, "team": 1}


def progress(scope: Scope, stages: Sequence[Row], usual: Mapping[str, Any]) -> dict[str, Any]:
    """Tell how far each target of the organisation and its teams is, what was won by day, and what improved."""
    targets = _targets(scope)
    period = Period.quarter_of(scope.as_of)
    if targets:
        period = Period(
            date.fromisoformat(targets[0]["period"]["start"]), date.fromisoformat(targets[0]["period"]["end"])
        )
    return {
        "targets": targets,
        "period": _period(period),
        "won_by_day": _won_by_day(scope, period),
        "improved": _improved(stages, usual),
    }


def _period(period: Period) -> dict[str, str]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat(), "last": period.last.isoformat()}


def _targets(scope: Scope) -> list[dict[str, Any]]:
    """Give the targets in force, the organisation's first, money before counts, the shortest period first."""
    on = scope.as_of
    here = scope.facts.targets.filter(
        (_.period_start <= on)
        & (_.period_end > on)
        & (_.lead_source == "all")
        & _.metric.isin([*_MONEY, *_COUNTS])
        & _.subject_kind.isin(list(_KINDS))
    )
    found = [
        row
        for row in rows(
            here.select("subject_kind", "subject_id", "metric", "period_start", "period_end", "amount", "currency")
        )
        if (row["metric"] not in _MONEY or row["currency"] == scope.currency)
        and (scope.team is None or (row["subject_kind"], row["subject_id"]) == ("team", scope.team))
    ]
    metrics = (*_MONEY, *_COUNTS)
    found.sort(
        key=lambda row: (
            _KINDS[row["subject_kind"]],
            metrics.index(row["metric"]),
            row["period_end"] - row["period_start"],
            row["subject_id"],
        )
    )
    return [_target(row, scope) for row in found]


def _target(row: Row, scope: Scope) -> dict[str, Any]:
    period = Period(row["period_start"], row["period_end"])
    team = row["subject_id"] if row["subject_kind"] == "team" else None
    reached = _reached(row["metric"], period, team, scope)
    goal = Decimal(row["amount"])
    money = row["metric"] in _MONEY
    passed = (min(scope.as_of, period.last) - period.start).days + 1
    return {
        "subject_kind": row["subject_kind"],
        "subject": team,
        "metric": row["metric"],
        "period": _period(period),
        "target": scope.money(goal) if money else int(goal),
        "reached": scope.money(reached) if money else int(reached),
        "left": scope.money(max(goal - reached, Decimal(0))) if money else int(max(goal - reached, Decimal(0))),
        "share": float(reached / goal) if goal else None,
        "passed": passed / period.days,
    }


def _won(scope: Scope, period: Period, team: str | None) -> ir.Table:
    here = scope.deals.filter(
        (_.outcome == Outcome.WON.value) & (_.closed_on >= period.start) & (_.closed_on < period.end)
    )
    return here if team is None else here.filter(_.team == team)


def _reached(metric: str, period: Period, team: str | None, scope: Scope) -> Decimal:
    if metric == "meetings":
        here = held(scope.facts.activities, as_of=scope.as_of).filter(
            (_.kind == "meeting") & (_.happened_on >= period.start) & (_.happened_on < period.end)
        )
        if team is not None:
            ours = sorted(person for person, of in scope.teams.items() if of == team)
            who = scope.facts.activity_people.filter(_.person_id.isin(ours))
            here = here.semi_join(who, "activity_id")
        return Decimal(int(here.count().execute()))
    if metric == "created_count":
        made = scope.deals.filter((_.created_on >= period.start) & (_.created_on < period.end))
        return Decimal(int((made if team is None else made.filter(_.team == team)).count().execute()))
    won = _won(scope, period, team)
    if metric == "won_count":
        return Decimal(int(won.count().execute()))
    return rows(won.agg(amount=_.amount.sum()))[0]["amount"] or Decimal(0)


def _won_by_day(scope: Scope, period: Period) -> list[dict[str, Any]]:
    """Add up what was won from the first day of the period to the review's day, one row for each day with a win."""
    by_day = rows(_won(scope, period, None).group_by("closed_on").agg(amount=_.amount.sum()).order_by("closed_on"))
    if not by_day:
        return []
    total, told = Decimal(0), [{"on": period.start.isoformat(), "amount": scope.money(Decimal(0))}]
    for row in by_day:
        total += row["amount"] or Decimal(0)
        told.append({"on": row["closed_on"].isoformat(), "amount": scope.money(total)})
    last = min(scope.as_of, period.last).isoformat()
    if told[-1]["on"] != last:
        told.append({"on": last, "amount": scope.money(total)})
    return told


_NAMES: Final = {
    "created": Message(N_("new deals")),
    "won": Message(N_("deals won")),
    "activities": Message(N_("activities")),
}


def _improved(stages: Sequence[Row], usual: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what is better than before by more than chance: stages that convert more, counts above the usual range."""
    found = [
        (
            "conversion",
            stage["conversion"]["n"],
            Message(
                N_("{share} of deals move on from {stage} ({level} interval {ends}); before, {before} did."),
                {
                    "stage": stage["label"],
                    "share": Rate(stage["conversion"]["estimate"]),
                    "level": Rate(stage["conversion"]["level"]),
                    "ends": Between(Rate(stage["conversion"]["low"]), Rate(stage["conversion"]["high"])),
                    "before": Rate(stage["before"]["estimate"]),
                },
            ),
        )
        for stage in stages
        if stage["verdict"] == "higher"
    ]
    found += [
        (
            name,
            usual[name]["weeks"],
            Message(
                N_("More {what} than in the {n} weeks before ({usual} were usual)."),
                {"what": words, "n": usual[name]["weeks"], "usual": Between(usual[name]["low"], usual[name]["high"])},
            ),
        )
        for name, words in _NAMES.items()
        if usual.get(name) is not None and usual[name]["verdict"] == "above"
    ]
    return [{"code": code, "n": n, "sentence": encoded(sentence)} for code, n, sentence in found]


def said(found: Mapping[str, Any], scope: Scope) -> list[Message]:
    """Say how far the first target is."""
    if not found["targets"]:
        return [Message(N_("There is no target for this period, so there is no progress to show."))]
    target = found["targets"][0]

    def value(key: str) -> object:
        worth = target[key]
        return scope.worth(Decimal(worth["amount"])) if isinstance(worth, dict) else worth

    share = target["share"]
    values = {
        "reached": value("reached"),
        "target": value("target"),
        "left": value("left"),
        "share": None if share is None else Rate(share),
        "passed": Rate(target["passed"]),
    }
    if share is not None and share >= 1:
        return [Message(N_("The goal of {target} is reached: {reached}, {share}."), values)]
    return [
        Message(N_("{reached} of {target} are reached, {share}. {left} are left."), values),
        Message(N_("{passed} of the time has passed."), values),
    ]
