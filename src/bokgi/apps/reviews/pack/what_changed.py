"""What changed: weekly counts of people and teams that changed beyond chance, as it became clear in this week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from bokgi.analysis.change_detection import Alert, changes
from bokgi.apps.reviews.pack.scope import Scope
from bokgi.questions.changes import FALSE_ALARMS, alert_json, weekly_counts_of_day

WEEKS: Final = 4
"""Alerts of so many weeks up to the review's are told; who was away last week should hear of them, too."""


def what_changed(scope: Scope) -> list[dict[str, Any]]:
    """Tell the changes that became clear in the review's week or the three before, the latest first.

    Of a person whose activities changed as a whole the kinds that went the same way are not told again.
    """
    counted = weekly_counts_of_day(scope.read, scope.facts, until=min(scope.as_of, scope.period.last))
    if not scope.read.as_read:
        counted = scope.keep(counted)
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
