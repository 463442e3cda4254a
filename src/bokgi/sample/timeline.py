"""The two years of the sample, counted in working time.

A *moment* is a number of working seconds since nine o'clock on the first working day: eight hours a day, without lunch,
weekends and holidays. Moments are ordered like time and their differences are working hours. A *day* is a number of
civil days since the first day, negative before it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from bokgi.sample.draws import Draws, Flags, Floats, Ints, Texts
from bokgi.sample.holidays_kr import holidays_of

DAY_SECONDS: Final = 86_400
WORK_SECONDS: Final = 8 * 3_600
_OPENING: Final = 9 * 3_600
_MORNING: Final = 3 * 3_600
_LUNCH: Final = 3_600
_BEFORE_DAYS: Final = 1_500
_AFTER_DAYS: Final = 800
_WORKWEEK: Final = 5
_SATURDAY: Final = 5


def first_day(today: date) -> date:
    """Give the first of the two years that end with `today`.

    >>> first_day(date(2026, 11, 23)), first_day(date(2028, 2, 29))
    (datetime.date(2024, 11, 24), datetime.date(2026, 3, 1))
    """
    try:
        same_day = today.replace(year=today.year - 2)
    except ValueError:
        same_day = date(today.year - 2, 2, 28)
    return same_day + timedelta(days=1)


class Timeline:
    """Weeks, working days, quarters and labels of the two years that end with `today`."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.start = first_day(today)
        self.today_day = (today - self.start).days
        self._earliest = self.start - timedelta(days=_BEFORE_DAYS)
        dates = [self._earliest + timedelta(days=offset) for offset in range(_BEFORE_DAYS + _AFTER_DAYS + 730)]
        self._dates = dates
        closed = frozenset().union(*(holidays_of(year) for year in range(dates[0].year, dates[-1].year + 1)))
        working = np.array([day.weekday() < _SATURDAY and day not in closed for day in dates])
        from_start = np.arange(len(dates)) - _BEFORE_DAYS
        self.workdays: Ints = from_start[working & (from_start >= 0)].astype(np.int64)
        self.n_past: int = int((self.workdays <= self.today_day).sum())
        weeks = (self.workdays + self.start.weekday()) // 7
        self.n_weeks: int = (self.today_day + self.start.weekday()) // 7 + 1
        past_weeks = weeks[: self.n_past]
        self.week_first: Ints = np.searchsorted(past_weeks, np.arange(self.n_weeks)).astype(np.int64)
        self.week_count: Ints = np.bincount(past_weeks, minlength=self.n_weeks).astype(np.int64)
        self.work_share: Floats = self.week_count / _WORKWEEK
        ends = [_quarter_end(day) for day in dates]
        self._quarter_end: Ints = np.array([(end - self.start).days for end in ends], dtype=np.int64)
        self._month_end: Ints = np.array([(_month_end(day) - self.start).days for day in dates], dtype=np.int64)
        last = self.start + timedelta(days=self.today_day)
        self.exported_at = datetime(last.year, last.month, last.day, 18, 30)  # noqa: DTZ001 - civil time in Seoul

    def monday(self, week: int) -> int:
        """Give the day on which a week starts (negative where the first week began earlier)."""
        return week * 7 - self.start.weekday()

    def date_of(self, day: int) -> date:
        """Give the date of a day."""
        return self.start + timedelta(days=day)

    def weekday_ago(self, days: int) -> date:
        """Give the date so many days before today, or the Monday after it when that is a weekend."""
        on = self.today - timedelta(days=days)
        return on + timedelta(days=-on.weekday() % 7) if on.weekday() >= _SATURDAY else on

    def week_of(self, on: date) -> int:
        """Give the week that contains a date."""
        return ((on - self.start).days + self.start.weekday()) // 7

    def quarter_end(self, days: Ints) -> Ints:
        """Give the last day of the quarter of each day."""
        return self._quarter_end[days + _BEFORE_DAYS]

    def month_end(self, days: Ints) -> Ints:
        """Give the last day of the month of each day."""
        return self._month_end[days + _BEFORE_DAYS]

    def moments_in_week(self, draws: Draws, week: int, n: int) -> Ints:
        """Draw moments on the working days of a week that has some."""
        span = int(self.week_count[week]) * WORK_SECONDS
        return int(self.week_first[week]) * WORK_SECONDS + draws.between(0, span - 1, n)

    @property
    def now(self) -> int:
        """The moment after the last one that has happened: the end of the last working day up to today."""
        return self.n_past * WORK_SECONDS

    def day_of(self, moments: Ints) -> Ints:
        """Give the civil day of each moment."""
        return self.workdays[moments // WORK_SECONDS]

    def seconds(self, moments: Ints) -> Ints:
        """Give civil seconds since the midnight before the first day."""
        within = moments % WORK_SECONDS
        return self.day_of(moments) * DAY_SECONDS + _OPENING + within + np.where(within >= _MORNING, _LUNCH, 0)

    def start_of_day(self, day: int) -> int:
        """Give the first moment on or after a civil day."""
        return int(np.searchsorted(self.workdays, day)) * WORK_SECONDS

    def date_texts(self, days: Ints, pattern: str, given: Flags | None = None) -> Texts:
        """Write dates by a pattern with `{y}`, `{m}`, `{d}`; empty where not `given`.

        >>> line = Timeline(date(2026, 11, 23))
        >>> line.date_texts(np.array([0, line.today_day]), "{y}. {m}. {d}.").tolist()
        ['2024. 11. 24.', '2026. 11. 23.']
        """
        table = np.array([pattern.format(y=day.year, m=day.month, d=day.day) for day in self._dates], dtype=object)
        shown: Ints = days if given is None else np.where(given, days, 0)
        texts: Texts = table[shown + _BEFORE_DAYS]
        if given is not None:
            texts[~given] = ""
        return texts

    def second_texts(self, seconds: Ints, *, zone: str = "", between: str = " ", shift_hours: int = 0) -> Texts:
        """Write civil seconds as `2026-11-23 14:05:33`, or with another text `between` and the `zone` after it."""
        moments = np.datetime64(self.start, "s") + (seconds - shift_hours * 3_600).astype("timedelta64[s]")
        texts = np.datetime_as_string(moments, unit="s")
        if between != "T":
            texts = np.char.replace(texts, "T", between)
        written: Texts = texts.astype(object)
        return written + zone if zone else written


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _quarter_end(day: date) -> date:
    return _month_end(date(day.year, day.month + (-day.month % 3), 1))
