"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Organisation, users, roles, audit trail."""

    name = "bokgi.apps.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to sign-ins; register what comes again."""
        import bokgi.apps.access.signing_in  # noqa: PLC0415 - its receivers register themselves
        import bokgi.apps.access.warming  # noqa: F401, PLC0415 - its schedule registers itself
