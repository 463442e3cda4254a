"""The worker computes what pages ask: the main questions after each import and each midnight, others when asked for."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from importlib import import_module
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from django_tasks import TaskResultStatus, task

from bokgi.apps.access.asking import answers, today, warm
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.jobs.models import Attempt
from bokgi.apps.jobs.schedules import is_worker_missing, scheduled
from bokgi.apps.jobs.services import AHEAD, AWAITED, BEFOREHAND, enqueue, is_other_work_there
from bokgi.domain.errors import RefusalError, SetupError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.questions.answers import Question, code_version
from bokgi.questions.asked import Json

_QUESTIONS: Final = "bokgi.questions."
_REMEMBERED: Final = timedelta(minutes=5)


@scheduled("warm", "* * * * *", N_("Compute the main figures when facts have come in, so that pages open at once."))
@task(priority=AHEAD, queue_name=BEFOREHAND)
def warm_answers() -> int | None:
    """Ask the main questions of today; those that were answered are read only.

    Where anything else waits (an answer that somebody sits before, an upload, what was entered), that comes first, and
    then the rest.
    """
    answered = warm(today(), gives_way=is_other_work_there)
    if answered is None:
        enqueue(warm_answers, key="warm on")
    return answered


def ask_later(request: HttpRequest, question: Question, /, **parameters: Any) -> Json | None:  # noqa: ANN401 - of the question
    """Give the answer where it is kept; otherwise let the worker compute it and give null: the page asks again.

    For questions that take seconds. `as_of` is today unless given; parameters are plain values, dates and periods.
    Raises `RefusalError` (`answer_failed`) where the worker could not answer within the last minutes.
    """
    parameters.setdefault("as_of", today(request))
    found = answers().kept(question, **parameters)
    if found is not None:
        return found
    name = f"{question.__module__}:{question.__qualname__}"
    written = {key: _written(value) for key, value in parameters.items()}
    asked = json.dumps([answers().version(), name, written], sort_keys=True, ensure_ascii=False)
    key = f"answer {hashlib.sha256(asked.encode()).hexdigest()}"
    lately = timezone.now() - _REMEMBERED
    tried = Attempt.objects.filter(key=key, task__status=TaskResultStatus.FAILED.value, task__finished_at__gt=lately)
    if tried.exists():
        raise RefusalError(
            "answer_failed",
            Message(N_("These figures could not be computed.")),
            Message(N_("Background work under Settings says why; it is tried again in a few minutes.")),
        )
    enqueue(compute_answer, key=key, question=name, parameters=written, code=code_version())
    return answers().kept(question, **parameters)


def still_waits(request: PageRequest, *, working: bool) -> bool:
    """Say whether a page that asks every second whether its figures are there is told to stay as it is (204).

    Where nobody works on them any more it is drawn anew, and says so.
    """
    return working and bool(request.htmx) and not is_worker_missing(at=timezone.now())


@task(priority=AWAITED)
def compute_answer(question: str, parameters: dict[str, Any], code: str = "") -> None:
    """Answer one question, so that it is kept for who runs the same `code`: another would never find it."""
    if code not in {"", code_version()}:
        raise SetupError(
            "code_differs",
            Message(N_("The server and the worker run different versions of Bokgi.")),
            Message(N_("Stop both and start them again.")),
        )
    module, _, name = question.partition(":")
    if not module.startswith(_QUESTIONS):
        raise ValueError(question)
    asked: Question = getattr(import_module(module), name)
    answers().ask(asked, **{key: _read(value) for key, value in parameters.items()})


def _written(value: Any) -> Any:  # noqa: ANN401 - any parameter
    """Write a parameter as JSON."""
    if isinstance(value, Period):
        return {"period": [value.start.isoformat(), value.end.isoformat()]}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, list | tuple):
        return {"several": [_written(part) for part in value]}
    return value


def _read(value: Any) -> Any:  # noqa: ANN401 - any parameter
    if not isinstance(value, dict):
        return value
    if "period" in value:
        return Period(*(date.fromisoformat(day) for day in value["period"]))
    if "several" in value:
        return tuple(_read(part) for part in value["several"])
    return date.fromisoformat(value["day"])
