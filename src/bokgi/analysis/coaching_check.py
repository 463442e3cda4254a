"""What became of an agreed measure since a plan began, beside matched colleagues or the own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Kind = Literal["rate", "share"]
Verdict = Literal["more", "less", "cannot_tell"]

MOST_COLLEAGUES: Final = 8
LEAST_COLLEAGUES: Final = 4
LEAST_COUNT: Final = 10
LEAST_TRIALS: Final = 8
LEAST_PLANS: Final = 5
"""Plans of one measure from which they are summed up."""


@dataclass(frozen=True)
class Counted:
    """Counts of one person before and since: events and working weeks (`rate`), or successes and cases (`share`)."""

    before: tuple[float, float]
    since: tuple[float, float]
    role: str | None = None


@dataclass(frozen=True)
class Check:
    """How a measure went on.

    `before`, `since`: own values (null: too few). `change`: since relative to before (`rate`: a ratio; `share`: a
    difference, 0 to 1) with its interval; `colleagues`: the same for the mean of the matched ones (null: none).
    `beside`: own change relative to theirs (or, without any, the own change) with the interval at `level`, on which
    the verdict rests. `effect` and `error`: the same on the scale on which plans are summed up.
    """

    kind: Kind
    before: float | None
    since: float | None
    n: tuple[int, int]
    change: float | None
    colleagues: float | None
    matched: int
    beside: tuple[float, float, float] | None
    level: float
    verdict: Verdict
    reason: str | None
    effect: float | None = None
    error: float | None = None


@dataclass(frozen=True)
class Ledger:
    """What plans of one measure have in common: mean change beside colleagues with interval, how many plans."""

    plans: int
    mean: float | None
    low: float | None
    high: float | None
    level: float
    reason: str | None


def coaching_check(
    cells: Mapping[str, Counted], person: str, *, kind: Kind, dispersion: float = 1.0, level: float = 0.90
) -> Check:
    """How did the measure of a plan go on since it began, beside colleagues who stood where the person stood.

    Reads the counts of everybody with the same measure. `kind`: `rate` for counts in working time, `share` for
    successes among cases; `dispersion`: how much more the weekly counts of people scatter than Poisson counts do.

    Gives the own change beside that of at most eight colleagues in the same role whose value before was nearest: who
    is coached was often chosen for a low value, which rises by itself, and theirs does so, too. With fewer than four of
    them the own past is all there is, and the check says so.

    Counts how: the interval is a prediction: were the person one of these colleagues, the difference would lie in it in
    `level` of cases. It holds the chance in both counts and how much changes differ between people. Changes of rates
    are ratios (on the log scale), of shares differences.

    Small numbers: no figure below 10 events, or 8 cases before or since. Refuses: nothing. Never call it an effect:
    nobody was drawn by lot, and who is coached knows that somebody looks.

    Source: own definition (methods of DerSimonian & Laird 1986 for the scatter between people); the simulation in
    `tests/analysis/test_coaching_check.py` holds coverage and false verdicts, a slow twin the figures.

    >>> others = {f"c{i}": Counted((40 + i, 12), (13 + i % 3, 4)) for i in range(6)}
    >>> found = coaching_check(others | {"kim": Counted((38, 12), (30, 4))}, "kim", kind="rate")
    >>> found.verdict, found.matched, round(found.change, 1), round(found.colleagues, 1)
    ('more', 6, 2.4, 1.0)
    """
    own = cells.get(person)
    if own is None or not _enough(own, kind):
        n = (0, 0) if own is None else _n(own, kind)
        return Check(kind, None, None, n, None, None, 0, None, level, "cannot_tell", "too_few")
    before, since = (value(one) for one in (own.before, own.since))
    effect, variance = _change(own, kind, dispersion)
    near = _matched(cells, person, own, kind)
    if len(near) < LEAST_COLLEAGUES:
        theirs, spread, degrees = 0.0, variance, np.inf
        colleagues, matched, reason = None, 0, "no_colleagues"
    else:
        found = np.array([_change(one, kind, dispersion) for one in near])
        theirs = float(found[:, 0].mean())
        scatter = float(found[:, 0].var(ddof=1))
        between = max(0.0, scatter - float(found[:, 1].mean()))
        spread, degrees = variance + between + scatter / len(near), float(len(near) - 1)
        colleagues, matched, reason = _shown(theirs, kind), len(near), None
    error = float(np.sqrt(spread))
    reach = error * (
        float(special.ndtri((1 + level) / 2)) if np.isinf(degrees) else float(special.stdtrit(degrees, (1 + level) / 2))
    )
    difference = effect - theirs
    low, high = difference - reach, difference + reach
    verdict: Verdict = "more" if low > 0 else "less" if high < 0 else "cannot_tell"
    beside = (_shown(difference, kind), _shown(low, kind), _shown(high, kind))
    change = _shown(effect, kind)
    return Check(
        kind,
        before,
        since,
        _n(own, kind),
        change,
        colleagues,
        matched,
        beside,
        level,
        verdict,
        reason,
        difference,
        error,
    )


def coaching_ledger(effects: Sequence[tuple[float, float]], *, kind: Kind, level: float = 0.90) -> Ledger:
    """What do plans with one measure have in common: by how much did it change beside colleagues, on average.

    Reads `effect` and `error` of the checks. Gives their mean (a ratio or a difference) with its interval by random
    effects with the correction of Hartung and Knapp (2001), which is honest for few plans.

    Small numbers: below five plans null with `too_few`. Do not read it as what coaching does: who got a plan, and
    which one, was not drawn by lot. Referee: a slow twin in `tests/analysis/test_coaching_check.py`.

    >>> found = coaching_ledger([(0.2, 0.1), (0.1, 0.1), (0.3, 0.1), (0.2, 0.2), (0.15, 0.1)], kind="rate")
    >>> found.plans, round(found.mean, 2), round(found.low, 2), round(found.high, 2)
    (5, 1.21, 1.12, 1.3)
    """
    plans = len(effects)
    if plans < LEAST_PLANS:
        return Ledger(plans, None, None, None, level, "too_few")
    y, v = np.array([one for one, _ in effects]), np.array([error**2 for _, error in effects])
    w = 1.0 / v
    q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
    between = max(0.0, (q - (plans - 1)) / float(w.sum() - (w**2).sum() / w.sum()))
    w = 1.0 / (v + between)
    mean = float((w * y).sum() / w.sum())
    scatter = float((w * (y - mean) ** 2).sum() / (plans - 1) / w.sum())
    reach = float(special.stdtrit(plans - 1, (1 + level) / 2)) * float(np.sqrt(scatter))
    low, high = mean - reach, mean + reach
    return Ledger(plans, _shown(mean, kind), _shown(low, kind), _shown(high, kind), level, None)


def value(counted: tuple[float, float]) -> float:
    """Give the rate or the share of a window."""
    return counted[0] / counted[1]


def scatter_of(counts: Floats, time: Floats) -> float:
    """How much more weekly counts scatter than Poisson counts would: Pearson's chi-square over its degrees of freedom.

    `counts` and `time` are people × weeks; weeks without working time are left out. At least 1.

    >>> round(scatter_of(np.array([[4.0, 6.0, 5.0], [10.0, 30.0, 20.0]]), np.ones((2, 3))), 2)
    2.6
    """
    level = counts.sum(axis=1, keepdims=True) / np.maximum(time.sum(axis=1, keepdims=True), 1e-9)
    expected = level * time
    seen = expected > 0
    degrees = int(seen.sum() - seen.any(axis=1).sum())
    if degrees <= 0:
        return 1.0
    chi = float(((counts - expected)[seen] ** 2 / expected[seen]).sum())
    return max(1.0, chi / degrees)


def _enough(counted: Counted, kind: Kind) -> bool:
    if kind == "share":
        return counted.before[1] >= LEAST_TRIALS and counted.since[1] >= LEAST_TRIALS
    timed = counted.before[1] > 0 and counted.since[1] > 0
    return timed and counted.before[0] >= 1 and counted.before[0] + counted.since[0] >= LEAST_COUNT


def _n(counted: Counted, kind: Kind) -> tuple[int, int]:
    place = 1 if kind == "share" else 0
    return round(counted.before[place]), round(counted.since[place])


def _change(counted: Counted, kind: Kind, dispersion: float) -> tuple[float, float]:
    """Give the change from before to since and its variance: a log ratio, or a difference of shares."""
    (a, e), (b, f) = counted.before, counted.since
    if kind == "rate":
        change = np.log((b + 0.5) / f) - np.log((a + 0.5) / e)
        return float(change), dispersion * (1.0 / (a + 0.5) + 1.0 / (b + 0.5))
    shares = [(k + 1.0) / (n + 2.0) for k, n in ((a, e), (b, f))]
    return b / f - a / e, sum(p * (1.0 - p) / n for p, n in zip(shares, (e, f), strict=True))


def _matched(cells: Mapping[str, Counted], person: str, own: Counted, kind: Kind) -> list[Counted]:
    others = [
        (abs(_height(one, kind) - _height(own, kind)), key, one)
        for key, one in cells.items()
        if key != person and one.role == own.role and _enough(one, kind)
    ]
    return [one for _, _, one in sorted(others, key=lambda found: found[:2])[:MOST_COLLEAGUES]]


def _height(counted: Counted, kind: Kind) -> float:
    return float(np.log(value(counted.before))) if kind == "rate" else value(counted.before)


def _shown(effect: float, kind: Kind) -> float:
    return float(np.exp(effect)) if kind == "rate" else effect
