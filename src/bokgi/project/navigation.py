"""The left rail: which screens there are, in their order, for the person who looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, resolve, reverse

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
    found = []
    for key, icon, label in RAIL:
        try:
            address = reverse(f"{key}:index")
        except NoReverseMatch:
            continue
        if is_permitted(resolve(address).func, user):
            found.append(RailEntry(key, icon, label, address, current=_UNDER.get(place, place) == key))
    return found
