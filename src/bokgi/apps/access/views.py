"""Pages of sign-in, of the first run and of preferences."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access import demo as demo_roles
from bokgi.apps.access import first_run
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import EVERYBODY
from bokgi.apps.access.permitting import anyone, may
from bokgi.apps.access.requests import THEME_COOKIE, THEMES, PageRequest, is_own_address, organisation_of, page_language
from bokgi.apps.access.services import audit, preference_set
from bokgi.domain.messages import LANGUAGES, N_, Message

_YEAR = 365 * 24 * 3600
_DEMO_COOKIE = "bokgi-demo"


def _back(request: HttpRequest) -> HttpResponse:
    """Go where the request came from, or home."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if not is_own_address(request, wanted):
        wanted = reverse("home")
    return HttpResponseRedirect(wanted)


@anyone
def demo(request: HttpRequest, role: str = "") -> HttpResponse:
    """Take a demo role: by its button; who arrives takes the one that was chosen last here, at first the leader's."""
    if not demo_roles.is_allowed(request):
        raise Http404
    chosen = role or request.COOKIES.get(_DEMO_COOKIE, "")
    user = demo_roles.demo_user(chosen) or (None if role else demo_roles.demo_user("leader"))
    if user is None:
        raise Http404
    response = _back(request)
    if request.method == "GET" and request.user.is_authenticated:
        return response
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    audit(by=user, action="demo_enter")
    if request.GET.get("lost"):
        said = Message(N_("The session had ended: what you sent is not saved yet."))
        messages.warning(request, said.text(page_language()), extra_tags="lost")
    if role:
        response.set_cookie(_DEMO_COOKIE, role, max_age=_YEAR, secure=settings.ENCRYPTED, httponly=True, samesite="Lax")
    return response


@anyone
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language that was chosen."""
    chosen = request.POST.get("language", "")
    if chosen not in LANGUAGES:
        raise PermissionDenied
    if isinstance(request.user, User):
        preference_set(user=request.user, language=chosen)
    response = _back(request)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=_YEAR, secure=settings.ENCRYPTED, httponly=True, samesite="Lax"
    )
    return response


@anyone
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme that was chosen; empty follows the system."""
    chosen = request.POST.get("theme", "")
    if chosen not in {"", *THEMES}:
        raise PermissionDenied
    if isinstance(request.user, User):
        preference_set(user=request.user, theme=chosen)
    response = _back(request)
    response.set_cookie(THEME_COOKIE, chosen, max_age=_YEAR, secure=settings.ENCRYPTED, httponly=True, samesite="Lax")
    return response


@may(*EVERYBODY)
@require_GET
def settings_index(request: PageRequest) -> HttpResponse:
    """Show what a user can set."""
    return render(request, "access/settings.html")


@anyone
def start(request: HttpRequest) -> HttpResponse:
    """Make the organisation and its first administrator; the address with the code stands in the server's terminal."""
    if organisation_of(request) is not None:
        return HttpResponseRedirect(reverse("home"))
    code = request.POST.get("code") or request.GET.get("code") or ""
    if not first_run.is_code(code):
        return render(request, "access/start_code.html", {"wrong": bool(code)}, status=403 if code else 200)
    lang = get_language() or LANGUAGES[0]
    given = request.POST if request.method == "POST" and "company-name" in request.POST else None
    country = first_run.country_of(request.headers.get("Accept-Language", ""))
    company = first_run.OrganisationForm(given, lang=lang, country=country, prefix="company")
    administrator = first_run.AdminForm(given, prefix="admin")
    if given is not None and company.is_valid() and administrator.is_valid():
        made = first_run.begin(
            organisation=company.cleaned_data, administrator=administrator.cleaned_data, at=timezone.now()
        )
        login(request, made, backend=settings.AUTHENTICATION_BACKENDS[0])
        return HttpResponseRedirect(reverse("home"))
    shown = {"company": company, "administrator": administrator, "code": code}
    return render(request, "access/start.html", shown)
