"""The worker computes ahead, and gives way to who waits before a page."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from django_tasks_db.models import DBTaskResult

from bokgi.apps.access import asking, warming
from bokgi.apps.access.mail import letter_send
from bokgi.apps.data.tasks import do_work, write_corrections
from bokgi.apps.jobs.services import enqueue
from bokgi.domain.errors import RefusalError, SetupError
from bokgi.domain.messages import Message
from bokgi.questions.roster import ask_roster
from tests.homes import TODAY

_BACKEND = "django_tasks_db.DatabaseBackend"
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def queue(queue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tasks in the database; of the main questions only one is asked."""
    del queue
    monkeypatch.setattr(asking, "_MAIN", [(ask_roster, {})])
    monkeypatch.setattr(asking, "_OPEN", [])
    monkeypatch.setenv("BOKGI_TODAY", "2026-11-23")


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
def test_uploads_and_entries_come_before_what_nobody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(asking.answers()), "kept", lambda *_given, **_asked: None)
    enqueue(warming.warm_answers, key="warm on")
    enqueue(write_corrections)
    enqueue(do_work, work_id=1)
    assert [task.task_path.rpartition(".")[2] for task in DBTaskResult.objects.ready()] == [
        "do_work",
        "write_corrections",
        "warm_answers",
    ]
    for first in ("do_work", "write_corrections"):
        assert warming.warm_answers.func() is None
        DBTaskResult.objects.filter(task_path__endswith=first).delete()
    assert warming.warm_answers.func() == 1


@pytest.mark.usefixtures("queue")
def test_mail_goes_out_beside_and_nothing_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(asking.answers()), "kept", lambda *_given, **_asked: None)
    enqueue(letter_send, to="a@team.example", subject="Hello", body="…")
    assert warming.warm_answers.func() == 1


@pytest.mark.usefixtures("queue")
def test_what_is_kept_is_read_whoever_waits() -> None:
    asking.answers().ask(ask_roster, as_of=TODAY)
    assert asking.warm(TODAY, gives_way=lambda: True) == 1


@pytest.mark.usefixtures("queue")
def test_what_the_machine_lacks_is_seen_in_the_queue_and_a_refusal_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_given: object, **_asked: object) -> None:
        raise RefusalError("thin", Message("?"))

    def short(*_given: object, **_asked: object) -> None:
        raise SetupError("memory_short", Message("?"))

    monkeypatch.setattr(type(asking.answers()), "kept", lambda *_given, **_asked: None)
    monkeypatch.setattr(type(asking.answers()), "ask", refused)
    assert warming.warm_answers.func() == 0
    monkeypatch.setattr(type(asking.answers()), "ask", short)
    with pytest.raises(SetupError):
        warming.warm_answers.func()


@pytest.mark.usefixtures("queue")
def test_a_worker_of_another_version_says_so_instead_of_answering_what_nobody_finds(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(asking.answers()), "kept", lambda *_given, **_asked: None)
    assert warming.ask_later(rf.get("/"), ask_roster, as_of=TODAY) is None
    put = DBTaskResult.objects.get(task_path__endswith="compute_answer")
    warming.compute_answer.func(**put.args_kwargs["kwargs"])
    monkeypatch.setattr(warming, "code_version", lambda: "another")
    with pytest.raises(SetupError, match="different versions"):
        warming.compute_answer.func(**put.args_kwargs["kwargs"])
