"""The left rail: which screens there are, in their order, for the person who looks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, get_urlconf, resolve, reverse

from bokgi.apps.access.permitting import is_permitted
from bokgi.domain.messages import N_

RAIL: Final = (
    ("today", "today", N_("Today")),
    ("reviews", "review", N_("Reviews")),
    ("funnel", "funnel", N_("Funnel")),
    ("forecast", "forecast", N_("Forecast")),
    ("people", "person", N_("People")),
    ("coaching", "coaching", N_("Coaching")),
    ("evaluation", "evaluation", N_("Evaluation")),
    ("kpi", "kpi", N_("KPI")),
    ("team", "team", N_("Team")),
    ("journey", "journey", N_("Journey")),
    ("data", "data", N_("Data")),
    ("settings", "settings", N_("Settings")),
)
"""Key, icon and label. The key is the namespace of the app's addresses; its page `index` is where the entry leads."""


_UNDER: Final = {"deals": "funnel"}
"""Screens without an entry of their own stand under another one."""


@dataclass(frozen=True)
class RailEntry:
    """One entry of the rail."""

    key: str
    icon: str
    label: str
    address: str
    current: bool


def entries(request: HttpRequest) -> list[RailEntry]:
    """List the screens that exist and that this person may open."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    here = request.resolver_match.namespace if request.resolver_match else ""
    place = here.split(":")[0]
    return [
        RailEntry(key, icon, label, address, current=_UNDER.get(place, place) == key)
        for key, icon, label, address, view in _screens(get_urlconf() or settings.ROOT_URLCONF)
        if is_permitted(view, user)
    ]


@cache
def _screens(urlconf: str) -> list[tuple[str, str, str, str, Callable[..., HttpResponse]]]:
    """Find the screens that exist, each with its address and its view: the same in every request."""
    found = []
    for key, icon, label in RAIL:
        with suppress(NoReverseMatch):
            address = reverse(f"{key}:index", urlconf)
            found.append((key, icon, label, address, resolve(address, urlconf).func))
    return found
