"""The moment at which something of a round happens; rounds of the sample company happened on days of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from typing import Final

from django.utils import timezone

from bokgi.apps.access import asking
from bokgi.apps.access.selectors import time_zone

_DAY: Final[ContextVar[date | None]] = ContextVar("day of the round", default=None)
_NOON: Final = time(12)


@contextmanager
def on_day(day: date) -> Iterator[None]:
    """Let what happens inside happen on a day."""
    token = _DAY.set(day)
    try:
        yield
    finally:
        _DAY.reset(token)


def today() -> date:
    """Give the civil date in the organisation's zone."""
    return _DAY.get() or asking.today()


def now() -> datetime:
    """Give the moment; noon where the day is not the clock's."""
    day, zone = today(), time_zone()
    clock = timezone.now()
    return clock if clock.astimezone(zone).date() == day else datetime.combine(day, _NOON, zone)
