"""Which series of weekly counts changed, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import ibis
import numpy as np
from scipy import special

from bokgi.analysis.change_detection.baseline import WEEKS
from bokgi.analysis.change_detection.detector import Detector
from bokgi.analysis.change_detection.panel import Panel, panel

Direction = Literal["down", "up"]

LEVEL: Final = 0.90
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Ratio:
    """How much of the level before is left (2: twice as much), with its interval; for shares the ratio of the odds."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Alert:
    """A series that changed: `week` (Monday) in which it became clear, `since` when, which way, how sure.

    `evidence`: so strong a sign comes by chance about once in so many weeks of this series (at least). `before` (the
    12 weeks before) and `after`: counts in a full working week as they were, or a share; `ratio` of the two, less what
    those weeks were for the others of the team.
    """

    series: str
    subject_kind: str
    subject_id: str | None
    metric: str
    team: str | None
    week: date
    since: date
    direction: Direction
    evidence: float
    before: float
    after: float
    ratio: Ratio


@dataclass(frozen=True)
class Series:
    """A series as it stands: count in a full working week (or share) of the last 12, weeks of history, why not watched.

    `team`: the last in which it was counted; null for none.
    `reason`: `too_few_weeks` (of history, or since it last changed), `too_rare` (even a large fall would not show
    within a quarter) or `result_of_one` (what one person wins is too little, always); null when watched.
    """

    series: str
    subject_kind: str
    subject_id: str | None
    metric: str
    team: str | None
    usual: float | None
    weeks: int
    reason: str | None


@dataclass(frozen=True)
class Changes:
    """Alerts in the order of weeks, all series in order of their keys, and the last week that was judged."""

    alerts: tuple[Alert, ...]
    series: tuple[Series, ...]
    last_week: date | None


def changes(weekly_counts: ibis.Table, *, false_alarms: float = 0.05) -> Changes:
    """Which people's and teams' weekly counts changed, beyond what chance, holidays and the common week explain.

    Reads one row per series and week (`weekly_counts`): `subject_kind` (`person`, `team`), `subject_id` (null: the
    whole organisation), `team` (in that week), `metric`, `week` (date of its Monday), `count`, `trials` (of how many;
    null: a count), `time` (full working weeks). A missing week, and one with less than a day of working time, is passed
    over.

    Gives the alerts, each once, in the week in which the change became clear; an alert does not go away when later
    weeks are added. After an alert the new level is the usual one.

    Counts how: a series is expected to go on as in the weeks before (half weight after 20 weeks; little history is
    drawn towards the team), in proportion to working time and to how the week was for the others of its team. An alert
    is raised when an e-detector reaches its limit: over all watched series of a team together, false alarms come in at
    most `false_alarms` of the weeks. One week alone is never enough. A person who did next to nothing of anything for
    up to two weeks was away, as it seems.

    Small numbers: no series is judged in its first 12 weeks, or when even a fall to 40 % would not show within a
    quarter; what one person wins is never judged, however much; `Series.reason` says so. Refuses: nothing; no rows
    give no alerts. Do not read `after` as the true size of a change: what is noticed is on average exaggerated.

    Source: Shin, Ramdas & Rinaldo (2023), E-detectors; `tests/analysis/change_detection` holds it against slow twins,
    the study measures false alarms and detection.

    >>> import pyarrow as pa
    >>> monday = date(2026, 1, 5)
    >>> rows = [(monday + timedelta(weeks=week), 20 if week < 30 else 8) for week in range(36)]
    >>> table = {"week": [week for week, _ in rows], "count": [count for _, count in rows], "time": [1.0] * 36}
    >>> table |= {"subject_kind": ["person"] * 36, "subject_id": ["kim"] * 36, "team": ["1팀"] * 36}
    >>> table |= {"metric": ["meeting"] * 36, "trials": pa.nulls(36, pa.int64())}
    >>> [(alert.series, alert.direction, alert.since) for alert in changes(ibis.memtable(pa.table(table))).alerts]
    [('person:kim:meeting', 'down', datetime.date(2026, 8, 3))]
    """
    counted = panel(weekly_counts)
    if not counted.keys:
        return Changes((), (), None)
    found = Detector(counted, false_alarms=false_alarms, z=float(special.ndtri((1.0 + LEVEL) / 2.0))).run()
    teams = _teams(weekly_counts)
    alerts = tuple(
        Alert(
            _name(counted, alarm.series),
            *_key(counted, alarm.series),
            teams[int(counted.team[alarm.series, alarm.week])],
            _day(counted, alarm.week),
            _day(counted, alarm.since),
            "up" if alarm.up else "down",
            alarm.evidence,
            alarm.before,
            alarm.after,
            Ratio(float(np.sqrt(alarm.low * alarm.high)), alarm.low, alarm.high),
        )
        for alarm in found.alarms
    )
    series = tuple(
        Series(
            _name(counted, row),
            *_key(counted, row),
            teams[_last_team(counted, row)],
            counted.level(row, len(counted.weeks) - WEEKS, len(counted.weeks)) if found.seen[row] >= WEEKS else None,
            int(found.seen[row]),
            _reason(counted, row, watched=bool(found.watched[row]), weeks=int(found.seen[row])),
        )
        for row in range(len(counted.keys))
    )
    return Changes(alerts, series, _day(counted, len(counted.weeks) - 1))


def _teams(weekly_counts: ibis.Table) -> list[str | None]:
    """Give the teams in the order in which the panel numbers them."""
    names = weekly_counts.select("team").distinct().to_pyarrow()["team"].to_pylist()
    return [*sorted(name for name in names if name is not None), *([None] if None in names else [])]


def _last_team(counted: Panel, row: int) -> int:
    """Give the number of the team in the last week in which anybody worked."""
    back = int(np.argmax(counted.time[row, ::-1] > 0.0))
    return int(counted.team[row, -1 - back])


def _reason(counted: Panel, row: int, *, watched: bool, weeks: int) -> str | None:
    if counted.result_of_one[row]:
        return "result_of_one"
    if watched:
        return None
    return "too_few_weeks" if weeks < WEEKS else "too_rare"


def _key(counted: Panel, row: int) -> tuple[str, str | None, str]:
    return counted.keys[row]


def _name(counted: Panel, row: int) -> str:
    kind, subject, metric = counted.keys[row]
    return f"{kind}:{subject or ''}:{metric}"


def _day(counted: Panel, column: int) -> date:
    return _EPOCH + timedelta(days=int(counted.weeks[column]))
