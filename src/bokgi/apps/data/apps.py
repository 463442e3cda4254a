"""The app of data: imports, corrections, connections, data quality."""

from __future__ import annotations

from django.apps import AppConfig


class DataConfig(AppConfig):
    """How Django knows the app."""

    name = "bokgi.apps.data"
    label = "data"
