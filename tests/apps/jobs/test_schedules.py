"""Every schedule of the source is known to a process that has just started, as a worker has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

import bokgi
from bokgi.apps.access.warming import warm_answers
from bokgi.apps.jobs.models import Schedule
from bokgi.apps.jobs.schedules import come_due, is_worker_missing, scheduled, tidy
from bokgi.apps.jobs.services import enqueue

_LISTED = """
import json, django
django.setup()
from bokgi.apps.jobs.schedules import all_scheduled
print(json.dumps(sorted(all_scheduled())))
"""


def test_a_fresh_process_knows_every_schedule(tmp_path: Path) -> None:
    written = {
        name
        for path in Path(bokgi.__file__).parent.rglob("*.py")
        for name in re.findall(r'^@scheduled\(\s*"([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"corrections", "drop folder", "export reminder", "warm"} <= written
    there = {**os.environ, "BOKGI_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "bokgi.project.settings"}
    listed = subprocess.run([sys.executable, "-c", _LISTED], env=there, capture_output=True, text=True, check=True)
    assert set(json.loads(listed.stdout)) == written


@pytest.mark.usefixtures("queue")
def test_a_worker_is_missed_when_what_comes_every_minute_is_overdue() -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    scheduled("warm", "* * * * *", "Warm.")(warm_answers)
    scheduled("tidy", "20 3 * * *", "Tidy.")(tidy)
    assert not is_worker_missing(at=now)
    enqueue(warm_answers, key="schedule warm")
    DBTaskResult.objects.update(enqueued_at=now - timedelta(minutes=3))
    # Nobody has ever looked, and work waits.
    assert is_worker_missing(at=now)
    come_due(at=now, zone=ZoneInfo("Asia/Seoul"))
    assert not is_worker_missing(at=now + timedelta(minutes=2))
    assert is_worker_missing(at=now + timedelta(minutes=4))
    # What is switched off, and what the code no longer knows, is late for nobody.
    Schedule.objects.exclude(name="tidy").update(enabled=False)
    Schedule.objects.create(name="gone", next_at=now)
    assert not is_worker_missing(at=now + timedelta(minutes=4))


@pytest.mark.usefixtures("queue")
def test_the_queue_says_that_no_worker_runs(as_role: Callable[[str], Client]) -> None:
    scheduled("warm", "* * * * *", "Warm.")(warm_answers)
    come_due(at=timezone.now() - timedelta(minutes=10), zone=ZoneInfo("Asia/Seoul"))
    admin = as_role("admin")
    page = admin.get("/settings/queue/").content.decode()
    assert "백그라운드 작업이 멈춰 있습니다." in page
    come_due(at=timezone.now(), zone=ZoneInfo("Asia/Seoul"))
    assert "백그라운드 작업이 멈춰 있습니다." not in admin.get("/settings/queue/").content.decode()
