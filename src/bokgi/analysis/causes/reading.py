"""Reads the cause of a low or falling result: which of five causes the data show, and where they cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

import ibis
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy import special

from bokgi.analysis.bottleneck.counts import count_cells
from bokgi.analysis.bottleneck.screening import benjamini_hochberg, screen
from bokgi.analysis.causes.outliers import outliers
from bokgi.analysis.change_detection import Alert, Changes
from bokgi.analysis.comparison import Comparison, PersonResult
from bokgi.analysis.comparison.conditions import RAMP_DAYS
from bokgi.analysis.lead_response import ANSWERED

Ints = NDArray[np.int64]
State = Literal["sign", "unclear", "no_sign", "too_few"]

CAUSES: Final = ("environment", "lead_handling", "skill", "motivation", "ramp")
SURE: Final = 0.01
"""Chance that anybody is told a cause where nobody has one, over all people and causes of an organisation together."""
LEAST_HAND: Final = 0.85
"""A hand is hard when an average person reaches at most this part of the usual with it."""
LEAST_CONVERSION: Final = 0.90
"""A conversion or a win rate is low when it is at most this part of what the same cases let expect."""
LEAST_CASES: Final = 20
"""Closed deals from which a hand is looked at: of ten deals chance alone makes half the usual win rate, or double."""
LEAST_DIFFERENCE: Final = 0.15
"""A share of late or forgotten cases is high when it is at least so far above that of the others."""
CASES_WEEKS: Final = 52
HANDLING_WEEKS: Final = 26
CARE: Final = ("untouched", "no_next_step", "next_step_passed")


@dataclass(frozen=True)
class Signal:
    """One piece of evidence: cases, own value beside the usual one, its state, p-value by itself (null: no such test).

    `code`: `hand`, `response`, one of `CARE`, `stage`, `win_rate`, `activities`, `ramp`. Values are shares; for
    `activities` counts in a working week; for `ramp` days in the company and those of the ramp. `recorded`: false where
    the data hold nothing of the kind about anybody, so that more cases would not help.
    """

    code: str
    state: State
    n: int
    value: float | None = None
    usual: float | None = None
    p: float | None = None
    stage: str | None = None
    since: date | None = None
    recorded: bool = True


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
    sure_changes: Changes,
    late_hours: float,
) -> tuple[Reading, ...]:
    """Which causes may stand behind a person's result: the hand, the handling, one step, the activity, being new.

    Reads `deals` with the conditions they came with (`comparison.conditions`), `progressions`, `care`
    (`analysis.hygiene`), `waits` (`lead_response.waiting_cells` of the last `HANDLING_WEEKS` weeks), `memberships`, all
    as of `as_of`; `comparison` of the last `CASES_WEEKS` weeks (null: refused) and `changes` of everybody, once as they
    are told to a team (`changes`) and once as `steady_alarms` asks (`sure_changes`). `factors`: the conditions that
    conversions are adjusted for, the territory among them.

    Gives one reading a person, by `person_id`. A cause has a sign when

    - environment: with this person's deals, from 20 closed ones on, an average person reaches at most 85 % of what they
      reach with everybody's;
    - lead_handling: more leads answered late, or more open deals untouched, without a next step or past its date, than
      the others' share, by 15 points or more;
    - skill: conversion at one stage, or the win rate, at most 90 % of what the same cases let expect, while activity
      does not fall (`unclear` when it does: the two cannot be told apart);
    - motivation: weekly activities fell against the own past (`analysis.change_detection`) and have not risen again
      (`unclear` when the fall is one that chance makes somewhere in such an organisation within half a year);
    - ramp: fewer than 180 days in the company.

    Counts how: several causes may have a sign. Everybody is looked at together: the p-value of a cause is the smallest
    of its signals times their number, and those causes of all people are told that Benjamini & Hochberg (1995) pass at
    `SURE`. So where nobody differs a sign comes up in one organisation of a hundred, however many people it has, and
    one in a hundred of the signs told is false. What people differ in anyway is taken off (`outliers`). Late: not
    answered within `late_hours` (a working day has 24).

    Small numbers: `too_few`, never a guess. Refuses: nothing. Do not use it as a verdict: it says where to look first,
    and a cause without a sign may be there all the same. Source: own definition; `tests/analysis/causes` and the study
    hold it against a simulator with planted causes.
    """
    people = _people(deals, memberships, as_of)
    handling = _handling(people, care, waits, late_hours)
    steps = _steps(deals, progressions, factors, as_of)
    rates = {} if comparison is None else _win_rates(comparison)
    hands = {} if comparison is None else {row.person_id: row for row in comparison.people}
    fallen = _fallen(people, changes, sure_changes, as_of)
    started = _started(memberships)
    tested = {
        (person, name): signals
        for person in people
        for name, signals in (
            ("environment", [_hand(hands.get(person))]),
            ("lead_handling", handling[person]),
            ("skill", [*steps.get(person, ()), *rates.get(person, ())]),
        )
    }
    told = _controlled(tested)
    readings = []
    for person in people:
        activity, skill = fallen[person], told[person, "skill"]
        if activity.state == "sign":
            skill = [replace(one, state="unclear") if one.state == "sign" else one for one in skill]
        signals = {
            "environment": told[person, "environment"],
            "lead_handling": told[person, "lead_handling"],
            "skill": skill,
            "motivation": [activity],
            "ramp": [_ramp(started.get(person), as_of)],
        }
        readings.append(Reading(person, tuple(_cause(name, signals[name]) for name in CAUSES)))
    return tuple(readings)


def steady_alarms(teams: int) -> float:
    """Give the `false_alarms` of a team's week at which, in half a year of all teams, one comes by chance at `SURE`.

    >>> round(1 / steady_alarms(2))
    5200
    """
    return SURE / (HANDLING_WEEKS * max(teams, 1))


def _controlled(tested: Mapping[tuple[str, str], Sequence[Signal]]) -> dict[tuple[str, str], list[Signal]]:
    """Take back the signs that chance explains among all the causes of all the people that were looked at."""
    ps = {key: [one.p for one in signals if one.p is not None] for key, signals in tested.items()}
    of_cause = {key: min(1.0, len(found) * min(found)) for key, found in ps.items() if found}
    each = np.array(list(of_cause.values()))
    passed = each[benjamini_hochberg(each) <= SURE] if len(each) else each
    limit = float(passed.max(initial=0.0))
    return {
        key: [
            replace(one, state="no_sign")
            if one.state == "sign" and (one.p is None or len(ps[key]) * one.p > limit)
            else one
            for one in signals
        ]
        for key, signals in tested.items()
    }


def _hand(row: PersonResult | None) -> Signal:
    if row is None or row.n < LEAST_CASES:
        return Signal("hand", "too_few", 0 if row is None else row.n)
    return Signal("hand", "sign" if row.hand <= LEAST_HAND else "no_sign", row.n, row.hand, 1.0, row.hand_p)


def _win_rates(comparison: Comparison) -> dict[str, tuple[Signal]]:
    """Hold each win rate against the mean; where people cannot be told apart at all, none is low."""
    usual = float(np.mean([row.adjusted for row in comparison.people]))
    width = 2.0 * float(special.ndtri((1.0 + comparison.level) / 2.0))
    found = {}
    for row in comparison.people:
        sd = max((row.high - row.low) / width, 1e-9)
        p = float(special.ndtr((row.adjusted - usual) / sd)) if comparison.detectable else 1.0
        low = row.adjusted <= LEAST_CONVERSION * usual
        found[row.person_id] = (Signal("win_rate", "sign" if low else "no_sign", row.n, row.adjusted, usual, p),)
    return found


def _ramp(began: date | None, as_of: date) -> Signal:
    if began is None:
        return Signal("ramp", "too_few", 0)
    days = (as_of - began).days
    return Signal("ramp", "sign" if days < RAMP_DAYS else "no_sign", 1, float(days), float(RAMP_DAYS))


def _cause(name: str, signals: Sequence[Signal]) -> Cause:
    order: tuple[State, ...] = ("sign", "unclear", "no_sign")
    state: State = next((one for one in order if any(signal.state == one for signal in signals)), "too_few")
    return Cause(name, state, tuple(signals))


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
            out.append(Signal(code, "too_few", int(n[i]), recorded=whole > 0))
            continue
        value, usual = float(k[i] / n[i]), (successes - int(k[i])) / others
        more = value - usual >= LEAST_DIFFERENCE
        out.append(Signal(code, "sign" if more else "no_sign", int(n[i]), value, usual, float(p[i])))
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
    return {person: tuple(_step(*row) for row in rows) for person, rows in found.items()}


def _step(stage: str, n: int, wins: float, expected: float, p: float) -> Signal:
    low = wins <= LEAST_CONVERSION * expected
    return Signal("stage", "sign" if low else "no_sign", n, wins / n, expected / n, p, stage)


def _fallen(people: Sequence[str], changes: Changes, sure_changes: Changes, as_of: date) -> Mapping[str, Signal]:
    """Tell whose activities fell in the last half year and have not risen since."""
    since = as_of - timedelta(weeks=HANDLING_WEEKS)
    watched = {
        series.subject_id: series
        for series in changes.series
        if series.subject_kind == "person" and series.metric == "activities"
    }
    told, sure = _latest(changes), _latest(sure_changes)
    fell: dict[str | None, tuple[Alert, State]] = {}
    for person in {*told, *sure}:
        last, certain = told.get(person), sure.get(person)
        risen = last is not None and last.direction == "up" and (certain is None or last.week >= certain.week)
        alert = certain or last
        if alert is not None and alert.direction == "down" and alert.week > since and not risen:
            fell[person] = (alert, "unclear" if certain is None else "sign")
    out = {}
    for person in people:
        series = watched.get(person)
        weeks = 0 if series is None else series.weeks
        if person in fell:
            # The series begins anew where it fell, so for a while it has too few weeks to be watched.
            alert, state = fell[person]
            out[person] = Signal("activities", state, weeks, alert.after, alert.before, None, None, alert.since)
        elif series is None or series.reason is not None:
            out[person] = Signal("activities", "too_few", weeks)
        else:
            out[person] = Signal("activities", "no_sign", weeks, series.usual, series.usual)
    return out


def _latest(changes: Changes) -> dict[str | None, Alert]:
    """Give the last alert of each person's activities."""
    return {
        alert.subject_id: alert
        for alert in sorted(changes.alerts, key=lambda alert: alert.week)
        if alert.subject_kind == "person" and alert.metric == "activities"
    }
