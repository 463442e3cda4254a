"""How the open pipeline changed since the period before ended, in parts that add up exactly."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from bokgi.analysis.pipeline_change import pipeline_change
from bokgi.apps.reviews.pack.scope import Scope, rows
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded

_ADDS: Final = ("in", "change", "out")


def change(scope: Scope) -> dict[str, Any]:
    """Tell start, parts and end. The parts' amounts and counts add up to the difference."""
    found = {row["part"]: row for row in rows(pipeline_change(scope.before, scope.deals, scope.facts.stages))}
    start_on = scope.period.start - timedelta(days=1)
    start, end = _level(found.get("start"), scope), _level(found.get("end"), scope)
    difference = Decimal(end["amount"]["amount"]) - Decimal(start["amount"]["amount"])
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
    sentence = Message(
        N_("The open pipeline went from {start} to {end}."),
        {
            "start": scope.worth(Decimal(start["amount"]["amount"])),
            "end": scope.worth(Decimal(end["amount"]["amount"])),
        },
    )
    return {
        "start": {"on": start_on.isoformat(), **start},
        "parts": parts,
        "end": {"on": scope.as_of.isoformat(), **end},
        "difference": scope.money(difference),
        "moved": {
            name: found[name]["deals"]
            for name in ("stage_forward", "stage_back", "close_later", "close_sooner")
            if name in found
        },
        "sentence": encoded(sentence),
    }


def _level(row: dict[str, Any] | None, scope: Scope) -> dict[str, Any]:
    if row is None:
        return {"count": 0, "amount": scope.money(Decimal(0)), "amount_unknown": 0}
    return {
        "count": row["deals_change"],
        "amount": scope.money(row["amount_change"]),
        "amount_unknown": row["amount_unknown"],
    }
