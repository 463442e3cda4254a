"""What an erasure of a person reaches in the database: each app says it with `erases`, and `person_erase` calls all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from django.db import connection, transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit

Erasing = Callable[[str, Sequence[str]], None]
_ERASING: Final[list[Erasing]] = []


def erases(reach: Erasing) -> Erasing:
    """Have a function called with a person_id and the words to take out (names, addresses) when a person is erased."""
    if reach not in _ERASING:
        _ERASING.append(reach)
    return reach


@transaction.atomic
def person_erase(*, person_id: str, words: Sequence[str]) -> None:
    """Erase a person from the database: what apps hold, then the account, which is closed and has no name any more."""
    for reach in _ERASING:
        reach(person_id, words)
    for user in User.objects.filter(person_id=person_id).exclude(person_id=""):
        user.name, user.email, user.is_active = person_id, f"erased-{user.pk}@erased.example", False
        user.set_unusable_password()
        user.save()
    audit(by=None, action="person_erase", subject=person_id)


def space_free() -> None:
    """Let a file database forget what was deleted; others do that by themselves."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
