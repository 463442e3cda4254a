"""What share has gone which way by which day, when some are still on their way.

The estimators work on cells: how many subjects entered the risk set on day `start` of their clock, left it on day `end`
with what kind of end. The engine counts the cells, so that the work here does not grow with the number of deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Days = NDArray[np.int64]
Numbers = NDArray[np.float64]

MEDIAN: Final = 0.5
_ROUNDING: Final = 1e-12
_WIDEST: Final = 100.0
"""Half a width on the log-log scale at which the interval is all from 0 to 1."""


@dataclass(frozen=True)
class Incidence:
    """Shares by day, for the days on which something happened.

    - `day`: days of the clock, rising; `at_risk`: subjects observed on that day, before its events;
    - `events`: kind → how many ended so on that day;
    - `open_share`: share that has not ended by the end of the day; `open_variance`: Greenwood's variance of it;
    - `share`: kind → share that has ended so by the end of the day; `variance`: its variance;
    - `last_day`: last day on which anybody was observed (null: nobody ever was);
    - `broke_on`: first day on which everybody at risk ended although others were observed later on the clock: a thin,
      left-truncated risk set, after which the shares say nothing (null: that did not happen).
    """

    day: Days
    at_risk: NDArray[np.int64]
    events: dict[str, NDArray[np.int64]]
    open_share: Numbers
    open_variance: Numbers
    share: dict[str, Numbers]
    variance: dict[str, Numbers]
    last_day: int | None
    broke_on: int | None

    @property
    def sound(self) -> int:
        """How many of the days, from the first one on, the shares say something about: all before `broke_on`."""
        return len(self.day) if self.broke_on is None else int(np.searchsorted(self.day, self.broke_on))


def incidence(start: Days, end: Days, kind: Sequence[str], n: Days, *, kinds: Sequence[str]) -> Incidence:
    """Which share has ended in which way by which day; who has not ended yet stays in the risk set as long as seen.

    Reads cells as arrays of one length: `n` subjects observed on the days `start` to `end` (both counted, whole days,
    `start` ≤ `end`) that ended on day `end` in the way `kind`; a kind not in `kinds` is an end of observation.
    A `start` above 0 is left truncation: the subject counts only from that day on.

    Gives `Incidence`: Aalen–Johansen for the shares, Kaplan–Meier for `open_share`. Days are discrete: everybody
    observed on a day is at risk of that day's events, those who leave observation on it, too. The variance of a share
    is the delta method on the multinomial of each day (Greenwood's formula when there is one kind).

    Do not use it for times that depend on the reason why observation ends (informative censoring).

    Source: Aalen & Johansen 1978; Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data, 8.2.
    Held against R's `survival::survfit` and lifelines in `tests/analysis/test_survival.py`.

    >>> days = np.array([0, 0, 0, 0]), np.array([1, 2, 2, 3])
    >>> found = incidence(*days, ["won", "lost", "", "won"], np.array([1, 1, 1, 1]), kinds=["won", "lost"])
    >>> found.day.tolist(), found.at_risk.tolist(), found.share["won"].round(3).tolist()
    ([1, 2, 3], [4, 3, 1], [0.25, 0.25, 0.75])
    """
    ended = np.asarray(kind, dtype=object)
    is_event = np.isin(ended, list(kinds))
    day = np.unique(end[is_event])
    at_risk = _running(start, n, day, "right") - _running(end, n, day, "left")
    events = {name: _on(end[ended == name], n[ended == name], day) for name in kinds}
    gone: NDArray[np.int64] = np.vstack(list(events.values())).sum(axis=0)
    hazard = np.divide(gone, at_risk)
    open_share = np.cumprod(1 - hazard)
    before = np.concatenate([[1.0], open_share[:-1]]) if len(day) else np.empty(0)
    share = {name: _whole(np.cumsum(before * np.divide(events[name], at_risk))) for name in kinds}
    left = np.subtract(at_risk, gone)
    steps = _divided(gone, np.multiply(at_risk, left, dtype=np.float64))
    last_day = int(end.max()) if len(end) else None
    broken = day[(left == 0) & (day < (last_day or 0))]
    return Incidence(
        day=day,
        at_risk=at_risk,
        events=events,
        open_share=open_share,
        open_variance=open_share**2 * np.cumsum(steps),
        share=share,
        variance={name: _variance(share[name], before, events[name], at_risk, steps) for name in kinds},
        last_day=last_day,
        broke_on=int(broken[0]) if len(broken) else None,
    )


def _running(at: Days, n: Days, day: Days, side: str) -> NDArray[np.int64]:
    """Subjects with `at` before each day, or on it when `side` is right."""
    order = np.argsort(at, kind="stable")
    total = np.concatenate([[0], np.cumsum(n[order])])
    places = np.searchsorted(at[order], day, side="right" if side == "right" else "left")
    return np.asarray(total[places], dtype=np.int64)


def _on(end: Days, n: Days, day: Days) -> NDArray[np.int64]:
    return np.bincount(np.searchsorted(day, end), weights=n, minlength=len(day)).astype(np.int64)


def _divided(above: Days, below: Numbers) -> Numbers:
    return np.divide(above, below, out=np.zeros(len(below)), where=below > 0)


def _variance(
    share: Numbers, before: Numbers, events: NDArray[np.int64], at_risk: NDArray[np.int64], steps: Numbers
) -> Numbers:
    # The share at day t moves with the hazards of day s ≤ t in two ways: directly, by before(s); and by who is left to
    # end later, by (share(t) - share(s)) of those left. Both from one multinomial a day; sums over s are written as
    # running sums of the powers of share(s), so that no day is paired with each other day.
    own = before**2 * np.divide(events * (at_risk - events), at_risk.astype(np.float64) ** 3)
    cross = before * np.divide(events, at_risk.astype(np.float64) ** 2)
    of_left = share**2 * np.cumsum(steps) - 2 * share * np.cumsum(steps * share) + np.cumsum(steps * share**2)
    of_cross = share * np.cumsum(cross) - np.cumsum(cross * share)
    return np.asarray(np.maximum(of_left + np.cumsum(own) - 2 * of_cross, 0.0))


def _whole(share: Numbers) -> Numbers:
    """Take what rounding keeps from 1 as 1: all of them have ended so, and there is no interval."""
    return np.where(share > 1 - _ROUNDING, 1.0, share)


def interval(share: Numbers, variance: Numbers, *, level: float = 0.95) -> tuple[Numbers, Numbers]:
    """Between which bounds a share lies, on the log-log scale, so that they stay between 0 and 1.

    NaN where the share is 0 or 1, or its variance is 0: there the scale has no bounds to give.

    >>> low, high = interval(np.array([0.5]), np.array([0.01]))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.295, 0.675)
    """
    inside = (share > 0) & (share < 1) & (variance > 0)
    safe = np.where(inside, share, MEDIAN)
    width = ndtri((1 + level) / 2) * np.sqrt(variance) / np.abs(safe * np.log(safe))
    width = np.minimum(width, _WIDEST)
    low, high = safe ** np.exp(width), safe ** np.exp(-width)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


@dataclass(frozen=True)
class Quantile:
    """The day by which a share has ended, between `low` and `high`; null: not reached while anybody was observed."""

    day: int | None
    low: int | None
    high: int | None


def quantile(found: Incidence, share: float, *, level: float = 0.95) -> Quantile:
    """By which day `share` of all have ended: the first day on which at most 1 - `share` are left.

    The interval is the one of Brookmeyer & Crowley 1982 on the log-log scale: the days on which the bounds of the
    curve cross. After `broke_on` the curve says nothing, so a quantile there is null.

    >>> ones = np.ones(4, np.int64)
    >>> found = incidence(0 * ones, np.array([1, 2, 4, 7]), ["left"] * 4, ones, kinds=["left"])
    >>> quantile(found, 0.5)
    Quantile(day=2, low=1, high=None)
    """
    kept = found.day < (np.inf if found.broke_on is None else found.broke_on)
    low, high = interval(found.open_share, found.open_variance, level=level)
    low, high = (np.where(found.open_share == 0, np.nan, bound) for bound in (low, high))
    left = 1 - share
    # A hair of room: 1 - 0.8 and a product of fractions meet the same fraction by different roundings.
    room = left + 1e-12

    def first(curve: Numbers) -> int | None:
        days = found.day[kept & (curve <= room)]
        return int(days[0]) if len(days) else None

    return Quantile(first(found.open_share), first(low), first(high))
