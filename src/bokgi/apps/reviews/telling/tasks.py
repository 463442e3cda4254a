"""What the worker sends by the clock."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from bokgi.apps.access.asking import today
from bokgi.apps.jobs.schedules import scheduled
from bokgi.apps.reviews.telling import services
from bokgi.domain.messages import N_


@scheduled("minutes", "* * * * *", N_("Send minutes and reminders."))
@task()
def send_minutes() -> None:
    """Send what is due by mail and to receivers."""
    services.reminders_tell(today=today(), at=timezone.now())
    services.deliveries_send(at=timezone.now())


@scheduled("deliveries", "50 3 * * *", N_("Forget what was sent 90 days ago."))
@task()
def expire_deliveries() -> None:
    """Forget deliveries that are done."""
    services.expire(before=timezone.now() - services.KEPT)
