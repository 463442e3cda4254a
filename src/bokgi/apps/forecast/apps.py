"""The app of the forecast."""

from __future__ import annotations

from django.apps import AppConfig


class ForecastConfig(AppConfig):
    """How Django knows the app."""

    name = "bokgi.apps.forecast"
    label = "forecast"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say what an erasure reaches."""
        import bokgi.apps.forecast.erasing  # noqa: F401, PLC0415 - registers; models are not there earlier
