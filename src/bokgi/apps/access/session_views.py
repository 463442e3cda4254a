"""Where somebody is signed in: one's own sessions, and a user's for an administrator; any of them can be ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import EVERYBODY, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.access.services import sessions_end
from bokgi.domain.messages import N_


def sessions_of(user: User, *, but: str = "") -> list[UserSession]:
    """List the sessions in which a user is signed in, the first begun first; without the one of the key `but`."""
    noted = list(UserSession.objects.filter(user=user).order_by("created_at", "pk"))
    kept = Session.objects.filter(session_key__in=[one.session_key for one in noted], expire_date__gt=timezone.now())
    open_ = {session.session_key for session in kept if _is_signed_in(user, session.get_decoded())}
    over = [one.pk for one in noted if one.session_key not in open_]
    if over:
        UserSession.objects.filter(pk__in=over).delete()
    return [one for one in noted if one.session_key in open_ and one.session_key != but]


def _is_signed_in(user: User, held: Mapping[str, Any]) -> bool:
    """Tell whether what a session holds still signs this user in: not after another password was set."""
    found = str(held.get(HASH_SESSION_KEY, ""))
    allowed = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return (
        user.is_active
        and held.get(SESSION_KEY) == str(user.pk)
        and any(constant_time_compare(found, one) for one in allowed)
    )


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
