"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The weekly review: before, during and after the meeting."""

    name = "bokgi.apps.reviews"
    label = "reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what comes again, and what an erasure reaches."""
        import bokgi.apps.reviews.erasing  # noqa: PLC0415 - registers itself; models are not there earlier
        import bokgi.apps.reviews.keeping.tasks  # noqa: PLC0415 - as above
        import bokgi.apps.reviews.tasks  # noqa: PLC0415 - as above
        import bokgi.apps.reviews.telling.tasks  # noqa: F401, PLC0415 - as above
