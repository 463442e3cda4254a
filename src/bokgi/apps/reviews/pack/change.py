"""How the open pipeline changed since the period before ended, in parts that add up exactly."""

from __future__ import annotations

from typing import Any

from bokgi.apps.reviews.pack.scope import Scope
from bokgi.questions.pipeline import Bridge


def change(scope: Scope) -> dict[str, Any]:
    """Tell start, parts and end. The parts' amounts and counts add up to the difference."""
    # Of a team a deal that was closed already may be there on one of the days only.
    before, after = scope.unsettled() if scope.team is None else (scope.before, scope.deals)
    return Bridge(before, after, scope.facts.stages, scope.day_before, scope.as_of, scope.currency).told()
