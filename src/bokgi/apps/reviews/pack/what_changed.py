"""What changed: weekly counts of people and teams that changed beyond chance, as it became clear in this week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from bokgi.analysis.change_detection import Alert, changes, weekly_counts
from bokgi.apps.reviews.pack.scope import Scope
from bokgi.questions.changes import FALSE_ALARMS, alert_json

WEEKS: Final = 4
"""Alerts of so many weeks up to the review's are told; who was away last week should hear of them, too."""


def what_changed(scope: Scope) -> list[dict[str, Any]]:
    """Tell the changes that became clear in the review's week or the three before, the latest first.

    Of a person whose activities changed as a whole the kinds that went the same way are not told again.
    """
    facts = scope.facts
    counted = scope.keep(
        weekly_counts(
            facts.deals,
            facts.activities,
            facts.activity_people,
            facts.memberships,
            facts.calendar,
            as_of=min(scope.as_of, scope.period.last),
        )
    )
    found = changes(counted, false_alarms=FALSE_ALARMS).alerts
    since = scope.period.start - timedelta(weeks=WEEKS - 1)
    recent = [alert for alert in found if alert.week >= since and (scope.team is None or alert.team == scope.team)]
    told = sorted(_without_parts(recent), key=lambda alert: (-alert.week.toordinal(), alert.series))
    return [alert_json(alert, scope.names) | {"new": alert.week >= scope.period.start} for alert in told]


def _without_parts(alerts: Sequence[Alert]) -> list[Alert]:
    whole = {
        (alert.subject_kind, alert.subject_id, alert.direction) for alert in alerts if alert.metric == "activities"
    }
    kinds = {"meeting", "call", "email"}
    return [
        alert
        for alert in alerts
        if alert.metric not in kinds or (alert.subject_kind, alert.subject_id, alert.direction) not in whole
    ]
