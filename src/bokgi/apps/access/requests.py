"""What a request of a signed-in person carries, read at most once per request."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django_htmx.middleware import HtmxDetails

from bokgi.apps.access.models import Organisation, User
from bokgi.apps.access.selectors import organisation
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import LANGUAGES
from bokgi.ui.format import show

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "bokgi-theme"
_MOST_DIGITS: Final = 18
"""So many digits a key of the database has at most."""
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


def is_own_address(request: HttpRequest, address: str) -> bool:
    """Tell whether an address that a browser gave leads to this site: nobody is sent elsewhere."""
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=settings.ENCRYPTED)


def page_language() -> str:
    """Give the language of the page that is being answered."""
    found = get_language() or LANGUAGES[0]
    return found if found in LANGUAGES else LANGUAGES[0]


def key_given(typed: object) -> int:
    """Read the key of a row from a form; 0, which no row has, for what is none.

    >>> key_given("7"), key_given("7 or 1=1"), key_given(None), key_given("9" * 30)
    (7, 0, 0, 0)
    """
    text = str(typed or "")
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def say_refused(request: HttpRequest, error: BokgiError) -> None:
    """Say above the page that is shown next why something was not done, and what to do."""
    words = [text.text(page_language(), show) for text in (error.message, error.hint) if text is not None]
    messages.error(request, " ".join(words))


def theme_of(request: HttpRequest) -> str:
    """Choose the theme: the user's, the one chosen before signing in, or the system's (empty)."""
    user = getattr(request, "user", None)
    own = user.theme if isinstance(user, User) else request.COOKIES.get(THEME_COOKIE, "")
    return own if own in THEMES else ""
