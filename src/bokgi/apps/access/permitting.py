"""Which view is for whom: every view says it with one of two decorators, and a view that says nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import escape_leading_slashes

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.requests import is_own_address

ANYONE: Final = "anyone"
_DECLARED: Final = "bokgi_permits"

P = ParamSpec("P")
View = Callable[Concatenate[Any, P], HttpResponseBase]


def anyone(view: View[P]) -> View[P]:
    """Declare a view that needs no sign-in."""

    @wraps(view)
    def open_to_all(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:  # noqa: ANN401 - a view names its own kind of request
        return view(request, *args, **kwargs)

    setattr(open_to_all, _DECLARED, ANYONE)
    return open_to_all


def may(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Declare a view for signed-in users of some roles; `@may(*EVERYBODY)` for every signed-in user.

    Who is not signed in goes to the sign-in page and comes back; who may not gets 403.
    """
    if not roles:
        message = "name the roles that may open this page"
        raise TypeError(message)

    def declared(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:  # noqa: ANN401 - a view names its own kind of request
            if not isinstance(request.user, User):
                return _to_sign_in(request)
            if not is_permitted(checked, request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        setattr(checked, _DECLARED, frozenset(roles))
        return checked

    return declared


def permits(view: object) -> frozenset[Role] | str | None:
    """Give the roles a view is for, `ANYONE`, or None when it does not say."""
    found: frozenset[Role] | str | None = getattr(view, _DECLARED, None)
    return found


def is_permitted(view: object, user: User | AnonymousUser) -> bool:
    """Say whether a user may open a view."""
    declared = permits(view)
    if declared is None:
        return False
    return declared == ANYONE or (isinstance(user, User) and user.is_active and Role(user.role) in declared)


def page_of(request: HttpRequest) -> str:
    """Give the page on which somebody is: where a form or a part of a page was sent from, that one; else the first."""
    is_part = bool(request.headers.get("HX-Request"))
    if request.method == "GET" and not is_part:
        return request.get_full_path()
    address = request.headers.get("HX-Current-URL" if is_part else "Referer", "")
    if not is_own_address(request, address):
        return "/"
    found = urlsplit(address)
    # A path that begins with two slashes names another host.
    return escape_leading_slashes(urlunsplit(("", "", found.path or "/", found.query, "")))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send to the sign-in page, and then back; a part of a page that htmx asks for makes the whole page go there.

    A demo signs in by itself: it is told that something was sent, which the sign-in page would say.
    """
    entrance = "demo" if settings.DEMO else settings.LOGIN_URL
    asked = {"next": page_of(request)} | ({"lost": "1"} if settings.DEMO and request.method == "POST" else {})
    address = f"{reverse(entrance)}?{urlencode(asked)}"
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response["HX-Redirect"] = address
        return response
    return HttpResponseRedirect(address)
