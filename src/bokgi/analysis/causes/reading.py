"""Reads the cause of a low or falling result: which of five causes the data show, and where they cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import ibis
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy import special

from bokgi.analysis.bottleneck.counts import count_cells
from bokgi.analysis.bottleneck.screening import screen
from bokgi.analysis.causes.outliers import outliers
from bokgi.analysis.change_detection import Changes
from bokgi.analysis.comparison import Comparison
from bokgi.analysis.comparison.conditions import RAMP_DAYS
from bokgi.analysis.lead_response import ANSWERED

Ints = NDArray[np.int64]
State = Literal["sign", "unclear", "no_sign", "too_few"]

CAUSES: Final = ("environment", "lead_handling", "skill", "motivation", "ramp")
SURE: Final = 0.01
"""Chance of a false sign, for each cause of each person."""
LEAST_EFFECT: Final = 0.85
"""A hand or a conversion is low when it is at most this part of what is usual."""
LEAST_CASES: Final = 20
"""Closed deals from which a hand is looked at: of ten deals chance alone makes half the usual win rate, or double."""
LEAST_DIFFERENCE: Final = 0.15
"""A share of late or forgotten cases is high when it is at least so far above that of the others."""
CASES_WEEKS: Final = 52
HANDLING_WEEKS: Final = 26
CARE: Final = ("untouched", "no_next_step", "next_step_passed")


@dataclass(frozen=True)
class Signal:
    """One piece of evidence: cases, own value beside the usual one, p-value (null where it is no test), its state.

    `code`: `hand`, `response`, one of `CARE`, `stage`, `win_rate`, `activities`, `ramp`. Values are shares; for
    `activities` counts in a working week; for `ramp` days in the company and those of the ramp.
    """

    code: str
    state: State
    n: int
    value: float | None = None
    usual: float | None = None
    p: float | None = None
    stage: str | None = None
    since: date | None = None


@dataclass(frozen=True)
class Cause:
    """One cause: `sign` when any of its signals is one, `too_few` when none could be looked at."""

    name: str
    state: State
    signals: tuple[Signal, ...]


@dataclass(frozen=True)
class Reading:
    """All causes of one person, in the order of `CAUSES`."""

    person_id: str
    causes: tuple[Cause, ...]

    @property
    def found(self) -> tuple[str, ...]:
        """Name the causes the data show."""
        return tuple(cause.name for cause in self.causes if cause.state == "sign")


def causes(  # noqa: PLR0913 - five causes rest on that many tables
    deals: ibis.Table,
    progressions: ibis.Table,
    care: ibis.Table,
    waits: ibis.Table,
    memberships: ibis.Table,
    *,
    as_of: date,
    factors: Sequence[str],
    comparison: Comparison | None,
    changes: Changes,
    late_hours: float,
) -> tuple[Reading, ...]:
    """Which causes may stand behind a person's result: the hand, the handling, one step, the activity, being new.

    Reads `deals` with the conditions they came with (`comparison.conditions`), `progressions`, `care`
    (`analysis.hygiene`), `waits` (`lead_response.waiting_cells` of the last `HANDLING_WEEKS` weeks), `memberships`, all
    as of `as_of`; `comparison` of the last `CASES_WEEKS` weeks (null: refused) and `changes` of everybody. `factors`:
    the conditions that conversions are adjusted for, the territory among them.

    Gives one reading a person, by `person_id`. A cause has a sign when

    - environment: with this person's deals, from 20 closed ones on, an average person reaches at most 85 % of what they
      reach with everybody's;
    - lead_handling: more leads answered late, or more open deals untouched, without a next step or past its date, than
      the others' share, by 15 points or more;
    - skill: conversion at one stage, or the win rate, at most 85 % of what the same cases let expect, while activity
      does not fall (`unclear` when it does: the two cannot be told apart);
    - motivation: weekly activities fell against the own past (`analysis.change_detection`) and have not risen again;
    - ramp: fewer than 180 days in the company.

    Counts how: several causes may have a sign. Each is a test at `SURE`, divided by the number of its signals; what
    people differ in anyway is taken off (`outliers`). Late: not answered within `late_hours` (a working day has 24).

    Small numbers: `too_few`, never a guess. Refuses: nothing. Do not use it as a verdict: it says where to look first,
    and a cause without a sign may be there all the same. Source: own definition; `tests/analysis/causes` and the study
    hold it against a simulator with planted causes.
    """
    people = _people(deals, memberships, as_of)
    hands = {} if comparison is None else {row.person_id: row for row in comparison.people}
    handling = _handling(people, care, waits, late_hours)
    steps = _steps(deals, progressions, factors, as_of)
    fallen = _fallen(people, changes, as_of)
    started = _started(memberships)
    readings = []
    for person in people:
        activity = fallen[person]
        hand = hands.get(person)
        skill = list(steps.get(person, ()))
        if hand is not None and comparison is not None:
            low = comparison.detectable and 1.0 - hand.p_above_average > 1.0 - SURE / (len(skill) + 1)
            usual = float(np.mean([row.adjusted for row in comparison.people]))
            small = hand.adjusted <= LEAST_EFFECT * usual
            skill.append(Signal("win_rate", "sign" if low and small else "no_sign", hand.n, hand.adjusted, usual))
        if activity.state == "sign":
            skill = [_unclear(one) for one in skill]
        days = None if started.get(person) is None else (as_of - started[person]).days
        ramp = (
            Signal("ramp", "too_few", 0)
            if days is None
            else Signal("ramp", "sign" if days < RAMP_DAYS else "no_sign", 1, float(days), float(RAMP_DAYS))
        )
        environment = (
            Signal("hand", "too_few", 0 if hand is None else hand.n)
            if hand is None or hand.n < LEAST_CASES
            else Signal(
                "hand",
                "sign" if hand.hand_p < SURE and hand.hand <= LEAST_EFFECT else "no_sign",
                hand.n,
                hand.hand,
                1.0,
                hand.hand_p,
            )
        )
        readings.append(
            Reading(
                person,
                (
                    _cause("environment", [environment]),
                    _cause("lead_handling", handling[person]),
                    _cause("skill", skill),
                    _cause("motivation", [activity]),
                    _cause("ramp", [ramp]),
                ),
            )
        )
    return tuple(readings)


def _cause(name: str, signals: Sequence[Signal]) -> Cause:
    order: tuple[State, ...] = ("sign", "unclear", "no_sign")
    state: State = next((one for one in order if any(signal.state == one for signal in signals)), "too_few")
    return Cause(name, state, tuple(signals))


def _unclear(signal: Signal) -> Signal:
    if signal.state != "sign":
        return signal
    return Signal(signal.code, "unclear", signal.n, signal.value, signal.usual, signal.p, signal.stage, signal.since)


def _people(deals: ibis.Table, memberships: ibis.Table, as_of: date) -> list[str]:
    """Whoever is in a team on the day, or has an open deal or one that closed within the window."""
    since = as_of - timedelta(weeks=CASES_WEEKS)
    owners = deals.filter(_.owner_id.notnull() & (_.closed_on.isnull() | (_.closed_on > since)))
    day = ibis.literal(as_of)
    members = memberships.filter(
        (_.valid_from.isnull() | (_.valid_from <= day))
        & (_.valid_to.isnull() | (_.valid_to > day))
        & (_.left_on.isnull() | (_.left_on > day))
    )
    gone = memberships.filter(_.left_on <= day).select("person_id")
    both = ibis.union(owners.select(person_id="owner_id"), members.select("person_id")).distinct()
    return sorted(both.anti_join(gone, "person_id").to_pyarrow()["person_id"].to_pylist())


def _started(memberships: ibis.Table) -> dict[str, date]:
    rows = memberships.group_by("person_id").agg(on=_.started_on.min()).filter(_.on.notnull()).to_pyarrow()
    return dict(zip(rows["person_id"].to_pylist(), rows["on"].to_pylist(), strict=True))


def _handling(
    people: Sequence[str], care: ibis.Table, waits: ibis.Table, late_hours: float
) -> Mapping[str, list[Signal]]:
    """Compare late answers and forgotten deals of each person with the others'."""
    limit = round(late_hours * 60)
    told = (_.kind == ANSWERED) | (_.minutes > limit)
    late = waits.filter(_.person_id.notnull() & _.minutes.notnull() & told)
    counts = [
        ("response", late.group_by("person_id").agg(n=_.n.sum(), k=(_.n * (_.minutes > limit).cast("int64")).sum()))
    ]
    for reason in CARE:
        known = care.filter(_.owner_id.notnull() & care[reason].notnull())
        found = known.group_by(person_id="owner_id").agg(n=_.count(), k=_[reason].cast("int64").sum())
        counts.append((reason, found))
    out: dict[str, list[Signal]] = {person: [] for person in people}
    for code, table in counts:
        rows = {row["person_id"]: (row["n"], row["k"]) for row in table.to_pyarrow().to_pylist()}
        n, k = (np.array([rows.get(person, (0, 0))[i] for person in people], dtype=np.int64) for i in (0, 1))
        for person, signal in zip(people, _shares(code, n, k), strict=True):
            out[person].append(signal)
    return out


