"""Where somebody is signed in: one's own sessions, and a user's for an administrator; any of them can be ended."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.access.services import sessions_end
from bokgi.domain.messages import N_


def sessions_of(user: User, *, but: str = "") -> list[UserSession]:
    """List the sessions in which a user is signed in, the first begun first; without the one of the key `but`."""
    found: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted((one for one in found if one.session_key != but), key=lambda one: (one.created_at, one.pk))


@may(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def sessions(request: PageRequest) -> HttpResponse:
    """Show where one is signed in; a post ends all sessions but this one."""
    here = str(request.session.session_key)
    if request.method == "POST":
        sessions_end(sessions=sessions_of(request.user, but=here), by=request.user)
        messages.success(request, N_("You are signed out everywhere else."))
        return HttpResponseRedirect(reverse("usersessions_list"))
    shown = {"sessions": sessions_of(request.user), "here": here}
    return render(request, "usersessions/usersession_list.html", shown)


@may(*EVERYBODY)
@require_POST
def session_end(request: PageRequest, session_id: int) -> HttpResponse:
    """End one of one's own sessions; who ends the one that asks is signed out."""
    found = get_object_or_404(UserSession, pk=session_id, user=request.user)
    return _ended(request, found, reverse("usersessions_list"))


@may(Role.ADMIN)
@require_POST
def user_session_end(request: PageRequest, user_id: int, session_id: int) -> HttpResponse:
    """End one session of a user; an administrator who ends the one that asks is signed out."""
    found = get_object_or_404(UserSession, pk=session_id, user_id=user_id)
    return _ended(request, found, reverse("settings:user", args=[user_id]))


def _ended(request: PageRequest, found: UserSession, back: str) -> HttpResponse:
    sessions_end(sessions=[found], by=request.user)
    if found.session_key == request.session.session_key:
        request.session.flush()
        return HttpResponseRedirect(reverse("account_login"))
    messages.success(request, N_("The session has ended."))
    return HttpResponseRedirect(back)
