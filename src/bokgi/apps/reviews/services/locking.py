"""What every write to a meeting does: hold its row, see that it may still be written, let screens know."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F

from bokgi.apps.reviews.models import Meeting, MeetingState
from bokgi.domain.errors import ConflictError, NotFoundError
from bokgi.domain.messages import N_, Message

OPEN = (MeetingState.SCHEDULED, MeetingState.PREPARING, MeetingState.LIVE)
BEFORE = (MeetingState.SCHEDULED, MeetingState.PREPARING)


def held(meeting_id: int, states: Iterable[str] = OPEN) -> Meeting:
    """Hold the row of a meeting until the transaction ends.

    Raises `NotFoundError` (`meeting_unknown`), or `ConflictError` (`meeting_moved_on`) when it is in no state in which
    that can be written.
    """
    found = Meeting.objects.select_for_update().filter(pk=meeting_id).first()
    if found is None:
        raise NotFoundError("meeting_unknown", Message(N_("There is no such meeting.")))
    if found.state not in set(states):
        raise ConflictError(
            "meeting_moved_on",
            Message(N_("The meeting has moved on; this can no longer be written.")),
            Message(N_("Open the meeting again to see how it stands.")),
        )
    return found


def touched(meeting: Meeting) -> None:
    """Let every screen of the meeting know that something is new."""
    Meeting.objects.filter(pk=meeting.pk).update(revision=F("revision") + 1)


def typed(text: str, longest: int) -> str:
    r"""Take what somebody typed: without the signs that nobody types and no database keeps, and no longer than fits.

    >>> typed(" 견적을\x00 다시\r\n보내기 ", 8)
    '견적을 다시\n보'
    """
    return "".join(sign for sign in text.replace("\r\n", "\n") if sign >= " " or sign in "\n\t").strip()[:longest]


def conflict(what: str) -> ConflictError:
    """Say that somebody else changed the same thing meanwhile; what was typed is given back by the page."""
    return ConflictError(
        "changed_meanwhile",
        Message(N_("Somebody changed {what} just now."), {"what": Message(what)}),
        Message(N_("Both versions are shown; keep what is right and save again.")),
    )
