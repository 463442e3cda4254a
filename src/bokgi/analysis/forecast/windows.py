"""Windows of a forecast: from the end of which day one looks ahead, and which days count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.domain.period import Period

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEK: Final = 7
_MONTH: Final = 30.0
_EPOCH: Final = date(1970, 1, 1)
_LATE_DAYS: Final = 14
_EARLY_DAYS: Final = 28
PHASES: Final = 4
"""Parts of a quarter: its first four weeks, the middle, its last two weeks, and the last week of another month."""


def day_number(on: date) -> int:
    """Give the days since 1970-01-01."""
    return (on - _EPOCH).days


def day_of(number: int) -> date:
    """Give the day that is so many days after 1970-01-01."""
    return _EPOCH + timedelta(days=number)


def phase_of(on: date, year_starts: int = 1) -> int:
    """Say in which part of its quarter a day lies: 0 the first weeks, 1 the middle, 2 the end, 3 a month's end.

    Quarters are those of the company's fiscal year, which starts in the month `year_starts`.

    >>> [phase_of(date(2026, month, day)) for month, day in ((1, 5), (2, 10), (2, 26), (3, 25))]
    [0, 1, 3, 2]
    >>> phase_of(date(2026, 3, 20), year_starts=3)
    0
    """
    quarter = Period.quarter_of(on, year_starts)
    if (quarter.end - on).days <= _LATE_DAYS:
        return 2
    if (Period.month_of(on).end - on).days <= WEEK:
        return 3
    return 0 if (on - quarter.start).days < _EARLY_DAYS else 1


def in_months(days: int) -> float:
    """Tell how many months so many days are, one at least.

    >>> in_months(14), in_months(90)
    (1.0, 3.0)
    """
    return max(days / _MONTH, 1.0)


@dataclass(frozen=True)
class Window:
    """What is asked at the end of the day `origin`: what is won after it, from `start` to before `end`."""

    origin: date
    start: date
    end: date

    @property
    def after(self) -> int:
        """Days after the origin that do not count yet."""
        return max((self.start - self.origin).days - 1, 0)

    @property
    def until(self) -> int:
        """Days after the origin up to the last that counts; 0: the period is over."""
        return max((self.end - self.origin).days - 1, 0)

    @property
    def days(self) -> int:
        """Days that count and are still to come."""
        return self.until - min(self.after, self.until)

    def shifted(self, origin: date) -> Window:
        """Give the window that lies as far ahead of another origin."""
        return Window(origin, origin + (self.start - self.origin), origin + (self.end - self.origin))


@dataclass(frozen=True)
class Steps:
    """A window cut into weeks: days from the origin to the start of each, its length, phase, and whether it counts."""

    starts: Ints
    days: Floats
    phase: Ints
    counts: Floats

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.starts)


def steps_of(window: Window, year_starts: int = 1) -> Steps:
    """Cut a window into weeks from its origin on; a week is cut where the window starts or ends.

    `year_starts`: the first month of the fiscal year, whose quarters the phases are parts of.

    >>> steps_of(Window(date(2026, 1, 4), date(2026, 1, 14), date(2026, 1, 20))).days
    array([7., 2., 5., 1.])
    """
    bounds = sorted({*range(0, window.until, WEEK), window.until, min(window.after, window.until)})
    starts, ends = np.array(bounds[:-1], dtype=np.int64), np.array(bounds[1:], dtype=np.int64)
    middle = [window.origin + timedelta(days=1 + (int(a) + int(b) - 1) // 2) for a, b in zip(starts, ends, strict=True)]
    phase = np.array([phase_of(day, year_starts) for day in middle], dtype=np.int64)
    return Steps(starts, (ends - starts).astype(np.float64), phase, (starts >= window.after).astype(np.float64))


def oldest_first(windows: Sequence[Window], places: Iterable[int]) -> list[int]:
    """Put places in a list of windows into the order of their origins."""
    return sorted(places, key=lambda place: (windows[place].origin, place))


def past_windows(window: Window, *, first: date, as_of: date, warm_up: int, most: int) -> tuple[Window, ...]:
    """Give the same window months earlier, newest first: those whose end had come by `as_of`.

    At least `warm_up` days of history lie before each origin; at most `most` windows.
    """
    found: list[Window] = []
    month = window.end
    last = window.end - timedelta(days=1)
    is_month_end = window.end == Period.month_of(last).end
    ahead, length = window.end - window.origin, window.end - window.start
    while len(found) < most:
        month = month.replace(day=1) - timedelta(days=1)
        end = month + timedelta(days=1) if is_month_end else _same_day(month, last) + timedelta(days=1)
        origin = end - ahead
        if (origin - first).days < warm_up:
            break
        if end <= as_of + timedelta(days=1):
            found.append(Window(origin, end - length, end))
    return tuple(found)


def _same_day(month: date, like: date) -> date:
    return month.replace(day=min(like.day, month.day))


def whole_periods(months: int, *, first: date, as_of: date, warm_up: int, most: int) -> tuple[Window, ...]:
    """Give every run of so many calendar months that is over, newest first, seen from the day before it starts."""
    found: list[Window] = []
    end = (as_of + timedelta(days=1)).replace(day=1)
    while len(found) < most:
        start = end
        for _ in range(months):
            start = (start - timedelta(days=1)).replace(day=1)
        origin = start - timedelta(days=1)
        if (origin - first).days < warm_up:
            break
        found.append(Window(origin, start, end))
        end = (end - timedelta(days=1)).replace(day=1)
    return tuple(found)
