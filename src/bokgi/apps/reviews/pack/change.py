"""How the open pipeline changed since the period before ended, in parts that add up exactly."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from bokgi.analysis.pipeline_change import pipeline_change
from bokgi.apps.reviews.pack.scope import Scope, rows, worth
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded

_ADDS: Final = ("in", "change", "out")
_LEAST_KNOWN: Final = 0.1
"""Above this share of deals without a known amount, two sums are not compared."""


def change(scope: Scope) -> dict[str, Any]:
    """Tell start, parts and end. The parts' amounts and counts add up to the difference."""
    found = {row["part"]: row for row in rows(pipeline_change(scope.before, scope.deals, scope.facts.stages))}
    start_on = scope.period.start - timedelta(days=1)
    start, end = _level(found.get("start"), scope), _level(found.get("end"), scope)
    before, after = worth(start["amount"]), worth(end["amount"])
    comparable = before is not None and after is not None and _mostly_known(start) and _mostly_known(end)
    parts = [
        {
            "code": name,
            "count": row["deals_change"],
            "deals": row["deals"],
            "amount": scope.money(row["amount_change"]),
            "amount_unknown": row["amount_unknown"],
        }
        for name, row in found.items()
        if row["kind"] in _ADDS and row["deals"]
    ]
    return {
        "start": {"on": start_on.isoformat(), **start},
        "parts": parts,
        "end": {"on": scope.as_of.isoformat(), **end},
        "difference": scope.money(after.amount - before.amount) if comparable and before and after else None,
        "reason": None if comparable else "amounts_unknown",
        "moved": {
            name: found[name]["deals"]
            for name in ("stage_forward", "stage_back", "close_later", "close_sooner")
            if name in found
        },
        "sentence": encoded(_sentence(start, end, start_on, comparable=comparable)),
    }


def _mostly_known(level: dict[str, Any]) -> bool:
    return bool(level["amount_unknown"] <= _LEAST_KNOWN * level["count"])


def _sentence(start: dict[str, Any], end: dict[str, Any], start_on: date, *, comparable: bool) -> Message:
    if comparable:
        values = {"start": worth(start["amount"]), "end": worth(end["amount"])}
        return Message(N_("The open pipeline went from {start} to {end}."), values)
    return Message(
        N_(
            "There were {start} open deals and are {end}. Sums are not compared: {unknown} amounts are not known "
            "as of {day}. Regular imports build this history."
        ),
        {"start": start["count"], "end": end["count"], "unknown": start["amount_unknown"], "day": start_on},
    )


def _level(row: dict[str, Any] | None, scope: Scope) -> dict[str, Any]:
    if row is None:
        return scope.sum_of({}, "deals")
    return scope.sum_of(
        {
            "deals": row["deals_change"],
            "deals_amount": row["amount_change"],
            "deals_amount_unknown": row["amount_unknown"],
        },
        "deals",
    )
