"""Addresses of people."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.people import views

urlpatterns: list[URLPattern] = [
    path("", views.people_index, name="index"),
    path("<path:person_id>/", views.person, name="person"),
]
