"""How the open pipeline changed since the period before ended, in parts that add up exactly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bokgi.apps.reviews.pack.scope import Scope
from bokgi.questions.pipeline import Bridge


def change(scope: Scope) -> dict[str, Any]:
    """Tell start, parts and end. The parts' amounts and counts add up to the difference."""
    start_on = scope.period.start - timedelta(days=1)
    # The bridge reads no traits: without a team the deals of the day before do as they are.
    before = scope.facts_before.deals if scope.team is None else scope.before
    return Bridge(before, scope.deals, scope.facts.stages, start_on, scope.as_of, scope.currency).told()
