"""Reads of the organisation and its users."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import F

from bokgi.apps.access.models import Organisation, User
from bokgi.apps.access.permissions import Role

ZONE: Final = "Asia/Seoul"


def organisation() -> Organisation | None:
    """Give the organisation; None before the first run."""
    return Organisation.objects.first()


def time_zone() -> ZoneInfo:
    """Give the organisation's time zone; Seoul's before the first run."""
    company = organisation()
    return ZoneInfo(company.time_zone if company is not None else ZONE)


def managers() -> list[User]:
    """List active managers who are a person of the facts; who signed in last comes first."""
    found = User.objects.filter(is_active=True, role=Role.MANAGER.value).exclude(person_id="")
    return list(found.order_by(F("last_login").desc(nulls_last=True), "pk"))
