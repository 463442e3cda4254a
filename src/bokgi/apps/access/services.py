"""Writes of the organisation and its users. Each is one transaction and leaves a line in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from bokgi.apps.access.mail import letter_write
from bokgi.apps.access.models import AuditEntry, Organisation, User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.selectors import organisation
from bokgi.domain.errors import ConflictError
from bokgi.domain.messages import LANGUAGES, N_, Message


def audit(*, by: User | None, action: str, subject: str = "", details: Mapping[str, Any] | None = None) -> None:
    """Write down who did what. `details` holds keys and numbers, never names or free text."""
    actor = f"user {by.pk}" if by is not None else "system"
    AuditEntry.objects.create(user=by, actor=actor, action=action, subject=subject, details=dict(details or {}))


@transaction.atomic
def organisation_create(*, name: str, **given: Any) -> Organisation:  # noqa: ANN401 - columns of the organisation
    """Make the one organisation of this home. Raises `ValidationError` when a value is none or there is one already."""
    made = Organisation(pk=1, name=name, **given)
    made.full_clean()
    made.save(force_insert=True)
    audit(by=None, action="organisation_create")
    return made


@transaction.atomic
def user_create(
    *, email: str, name: str, role: Role, person_id: str = "", password: str | None = None, by: User | None = None
) -> User:
    """Make a user; without a password only a demo role or a passkey leads in."""
    made = User.objects.create_user(email, password, name=name, role=role.value, person_id=person_id)
    audit(by=by, action="user_create", subject=f"user {made.pk}", details={"role": role.value})
    return made


@transaction.atomic
def preference_set(*, user: User, language: str | None = None, theme: str | None = None) -> None:
    """Keep the language or the theme a user chose."""
    given = {"language": language, "theme": theme}
    for field, value in given.items():
        if value is not None:
            setattr(user, field, value)
    user.save(update_fields=[field for field, value in given.items() if value is not None])


@transaction.atomic
def user_change(*, user: User, role: Role, is_active: bool, by: User) -> None:
    """Give a user another role, or close or open the account; whoever is closed is signed out at once.

    Raises `ConflictError` (`last_admin`) when no administrator would be left.
    """
    others = User.objects.filter(role=Role.ADMIN.value, is_active=True).exclude(pk=user.pk)
    if not (role is Role.ADMIN and is_active) and not others.select_for_update().exists():
        raise ConflictError(
            "last_admin",
            Message(N_("One administrator must stay.")),
            Message(N_("Make somebody else an administrator first.")),
        )
    details = {"role": role.value, "is_active": is_active}
    user.role, user.is_active = role.value, is_active
    user.save(update_fields=["role", "is_active"])
    if not is_active:
        sessions_end(sessions=UserSession.objects.filter(user=user), by=by)
    audit(by=by, action="user_change", subject=f"user {user.pk}", details=details)


@transaction.atomic
def sessions_end(*, sessions: Iterable[UserSession], by: User) -> None:
    """End sessions at once: whoever sits there signs in again."""
    for session in sessions:
        number, user_id = session.pk, session.user_id
        session.end()
        audit(by=by, action="session_end", subject=f"user {user_id}", details={"session": number})


@transaction.atomic
def second_step_remove(*, user: User, by: User) -> None:
    """Take away all that a user is asked for after the password, and tell the user; nothing where there is nothing."""
    kept = Authenticator.objects.filter(user=user)
    number = kept.count()
    if not number:
        return
    kept.delete()
    company = organisation()
    lang = user.language or (company.language if company else LANGUAGES[0])
    letter_write(kind="second_step_removed", to=user.email, lang=lang)
    audit(by=by, action="second_step_remove", subject=f"user {user.pk}", details={"removed": number})
