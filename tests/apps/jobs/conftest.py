"""A queue in the database of the test, without schedules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from django_tasks import task_backends
from django_tasks_db.management.commands import db_worker

from bokgi.apps.jobs import schedules
from bokgi.apps.jobs.services import BESIDE
from tests.apps.jobs import tasks

_BACKEND = "django_tasks_db.DatabaseBackend"


@pytest.fixture
def queue(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep tasks in the database until `work`."""
    del db
    tasks.DONE.clear()
    with suppress(AttributeError):
        del task_backends["default"]
    monkeypatch.setattr(task_backends, "settings", {"default": {"BACKEND": _BACKEND, "QUEUES": ["default", *BESIDE]}})
    monkeypatch.setattr(schedules, "_SCHEDULED", {})
    # The transaction of the test must outlive a look at old connections.
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)
    yield
    with suppress(AttributeError):
        del task_backends["default"]
