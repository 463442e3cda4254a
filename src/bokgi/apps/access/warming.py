"""The worker asks what the pages will ask, after each import and each midnight."""

from __future__ import annotations

from django_tasks import task

from bokgi.apps.access.asking import today, warm
from bokgi.apps.jobs.schedules import scheduled
from bokgi.domain.messages import N_


@scheduled("warm", "* * * * *", N_("Compute the main figures when facts have come in, so that pages open at once."))
@task()
def warm_answers() -> int:
    """Ask the main questions of today; those that were answered are read only."""
    return warm(today())
