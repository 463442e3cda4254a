"""The web project as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Base templates and static files."""

    name = "bokgi.project"
    label = "project"
