"""Keys, attempts, take-over, schedules; a worker that is killed in the middle of a task."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from bokgi.apps.jobs import schedules, services, worker
from bokgi.apps.jobs.models import Attempt, Schedule
from bokgi.apps.jobs.services import BEFOREHAND, FACTS, MAIL
from bokgi.apps.jobs.worker import Lane, Worker
from tests.apps.jobs import tasks
from tests.unmeasured import unmeasured

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
_BACKEND = "django_tasks_db.DatabaseBackend"
ROOT = Path(__file__).resolve().parents[3]


def work() -> None:
    Worker(zone=lambda: SEOUL, batch=True, interval=0).run()


def status(task_id: str) -> str:
    return DBTaskResult.objects.get(pk=UUID(task_id)).status


@pytest.mark.usefixtures("queue")
def test_a_key_is_put_once_while_it_waits() -> None:
    first = services.enqueue(tasks.note, key="k", text="a")
    assert services.enqueue(tasks.note, key="k", text="a") == first
    other = services.enqueue(tasks.note, text="b")
    assert services.enqueue(tasks.note, text="b") != other
    work()
    assert tasks.DONE == ["a", "b", "b"]
    assert services.enqueue(tasks.note, key="k", text="a") != first


@pytest.mark.usefixtures("queue")
def test_one_that_runs_already_does_not_stand_for_a_later_one() -> None:
    first = services.enqueue(tasks.note, key="k", text="a")
    DBTaskResult.objects.filter(pk=first).update(status=TaskResultStatus.RUNNING.value)
    assert services.enqueue(tasks.note, key="k", text="a") != first


@pytest.mark.usefixtures("queue")
def test_chance_is_tried_again_later_and_later(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        put = services.enqueue(tasks.fail_until, folder=str(tmp_path), times=2)
        work()
        work()
        assert (tmp_path / "tried").read_text(encoding="utf-8") == "x"
        assert status(put) == "READY"
        clock.shift(31)
        work()
        clock.shift(31)
        work()
        assert (tmp_path / "tried").read_text(encoding="utf-8") == "xx"
        clock.shift(31)
        work()
    assert status(put) == "SUCCESSFUL"
    assert Attempt.objects.get(pk=UUID(put)).attempts == 3


@pytest.mark.usefixtures("queue")
def test_after_five_attempts_it_has_failed_until_a_person_asks(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        put = services.enqueue(tasks.fail_until, folder=str(tmp_path), times=99)
        for _ in range(8):
            work()
            clock.shift(3600)
        assert (tmp_path / "tried").read_text(encoding="utf-8") == "x" * 5
        assert status(put) == "FAILED"
        assert "OSError" in DBTaskResult.objects.get(pk=UUID(put)).traceback
        assert services.retry(task_id=UUID(put), at=NOW)
        work()
        assert (tmp_path / "tried").read_text(encoding="utf-8") == "x" * 6
        assert not services.retry(task_id=UUID(put), at=NOW)


@pytest.mark.usefixtures("queue")
def test_what_a_person_must_mend_fails_at_once() -> None:
    put = services.enqueue(tasks.refuse)
    work()
    assert (status(put), Attempt.objects.get(pk=UUID(put)).attempts) == ("FAILED", 1)


@pytest.mark.usefixtures("queue")
def test_a_worker_that_is_told_to_stop_ends_its_task_and_begins_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = services.enqueue(tasks.note, text="a"), services.enqueue(tasks.note, text="b")
    worker = Worker(zone=lambda: SEOUL, interval=0)
    monkeypatch.setattr(services, "begun", lambda **_: worker.stop(600, tasks.DONE.clear))
    worker.run()
    assert (tasks.DONE, status(first), status(second)) == (["a"], "SUCCESSFUL", "READY")


@pytest.mark.usefixtures("queue")
def test_a_task_that_takes_too_long_to_end_is_put_back_without_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    put = services.enqueue(tasks.note, text="a")
    worker, left, back = Worker(zone=lambda: SEOUL, interval=0), threading.Event(), []
    monkeypatch.setattr(services, "put_back", lambda **given: back.append(given["task_id"]))

    def wait(_worker: Worker, _task: object) -> None:
        worker.stop(0, left.set)
        assert left.wait(10)

    monkeypatch.setattr(db_worker.Worker, "run_task", wait)
    worker.run()
    assert back == [UUID(put)]
    monkeypatch.undo()
    assert (status(put), Attempt.objects.get(task=UUID(put)).attempts) == ("RUNNING", 1)
    services.put_back(task_id=UUID(put), at=NOW)
    services.put_back(task_id=UUID(put), at=NOW)
    assert (status(put), Attempt.objects.get(task=UUID(put)).attempts) == ("READY", 0)


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(("silent", "attempts", "after"), [(30, 1, "RUNNING"), (61, 1, "READY"), (61, 5, "FAILED")])
def test_the_task_of_a_silent_worker_is_taken_over(silent: int, attempts: int, after: str) -> None:
    put = services.enqueue(tasks.note, text="a")
    DBTaskResult.objects.filter(pk=UUID(put)).update(status="RUNNING", started_at=NOW)
    Attempt.objects.filter(pk=UUID(put)).update(attempts=attempts, beat_at=NOW - timedelta(seconds=silent))
    services.take_over(at=NOW)
    assert status(put) == after


@pytest.mark.usefixtures("queue")
def test_a_schedule_comes_when_it_is_due_once_and_only_the_last_stays() -> None:
    schedules.scheduled("wake", "0 7 * * *", "Wake up.")(tasks.note)
    with time_machine.travel(NOW, tick=False):
        assert schedules.come_due(at=NOW, zone=SEOUL) == []
    row = Schedule.objects.get()
    assert row.next_at == datetime(2026, 11, 24, 22, tzinfo=UTC)
    # Nobody worked for three days: it comes once.
    late = NOW + timedelta(days=3)
    assert schedules.come_due(at=late, zone=SEOUL) == ["wake"]
    assert schedules.come_due(at=late, zone=SEOUL) == []
    assert Schedule.objects.get().next_at == datetime(2026, 11, 27, 22, tzinfo=UTC)
    DBTaskResult.objects.update(status="SUCCESSFUL")
    assert schedules.come_due(at=late + timedelta(days=1), zone=SEOUL) == ["wake"]
    assert DBTaskResult.objects.count() == 1
    Schedule.objects.update(enabled=False)
    assert schedules.come_due(at=late + timedelta(days=9), zone=SEOUL) == []


@pytest.mark.usefixtures("queue")
def test_finished_tasks_are_forgotten_in_time() -> None:
    put = services.enqueue(tasks.note, text="a")
    work()
    DBTaskResult.objects.filter(pk=UUID(put)).update(finished_at=NOW)
    assert services.prune(before=NOW) == 0
    assert services.prune(before=NOW + timedelta(seconds=1)) > 0
    assert not Attempt.objects.exists()


@pytest.mark.usefixtures("queue")
def test_the_queue_is_seen_and_handled_on_its_page(as_role: Callable[[str], Client]) -> None:
    admin = as_role("admin")
    put = services.enqueue(tasks.refuse)
    assert "작업 1개 대기 중" in admin.get("/settings/queue/").content.decode()
    work()
    assert "작업 0개 대기 중" in admin.get("/settings/queue/").content.decode()
    page = admin.get("/settings/queue/").content.decode()
    assert "refuse" in page
    assert "There is no file." in page
    admin.post(f"/settings/queue/{put}/retry/")
    assert status(put) == "READY"
    schedules.scheduled("wake", "0 7 * * *", "Wake up.")(tasks.note)
    schedules.come_due(at=NOW, zone=SEOUL)
    for act, enabled in (("off", False), ("on", True)):
        admin.post("/settings/schedules/wake/", {"act": act})
        assert Schedule.objects.get(name="wake").enabled is enabled
    admin.post("/settings/schedules/wake/", {"act": "now"})
    assert Attempt.objects.filter(key="schedule wake").count() == 1


@pytest.mark.usefixtures("queue")
def test_what_is_computed_ahead_begins_when_nothing_else_is_there_and_files_at_once() -> None:
    computed = services.enqueue(tasks.note.using(queue_name=BEFOREHAND, priority=services.AHEAD), text="ahead")
    assert services.is_begun(BEFOREHAND)
    DBTaskResult.objects.filter(pk=computed).update(status="RUNNING")
    assert not services.is_begun(FACTS)
    read = services.enqueue(tasks.note.using(queue_name=FACTS), text="files")
    assert services.is_begun(FACTS)
    DBTaskResult.objects.filter(pk=computed).update(status="READY")
    for at_work in ("READY", "RUNNING"):
        DBTaskResult.objects.filter(pk=read).update(status=at_work)
        assert not services.is_begun(BEFOREHAND)
    DBTaskResult.objects.filter(pk=read).update(status="SUCCESSFUL")
    services.enqueue(tasks.note.using(queue_name=MAIL), text="mail")
    assert services.is_begun(BEFOREHAND)


@pytest.mark.usefixtures("queue")
def test_a_lane_does_one_task_of_its_queue_and_leaves_the_others() -> None:
    for number in range(2):
        services.enqueue(tasks.note.using(queue_name=FACTS), text=f"files {number}")
    services.enqueue(tasks.note, text="else")
    lane = Lane(queue=FACTS, batch=True, interval=0)
    lane.one()
    assert tasks.DONE == ["files 0"]
    lane.one()
    lane.one()
    assert tasks.DONE == ["files 0", "files 1"]
    work()
    assert tasks.DONE[2:] == ["else"]


@pytest.mark.usefixtures("queue")
def test_a_lane_outlives_what_it_does_not_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "connection", Mock())
    monkeypatch.setattr(worker, "close_old_connections", Mock())
    services.enqueue(tasks.note.using(queue_name=FACTS), text="files")
    working = Worker(zone=lambda: SEOUL, interval=0.001)
    lane = Lane(queue=FACTS, batch=True, interval=0)
    calls = 0

    def one() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Attempt.DoesNotExist
        Lane.one(lane)
        working._over.set()  # noqa: SLF001 - as at the end of the worker

    monkeypatch.setattr(lane, "one", one)
    working._do_beside(lane)  # noqa: SLF001 - in the thread of the test
    assert tasks.DONE == ["files"]


@pytest.mark.usefixtures("queue")
def test_a_worker_outlives_a_database_that_is_held_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "close_old_connections", Mock())
    monkeypatch.setattr(worker, "_AGAIN_SECONDS", 0.0)
    taken = exclusive_transaction
    held = [OperationalError("database is locked")]

    def exclusive(using: str) -> AbstractContextManager[None]:
        if held:
            raise held.pop()
        working.max_tasks = 1
        return taken(using)

    monkeypatch.setattr(db_worker, "exclusive_transaction", exclusive)
    services.enqueue(tasks.note, text="later")
    working = Worker(zone=lambda: SEOUL, interval=0)
    working._do_own()  # noqa: SLF001 - without the threads beside
    assert tasks.DONE == ["later"]
    held.append(OperationalError("database is locked"))
    with pytest.raises(OperationalError):
        work()


def test_schedules_outlive_what_nobody_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "connection", Mock())
    monkeypatch.setattr(worker, "close_old_connections", Mock())
    monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.001)
    working = Worker(zone=lambda: SEOUL, interval=0.001)
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise ValueError
        working._over.set()  # noqa: SLF001 - as at the end of the worker

    monkeypatch.setattr(working, "_look", look)
    working._look_again()  # noqa: SLF001 - in the thread of the test
    assert len(looks) == 2


def _child(home: Path, program: str, **more: Any) -> subprocess.Popen[str]:  # noqa: ANN401 - of Popen
    environment = {name: value for name, value in unmeasured().items() if not name.startswith(("BOKGI_", "DJANGO_"))}
    environment |= {
        "BOKGI_HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        "DJANGO_SETTINGS_MODULE": "bokgi.project.settings",
    }
    start = "import django; django.setup()\n"
    return subprocess.Popen([sys.executable, "-c", start + program], env=environment, text=True, **more)


_WORKER = """
from datetime import timedelta
from zoneinfo import ZoneInfo
from bokgi.apps.jobs import services, worker
services.DEAD_AFTER = timedelta(seconds=2)
worker._BEAT_SECONDS = worker._LOOK_SECONDS = 0.5
worker.Worker(zone=lambda: ZoneInfo("Asia/Seoul"), interval=0.1).run()
"""


def _wait_for(found: Callable[[], bool], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_a_task_whose_worker_is_killed_is_done_by_another(tmp_path: Path) -> None:
    tmp_path.joinpath("home").mkdir()
    home = tmp_path / "home"
    put = _child(
        home,
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "from tests.apps.jobs.tasks import ahead; from bokgi.apps.jobs.services import enqueue\n"
        f"print(enqueue(ahead, key='once', folder={str(tmp_path)!r}))",
        stdout=subprocess.PIPE,
    )
    assert put.communicate(timeout=120)[0].strip()
    first = _child(home, _WORKER)
    try:
        assert _wait_for((tmp_path / "begun").exists)
        # Neither mail nor an upload stands behind what is computed ahead.
        for queue in (MAIL, FACTS):
            folder = tmp_path / queue
            folder.mkdir()
            _child(
                home,
                "from tests.apps.jobs.tasks import tell; from bokgi.apps.jobs.services import enqueue\n"
                f"enqueue(tell.using(queue_name={queue!r}), folder={str(folder)!r})",
            ).wait(120)
            assert _wait_for((folder / "told").exists)
        # It lives: another worker leaves the task alone.
        second = _child(home, _WORKER)
        try:
            time.sleep(6)
            assert not (tmp_path / "ended").exists()
            first.kill()
            assert _wait_for((tmp_path / "ended").exists)
            seen = _child(
                home,
                "import time; from django_tasks_db.models import DBTaskResult as Found\n"
                "found = Found.objects.filter(attempt__key='once')\n"
                "while found.filter(status='RUNNING').exists(): time.sleep(0.1)\n"
                "print(*found.values_list('status', 'attempt__attempts'))",
                stdout=subprocess.PIPE,
            )
            assert "('SUCCESSFUL', 2)" in seen.communicate(timeout=120)[0]
        finally:
            second.kill()
            second.wait()
    finally:
        first.kill()
        first.wait()
