"""Addresses of the editors, of the KPI dictionary and of the team."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.planning import kpi_views, organisation, views

definition_addresses: list[URLPattern] = [
    path("organisation/", organisation.organisation_settings, name="organisation"),
    path("definitions/<slug:table>/", views.definitions, name="definitions"),
    path("definitions/<slug:table>/change/", views.definition_change, name="definition_change"),
]
kpi_addresses: list[URLPattern] = [
    path("", kpi_views.kpi_index, name="index"),
    path("<slug:kpi>/care/", kpi_views.kpi_care, name="care"),
]
team_addresses: list[URLPattern] = [path("", views.team_index, name="index")]
