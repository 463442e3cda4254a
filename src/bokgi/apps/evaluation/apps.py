"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """Rounds of evaluation: criteria, forms, evidence, answers, papers."""

    name = "bokgi.apps.evaluation"
    label = "evaluation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what comes again, and what an erasure reaches."""
        import bokgi.apps.evaluation.erasing  # noqa: PLC0415 - registers itself
        import bokgi.apps.evaluation.reminding  # noqa: F401, PLC0415 - its schedules register themselves
