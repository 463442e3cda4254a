"""Inviting people: an administrator names address, role and person; who opens the link chooses a password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from bokgi.apps.access.mail import letter_write
from bokgi.apps.access.models import Invitation, Organisation, User
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.services import audit, user_create
from bokgi.domain.errors import ConflictError, NotFoundError
from bokgi.domain.messages import N_, Message

VALID_DAYS: Final = 7


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invitation_create(
    *,
    email: str,
    name: str,
    role: Role,
    person_id: str,
    by: User,
    organisation: Organisation,
    address: str,
    at: datetime,
) -> str:
    """Invite somebody and give the link, which is shown once and mailed; an earlier link of the address ends.

    `address` is how this server is reached (`https://bokgi.example.com`). Raises `ConflictError` (`user_known`,
    `person_taken`) for an address or a person with an account.
    """
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise ConflictError("user_known", Message(N_("This address has an account already.")))
    if person_id and User.objects.filter(person_id=person_id).exists():
        raise ConflictError("person_taken", Message(N_("This person has an account already.")))
    _open(at).filter(email=email).update(withdrawn_at=at)
    token = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        email=email,
        name=name,
        role=role.value,
        person_id=person_id,
        digest=_digest(token),
        by=by,
        expires_at=at + timedelta(days=VALID_DAYS),
    )
    audit(by=by, action="invitation_create", subject=str(made), details={"role": role.value})
    link = f"{address}{reverse('invitation', kwargs={'token': token})}"
    letter_write(
        kind="invitation",
        to=email,
        lang=organisation.language,
        link=link,
        by=by.name,
        organisation=organisation.name,
        days=VALID_DAYS,
    )
    return link


def _open(at: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(used_at=None, withdrawn_at=None, expires_at__gt=at)


def invitations_open(at: datetime) -> list[Invitation]:
    """List the invitations that can still be used."""
    return list(_open(at))


def invitation_of(token: str, at: datetime) -> Invitation:
    """Find the invitation of a link. Raises `NotFoundError` (`invitation_ended`) for one that ended or never was."""
    found = _open(at).filter(digest=_digest(token)).first()
    if found is None:
        raise NotFoundError(
            "invitation_ended",
            Message(N_("This invitation was used, withdrawn, or is too old.")),
            Message(N_("Ask an administrator of your team for a new one.")),
        )
    return found


@transaction.atomic
def invitation_accept(*, token: str, name: str, password: str, at: datetime) -> User:
    """Make the account of an invitation; a link makes one account, also when it is opened twice at once."""
    found = invitation_of(token, at)
    if not _open(at).filter(pk=found.pk).update(used_at=at):
        raise ConflictError("invitation_used", Message(N_("This invitation was used just now.")))
    made = user_create(
        email=found.email, name=name, role=Role(found.role), person_id=found.person_id, password=password, by=found.by
    )
    audit(by=made, action="invitation_accept", subject=str(found))
    return made


@transaction.atomic
def invitation_withdraw(*, invitation_id: int, by: User, at: datetime) -> None:
    """End an invitation before it is used."""
    if _open(at).filter(pk=invitation_id).update(withdrawn_at=at):
        audit(by=by, action="invitation_withdraw", subject=f"invitation {invitation_id}")
