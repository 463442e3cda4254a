"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """Rounds of evaluation: criteria, forms, evidence, answers, papers."""

    name = "bokgi.apps.evaluation"
    label = "evaluation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what comes again, what an erasure reaches, and what rounds at work ask."""
        import bokgi.apps.evaluation.erasing  # noqa: PLC0415 - registers itself
        import bokgi.apps.evaluation.tasks  # noqa: F401, PLC0415 - its schedules register themselves
        from bokgi.apps.access.asking import open_questions  # noqa: PLC0415 - models are not loaded earlier
        from bokgi.apps.evaluation.selectors import questions_open  # noqa: PLC0415 - as above

        open_questions(questions_open)
