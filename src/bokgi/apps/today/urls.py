"""The address of the first screen."""

from __future__ import annotations

from django.urls import URLPattern, path

from bokgi.apps.today import views

urlpatterns: list[URLPattern] = [path("", views.today_index, name="index")]
