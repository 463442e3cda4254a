"""The app of the forecast."""

from __future__ import annotations

from django.apps import AppConfig


class ForecastConfig(AppConfig):
    """How Django knows the app."""

    name = "bokgi.apps.forecast"
    label = "forecast"
    default_auto_field = "django.db.models.BigAutoField"