def _shares(code: str, n: Ints, k: Ints) -> list[Signal]:
    p = outliers(n, k)
    whole, successes = int(n.sum()), int(k.sum())
    out = []
    for i in range(len(n)):
        others = whole - int(n[i])
        if np.isnan(p[i]) or not others:
            out.append(Signal(code, "too_few", int(n[i])))
            continue
        value, usual = float(k[i] / n[i]), (successes - int(k[i])) / others
        found = p[i] < SURE / (1 + len(CARE)) and value - usual >= LEAST_DIFFERENCE
        out.append(Signal(code, "sign" if found else "no_sign", int(n[i]), value, usual, float(p[i])))
    return out


def _steps(
    deals: ibis.Table, progressions: ibis.Table, factors: Sequence[str], as_of: date
) -> Mapping[str, tuple[Signal, ...]]:
    """Compare each person's conversion at each stage with what the same cases let expect from the others."""
    window = (as_of - timedelta(weeks=CASES_WEEKS), as_of + timedelta(days=1))
    cells = count_cells(progressions, deals, ["owner_id", *factors], factors, ["owner_id"], window)
    found: dict[str, list[tuple[str, int, float, float, float]]] = {}
    for (_pipeline, stage, _order), cell in cells:
        told = screen(cell, "owner_id", position=None, level=None, flagged=None)
        for i, name in enumerate(told.names):
            if name is not None and not np.isnan(told.z[i]):
                value = (int(told.n[i]), float(told.wins[i]), float(told.expected[i]), float(special.ndtr(told.z[i])))
                found.setdefault(name, []).append((stage, *value))
    return {person: tuple(_step(one, len(rows)) for one in rows) for person, rows in found.items()}


