"""What an erasure of a person reaches in the database: what apps hold, the account, every text that names the person.

Names are replaced here alone, in every text of every model. An app that holds more of a person than text (a vote, whole
papers) says so with `erases`, and only takes that away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.sealing import SEALED, reword
from bokgi.apps.access.services import audit
from bokgi.facts.erasure.traces import Traces

Erasing = Callable[[str], None]
_ERASING: Final[list[Erasing]] = []


def erases(reach: Erasing) -> Erasing:
    """Have a function called with the person_id when one of ours is erased; the name in texts is not its business."""
    if reach not in _ERASING:
        _ERASING.append(reach)
    return reach


@transaction.atomic
def person_erase(*, person_id: str, words: Sequence[str], label: str = "") -> int:
    """Erase a person from the database; gives how many rows were changed.

    `words` are its names and addresses; `person_id` is empty for a customer's, of whom no app holds more than texts.
    Apps erase what they hold, the account
    is closed, and the label (the key unless given) takes the place of the name in every text of every model, those of
    the queue and of the history tables, too. Sealed texts are opened for it; how many did not open stands in the audit
    trail (`not_opened`): with their key back in its place it is to be done again. Doing it again does no harm;
    `space_free` afterwards lets the file forget.
    """
    traces = Traces.of(words, label or person_id)
    if person_id:
        for reach in _ERASING:
            reach(person_id)
    changed = _accounts([person_id], words, traces.label)
    changed += sum(_texts(model, traces) for model in apps.get_models() if model._meta.managed)  # noqa: SLF001 - Django's way to ask
    reworded, closed = reword(traces.replaced)
    audit(by=None, action="person_erase", subject=traces.label, details={"not_opened": closed} if closed else {})
    return changed + reworded


def space_free() -> None:
    """Let a file database forget what was overwritten: free pages, and the log beside it; others do that themselves."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _accounts(keys: Sequence[str], words: Sequence[str], label: str) -> int:
    mails = [word.lower() for word in words if "@" in word]
    mine = User.objects.filter(models.Q(person_id__in=[key for key in keys if key]) | models.Q(email__in=mails))
    for user in mine:
        user.name = label
        user.email = f"erased-{user.pk}@erased.invalid"
        user.is_active = False
        user.set_unusable_password()
        user.save()
        for relation in User._meta.related_objects:  # noqa: SLF001 - as above
            if relation.related_model._meta.app_label in {"account", "mfa", "usersessions"}:  # noqa: SLF001 - as above
                relation.related_model._default_manager.filter(**{relation.field.name: user}).delete()  # noqa: SLF001 - as above
    return len(mine)


def _texts(model: type[models.Model], traces: Traces) -> int:
    own = [field for field in model._meta.concrete_fields if isinstance(field, _WITH_TEXT)]  # noqa: SLF001 - as above
    shut = {"sealed"} if any(one.model is model for one in SEALED) else set()
    names = [field.name for field in own if not field.primary_key and not field.choices and field.name not in shut]
    if not names or not traces.words:
        return 0
    changed = 0
    longest = {field.name: field.max_length for field in own}
    rows = model._default_manager  # noqa: SLF001 - as above
    for row in rows.values("pk", *names).iterator():
        if clean := _differing(row, names, traces, longest):
            changed += _update(rows.filter(pk=row["pk"]), clean) or _update(
                # Without their names two rows of a kind that each stands once would be the same.
                rows.filter(pk=row["pk"]),
                _differing(row, names, replace(traces, label=f"{traces.label}-{row['pk']}"), longest),
            )
    return changed


def _differing(
    row: Mapping[str, Any], names: Sequence[str], traces: Traces, longest: Mapping[str, int | None]
) -> dict[str, Any]:
    clean = {name: without(row[name], traces) for name in names}
    # The label may be longer than the name, and a column hold no more.
    cut = {name: value[: longest[name]] if isinstance(value, str) else value for name, value in clean.items()}
    return {name: value for name, value in cut.items() if value != row[name]}


def _update(rows: models.QuerySet[Any], values: Mapping[str, Any]) -> int:
    try:
        with transaction.atomic():
            return rows.update(**values)
    except IntegrityError:
        return 0


_WITH_TEXT = (models.CharField, models.TextField, models.JSONField)


def without(value: Any, traces: Traces) -> Any:  # noqa: ANN401 - any cell
    """Put the label in the place of the name in a text, or in every text of a JSON value, keys among them.

    >>> without({"who": "김서연", "n": [3, "김서연님"]}, Traces.of(["김서연"], "p1"))
    {'who': 'p1', 'n': [3, 'p1님']}
    """
    if isinstance(value, str):
        return traces.replaced(value)
    if isinstance(value, dict):
        return {without(key, traces): without(one, traces) for key, one in value.items()}
    return [without(one, traces) for one in value] if isinstance(value, list) else value
