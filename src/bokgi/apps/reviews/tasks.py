"""What the worker does for reviews by the clock."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from bokgi.apps.access.asking import today
from bokgi.apps.jobs.schedules import scheduled
from bokgi.apps.reviews.keeping.checking import commitments_check
from bokgi.apps.reviews.telling import services as telling
from bokgi.domain.messages import N_


@scheduled("minutes", "* * * * *", N_("Send minutes and reminders."))
@task()
def send_minutes() -> None:
    """Send what is due by mail and to receivers."""
    telling.reminders_tell(today=today(), at=timezone.now())
    telling.deliveries_send(at=timezone.now())


@scheduled("commitments", "*/10 * * * *", N_("Check commitments against the facts."))
@task()
def check_commitments() -> None:
    """Write down what the facts say of commitments."""
    commitments_check(as_of=today())


@scheduled("deliveries", "50 3 * * *", N_("Forget what was sent 90 days ago."))
@task()
def expire_deliveries() -> None:
    """Forget deliveries that are done."""
    telling.expire(before=timezone.now() - telling.KEPT)
