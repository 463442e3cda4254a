"""The worker: Django's, with attempts, a beat, take-over of dead workers' tasks, and schedules."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker as DjangoWorker
from django_tasks_db.models import DBTaskResult

from bokgi.apps.jobs import schedules, services
from bokgi.domain.errors import BokgiError

_LOG: Final = logging.getLogger("bokgi.jobs")
_BEAT_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 1.0


class Lane(DjangoWorker):
    """Does the tasks of a queue, or of all (`*`) without some, one after the other, each with attempts and a beat."""

    def __init__(self, *, queue: str, without: Sequence[str] = (), batch: bool, interval: float) -> None:
        super().__init__(
            queue_names=[queue],
            interval=interval,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=list(without),
        )
        self.queue = queue
        self.at_work: DBTaskResult[Any, Any] | None = None

    def one(self) -> None:
        """Do one task where one is ready."""
        self.max_tasks, self._run_tasks = 1, 0
        self.run()

    def run_task(self, db_task_result: DBTaskResult[Any, Any]) -> None:
        """Run one task with a beat; what failed by chance waits for another attempt."""
        self.at_work = db_task_result
        services.begun(task=db_task_result, at=timezone.now())
        ended = threading.Event()
        beating = threading.Thread(target=self._beat, args=(db_task_result.pk, ended), daemon=True)
        beating.start()
        caught: list[BaseException] = []
        keep = db_task_result.set_failed

        def set_failed(error: BaseException) -> None:
            caught.append(error)
            keep(error)

        db_task_result.set_failed = set_failed
        try:
            super().run_task(db_task_result)
        finally:
            ended.set()
            beating.join()
            self.at_work = None
        if caught and db_task_result.status == TaskResultStatus.FAILED.value:
            again = services.failed(task=db_task_result, error=caught[0], at=timezone.now())
            level = logging.WARNING if again or isinstance(caught[0], BokgiError) else logging.ERROR
            text = "task %s failed%s"
            said = "; it is tried again" if again else ""
            # Here the error may say what it stumbled over; the page of the queue shows only where that was.
            _LOG.log(level, text, db_task_result.task_path, said, exc_info=caught[0])

    def _beat(self, task_id: UUID, ended: threading.Event) -> None:
        while not ended.wait(_BEAT_SECONDS):
            try:
                services.beat(task_id=task_id, at=timezone.now())
            except DatabaseError:
                # The next beat tries again; a worker is dead only after several are missing.
                close_old_connections()
        connection.close()


class Worker(Lane):
    """Works on the queue until it is told to stop. `zone` gives the organisation's time zone.

    Mail, what writes facts, and what is computed ahead have a thread each, so that who waits for a link does not wait
    for an import, nor an import for figures that nobody asked for; in a batch all is done in turn.
    """

    def __init__(self, *, zone: Callable[[], ZoneInfo], batch: bool = False, interval: float = 1.0) -> None:
        queues = () if batch else services.BESIDE
        super().__init__(queue="*", without=queues, batch=batch, interval=interval)
        self._zone = zone
        self._beside = [Lane(queue=queue, batch=True, interval=0) for queue in queues]
        self._over = threading.Event()

    def stop(self, seconds: float, leave: Callable[[], object]) -> None:
        """Begin no other task, and end once the one at work is done.

        Where it takes longer than so many seconds, it is put back for the next worker, and `leave` ends the process.
        """
        lanes: tuple[Lane, ...] = (self, *self._beside)
        for lane in lanes:
            lane.running = False

        def put_back() -> None:
            left = [lane.at_work for lane in lanes if lane.at_work is not None]
            # Where one cannot be put back just now, it is taken over as a dead worker's.
            for task in left:
                with suppress(DatabaseError):
                    services.put_back(task_id=task.pk, at=timezone.now())
            if left:
                leave()

        timer = threading.Timer(seconds, put_back)
        timer.daemon = True
        timer.start()

    def run(self) -> None:
        """Look after schedules and dead workers beside, and work."""
        self._look()
        beside = [threading.Thread(target=self._look_again, daemon=True)]
        beside += [threading.Thread(target=self._do_beside, args=(lane,), daemon=True) for lane in self._beside]
        for thread in beside:
            thread.start()
        try:
            self._do_own()
        finally:
            self._over.set()
            for thread in beside:
                thread.join()

    def _do_own(self) -> None:
        """Do what waits in the own queues; a database that was held or away for a while ends no worker."""
        while True:
            try:
                super().run()
            except DatabaseError:
                if self.batch or not self.running:
                    raise
                _LOG.exception("looking for tasks failed; it is tried again")
                close_old_connections()
                self._over.wait(_AGAIN_SECONDS)
            else:
                return

    def _look(self) -> None:
        now = timezone.now()
        for task_id in services.take_over(at=now):
            _LOG.warning("task %s was left by a dead worker; it begins again", task_id)
        schedules.come_due(at=now, zone=self._zone())

    def _look_again(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            try:
                self._look()
            except Exception:  # noqa: BLE001 - without it no schedule would come until the next start
                _LOG.exception("looking after schedules failed; it is tried again")
                close_old_connections()
        connection.close()

    def _do_beside(self, lane: Lane) -> None:
        """Do what waits in one queue. Only reading looks for it, so that an idle worker does not hold the database."""
        while not self._over.wait(self.interval):
            try:
                while lane.running and services.is_begun(lane.queue):
                    lane.one()
            except Exception:  # noqa: BLE001 - a lane that ended would leave its queue undone until the next start
                _LOG.exception("looking for tasks of %s failed; it is tried again", lane.queue)
                close_old_connections()
        connection.close()
