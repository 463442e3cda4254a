"""Reads of the organisation and its users."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from bokgi.apps.access.models import Organisation

ZONE: Final = "Asia/Seoul"


def organisation() -> Organisation | None:
    """Give the organisation; None before the first run."""
    return Organisation.objects.first()


def time_zone() -> ZoneInfo:
    """Give the organisation's time zone; Seoul's before the first run."""
    company = organisation()
    return ZoneInfo(company.time_zone if company is not None else ZONE)
