"""The app of coaching: 1:1s, plans, the ledger of what was tried, the rubric of skills."""

from __future__ import annotations

from django.apps import AppConfig


class CoachingConfig(AppConfig):
    """How Django knows the app."""

    name = "bokgi.apps.coaching"
    label = "coaching"

    def ready(self) -> None:
        """Let the worker know what comes again, and an erasure what it reaches."""
        import bokgi.apps.coaching.erasing  # noqa: PLC0415 - registers itself
        import bokgi.apps.coaching.tasks  # noqa: F401, PLC0415 - registers; models are not there earlier
