"""How screens ask: `ask(request, question, …)` of the facts of this home, and who is looking at the answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role, Viewer, managed_by
from bokgi.apps.access.requests import PageRequest, organisation_of
from bokgi.apps.access.selectors import ZONE, organisation
from bokgi.domain.errors import BokgiError, NotFoundError, SetupError
from bokgi.questions.answers import ENGINE_MEMORY, Answers, Question
from bokgi.questions.asked import Json
from bokgi.questions.roster import ask_roster

_VIEWER: Final = "_bokgi_viewer"
_MAIN: Final[list[tuple[Question, dict[str, Any]]]] = []
_OPEN: Final[list[Callable[[date], Iterable[tuple[Question, dict[str, Any]]]]]] = []
_SHARE_OF_MEMORY: Final = 0.3


@cache
def _answers(home: Path) -> Answers:
    """Give the answers of a home: one engine for all threads of this process."""
    return Answers(home, memory_limit=_memory_limit())


def answers() -> Answers:
    """Give the answers of the home of this process."""
    return _answers(settings.HOME)


def _memory_limit() -> str:
    """Give what is set; without it leave room for the worker and everything else of the machine."""
    if settings.ENGINE_MEMORY is not None:
        return str(settings.ENGINE_MEMORY)
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return ENGINE_MEMORY
    return f"{int(whole * _SHARE_OF_MEMORY / 1e6)}MB"


def today(request: HttpRequest | None = None) -> date:
    """Give today's civil date in the organisation's zone; `BOKGI_TODAY` overrides it."""
    given = os.environ.get("BOKGI_TODAY")
    if given:
        return date.fromisoformat(given)
    company = organisation_of(request) if request is not None else organisation()
    now: datetime = timezone.now()
    return now.astimezone(ZoneInfo(company.time_zone if company is not None else ZONE)).date()


def ask(request: HttpRequest, question: Question, /, **parameters: Any) -> Json:  # noqa: ANN401 - of the question
    """Give the answer to a question, kept where it was asked before; `as_of` is today unless given.

    The answer is the same for everybody and language-neutral. What of it `viewer_of(request)` may see is filtered
    afterwards (`apps.access.permissions`); `bokgi.ui.spoken.spoken(answer, lang)` writes its sentences. Raises
    `NotFoundError` (`home_missing`) before the first import; the page for that says what to do.
    """
    parameters.setdefault("as_of", today(request))
    return answers().ask(question, **parameters)


def main_question(question: Question, /, **parameters: Any) -> None:  # noqa: ANN401 - of the question
    """Have a question asked by the worker as soon as the facts or the day change, so that the first viewer waits less.

    Name the parameters a page asks with when it is opened; `as_of` is the day, and a parameter that is a function is
    called with the day (`period=Period.quarter_of`).
    """
    _MAIN.append((question, parameters))


def open_questions(name: Callable[[date], Iterable[tuple[Question, dict[str, Any]]]]) -> None:
    """Have the worker ask, beside the main questions, what is worked at just now: `name` gives it for a day."""
    _OPEN.append(name)


def warm(on: date, *, gives_way: Callable[[], bool] = bool) -> int | None:
    """Ask the main and the open questions of a day, and give how many were answered; what is kept takes no time.

    Before each one that takes time `gives_way` is asked; where it says yes, nothing more is computed and null is given.
    A question that the data do not answer is passed over; what the machine lacks (`SetupError`) is raised.
    """
    asked = [
        (question, {name: value(on) if callable(value) else value for name, value in parameters.items()})
        for question, parameters in _MAIN
    ]
    asked += [one for name in _OPEN for one in name(on)]
    answered = 0
    for question, of_day in asked:
        try:
            parameters = {"as_of": on} | of_day
            if answers().kept(question, **parameters) is None:
                if gives_way():
                    return None
                answers().ask(question, **parameters)
        except SetupError:
            raise
        except BokgiError:
            continue
        answered += 1
    return answered


main_question(ask_roster)


def viewer_of(request: PageRequest) -> Viewer:
    """Say who looks: role, person, and for a manager the people below, as the memberships of today say."""
    if not hasattr(request, _VIEWER):
        setattr(request, _VIEWER, _viewer(request))
    found: Viewer = getattr(request, _VIEWER)
    return found


def _viewer(request: PageRequest) -> Viewer:
    return viewer_for(request.user, on=today(request))


def viewer_for(user: User, *, on: date | None = None) -> Viewer:
    """Say what a user may see outside of a request, as `viewer_of` does in one; `on` is today unless given."""
    role = Role(user.role)
    if role is not Role.MANAGER or not user.person_id:
        return Viewer(role, user.person_id)
    try:
        people = answers().ask(ask_roster, as_of=on or today())["people"]
    except NotFoundError:
        people = []
    pairs = [(row["person_id"], row["manager_id"]) for row in people]
    return Viewer(role, user.person_id, managed_by(user.person_id, pairs))
