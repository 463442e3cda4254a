"""Pages of users and invitations."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from bokgi.apps.access import invitations
from bokgi.apps.access.asking import ask
from bokgi.apps.access.forms import InvitationForm, PasswordForm, UserForm
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import anyone, may
from bokgi.apps.access.requests import PageRequest, organisation_of
from bokgi.apps.access.services import second_step_remove, user_change
from bokgi.apps.access.session_views import sessions_of
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_
from bokgi.questions.roster import ask_roster


def _lang() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _people(request: HttpRequest) -> list[tuple[str, str]]:
    """List the persons of the facts that have no account yet."""
    taken = set(User.objects.exclude(person_id="").values_list("person_id", flat=True))
    try:
        rows = ask(request, ask_roster)["people"]
    except NotFoundError:
        return []
    named = {row["person_id"]: f"{row['name'] or row['person_id']} · {row['team'] or '–'}" for row in rows}
    return sorted(((key, name) for key, name in named.items() if key not in taken), key=lambda pair: pair[1])


@may(Role.ADMIN)
def users(request: PageRequest) -> HttpResponse:
    """Show who has an account, invite, and show the link of an invitation once."""
    form = InvitationForm(request.POST or None, lang=_lang(), people=_people(request))
    company = organisation_of(request)
    link = ""
    if request.method == "POST" and form.is_valid() and company is not None:
        given = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
        address = f"{request.scheme}://{request.get_host()}"
        try:
            link = invitations.invitation_create(
                **given, by=request.user, organisation=company, address=address, at=timezone.now()
            )
            form = InvitationForm(lang=_lang(), people=_people(request))
        except BokgiError as error:
            form.add_error(None, error.message.text(_lang()))
    shown = {
        "form": form,
        "link": link,
        "users": User.objects.order_by("-is_active", "name", "pk"),
        "invited": invitations.invitations_open(timezone.now()),
        "days": invitations.VALID_DAYS,
    }
    return render(request, "access/users.html", shown)


@may(Role.ADMIN)
def user(request: PageRequest, user_id: int) -> HttpResponse:
    """Change the role of a user, or close the account."""
    found = get_object_or_404(User, pk=user_id)
    initial = {"role": found.role, "is_active": found.is_active}
    form = UserForm(request.POST or None, lang=_lang(), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            user_change(
                user=found,
                role=Role(form.cleaned_data["role"]),
                is_active=form.cleaned_data["is_active"],
                by=request.user,
            )
            messages.success(request, N_("Saved."))
            return HttpResponseRedirect(reverse("settings:users"))
        except BokgiError as error:
            form.add_error(None, error.message.text(_lang()))
    shown = {
        "form": form,
        "found": found,
        "sessions": sessions_of(found),
        "has_second_step": found != request.user and Authenticator.objects.filter(user=found).exists(),
    }
    return render(request, "access/user.html", shown)


@may(Role.ADMIN)
@require_POST
def user_second_step_remove(request: PageRequest, user_id: int) -> HttpResponse:
    """Take the second step of another user away: app, passkeys and recovery codes; the user is told by mail.

    The own one is removed on the pages of the own account, which ask for the password or a code again.
    """
    found = get_object_or_404(User.objects.exclude(pk=request.user.pk), pk=user_id)
    second_step_remove(user=found, by=request.user)
    messages.success(request, N_("The second step is removed."))
    return HttpResponseRedirect(reverse("settings:user", args=[user_id]))


@may(Role.ADMIN)
@require_POST
def invitation_withdraw(request: PageRequest, invitation_id: int) -> HttpResponse:
    """End an invitation."""
    invitations.invitation_withdraw(invitation_id=invitation_id, by=request.user, at=timezone.now())
    return HttpResponseRedirect(reverse("settings:users"))


@anyone
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let who was invited choose a password, and sign in."""
    found = invitations.invitation_of(token, timezone.now())
    form = PasswordForm(request.POST or None, email=found.email, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        made = invitations.invitation_accept(token=token, **form.cleaned_data, at=timezone.now())
        login(request, made, backend=settings.AUTHENTICATION_BACKENDS[0])
        return HttpResponseRedirect(reverse("home"))
    return render(request, "access/invitation.html", {"form": form, "invitation": found})
