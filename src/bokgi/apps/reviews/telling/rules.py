"""When something is tried again, and what a reminder says: pure rules."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final

from bokgi.domain.messages import N_, Message

REMINDS_FROM: Final = time(8)
"""The hour of the organisation's clock before which nobody is reminded: the day of reminding begins at midnight."""
LONGEST_WAIT: Final = timedelta(hours=1)
GIVES_UP_AFTER: Final = 80
"""Attempts: about three days."""
TAKEN_OVER_AFTER: Final = timedelta(minutes=10)
"""A delivery whose sender has not said for so long what became of it is tried again."""


FAULTS: Final = {
    "account_closed": N_("the account is closed"),
    "address_refused": N_("the address lies where nothing is sent"),
    "answer_unreadable": N_("the answer cannot be read"),
    "broken_off": N_("the connection broke off"),
    "certificate_unfit": N_("the certificate does not hold"),
    "internal": N_("a fault of ours; it stands in the log"),
    "mail_refused": N_("the mail server refused the mail"),
    "name_unknown": N_("there is no such host"),
    "no_organisation": N_("the organisation is not set up"),
    "not_wanted": N_("this mail is not wanted"),
    "nothing_to_say": N_("there was nothing left to say"),
    "receiver_removed": N_("the webhook was removed"),
    "recipient_refused": N_("the mail server refused the address"),
    "refused": N_("the connection was refused"),
    "sign_in_refused": N_("the mail server refused the sign-in"),
    "timed_out": N_("no answer came in time"),
    "too_late": N_("the meeting had begun"),
    "unreachable": N_("the server cannot be reached"),
}
"""Why something was not sent, by the code kept with it."""


def fault_words(fault: str) -> Message:
    """Say why something was not sent; what a server answered is kept as its status.

    >>> fault_words("refused").text("en"), fault_words("HTTP 503").text("en")
    ('the connection was refused', 'the server answered HTTP 503')
    """
    if fault in FAULTS:
        return Message(FAULTS[fault])
    return Message(N_("the server answered {status}"), {"status": fault})


def wait(attempts: int) -> timedelta:
    """Give the wait after a failed attempt: a minute, then twice as long each time, an hour at most.

    >>> [int(wait(attempts).total_seconds() // 60) for attempts in (1, 2, 3, 6, 7, 40)]
    [1, 2, 4, 32, 60, 60]
    """
    minutes = 2 ** min(attempts - 1, 10)
    return min(timedelta(minutes=minutes), LONGEST_WAIT)


def gives_up(attempts: int, *, lasting: bool) -> bool:
    """Say whether a failed delivery is left to a person: at once where trying again cannot help."""
    return lasting or attempts >= GIVES_UP_AFTER
