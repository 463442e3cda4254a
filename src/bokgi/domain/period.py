"""Periods of civil dates: the start belongs to a period, the end does not; weeks are ISO weeks (Monday)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])")
YEARS: Final = range(1970, 2201)
"""Years of dates that somebody asks for or types; with any of them one can reckon some years back and forth."""
_RANGE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, order=True)
class Period:
    """Civil dates from `start` up to but not including `end`.

    >>> Period.week("2017-W39")
    Period(start=datetime.date(2017, 9, 25), end=datetime.date(2017, 10, 2))
    >>> Period.parse("2026-Q4").days
    92
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it starts."""
        if self.end < self.start:
            raise UsageError(
                "period_reversed",
                Message(
                    N_("The period ends ({end}) before it starts ({start})."), {"start": self.start, "end": self.end}
                ),
            )

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """Last day that still belongs to the period."""
        return self.end - timedelta(days=1)

    def __contains__(self, on: date) -> bool:
        """Tell whether a date lies in the period."""
        return self.start <= on < self.end

    @property
    def iso_week(self) -> str:
        """Name of the ISO week in which the period starts."""
        year, week, _ = self.start.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def key(self) -> str:
        """Name of the period as `parse` reads it.

        >>> [Period.parse(name).key for name in ("2026-Q4", "2026-11", "2026-11-02..2026-11-09")]
        ['2026-Q4', '2026-11', '2026-11-02..2026-11-09']
        """
        if Period.quarter_of(self.start) == self:
            return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        if Period.month_of(self.start) == self:
            return f"{self.start:%Y-%m}"
        return f"{self.start.isoformat()}..{self.end.isoformat()}"

    def previous(self) -> Period:
        """Return the period of the same number of days just before this one."""
        return Period(self.start - timedelta(days=self.days), self.start)

    def before(self) -> Period:
        """Return the period of the same kind before this one: as many whole months, else as many days.

        >>> Period.parse("2026-Q1").before()
        Period(start=datetime.date(2025, 10, 1), end=datetime.date(2026, 1, 1))
        >>> Period(date(2026, 2, 1), date(2026, 5, 1)).before()
        Period(start=datetime.date(2025, 11, 1), end=datetime.date(2026, 2, 1))
        """
        if (self.start.day, self.end.day) != (1, 1) or self.start == self.end:
            return self.previous()
        first = 2 * _months(self.start) - _months(self.end)
        return Period(date(first // 12, first % 12 + 1, 1), self.start)

    @classmethod
    def week(cls, name: str) -> Period:
        """Read `2017-W39`."""
        found = _WEEK.fullmatch(name)
        if found is None:
            raise _unreadable(name)
        try:
            start = _within(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        except ValueError as error:
            raise _unreadable(name) from error
        return cls(start, start + timedelta(days=7))

    @classmethod
    def week_of(cls, on: date) -> Period:
        """Give the ISO week that contains a date."""
        start = on - timedelta(days=on.weekday())
        return cls(start, start + timedelta(days=7))

    @classmethod
    def month_of(cls, on: date) -> Period:
        """Give the calendar month that contains a date."""
        start = on.replace(day=1)
        return cls(start, (start + timedelta(days=32)).replace(day=1))

    @classmethod
    def quarter_of(cls, on: date, year_starts: int = 1) -> Period:
        """Give the quarter that contains a date, of years that start in a month: the calendar's in January.

        >>> Period.quarter_of(date(2026, 1, 20), year_starts=2)
        Period(start=datetime.date(2025, 11, 1), end=datetime.date(2026, 2, 1))
        """
        first = _months(on) - (on.month - year_starts) % 3
        start, end = (date(month // 12, month % 12 + 1, 1) for month in (first, first + 3))
        return cls(start, end)

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `2017-W39`, a month `2017-09`, a quarter `2017-Q3` or `2017-09-01..2017-10-01` (end excluded)."""
        try:
            if _WEEK.fullmatch(text):
                return cls.week(text)
            if found := _MONTH.fullmatch(text):
                return cls.month_of(_within(date(int(found[1]), int(found[2]), 1)))
            if found := _QUARTER.fullmatch(text):
                return cls.quarter_of(_within(date(int(found[1]), 3 * int(found[2]) - 2, 1)))
            if found := _RANGE.fullmatch(text):
                return cls(_within(date.fromisoformat(found[1])), _within(date.fromisoformat(found[2])))
        except ValueError as error:
            raise _unreadable(text) from error
        raise _unreadable(text)


def _within(on: date) -> date:
    """Give back a date with which one can reckon some years back and forth."""
    if on.year not in YEARS:
        raise UsageError("date_out_of_range", Message(N_("The date lies before 1970 or after 2200.")))
    return on


def _months(on: date) -> int:
    return 12 * on.year + on.month - 1


def _unreadable(text: str) -> UsageError:
    return UsageError(
        "period_unreadable",
        Message(N_("“{text}” is no period."), {"text": text}),
        Message(N_("Write 2017-W39, 2017-09, 2017-Q3 or 2017-09-01..2017-10-01.")),
    )


def read_date(text: str) -> date:
    """Read `2026-11-24`; `UsageError` for anything else (`date_unreadable`) and before 1970 or after 2200.

    >>> read_date("2026-11-24")
    datetime.date(2026, 11, 24)
    >>> read_date("0001-01-01")
    Traceback (most recent call last):
    bokgi.domain.errors.UsageError: The date lies before 1970 or after 2200.
    >>> read_date("")
    Traceback (most recent call last):
        ...
    bokgi.domain.errors.UsageError: A date is missing. Write 2026-11-24.
    """
    try:
        return _within(date.fromisoformat(text))
    except ValueError as error:
        raise UsageError(
            "date_unreadable",
            Message(N_("“{text}” is no date."), {"text": text}) if text else Message(N_("A date is missing.")),
            Message(N_("Write 2026-11-24.")),
        ) from error


def read_moment(text: str) -> datetime:
    """Read `2026-11-23` or `2026-11-23T18:30`; `UsageError` (`moment_unreadable`) as `read_date` does.

    Without a zone in the text the moment has none.

    >>> read_moment("2026-11-23T18:30")
    datetime.datetime(2026, 11, 23, 18, 30)
    >>> read_moment("9999-12-31")
    Traceback (most recent call last):
        ...
    bokgi.domain.errors.UsageError: The date lies before 1970 or after 2200.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            "moment_unreadable",
            Message(N_("“{text}” is no moment."), {"text": text}),
            Message(N_("Write 2026-11-23 or 2026-11-23T18:30.")),
        ) from error
    _within(found.date())
    return found
