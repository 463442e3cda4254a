"""Tell what changed in what people and teams do in a week, and nothing that chance explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import ibis
from ibis import _
from ibis.expr.types import CachedTable

from bokgi.analysis.change_detection import Alert, Changes, acted, changes, weekly_counts
from bokgi.analysis.change_detection.alerts import LEVEL
from bokgi.analysis.change_detection.detector import EFFORT
from bokgi.domain.errors import UsageError
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Json, known, names_of_people
from bokgi.questions.explained import explained

SHOWN_WEEKS: Final = 8
FALSE_ALARMS: Final = 0.05
METRICS: Final = {
    "activities": Message(N_("activities")),
    "meeting": Message(N_("meetings")),
    "call": Message(N_("calls")),
    "email": Message(N_("e-mails")),
    "created": Message(N_("new deals")),
    "won": Message(N_("deals won")),
    "win_rate": Message(N_("win rate")),
}
"""What is counted, by the key of the metric."""
_WHY_NOT: Final = {
    "no_rows": N_("There are no activities or deals of people in weeks that are over."),
    "too_few_weeks": N_("A change shows from 12 weeks of history on; there are fewer."),
    "too_rare": N_("The weekly counts are too small to tell a change from chance."),
}
_NOTHING: Final = Message(
    N_("In {weeks} {weeks:week|weeks} nothing changed by more than chance ({n} {n:series is|series are} watched).")
)


def ask_changes(
    facts: Facts, *, as_of: date, weeks: int = SHOWN_WEEKS, team: str | None = None, false_alarms: float = FALSE_ALARMS
) -> Json:
    """Tell which weekly counts changed, among the alerts of the last weeks up to `as_of`.

    Reads all facts of a lake version. `weeks`: how far back alerts are shown; `team`: of that team and its people only.

    Gives `alerts[]{series, week, direction, evidence, …}`, `series[]`, `said[]`, `caveats[]`; see
    `docs/reference/changes.schema.json`. Weeks after the last export are not judged. Raises `UsageError` for
    `false_alarms` outside 0 to 1 or no weeks, `NotFoundError` for an unknown team.
    """
    if not 0.0 < false_alarms < 1.0:
        raise UsageError(
            "share_out_of_range",
            Message(
                N_("{option} is a share between 0 and 1, not {given}."),
                {"option": "--false-alarms", "given": false_alarms},
            ),
        )
    if weeks < 1:
        raise UsageError("too_few_weeks", Message(N_("At least one week is shown, not {given}."), {"given": weeks}))
    if team is not None:
        known(facts.memberships, "team", team)
    with _counted(facts, as_of) as counted:
        found = changes(counted, false_alarms=false_alarms)
    if team is not None:
        found = replace(
            found,
            alerts=tuple(alert for alert in found.alerts if alert.team == team),
            series=tuple(series for series in found.series if series.team == team),
        )
    names = names_of_people(facts)
    since = as_of - timedelta(weeks=weeks)
    alerts = [alert for alert in found.alerts if alert.week > since]
    watched = sum(series.reason is None for series in found.series)
    return {
        "as_of": as_of.isoformat(),
        "weeks": weeks,
        "team": team,
        "false_alarms": false_alarms,
        "last_week": found.last_week and found.last_week.isoformat(),
        "n": watched,
        "reason": _reason(found, alerts),
        "alerts": [alert_json(alert, names) for alert in alerts],
        "series": [
            {
                "series": series.series,
                "subject_kind": series.subject_kind,
                "subject_id": series.subject_id,
                "name": _name(series.subject_kind, series.subject_id, names),
                "metric": series.metric,
                "usual": series.usual,
                "weeks": series.weeks,
                "watched": series.reason is None,
                "reason": series.reason,
            }
            for series in found.series
        ],
        **explained(
            "change_detection",
            said=_said(found, alerts, names, weeks, watched),
            caveats=_caveats(alerts),
            would_change=_would_change(found, alerts),
        ),
    }


def activity_changes(facts: Facts, *, as_of: date, sure: float) -> tuple[Changes, Changes]:
    """Find the changes of everything as a team is told them, and those of people's activities alone at `sure`.

    `sure` is the share of a team's weeks in which they may raise a false alarm.
    """
    with _counted(facts, as_of) as counted:
        activities = counted.filter((_.subject_kind == "person") & (_.metric == EFFORT))
        return changes(counted, false_alarms=FALSE_ALARMS), changes(activities, false_alarms=sure)


def _counted(facts: Facts, as_of: date) -> CachedTable:
    """Count the weeks up to a day; they are read several times and computed once."""
    until = as_of if facts.as_of is not None else min(as_of, _exported(facts) or as_of)
    now = facts if facts.as_of is not None else facts_on(facts, as_of)
    return weekly_counts_of_day(facts, now, until=until).cache()


def weekly_counts_of_day(read: Facts, now: Facts, *, until: date) -> ibis.Table:
    """Counts of people and teams by week up to a day (`analysis.change_detection`).

    Of facts that were `read`, cut to the day of `now`; kept for it. What people did on each day is counted once for
    all days.
    """

    def count() -> ibis.Table:
        known = read.kept("acted", lambda: acted(read.activities, read.activity_people)) if read.as_read else None
        return weekly_counts(
            now.deals, now.activities, now.activity_people, now.memberships, now.calendar, as_of=until, known=known
        )

    return read.kept(f"weekly-{now.as_of}-{until}", count)


def _exported(facts: Facts) -> date | None:
    """Give the day of the last export: after it nothing could have been recorded."""
    found = [table.observed_on.max().to_pyarrow().as_py() for table in (facts.deals, facts.activities)]
    known: list[date] = [day for day in found if day is not None]
    return max(known, default=None)


def alert_json(alert: Alert, names: Mapping[str, str]) -> Json:
    """Write an alert with its sentence."""
    return {
        "series": alert.series,
        "subject_kind": alert.subject_kind,
        "subject_id": alert.subject_id,
        "name": _name(alert.subject_kind, alert.subject_id, names),
        "team": alert.team,
        "metric": alert.metric,
        "week": alert.week.isoformat(),
        "since": alert.since.isoformat(),
        "direction": alert.direction,
        "evidence": alert.evidence,
        "before": alert.before,
        "after": alert.after,
        "ratio": {"estimate": alert.ratio.estimate, "low": alert.ratio.low, "high": alert.ratio.high},
        "level": LEVEL,
        "sentence": encoded(alert_sentence(alert, names)),
    }


def alert_sentence(alert: Alert, names: Mapping[str, str]) -> Message:
    """Say what changed, since when, from what to what."""
    down = alert.direction == "down"
    values: dict[str, object] = {"what": METRICS[alert.metric], "since": alert.since}
    name = _name(alert.subject_kind, alert.subject_id, names)
    if alert.metric == "win_rate":
        values |= {"before": Rate(alert.before), "after": Rate(alert.after)}
        if name is None:
            return Message(
                N_("The win rate fell: {after} since {since}, {before} before.")
                if down
                else N_("The win rate rose: {after} since {since}, {before} before."),
                values,
            )
        return Message(
            N_("{name}: the win rate fell, {after} since {since}, {before} before.")
            if down
            else N_("{name}: the win rate rose, {after} since {since}, {before} before."),
            values | {"name": name},
        )
    values |= {"before": alert.before, "after": alert.after}
    if name is None:
        return Message(
            N_("Fewer {what}: about {after} per person and working week since {since}, {before} before.")
            if down
            else N_("More {what}: about {after} per person and working week since {since}, {before} before."),
            values,
        )
    values["name"] = name
    if alert.subject_kind == "team":
        return Message(
            N_("{name}: fewer {what}, about {after} per person and working week since {since}, {before} before.")
            if down
            else N_("{name}: more {what}, about {after} per person and working week since {since}, {before} before."),
            values,
        )
    return Message(
        N_("{name}: fewer {what}, about {after} in a working week since {since}, {before} before.")
        if down
        else N_("{name}: more {what}, about {after} in a working week since {since}, {before} before."),
        values,
    )


def _name(kind: str, subject: str | None, names: Mapping[str, str]) -> str | None:
    return names.get(subject, subject) if kind == "person" and subject is not None else subject


def _reason(found: Changes, alerts: list[Alert]) -> str | None:
    """Say why nothing could be told; null where something was watched, or told before its series became rare."""
    if alerts:
        return None
    if not found.series:
        return "no_rows"
    reasons = {series.reason for series in found.series}
    if None in reasons:
        return None
    return "too_rare" if "too_rare" in reasons else "too_few_weeks"


def _said(found: Changes, alerts: list[Alert], names: Mapping[str, str], weeks: int, watched: int) -> list[Message]:
    reason = _reason(found, alerts)
    if reason is not None:
        return [Message(_WHY_NOT[reason])]
    if not alerts:
        return [Message(_NOTHING.msgid, {"weeks": weeks, "n": watched})]
    return [alert_sentence(alert, names) for alert in alerts]


def _would_change(found: Changes, alerts: list[Alert]) -> list[Message]:
    if _reason(found, alerts) is not None:
        return [Message(N_("The more weeks and activities are recorded, the sooner a change can be told from chance."))]
    said = [Message(N_("A few more weeks show whether a change lasts; when it goes back, that is told, too."))]
    if any(alert.direction == "down" for alert in alerts):
        said.append(
            Message(N_("Ask before you judge: leave, another task, or another way of recording also show like this."))
        )
    return said


def _caveats(alerts: list[Alert]) -> list[Message]:
    said = [
        Message(
            N_(
                "Short weeks, part-time and what the whole team's week was like are taken into account; absence that "
                "nobody recorded is not, beyond two weeks."
            )
        ),
        Message(N_("What one person wins is too little to tell a change from chance, so it is never reported here.")),
    ]
    if alerts:
        ratio = alerts[-1].ratio
        said.append(
            Message(
                N_(
                    "A change that was just noticed looks larger than it is; the interval of the latest is {ends} of "
                    "the level before ({level})."
                ),
                {"ends": Between(Rate(ratio.low), Rate(ratio.high)), "level": Rate(LEVEL)},
            )
        )
    return said
