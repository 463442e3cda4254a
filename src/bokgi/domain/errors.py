"""Faults, in two families: safe to show to the person who can mend them, and internal ones.

Bad *data* is not an exception: reading and judging return findings (see `bokgi.domain.findings`).
An error here stops the work and says what is missing, what is there, and what to do next.
It knows nothing of exit codes or HTTP; the command line and the site turn families into answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from bokgi.domain.messages import Message


class BokgiError(Exception):
    """A fault that is safe to show: a stable `code`, a message with named values, a hint.

    `told` is JSON for a script that goes on from here, beside what the message says in words.

    >>> from bokgi.domain.messages import Message, N_
    >>> error = InputError("file_missing", Message(N_("There is no file {path}."), {"path": "a.csv"}))
    >>> error.code, str(error)
    ('file_missing', 'There is no file a.csv.')
    """

    family: ClassVar[str] = "error"

    def __init__(
        self, code: str, message: Message, hint: Message | None = None, *, told: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.hint = hint
        self.told = dict(told or {})

    def __str__(self) -> str:
        """Return the English message, followed by the hint."""
        text = self.message.text("en")
        return text if self.hint is None else f"{text} {self.hint.text('en')}"


class UsageError(BokgiError):
    """What was asked for cannot be: an unknown team, a date that is none, two options that exclude each other."""

    family = "usage"


class InputError(BokgiError):
    """A file or folder cannot be read: missing, empty, not permitted, an unknown encoding, a bomb."""

    family = "input"


class MappingError(BokgiError):
    """It is not clear which column is what, or a saved mapping does not fit the file."""

    family = "mapping"


class ConflictError(BokgiError):
    """Somebody else wrote at the same time, and trying again did not help."""

    family = "conflict"


class NotFoundError(BokgiError):
    """An import, deal, person or week that does not exist; says what exists instead."""

    family = "not_found"


class RefusalError(BokgiError):
    """A question to which the data allow no true answer; says why and what would allow one."""

    family = "refusal"


class SetupError(BokgiError):
    """The machine or the home is not as needed: disk full, no permission, a home of a newer version."""

    family = "setup"


class InternalError(Exception):
    """Our fault: an invariant is broken. Never shown beyond 'something went wrong' and a report."""


def errno_of(error: BaseException) -> int | None:
    """Give the system's number of a fault, as `errno` names it; null for faults that have none.

    Libraries not written in Python put it into the text alone.

    >>> errno_of(OSError(28, "No space left on device")), errno_of(OSError("Unable to copy data (os error 28)"))
    (28, 28)
    >>> errno_of(OSError("broken")), errno_of(ValueError("os error"))
    (None, None)
    """
    number = getattr(error, "errno", None)
    if isinstance(number, int):
        return number
    found = _OS_ERROR.search(str(error))
    return int(found[1]) if found else None


_OS_ERROR: Final = re.compile(r"\(os error (\d+)\)")
