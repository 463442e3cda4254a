"""Writes of the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db import DatabaseBackend
from django_tasks_db.models import DBTaskResult

from bokgi.apps.jobs.faults import fault_json, understood
from bokgi.apps.jobs.models import Attempt
from bokgi.apps.jobs.rules import DEAD_AFTER, MAX_ATTEMPTS, is_tried_again, wait

_WAITING = (TaskResultStatus.READY.value, TaskResultStatus.RUNNING.value)


def enqueue(task: Task[Any, Any], /, *, key: str = "", **arguments: Any) -> str:  # noqa: ANN401 - of the task
    """Put a task into the queue and give its id; arguments are plain JSON values.

    With a `key` nothing is put while a task of that key waits to begin; its id is given. One that runs already may have
    read what has changed since, so another is put behind it.
    """
    if not isinstance(task.get_backend(), DatabaseBackend):
        # Done at once, and nobody else waits for a transaction meanwhile.
        return str(task.enqueue(**arguments).id)
    with transaction.atomic():
        if key:
            there = Attempt.objects.filter(key=key, task__status=TaskResultStatus.READY.value).first()
            if there is not None:
                return str(there.pk)
        put = task.enqueue(**arguments)
        Attempt.objects.create(task_id=put.id, key=key)
        return str(put.id)


AWAITED: Final = 50
"""Priority of a task that somebody sits before a page for."""
AHEAD: Final = -10
"""Priority of what is computed before anybody asks for it; between its steps it gives way (`is_other_work_there`)."""

MAIL: Final = "mail"
"""Queue of letters."""
FACTS: Final = "facts"
"""Queue of what writes facts: files, corrections, the drop folder."""
BEFOREHAND: Final = "beforehand"
"""Queue of what is computed before anybody asks for it."""
BESIDE: Final = (MAIL, FACTS, BEFOREHAND)
"""Queues that the worker does each beside the others, so that none waits for a task of another."""


def is_other_work_there() -> bool:
    """Tell whether anything but mail that is more urgent than what is computed ahead waits to begin, or is at work."""
    there = DBTaskResult.objects.filter(priority__gt=AHEAD).exclude(queue_name=MAIL)
    return there.filter(status=TaskResultStatus.RUNNING.value).exists() or there.ready().exists()


def is_begun(queue: str) -> bool:
    """Tell whether a task of a queue that is done beside others may begin now; looking only reads."""
    waits = DBTaskResult.objects.ready().filter(queue_name=queue).exists()
    return waits and not (queue == BEFOREHAND and is_other_work_there())


def begun(*, task: DBTaskResult[Any, Any], at: datetime) -> None:
    """Note that an attempt begins."""
    Attempt.objects.get_or_create(task=task)
    Attempt.objects.filter(task=task).update(attempts=F("attempts") + 1, beat_at=at)


def beat(*, task_id: UUID, at: datetime) -> None:
    """Note that the worker of a running task lives."""
    Attempt.objects.filter(task_id=task_id).update(beat_at=at)


@transaction.atomic
def failed(*, task: DBTaskResult[Any, Any], error: BaseException, at: datetime) -> bool:
    """Keep why a task failed, and put it into the queue again, later each time; say whether it was."""
    attempts = Attempt.objects.get(task=task).attempts
    fault = fault_json(understood(error, mail=task.queue_name == MAIL))
    Attempt.objects.filter(task=task).update(fault=fault)
    if not is_tried_again(error, attempts):
        return False
    _again(task, after=at + wait(attempts))
    return True


@transaction.atomic
def take_over(*, at: datetime) -> list[str]:
    """Put tasks whose worker is dead into the queue again, and give their ids; after too many attempts they fail."""
    silent = Q(attempt__beat_at__lt=at - DEAD_AFTER) | Q(attempt=None, started_at__lt=at - DEAD_AFTER)
    running = DBTaskResult.objects.select_for_update(of=("self",)).filter(status=TaskResultStatus.RUNNING.value)
    taken = []
    for task in running.filter(silent).select_related("attempt"):
        attempt, _ = Attempt.objects.get_or_create(task=task, defaults={"attempts": 1})
        if attempt.attempts < MAX_ATTEMPTS:
            _again(task, after=at)
            taken.append(str(task.pk))
        else:
            error = TimeoutError("The worker died each time.")
            Attempt.objects.filter(task=task).update(fault=fault_json(understood(error)))
            task.set_failed(error)
    return taken


@transaction.atomic
def put_back(*, task_id: UUID, at: datetime) -> None:
    """Put a running task into the queue again for the next worker, because this one is told to stop: no attempt."""
    running = DBTaskResult.objects.select_for_update().filter(pk=task_id, status=TaskResultStatus.RUNNING.value)
    for task in running:
        Attempt.objects.filter(task=task).update(attempts=F("attempts") - 1)
        _again(task, after=at)


def _again(task: DBTaskResult[Any, Any], *, after: datetime) -> None:
    task.status = TaskResultStatus.READY.value
    task.run_after = after
    task.started_at = task.finished_at = None
    task.save(update_fields=["status", "run_after", "started_at", "finished_at"])


@transaction.atomic
def retry(*, task_id: UUID, at: datetime) -> bool:
    """Try a failed task once more from the beginning, as a person asks."""
    found = DBTaskResult.objects.filter(pk=task_id, status=TaskResultStatus.FAILED.value).first()
    if found is None:
        return False
    Attempt.objects.update_or_create(task=found, defaults={"attempts": 0, "beat_at": None})
    _again(found, after=at)
    return True


def prune(*, before: datetime) -> int:
    """Forget tasks that ended before a moment."""
    ended = DBTaskResult.objects.exclude(status__in=_WAITING).filter(finished_at__lt=before)
    return ended.delete()[0]


def forget_done(*, key: str) -> None:
    """Forget tasks of a key that ended well: of what comes each minute the last one is enough."""
    DBTaskResult.objects.filter(attempt__key=key, status=TaskResultStatus.SUCCESSFUL.value).delete()
