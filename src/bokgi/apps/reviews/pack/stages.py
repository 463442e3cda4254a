"""The funnel's stages: what entered, moved on and stands there; conversion and time against the period before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import Any, Final

from ibis import _
from scipy.special import ndtr, ndtri

from bokgi.analysis.funnel import snapshot, stage_entry_cohort
from bokgi.analysis.stage_conversion import Risk, stage_conversion
from bokgi.analysis.time_in_stage import time_in_stage
from bokgi.analysis.visits import ladder
from bokgi.apps.reviews.pack.scope import SHORTEST_WINDOW_WEEKS, WINDOW_WEEKS, Row, Scope, rows
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import StageKind

Place = tuple[str, str]
LEVEL: Final = 0.9
FALSE_ALARM: Final = 0.01
_WEEK: Final = 7


@dataclass(frozen=True)
class Windows:
    """The two spans that are compared: the weeks up to the review's day, and as many before them."""

    now: Period
    before: Period | None

    @property
    def weeks(self) -> int:
        """Length of either."""
        return self.now.days // _WEEK


def windows(scope: Scope) -> Windows:
    """Choose the spans: 26 weeks each where there is a year of history, half of it where there is less.

    Below eight weeks each nothing is compared: `before` is null.
    """
    first = scope.visits.agg(first=_.entered_on.min()).to_pyarrow().to_pylist()[0]["first"]
    end = scope.as_of + timedelta(days=1)
    history = 0 if first is None else (end - first).days // _WEEK
    weeks = min(WINDOW_WEEKS, history // 2)
    if weeks < SHORTEST_WINDOW_WEEKS:
        return Windows(Period(end - timedelta(weeks=max(min(history, WINDOW_WEEKS), 1)), end), None)
    start = end - timedelta(weeks=weeks)
    return Windows(Period(start, end), Period(start - timedelta(weeks=weeks), start))


def window_json(found: Windows) -> dict[str, Any]:
    """Say which spans are compared and what to keep in mind."""
    note = (
        Message(
            N_("Compared with the {n} {n:week|weeks} before. Skipped stages do not count; re-opened deals count once."),
            {"n": found.weeks},
        )
        if found.before is not None
        else Message(
            N_("The history is too short for a comparison: it takes {n} {n:week|weeks} twice."),
            {"n": SHORTEST_WINDOW_WEEKS},
        )
    )
    return {
        "start": found.now.start.isoformat(),
        "end": found.now.end.isoformat(),
        "last": found.now.last.isoformat(),
        "weeks": found.weeks,
        "before_start": None if found.before is None else found.before.start.isoformat(),
        "note": encoded(note),
    }


def stage_key(pipeline: str, stage: str, pipelines: int) -> str:
    """Name a stage: by its id, and by its pipeline where there are several."""
    return stage if pipelines == 1 else f"{pipeline}: {stage}"


@dataclass(frozen=True)
class Conversion:
    """A conversion with its interval at `LEVEL` and the number of deals it rests on."""

    estimate: float
    low: float
    high: float
    n: int

    @property
    def error(self) -> float:
        """Standard error, from the width of the interval."""
        return (self.high - self.low) / (2 * float(ndtri((1 + LEVEL) / 2)))

    def as_json(self) -> dict[str, Any]:
        """Give it as the review has it."""
        return {"estimate": self.estimate, "low": self.low, "high": self.high, "level": LEVEL, "n": self.n}


def chance(now: Conversion, before: Conversion) -> float:
    """How often would two conversions this far apart come from one and the same? Two-sided, normal approximation.

    >>> round(chance(Conversion(0.57, 0.51, 0.63, 171), Conversion(0.66, 0.60, 0.72, 180)), 2)
    0.08
    """
    spread = sqrt(now.error**2 + before.error**2)
    return 1.0 if spread == 0 else 2 * float(ndtr(-abs(now.estimate - before.estimate) / spread))


def conversions(scope: Scope, spans: Windows) -> tuple[dict[Place, Conversion], dict[Place, Conversion]]:
    """Estimate the conversion of each stage in both spans; those with too few cases are left out.

    The deals that were in a stage during the span tell most (`Risk.PERIOD`). Where so few of them were old that the
    estimate breaks, those that entered in the span are followed instead, in both spans alike.
    """
    now, before = _estimates(scope, spans.now, Risk.PERIOD), _estimates(scope, spans.before, Risk.PERIOD)
    if None not in now.values() and None not in before.values():
        return _known(now), _known(before)
    broken = {place for found in (now, before) for place, one in found.items() if one is None}
    cohorts = _estimates(scope, spans.now, Risk.COHORT), _estimates(scope, spans.before, Risk.COHORT)
    for found, cohort in zip((now, before), cohorts, strict=True):
        found.update({place: cohort.get(place) for place in broken})
    return _known(now), _known(before)


def _known(found: Mapping[Place, Conversion | None]) -> dict[Place, Conversion]:
    return {place: one for place, one in found.items() if one is not None}


def _estimates(scope: Scope, period: Period | None, risk: Risk) -> dict[Place, Conversion | None]:
    """Give the estimates of a span; null where the risk set broke."""
    if period is None:
        return {}
    found = stage_conversion(
        None,
        scope.visits,
        as_of=scope.as_of,
        period=period,
        risk=risk,
        minimum_n=scope.facts.settings.minimum_n,
        level=LEVEL,
        progressed=scope.progressions,
    ).to_pylist()
    told: dict[Place, Conversion | None] = {}
    for row in found:
        place = (row["pipeline"], row["stage"])
        if row["reason"] == "thin":
            told[place] = None
        elif row["conversion"] is not None and row["low"] is not None and row["high"] is not None:
            told[place] = Conversion(row["conversion"], row["low"], row["high"], row["deals"])
    return told


def verdict(now: Conversion | None, before: Conversion | None, comparisons: int) -> str | None:
    """Compare two conversions: `lower`, `higher`, `same` (chance explains it), or null (too few cases).

    A difference counts when chance would make one as large in at most 1 % of weeks, over all comparisons together.
    """
    if now is None or before is None:
        return None
    if chance(now, before) * comparisons >= FALSE_ALARM:
        return "same"
    return "lower" if now.estimate < before.estimate else "higher"


def stages(scope: Scope, spans: Windows) -> list[Row]:
    """Tell about every open stage, in the order of the funnel."""
    steps = rows(
        ladder(scope.facts.stages).filter(_.kind == StageKind.OPEN.value).order_by("pipeline", "stage_order", "stage")
    )
    criteria = {
        (row["pipeline"], row["stage"]): row["exit_criterion"]
        for row in rows(scope.facts.stages.select("pipeline", "stage", "exit_criterion"))
    }
    cohort = _by_stage(
        rows(stage_entry_cohort(scope.deals, scope.visits, period=spans.now, progressed=scope.progressions))
    )
    standing = _by_stage(rows(snapshot(scope.deals, scope.facts.stages)))
    now, before = conversions(scope, spans)
    days = {
        (row["pipeline"], row["stage"]): row
        for row in time_in_stage(
            None,
            scope.visits,
            as_of=scope.as_of,
            period=spans.now,
            minimum_n=scope.facts.settings.minimum_n,
            level=LEVEL,
        ).to_pylist()
    }
    used = [step for step in steps if (step["pipeline"], step["stage"]) in {*cohort, *standing}] or steps
    pipelines = len({step["pipeline"] for step in used})
    labels = Counter(step["label"] for step in used)
    comparisons = max(len(set(now) & set(before)), 1)
    told = []
    for step in used:
        place = (step["pipeline"], step["stage"])
        entries, here = cohort.get(place, {}), standing.get(place, {})
        told.append(
            {
                "key": stage_key(*place, pipelines),
                "pipeline": step["pipeline"],
                "stage": step["stage"],
                "label": step["label"] if labels[step["label"]] == 1 else f"{step['pipeline']} · {step['label']}",
                "order": step["stage_order"],
                "exit_criterion": criteria.get(place),
                "entered": entries.get("entered", 0),
                "moved": entries.get("reached", 0),
                "still_open": entries.get("open", 0),
                "ended": entries.get("lost", 0) + entries.get("no_decision", 0) + entries.get("removed", 0),
                "open": scope.sum_of(here, "deals"),
                "conversion": _json(now.get(place)),
                "before": _json(before.get(place)),
                "verdict": verdict(now.get(place), before.get(place), comparisons),
                "days": _days(days.get(place)),
            }
        )
    return told


def _by_stage(found: Sequence[Row]) -> dict[tuple[str, str], Row]:
    return {(row["pipeline"], row["stage"]): row for row in found}


def _json(found: Conversion | None) -> dict[str, Any] | None:
    return None if found is None else found.as_json()


def _days(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if found is None or found["reason"] is not None:
        return None
    return {
        "median": found["median_days"],
        "low": found["median_low"],
        "high": found["median_high"],
        "late": found["p80_days"],
        "level": LEVEL,
        "n": found["left"],
    }
