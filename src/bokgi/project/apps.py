"""The web project as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Base templates and static files."""

    name = "bokgi.project"
    label = "project"

    def ready(self) -> None:
        """Tell the worker what the main screens ask."""
        from bokgi.project.warmed import register  # noqa: PLC0415 - models are not there earlier

        register()
