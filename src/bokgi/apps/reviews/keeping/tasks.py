"""What the worker checks by the clock."""

from __future__ import annotations

from django_tasks import task

from bokgi.apps.access.asking import today
from bokgi.apps.jobs.schedules import scheduled
from bokgi.apps.reviews.keeping.checking import commitments_check
from bokgi.domain.messages import N_


@scheduled("commitments", "*/10 * * * *", N_("Check commitments against the facts."))
@task()
def check_commitments() -> None:
    """Write down what the facts say of commitments."""
    commitments_check(as_of=today())
