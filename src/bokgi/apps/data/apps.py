"""The app of data: imports, corrections, connections, data quality."""

from __future__ import annotations

from django.apps import AppConfig


class DataConfig(AppConfig):
    """How Django knows the app."""

    name = "bokgi.apps.data"
    label = "data"

    def ready(self) -> None:
        """Let the worker know what comes again, before anything was ever imported."""
        import bokgi.apps.data.tasks  # noqa: F401, PLC0415 - registers; models are not there earlier
