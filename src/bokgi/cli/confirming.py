"""Ask before something that cannot simply be taken back."""

from __future__ import annotations

import sys

from bokgi.cli.session import Session
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message


def somebody_is_there(session: Session) -> bool:
    """Tell whether a question can be answered at a terminal; a job, a pipe or a reader of JSON cannot."""
    return session.format != "json" and sys.stdin.isatty() and session.err.is_terminal


def confirmed(session: Session, question: Message, *, yes: bool, hint: Message | None = None) -> None:
    """Ask for consent; `UsageError` where it is refused, or where nobody can be asked and `--yes` was not given.

    `hint` says to whom refuses what could be done instead.
    """
    if yes:
        return
    if not somebody_is_there(session):
        raise UsageError(
            "consent_missing",
            Message(N_("This needs consent: {question}"), {"question": question}),
            Message(N_("Add --yes.")),
        )
    words = session.text(Message(N_("y = yes, anything else = no")))
    given = session.err.input(f"{session.text(question)} ({words}) ").strip().lower()
    if given not in {"y", "yes", "ㅛ", "예"}:
        raise UsageError("consent_refused", Message(N_("Nothing was changed.")), hint)
