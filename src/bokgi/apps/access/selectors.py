"""Reads of the organisation and its users."""

from __future__ import annotations

from bokgi.apps.access.models import Organisation


def organisation() -> Organisation | None:
    """Give the organisation; None before the first run."""
    return Organisation.objects.first()
