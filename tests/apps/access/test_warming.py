"""The worker computes ahead, and gives way to who waits before a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from django_tasks import task_backends
from django_tasks_db.models import DBTaskResult

from bokgi.apps.access import asking, warming
from bokgi.apps.jobs.services import enqueue
from bokgi.questions.roster import ask_roster
from tests.homes import TODAY

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def queue(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep tasks in the database; of the main questions only one is asked."""
    del db
    with suppress(AttributeError):
        del task_backends["default"]
    monkeypatch.setattr(task_backends, "settings", {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}})
    monkeypatch.setattr(asking, "_MAIN", [(ask_roster, {})])
    monkeypatch.setattr(asking, "_OPEN", [])
    monkeypatch.setenv("BOKGI_TODAY", "2026-11-23")
    yield
    with suppress(AttributeError):
        del task_backends["default"]


def waiting() -> list[str]:
    return [task.task_path.rpartition(".")[2] for task in DBTaskResult.objects.ready().order_by("enqueued_at")]


@pytest.mark.usefixtures("queue")
def test_what_somebody_waits_for_comes_first_and_then_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    # What other tests asked is kept; here nothing is.
    monkeypatch.setattr(type(asking.answers()), "kept", lambda *_given, **_asked: None)
    put = enqueue(warming.compute_answer, question="bokgi.questions.roster:ask_roster", parameters={})
    assert warming.warm_answers.func() is None
    assert waiting() == ["compute_answer", "warm_answers"]
    DBTaskResult.objects.filter(pk=put).delete()
    assert warming.warm_answers.func() == 1


@pytest.mark.usefixtures("queue")
def test_what_is_kept_is_read_whoever_waits() -> None:
    asking.answers().ask(ask_roster, as_of=TODAY)
    assert asking.warm(TODAY, gives_way=lambda: True) == 1
