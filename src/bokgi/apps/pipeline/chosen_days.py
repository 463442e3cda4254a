"""The first and last day of a period that somebody chooses on a page of the funnel."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.domain.period import Period, read_date
from bokgi.ui.blocks import Field

LABELS: Final = {"from": N_("First day"), "to": N_("Last day")}
"""The parameters of the address, with what they are called."""


def chosen(screen: Screen, name: str) -> date | None:
    """Read a day that the address names; null where it names none. Raises `UsageError` for a day that is none."""
    text = screen.request.GET.get(name)
    return read_date(text) if text else None


def period_of(first: date, last: date) -> Period:
    """Give the period of two days, the last one included. Raises `UsageError` where it ends before it begins."""
    Period(first, last)  # refuses a last day before the first
    return Period(first, last + timedelta(days=1))


def field(screen: Screen, name: str, label: str, day: date, hint: str = "") -> Field:
    """Give the field in which a day is chosen; `label` is marked for translation."""
    return Field(name, screen.say(label), "date", day.isoformat(), hint=hint, required=True)
