"""Addresses of the funnel, of deals and of search."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.pipeline import views

funnel_addresses: list[URLPattern] = [
    path("", views.funnel_index, name="index"),
    path("change/", views.pipeline_change, name="change"),
]
deal_addresses: list[URLPattern] = [
    path("", views.deals_index, name="index"),
    path("<path:deal_id>/", views.deal, name="deal"),
]
search_addresses: list[URLPattern] = [path("", views.search, name="index")]
