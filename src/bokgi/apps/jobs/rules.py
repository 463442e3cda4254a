"""When something is tried again, when it comes again: pure rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bokgi.domain.errors import BokgiError, ConflictError

MAX_ATTEMPTS: Final = 5
FIRST_WAIT: Final = timedelta(seconds=30)
DEAD_AFTER: Final = timedelta(seconds=60)
"""A task whose worker has not shown a beat for so long is taken over."""

_RANGES: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_SUNDAYS: Final = (0, 7)
_FOUR_YEARS: Final = 4 * 366


def wait(attempts: int) -> timedelta:
    """Give the wait after a failed attempt: 30 s, then twice as long each time.

    >>> [wait(attempts).seconds for attempts in (1, 2, 3)]
    [30, 60, 120]
    """
    factor: int = 2 ** (attempts - 1)
    return FIRST_WAIT * factor


def is_tried_again(error: BaseException, attempts: int) -> bool:
    """Say whether a failed task is tried again: not when a person must mend something first."""
    lasting = isinstance(error, BokgiError) and not isinstance(error, ConflictError)
    return isinstance(error, Exception) and not lasting and attempts < MAX_ATTEMPTS


def _field(text: str, lowest: int, highest: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("*" if span == "*" else span).partition("-")
        start = lowest if first == "*" else int(first)
        end = highest if first == "*" or (step and not last) else int(last or first)
        if not lowest <= start <= end <= highest or (step and int(step) < 1):
            message = f"{text} is no field of a schedule"
            raise ValueError(message)
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def next_time(cron: str, after: datetime, zone: ZoneInfo) -> datetime:
    """Give the first moment after `after` (UTC) at which a schedule comes, on the clock of a zone.

    `cron` has the five usual fields: minute, hour, day of the month, month, day of the week (0 or 7 is Sunday), each
    `*`, a number, a range `1-5`, a list `1,15`, a step `*/15`. A day must fit both day fields, or one of them when both
    are limited, as cron does. A time that the clock skips in spring comes as soon as it has been skipped; one that it
    shows twice in autumn comes once. Raises `ValueError` for what is no schedule.

    >>> next_time("0 7 * * 1-5", datetime(2026, 11, 27, 0, tzinfo=UTC), ZoneInfo("Asia/Seoul")).isoformat()
    '2026-11-29T22:00:00+00:00'
    """
    fields = cron.split()
    if len(fields) != len(_RANGES):
        message = f"{cron} has no five fields"
        raise ValueError(message)
    minutes, hours, days, months, weekdays = (
        _field(text, *limits) for text, limits in zip(fields, _RANGES, strict=True)
    )
    sundays = frozenset(_SUNDAYS) if weekdays & frozenset(_SUNDAYS) else frozenset()
    either = fields[2] != "*" and fields[4] != "*"
    local = after.astimezone(zone)
    for number in range(_FOUR_YEARS):
        on: date = local.date() + timedelta(days=number)
        by_month, by_week = on.day in days, on.isoweekday() in weekdays | sundays
        if on.month not in months or not ((by_month or by_week) if either else (by_month and by_week)):
            continue
        times = (time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes))
        moments = (datetime.combine(on, one, zone).astimezone(UTC) for one in times)
        found = min((moment for moment in moments if moment > after), default=None)
        if found is not None:
            return found
    message = f"{cron} never comes"
    raise ValueError(message)
