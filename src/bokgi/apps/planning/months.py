"""The calendar as it hangs on a wall: three months of working days, weeks as the organisation begins them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from bokgi.apps.access.requests import organisation_of
from bokgi.apps.pipeline.selectors import Screen
from bokgi.apps.planning import selectors
from bokgi.apps.planning.editors import CALENDAR
from bokgi.apps.planning.pages import change_address, holiday_of
from bokgi.apps.planning.rules import Row
from bokgi.domain.messages import N_
from bokgi.facts.model import Facts
from bokgi.ui.months import Month, MonthDay, month_of

SHOWN: Final = 3
_MONDAY: Final = 1


class Months(NamedTuple):
    """The months shown, the addresses of those before and after, and whether weeks of figures begin otherwise."""

    months: list[Month]
    before: str
    after: str
    own_weeks: bool


def months_of(screen: Screen, found: Facts, asked: str) -> Months:
    """Draw three months of the calendar from `asked` (`2026-12`) on, from this month on where it is none.

    A day beyond the calendar's reach has no mark and opens nothing; who may not edit opens nothing either.
    """
    first = _first(asked, screen.as_of)
    starts = [_moved(first, number) for number in range(SHOWN + 1)]
    rows = {row["day"]: row for row in selectors.days_between(found, starts[0], starts[-1])}
    company = organisation_of(screen.request)
    begins = company.week_starts if company is not None else _MONDAY
    months = [
        month_of(start, begins, screen.lang, lambda on: _day(screen, rows.get(on), on)) for start in starts[:SHOWN]
    ]
    before, after = (_address(_moved(first, by)) for by in (-SHOWN, SHOWN))
    return Months(months, before, after, own_weeks=begins != _MONDAY)


def _first(asked: str, today: date) -> date:
    try:
        found = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return today.replace(day=1)
    # Three months before and after it can be named, too.
    return found if date.min.year < found.year < date.max.year else today.replace(day=1)


def _moved(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _address(first: date) -> str:
    return f"{reverse('settings:definitions', args=[CALENDAR.table])}?{urlencode({'month': f'{first:%Y-%m}'})}"


def _day(screen: Screen, row: Row | None, on: date) -> MonthDay:
    if row is None:
        return MonthDay(on.day, today=on == screen.as_of)
    usual = on.isoweekday() <= 5  # noqa: PLR2004 - Friday
    state = screen.say(N_("a working day")) if row["working"] else screen.say(N_("no working day"))
    name = holiday_of(screen, row)
    return MonthDay(
        on.day,
        name=name or ("" if row["working"] == usual else state),
        said=f"{screen.speaker.day(on.isoformat())}, {name or state}",
        works=bool(row["working"]),
        today=on == screen.as_of,
        href=_change(row, usual=usual) if selectors.may_edit(screen) else "",
    )


def _change(row: Mapping[str, Any], *, usual: bool) -> str:
    """Give where a day is changed; one that is as its weekday says is entered anew."""
    if row["holiday"] is not None or row["working"] != usual:
        return change_address(CALENDAR, dict(row))
    given = {"day": row["day"].isoformat(), "working": "no" if row["working"] else "yes"}
    return f"{change_address(CALENDAR)}?{urlencode(given)}"
