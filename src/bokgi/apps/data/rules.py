"""Decisions about uploads as pure functions: which files are taken, what a person said about them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final

from bokgi.apps.access.permissions import Role
from bokgi.domain.errors import InputError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_moment
from bokgi.intake.files.staging import ENDINGS
from bokgi.intake.mapping.fields import field_of
from bokgi.intake.mapping.model import Entity, Hints

KEEPERS: Final = (Role.ADMIN, Role.LEADER)
"""Who brings data in and mends it."""
MOST_FILES: Final = 200
MOST_BYTES: Final = 1 << 30
KINDS: Final = (*ENDINGS, ".zip")
"""Endings of files that an upload takes; of a folder the others are passed over. No table is read from an archive: who
gives one is told to unpack it."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST: Final = 180
"""Bytes of a name without its ending: a file system takes 255, and a Korean letter has three."""
_RESERVED: Final = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)

NOBODY: Final = "system"
"""Stands in the ledger where no user brought something in: the drop folder, a schedule."""


def safe_name(given: str) -> str:
    """Give the name under which an uploaded file is kept: without folders, control signs and what systems reserve.

    >>> safe_name("../../etc/영업 기회.csv"), safe_name("C:/exports/deals.csv"), safe_name("con.csv")
    ('영업 기회.csv', 'deals.csv', '_con.csv')
    >>> len(safe_name("가" * 300 + ".csv"))
    64
    """
    name = PureWindowsPath(PurePosixPath(given).name).name
    name = _CONTROL.sub("", unicodedata.normalize("NFC", name)).strip(" .")
    name = re.sub(r'[<>:"|?*]', "_", name)
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    return f"{_short(stem)}{dot}{ending}" if stem else _short(name)


def _short(name: str) -> str:
    return name.encode()[:_LONGEST].decode(errors="ignore")


def names_kept(given: Iterable[str]) -> list[str]:
    """Give each file a name of its own; the second of the same name gets a number.

    >>> names_kept(["a/deals.csv", "b/deals.csv", "Deals.csv"])
    ['deals.csv', 'deals (2).csv', 'Deals (3).csv']
    """
    seen: dict[str, int] = {}
    kept = []
    for one in given:
        name = safe_name(one) or "file"
        number = seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
        stem, dot, ending = name.rpartition(".")
        kept.append(name if number == 1 else f"{stem or name} ({number}){dot}{ending if stem else ''}")
    return kept


def refuse_unfit(files: Iterable[tuple[str, int]]) -> None:
    """Raise `InputError` for an upload without a file to read, with too many, or with too much.

    `files` are names and sizes in bytes.
    """
    there = list(files)
    if not there:
        raise InputError(
            "upload_empty",
            Message(N_("There is no file to read in what you gave.")),
            Message(N_("It takes {kinds}."), {"kinds": ", ".join(ENDINGS)}),
        )
    if len(there) > MOST_FILES:
        raise InputError(
            "upload_many_files",
            Message(N_("{n} files are too many at once."), {"n": len(there)}),
            Message(N_("At most {n}; upload the rest afterwards."), {"n": MOST_FILES}),
        )
    size = sum(bytes_ for _, bytes_ in there)
    if size > MOST_BYTES:
        raise InputError(
            "upload_too_large",
            Message(N_("{n} MB are too much at once."), {"n": size >> 20}),
            Message(
                N_("At most {n} MB; export a shorter time, or upload the files one after another."),
                {"n": MOST_BYTES >> 20},
            ),
        )


def is_readable(name: str) -> bool:
    """Tell whether the ending of a file is one that is read."""
    return name.lower().endswith(KINDS) and not name.startswith(("~$", "."))


def hints_of(kept: Mapping[str, Any]) -> Hints:
    """Read what a person said about an upload, as it is kept.

    >>> hints_of({"columns": [["deals.csv", "Value", "deals.amount"]], "answers": {"q": "a"}}).columns
    {('deals.csv', 'Value'): 'deals.amount'}
    """
    return Hints(
        entities={name: Entity(entity) for name, entity in kept.get("entities", {}).items()},
        columns={(file, header): field for file, header, field in kept.get("columns", [])},
        answers=dict(kept.get("answers", {})),
    )


def refuse_unknown(*, entities: Mapping[str, str], columns: Iterable[Sequence[str]]) -> None:
    """Raise `UsageError` for an entity or a field that does not exist."""
    for entity in entities.values():
        if entity not in {one.value for one in Entity}:
            raise UsageError("entity_unknown", Message(N_("There is no kind of file “{name}”."), {"name": entity}))
    for _, _, field in columns:
        if field_of(field) is None:
            raise UsageError("field_unknown", Message(N_("There is no field “{name}”."), {"name": field}))


def moment(text: str) -> datetime | None:
    """Read the moment of an export as a form gives it (`2026-11-24T08:30`), null for none."""
    return read_moment(text) if text.strip() else None


REMINDED_AGAIN: Final = timedelta(days=3)
"""A reminder that changed nothing comes again after so long."""


def is_reminded(
    on: date, *, exported_on: date, due_on: date, working: Collection[date], reminded_on: date | None
) -> bool:
    """Say whether the next export is called for on a day: on the last working day before it is late, and after it.

    `working` are the working days from `on` on. Nothing is said on other days, and what was said of these data already
    comes again after three days.

    >>> week = {date(2026, 11, day) for day in (23, 24, 25, 26, 27, 30)}
    >>> def told(on: int, due: int, said: date | None = None) -> bool:
    ...     days = {"exported_on": date(2026, 11, 20), "due_on": date(2026, 11, due)}
    ...     return is_reminded(date(2026, 11, on), **days, working=week, reminded_on=said)
    >>> told(26, 28), told(27, 28), told(28, 28), told(30, 28, date(2026, 11, 28)), told(27, 28, date(2026, 11, 19))
    (False, True, False, False, True)
    """
    after = min((day for day in working if day > on), default=None)
    if on not in working or (after is not None and after <= due_on):
        return False
    return reminded_on is None or reminded_on <= exported_on or on - reminded_on >= REMINDED_AGAIN
