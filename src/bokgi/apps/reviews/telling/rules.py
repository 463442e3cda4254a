"""When something is tried again, and what a reminder says: pure rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LONGEST_WAIT: Final = timedelta(hours=1)
GIVES_UP_AFTER: Final = 80
"""Attempts: about three days."""
TAKEN_OVER_AFTER: Final = timedelta(minutes=10)
"""A delivery whose sender has not said for so long what became of it is tried again."""


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
