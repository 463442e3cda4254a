"""What a request of a signed-in person carries, read at most once per request."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils.translation import get_language
from django_htmx.middleware import HtmxDetails

from bokgi.apps.access.models import Organisation, User
from bokgi.apps.access.selectors import organisation
from bokgi.domain.messages import LANGUAGES

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "bokgi-theme"
_ORGANISATION: Final = "_bokgi_organisation"


class PageRequest(HttpRequest):
    """A request behind `@may(…)`: somebody is signed in. For annotations."""

    user: User
    htmx: HtmxDetails


def organisation_of(request: HttpRequest) -> Organisation | None:
    """Give the organisation, None before the first run."""
    if not hasattr(request, _ORGANISATION):
        setattr(request, _ORGANISATION, organisation())
    found: Organisation | None = getattr(request, _ORGANISATION)
    return found


def page_language() -> str:
    """Give the language of the page that is being answered."""
    found = get_language() or LANGUAGES[0]
    return found if found in LANGUAGES else LANGUAGES[0]


def theme_of(request: HttpRequest) -> str:
    """Choose the theme: the user's, the one chosen before signing in, or the system's (empty)."""
    user = getattr(request, "user", None)
    own = user.theme if isinstance(user, User) else request.COOKIES.get(THEME_COOKIE, "")
    return own if own in THEMES else ""
