"""How the open pipeline changed since the period before ended, in parts that add up exactly."""

from __future__ import annotations

from typing import Any

from bokgi.apps.reviews.pack.scope import Scope
from bokgi.questions.asked import deals_handed_over
from bokgi.questions.moved import Inside
from bokgi.questions.pipeline import Bridge


def change(scope: Scope) -> dict[str, Any]:
    """Tell start, parts and end. The parts' amounts and counts add up to the difference."""
    if scope.team is None:
        before, after = scope.unsettled()
    else:
        # All deals: one that went to another team since was not removed, and closed ones may be there on one day only.
        inside = Inside(team=scope.team)
        before, after = (inside.of(deals_handed_over(scope.read, then)) for then in (scope.facts_before, scope.facts))
    return Bridge(before, after, scope.facts.stages, scope.day_before, scope.as_of, scope.currency).told()