def _step(row: tuple[str, int, float, float, float], steps: int) -> Signal:
    stage, n, wins, expected, p = row
    low = p < SURE / (steps + 1) and wins <= LEAST_EFFECT * expected
    return Signal("stage", "sign" if low else "no_sign", n, wins / n, expected / n, p, stage)


def _fallen(people: Sequence[str], changes: Changes, as_of: date) -> Mapping[str, Signal]:
    """Tell whose activities fell in the last half year and have not risen since."""
    since = as_of - timedelta(weeks=HANDLING_WEEKS)
    watched = {
        series.subject_id: series
        for series in changes.series
        if series.subject_kind == "person" and series.metric == "activities"
    }
    latest = {
        alert.subject_id: alert
        for alert in sorted(changes.alerts, key=lambda alert: alert.week)
        if alert.subject_kind == "person" and alert.metric == "activities"
    }
    out = {}
    for person in people:
        series, alert = watched.get(person), latest.get(person)
        weeks = 0 if series is None else series.weeks
        if alert is not None and alert.direction == "down" and alert.week > since:
            # The series begins anew where it fell, so for a while it has too few weeks to be watched.
            out[person] = Signal("activities", "sign", weeks, alert.after, alert.before, None, None, alert.since)
        elif series is None or series.reason is not None:
            out[person] = Signal("activities", "too_few", weeks)
        else:
            out[person] = Signal("activities", "no_sign", weeks, series.usual, series.usual)
    return out
