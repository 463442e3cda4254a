"""Motivation: how far the goal is, day by day, and what got better than in the weeks before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.progress import ALL, Subject
from bokgi.analysis.progress import progress as analysed
from bokgi.apps.reviews.pack.scope import Row, Scope, rows, worth
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded

_SUBJECTS: Final = {Subject.ORGANISATION: None, Subject.TEAM: "team"}


def goal(scope: Scope) -> tuple[Period, list[dict[str, Any]]]:
    """Give the period of the goal, and how far each target of the organisation and its teams is.

    The quarter that the week belongs to (that of its Thursday), or its month where only that has targets.
    """
    middle = scope.period.start + timedelta(days=3)
    quarter = scope.facts.settings.quarter_of(middle)
    spans = _spans_of_targets(scope)
    for one in (quarter, Period.month_of(middle)):
        inside = {subject for subject, span in spans if one.start <= span.start and span.end <= one.end}
        found = _targets(scope, one, inside)
        if found:
            return one, found
    return quarter, []


def progress(period: Period, targets: Sequence[Row], stages: Sequence[Row], usual: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the goal (see `goal`) and what improved. `forecast` and `won_by_day` are answers that come from there."""
    return {
        "targets": targets,
        "period": _period(period),
        "forecast": None,
        "won_by_day": [],
        "improved": _improved(stages, usual),
    }


def _period(period: Period) -> dict[str, str]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat(), "last": period.last.isoformat()}


def _goals(scope: Scope) -> ir.Table:
    return scope.facts.targets.filter(_.currency.isnull() | (_.currency == scope.currency))


def _spans_of_targets(scope: Scope) -> set[tuple[str, Period]]:
    """Give whose targets there are, and for which periods."""
    given = _goals(scope).select("subject_kind", "period_start", "period_end").distinct()
    return {(row["subject_kind"], Period(row["period_start"], row["period_end"])) for row in rows(given)}


def _targets(scope: Scope, period: Period, inside: Collection[str]) -> list[dict[str, Any]]:
    """Give the targets of the period, the organisation's first; without one of its own, the sum of its teams'.

    `inside`: the kinds of subject that have a target within the period at all.
    """
    goals = _goals(scope)
    found = [
        (subject, row)
        for subject in _SUBJECTS
        if subject.value in inside
        for row in rows(
            analysed(
                scope.deals, goals, scope.facts.calendar, as_of=scope.as_of, period=period, subject=subject
            ).filter((_.lead_source == ALL) & _.target.notnull())
        )
        if scope.team is None or (subject, row["subject_id"]) == (Subject.TEAM, scope.team)
    ]
    teams = [row for subject, row in found if subject is Subject.TEAM]
    told = [_target(subject, row, period, scope) for subject, row in found]
    if scope.team is None and len(teams) > 1 and len(teams) == len(found):
        names = ("target", "attained", "open_due_amount")
        summed = {name: sum((row[name] for row in teams), Decimal(0)) for name in names}
        paced = {name: teams[0][name] for name in ("working_days", "working_days_passed")}
        told.insert(0, _target(Subject.ORGANISATION, summed | paced, period, scope) | {"sum_of_teams": True})
    return told


def _target(subject: Subject, row: Row, period: Period, scope: Scope) -> dict[str, Any]:
    goal, reached = Decimal(row["target"]), Decimal(row["attained"])
    left = max(goal - reached, Decimal(0))
    due = Decimal(row["open_due_amount"])
    return {
        "subject_kind": subject.value,
        "subject": row["subject_id"] if subject is Subject.TEAM else None,
        "sum_of_teams": False,
        "metric": "won_amount",
        "period": _period(period),
        "target": scope.money(goal),
        "reached": scope.money(reached),
        "left": scope.money(left),
        "share": float(reached / goal) if goal else None,
        "passed": row["working_days_passed"] / row["working_days"] if row["working_days"] else None,
        "working_days_left": row["working_days"] - row["working_days_passed"],
        "open_due": scope.money(due),
        "coverage": float(due / left) if left else None,
    }


def from_first_day(won: Sequence[dict[str, Any]], scope: Scope, period: Period) -> list[dict[str, Any]]:
    """Draw what was won up to each day with a win on from the first day of the period to the review's day."""
    if not won:
        return []
    told = [{"on": period.start.isoformat(), "amount": scope.money(Decimal(0))}, *won]
    last = min(scope.as_of, period.last).isoformat()
    return told if won[-1]["on"] == last else [*told, {"on": last, "amount": won[-1]["amount"]}]


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
                N_("More {what} than in the {n} {n:week|weeks} before ({usual} were usual)."),
                {"what": words, "n": usual[name]["weeks"], "usual": Between(usual[name]["low"], usual[name]["high"])},
            ),
        )
        for name, words in _NAMES.items()
        if usual.get(name) is not None and usual[name]["verdict"] == "above"
    ]
    return [{"code": code, "n": n, "sentence": encoded(sentence)} for code, n, sentence in found]


def rose(changed: Sequence[Row]) -> list[dict[str, Any]]:
    """Say which weekly counts rose to a new level, as it became clear in this week; `n` is the weeks since."""
    return [
        {
            "code": f"change:{found['metric']}",
            "n": (date.fromisoformat(found["week"]) - date.fromisoformat(found["since"])).days // 7 + 1,
            "sentence": found["sentence"],
        }
        for found in changed
        if found["new"] and found["direction"] == "up"
    ]


def said(found: Mapping[str, Any]) -> list[Message]:
    """Say how far the first target is."""
    if not found["targets"]:
        return [Message(N_("There is no target for this period, so there is no progress to show."))]
    target = found["targets"][0]
    share = target["share"]
    values = {
        "reached": worth(target["reached"]),
        "target": worth(target["target"]),
        "left": worth(target["left"]),
        "share": None if share is None else Rate(share),
        "passed": None if target["passed"] is None else Rate(target["passed"]),
        "days": target["working_days_left"],
        "due": worth(target["open_due"]),
    }
    if share is not None and share >= 1:
        return [Message(N_("The goal of {target} is reached: {reached}, {share}."), values)]
    told = [
        Message(N_("{reached} of {target} are reached, {share}. {left} are left."), values),
        Message(
            N_("{passed} of the working days have passed, {days} are left. {due} are open and due in the period."),
            values,
        ),
    ]
    band = found["forecast"]
    if band is not None and band["reason"] != "period_over":
        ends = Between(worth(band["low"]), worth(band["high"]))  # type: ignore[arg-type]  # a band has both ends
        expected = {"mean": worth(band["mean"]), "ends": ends, "last": date.fromisoformat(found["period"]["last"])}
        if band["probability"] is None:
            told.append(Message(N_("By {last} about {mean} are expected, most likely {ends}."), expected))
        else:
            chance = expected | {"chance": Rate(band["probability"])}
            told.append(
                Message(
                    N_("By {last} about {mean} are expected, most likely {ends}; the goal has a chance of {chance}."),
                    chance,
                )
            )
    return told
