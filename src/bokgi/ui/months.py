"""A month as a calendar on the wall: whole weeks, from the day with which the organisation's week begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bokgi.domain.period import Period
from bokgi.ui.format import period_name, week_order, weekday_name, weekday_short


@dataclass(frozen=True)
class MonthDay:
    """One day: its number, what people call it, what is read aloud, whether anybody works, what it opens.

    One beyond a calendar's reach has nothing to say.
    """

    number: int
    name: str = ""
    said: str = ""
    works: bool = True
    today: bool = False
    href: str = ""


@dataclass(frozen=True)
class Month:
    """A month: heads are short and long names of the weekdays, an empty place of a week is null."""

    title: str
    heads: Sequence[tuple[str, str]]
    weeks: Sequence[Sequence[MonthDay | None]]


def month_of(on: date, begins: int, lang: str, day: Callable[[date], MonthDay]) -> Month:
    """Lay the month of a day out in weeks from `begins` on (1 is Monday, 7 Sunday); `day` says what stands on each.

    >>> found = month_of(date(2026, 11, 24), 7, "en", lambda on: MonthDay(on.day))
    >>> found.heads[0], [one.number for one in found.weeks[0]], [one and one.number for one in found.weeks[-1]]
    (('Sun', 'Sunday'), [1, 2, 3, 4, 5, 6, 7], [29, 30, None, None, None, None, None])
    """
    period, order = Period.month_of(on), week_order(begins)
    days: list[MonthDay | None] = [None] * order.index(period.start.isoweekday())
    days += [day(period.start + timedelta(days=ahead)) for ahead in range(period.days)]
    days += [None] * (-len(days) % len(order))
    heads = [(weekday_short(one, lang), weekday_name(one, lang)) for one in order]
    weeks = [days[start : start + len(order)] for start in range(0, len(days), len(order))]
    return Month(period_name(period, lang), heads, weeks)
