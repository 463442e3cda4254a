"""The way home, the health of the server, and pages for everything that goes wrong."""

from __future__ import annotations

import gzip
from typing import Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import connection
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_GET

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import anyone, may, page_of
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.project.navigation import entries
from bokgi.project.templating import lang
from bokgi.ui import vega
from bokgi.ui.gallery import COMPONENTS, gallery, read_listing

STATUS: Final = {
    "usage": 400,
    "input": 400,
    "mapping": 422,
    "conflict": 409,
    "not_found": 404,
    "refusal": 422,
    "setup": 503,
}
"""HTTP status of each family of faults; see `bokgi.domain.errors`."""

_NAMING: Final = {"person_unknown", "person_ambiguous", "deal_unknown"}
"""Faults whose hint lists what exists; not everybody may see that."""


@may(*EVERYBODY)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Go to the first screen of the rail; before the first import, to where files are brought in."""
    screens = {entry.key: entry.address for entry in entries(request)}
    if "data" in screens and not _has_deals():
        return HttpResponseRedirect(reverse("data:upload"))
    return HttpResponseRedirect(next(iter(screens.values())))


def _has_deals() -> bool:
    try:
        # What the set-up wrote is a setting, no data: there is nothing to see before the first deals.
        return bool(answers().facts().deals.limit(1).count().to_pyarrow().as_py())
    except NotFoundError:
        return False


@anyone
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Say that the server and its database answer."""
    del request
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@anyone
@require_GET
def icon(request: HttpRequest) -> HttpResponse:
    """Lead a browser to the icon where what it shows names none, such as a PDF.

    A page that says the icon is missing would set the cookie against forged forms, which may reach the browser after
    the form it has just opened, and make it invalid.
    """
    del request
    return HttpResponseRedirect(static("project/icon.svg"))


@may(Role.ADMIN)
@require_GET
def components(request: HttpRequest) -> HttpResponse:
    """List the components of the screens."""
    return render(request, "components.html", {"components": COMPONENTS.items()})


@may(Role.ADMIN)
@require_GET
def component(request: HttpRequest, component_name: str) -> HttpResponse:
    """Show one component of the screens with all its states."""
    if component_name not in COMPONENTS:
        raise Http404
    listing = read_listing(dict(request.GET.lists()), lang())
    shown = gallery(lang(), listing=listing, path=request.path)
    return render(request, "component.html", {**shown, "name": component_name, "component": COMPONENTS[component_name]})


@anyone
@require_GET
def vega_bundle(request: HttpRequest, version: str) -> HttpResponseBase:
    """Give the libraries that draw charts; the address changes with them, so a browser asks once."""
    if version != vega.version():
        raise Http404
    path = vega.bundle(settings.HOME / "cache")
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    body = path.read_bytes()
    response = HttpResponse(body if packed else gzip.decompress(body), content_type="text/javascript; charset=utf-8")
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _page(
    request: HttpRequest, status: int, title: str, message: object, hint: object = "", *, back: str = ""
) -> HttpResponse:
    shown = {"status": status, "title": title, "message": message, "hint": hint, "back": back}
    return render(request, "error.html", shown, status=status)


def fault(request: HttpRequest, error: BokgiError) -> HttpResponse:
    """Show one of our own faults: what is missing, what is there, what to do next."""
    if error.code == "home_missing" and isinstance(request.user, User):
        # Where the facts lie is nothing for a page; that there are none yet is no fault.
        return render(request, "nothing_yet.html", status=STATUS[error.family])
    hint = "" if error.code in _NAMING and not _sees_everybody(request) else error.hint or ""
    return _page(request, STATUS[error.family], N_("This did not work"), error.message, hint)


def _sees_everybody(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and Role(request.user.role) in {Role.ADMIN, Role.LEADER}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that holds too much or cannot be understood; nothing of it is repeated. A program gets JSON."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        status, code, title = 413, "request_too_large", N_("Too much at once")
        text = N_("More was sent at once than is taken. Nothing was changed.")
        hint = N_("Send less text, or fewer files, at a time.")
    else:
        status, code, title, hint = 400, "request_unreadable", N_("Request not understood"), ""
        text = N_("What was sent cannot be understood. Nothing was changed.")
    if "Authorization" in request.headers:
        # No browser signs in like that: it is a program at the upload address.
        return JsonResponse({"error": code, "message": f"{text} {hint}".strip()}, status=status)
    return _page(request, status, title, text, hint)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer who may not see a page."""
    del exception
    text = N_("Your role does not include this page. An administrator can change roles.")
    return _page(request, 403, N_("Not for your role"), text)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    del exception
    text = N_("There is no page at this address. It may have moved, or what it showed was removed.")
    return _page(request, 404, N_("Page not found"), text)


def nothing_to_open(request: HttpRequest, refused: HttpResponseNotAllowed) -> HttpResponse:
    """Answer who opens the address to which a form is sent, as happens with a copied address or a lost page."""
    text = N_("There is no page at this address: it takes what a form sends.")
    page = _page(
        request, refused.status_code, N_("Nothing to open here"), text, N_("Go back to the page with the form.")
    )
    page["Allow"] = refused["Allow"]
    return page


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer who tries the same too often in a short time; allauth counts."""
    text = N_("That was tried too often in a short time. Nothing was changed.")
    return _page(request, 429, N_("Too many tries"), text, N_("Wait a few minutes, then try again."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when the fault is ours."""
    text = N_("The fault is ours; it has been written down. What you entered before is kept.")
    return _page(request, 500, N_("Something went wrong"), text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was open for too long, or came from another site."""
    del reason
    text = N_("The form was open for too long, or you signed in elsewhere meanwhile.")
    back = page_of(request)
    if back == "/":
        hint, back = N_("Go back, reload the page and send the form again."), ""
    else:
        hint = N_("Go back to the form: what you typed stands in it again. Send it once more.")
    return _page(request, 403, N_("Form no longer valid"), Message(text), Message(hint), back=back)
