"""What comes again by the clock, in the organisation's time zone. An app registers its own with `scheduled`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks import task
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from bokgi.apps.jobs.models import Schedule
from bokgi.apps.jobs.rules import next_time
from bokgi.apps.jobs.services import enqueue, forget_done, prune
from bokgi.domain.messages import N_

KEPT: Final = timedelta(days=30)
LATE: Final = timedelta(minutes=2)
"""So long after its time something that comes again has not been seen by any worker."""


@dataclass(frozen=True)
class Scheduled:
    """A task with its cron fields (see `rules.next_time`) and what it does, as a marked text."""

    cron: str
    task: Task[Any, Any]
    text: str


_SCHEDULED: Final[dict[str, Scheduled]] = {}


def scheduled(name: str, cron: str, text: str) -> Callable[[Task[Any, Any]], Task[Any, Any]]:
    """Let a task come again; put above `@task()`. The name keeps when it comes next."""

    def register(found: Task[Any, Any]) -> Task[Any, Any]:
        _SCHEDULED[name] = Scheduled(cron, found, text)
        return found

    return register


def all_scheduled() -> Mapping[str, Scheduled]:
    """Give everything that comes again, by name."""
    return _SCHEDULED


def come_due(*, at: datetime, zone: ZoneInfo) -> list[str]:
    """Put what is due into the queue and give the names; what was missed while nobody worked comes once.

    Two workers that look at once put it once: the next time is set by who was first.
    """
    known = {row.name: row for row in Schedule.objects.all()}
    put = []
    for name, found in _SCHEDULED.items():
        row = known.get(name)
        if row is None:
            Schedule.objects.get_or_create(name=name, defaults={"next_at": next_time(found.cron, at, zone)})
        elif row.enabled and row.next_at <= at:
            with transaction.atomic():
                later = next_time(found.cron, at, zone)
                mine = Schedule.objects.filter(name=name, next_at=row.next_at).update(next_at=later, last_at=at)
                if mine:
                    forget_done(key=f"schedule {name}")
                    enqueue(found.task, key=f"schedule {name}")
                    put.append(name)
    return put


def is_worker_missing(*, at: datetime) -> bool:
    """Tell whether nobody looks after the queue: something that comes again is overdue, or work waits from the start.

    Every minute something is due, and a worker looks for it every few seconds, whatever it is busy with.
    """
    late = at - LATE
    if Schedule.objects.filter(name__in=_SCHEDULED, enabled=True).exists():
        return Schedule.objects.filter(name__in=_SCHEDULED, enabled=True, next_at__lt=late).exists()
    return DBTaskResult.objects.ready().filter(enqueued_at__lt=late).exists()


@scheduled("tidy", "20 3 * * *", N_("Forget finished tasks after 30 days, and sessions that have ended."))
@task()
def tidy() -> None:
    """Forget what nobody looks at any more."""
    prune(before=timezone.now() - KEPT)
    call_command("clearsessions")
