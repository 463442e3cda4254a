"""Why a task failed, as an error that a person can act on, whatever library or machine refused."""

from __future__ import annotations

import errno
import smtplib
import socket
from collections.abc import Callable
from typing import Any, Final

import duckdb
from django.db import InterfaceError, OperationalError

from bokgi.domain.errors import BokgiError, InputError, SetupError
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.facts.engine import OUT_OF_SPACE, disk_full, shortage

UNKNOWN: Final = "unknown"
"""Code of a fault of which nothing is known here."""


def understood(error: BaseException, *, mail: bool = False) -> BokgiError:
    """Say what went wrong and what to do; `mail` where the task hands a letter to the mail server.

    One of our errors stays as it is. What is not known here is said to be so (`unknown`): the log of the worker
    tells the rest.

    >>> understood(OSError(errno.ENOSPC, "No space left on device")).code, understood(MemoryError()).code
    ('disk_full', 'memory_short')
    >>> understood(ConnectionRefusedError(), mail=True).code, understood(KeyError("x")).code
    ('mail_unreachable', 'unknown')
    """
    if isinstance(error, BokgiError):
        return error
    if mail and (isinstance(error, TimeoutError) or _is_unreachable(error)):
        return _mail_unreachable()
    if mail and (of_mail := _of_mail(error)) is not None:
        return of_mail
    return next((made for kinds, make in _KINDS if isinstance(error, kinds) and (made := make(error))), _unknown())


def fault_json(error: BokgiError) -> dict[str, Any]:
    """Keep an error so that it can be read in any language later: `{code, message, hint}`, `hint` null without one."""
    return {
        "code": error.code,
        "message": encoded(error.message),
        "hint": None if error.hint is None else encoded(error.hint),
    }


def _of_mail(error: BaseException) -> BokgiError | None:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return InputError(
                "mail_receiver_refused",
                Message(N_("The mail server does not accept the address of the receiver.")),
                Message(N_("Look whether the address is right; a user's stands under Settings, Users.")),
            )
        case smtplib.SMTPAuthenticationError():
            return SetupError(
                "mail_sign_in_refused",
                Message(N_("The mail server does not accept user name and password.")),
                Message(N_("Correct them in {setting}, and start the worker again."), {"setting": "BOKGI_MAIL"}),
            )
        case smtplib.SMTPSenderRefused():
            return SetupError(
                "mail_sender_refused",
                Message(N_("The mail server does not accept the address of the sender.")),
                Message(N_("Set {setting} to an address that it knows."), {"setting": "BOKGI_MAIL_FROM"}),
            )
        case smtplib.SMTPConnectError() | smtplib.SMTPServerDisconnected():
            return _mail_unreachable()
        case smtplib.SMTPException():
            return SetupError(
                "mail_refused",
                Message(N_("The mail server refused the letter.")),
                Message(N_("Its answer stands in the log of the worker.")),
            )
    return None


def _mail_unreachable() -> BokgiError:
    return SetupError(
        "mail_unreachable",
        Message(N_("The mail server does not answer.")),
        Message(N_("Look whether it runs, and whether its address in {setting} is right."), {"setting": "BOKGI_MAIL"}),
    )


def _is_unreachable(error: BaseException) -> bool:
    """Tell whether another program or machine cannot be reached: it refuses, has no name, or no way leads there."""
    return isinstance(error, ConnectionError | socket.gaierror) or getattr(error, "errno", None) in _NO_WAY


_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_NO_ANSWER: Final = ("connect", "unable to open", "shutting down", "starting up", "closed")
"""Words of a database that is not there; other complaints of it are no matter of its address."""


def _of_database(error: BaseException) -> BokgiError | None:
    if "locked" in str(error):
        return SetupError(
            "database_locked",
            Message(N_("The database was held by another program for too long.")),
            Message(N_("Try again. Where it happens often, use PostgreSQL instead of a file.")),
        )
    if any(words in str(error) for words in OUT_OF_SPACE):
        return disk_full()
    if not any(words in str(error) for words in _NO_ANSWER):
        return None
    return SetupError(
        "database_unreachable",
        Message(N_("The database does not answer.")),
        Message(
            N_("Look whether it runs, and whether its address in {setting} is right."), {"setting": "BOKGI_DATABASE"}
        ),
    )


def _of_system(error: BaseException) -> BokgiError | None:
    number, file = getattr(error, "errno", None), {"file": str(getattr(error, "filename", None) or "–")}
    if (short := shortage(error)) is not None:
        return short
    if isinstance(error, FileNotFoundError):
        return InputError(
            "file_missing",
            Message(N_("The file {file} is not there any more."), file),
            Message(N_("Put it back or upload it again, and try again.")),
        )
    if number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return SetupError(
            "not_permitted",
            Message(N_("There is no permission for {file}."), file),
            Message(N_("Check the owner and the permissions of the folder.")),
        )
    if number == errno.EFBIG:
        return SetupError(
            "file_too_large",
            Message(N_("A file would become larger than the system allows.")),
            Message(N_("Raise the limit on file sizes (ulimit -f), or use a folder on another disk.")),
        )
    if _is_unreachable(error):
        return SetupError(
            "unreachable",
            Message(N_("Another program or machine did not answer.")),
            Message(N_("Look whether the network is there, and try again.")),
        )
    return None


def _out_of_time(error: BaseException) -> BokgiError:
    del error
    return SetupError(
        "out_of_time",
        Message(N_("It was not done in time, or its worker ended in the middle each time.")),
        Message(N_("Often memory is short. Give the machine more, or do less at once, and try again.")),
    )


def _unknown() -> BokgiError:
    return SetupError(
        UNKNOWN,
        Message(N_("It failed for a reason that Bokgi does not know.")),
        Message(N_("Try again; if it happens again, the log of the worker says more.")),
    )


_KINDS: Final[tuple[tuple[tuple[type[BaseException], ...], Callable[[BaseException], BokgiError | None]], ...]] = (
    ((OperationalError, InterfaceError), _of_database),
    ((MemoryError, duckdb.OutOfMemoryException), shortage),
    ((TimeoutError,), _out_of_time),
    ((OSError, duckdb.IOException), _of_system),
)
"""Kinds of errors in the order in which they are looked at, and what makes one of ours of each."""
