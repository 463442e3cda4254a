"""What happens to every request: its language, safe headers, pages for faults, refusal of undeclared views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from allauth.usersessions.middleware import UserSessionsMiddleware
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation

from bokgi.apps.access.models import User
from bokgi.apps.access.permitting import permits
from bokgi.apps.access.requests import organisation_of
from bokgi.apps.jobs.faults import UNKNOWN, understood
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.messages import LANGUAGES, N_, Message
from bokgi.facts.damage import damage_behind
from bokgi.project.views import fault, nothing_to_open

Answers = Callable[[HttpRequest], HttpResponse]


def language_of(request: HttpRequest) -> str:
    """Choose the language: the user's, the one chosen before signing in, the organisation's, the browser's."""
    user = request.user
    own = user.language if isinstance(user, User) else request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if own in LANGUAGES:
        return own
    company = organisation_of(request)
    if isinstance(user, User) and company is not None:
        return company.language
    if "Accept-Language" in request.headers:
        return translation.get_language_from_request(request)
    return company.language if company is not None else LANGUAGES[0]


def speaks(answers: Answers) -> Answers:
    """Answer in the language and the time zone of who asks."""

    def answer(request: HttpRequest) -> HttpResponse:
        company = organisation_of(request)
        with translation.override(language_of(request)), timezone.override(company.time_zone if company else None):
            response = answers(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response

    return answer


class SafeHeaders:
    """Headers beyond those of Django: nothing that depends on who is signed in stays in a shared cache."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the headers set."""
        response = self._answers(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers["Permissions-Policy"] = (
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self)"
        )
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class SeenSessions(UserSessionsMiddleware):  # type: ignore[misc]  # allauth has no types
    """Notes when a session was last seen, but not for a screen that only asks whether anything is new."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note it, or hand on at once."""
        if "If-None-Match" in request.headers:
            answer: HttpResponse = self.get_response(request)
        else:
            answer = super().__call__(request)
        return answer


class FaultPages:
    """Turn a fault that is safe to show into a page with what is missing and what to do next."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on; where a form is sent to there is nothing to open, and that is said on a page."""
        answer = self._answers(request)
        if isinstance(answer, HttpResponseNotAllowed) and request.method == "GET":
            return nothing_to_open(request, answer)
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Show our own faults, damage, a database that is held or away; the rest is a server error, and logged."""
        found = exception if isinstance(exception, BokgiError) else damage_behind(exception, settings.HOME)
        if found is None and isinstance(exception, OperationalError):
            told = understood(exception)
            found = None if told.code == UNKNOWN else told
        return None if found is None else fault(request, found)


class DeclaredAccess:
    """Refuse a view that does not say who may open it; before the organisation exists, lead to the first run."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on."""
        return self._answers(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Look at the declaration of the view."""
        del args, kwargs
        if permits(view) is None:
            raise PermissionDenied
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name not in ALWAYS and organisation_of(request) is None:
            return HttpResponseRedirect(reverse("start"))
        return None


class TextsWithoutNul:
    """Refuse a request whose address or texts hold a NUL character: no database keeps one, and nobody types one."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand on."""
        return self._answers(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Look at the address, what is asked and what is sent; what is inside of files is none of its business."""
        del view, args, kwargs
        sent = [text for given in (request.GET, request.POST) for pair in given.lists() for text in (pair[0], *pair[1])]
        if not any("\0" in text for text in (request.path, *sent)):
            return None
        told = Message(N_("What was sent holds a NUL character, which no text has."))
        return fault(request, UsageError("text_unreadable", told, Message(N_("Type it anew, or paste it without it."))))


ALWAYS: Final = {"start", "health", "language", "theme", "demo"}
"""Addresses that answer before there is an organisation."""
