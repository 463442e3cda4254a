"""Closing a meeting: what was shown and written is kept, in one transaction, and never changes again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.reviews import selectors
from bokgi.apps.reviews.models import Meeting, MeetingState, Snapshot
from bokgi.apps.reviews.record import page_of, record_of, sheet
from bokgi.apps.reviews.services.locking import held, touched
from bokgi.apps.reviews.services.running import stop_clock
from bokgi.apps.reviews.telling.services import minutes_tell
from bokgi.domain.errors import ConflictError
from bokgi.domain.messages import LANGUAGES, N_, Message

_ATTEMPTS: Final = 5


def meeting_close(*, meeting_id: int, by: User, at: datetime) -> Meeting:
    """Close a meeting: keep its pages in both languages and what was written as JSON.

    The pages are drawn before the meeting is held, so that nobody waits; when somebody writes meanwhile they are drawn
    again. Closed by two people at once it is closed once. Raises `ConflictError` when it does not go on.
    """
    found: Meeting | None = None
    for _ in range(_ATTEMPTS):
        found = Meeting.objects.filter(pk=meeting_id).first()
        if found is not None and found.state == MeetingState.CLOSED:
            return found
        if found is None or found.state != MeetingState.LIVE:
            break
        snapshot = Snapshot.objects.get(meeting=found)
        record = record_of(found, snapshot, selectors.names(), at)
        pages = {lang: page_of(snapshot, record, lang) for lang in LANGUAGES}
        with transaction.atomic():
            meeting = held(meeting_id, (MeetingState.LIVE, MeetingState.CLOSED))
            if meeting.state == MeetingState.CLOSED:
                return meeting
            if meeting.revision != found.revision:
                continue
            stop_clock(meeting, at)
            snapshot.record, snapshot.pages = record, {**pages, "sheet": sheet()}
            snapshot.save(update_fields=["record", "pages"])
            meeting.state, meeting.closed_at, meeting.deal_now = MeetingState.CLOSED, at, ""
            meeting.current = None
            meeting.save(update_fields=["state", "closed_at", "deal_now", "current"])
            touched(meeting)
            minutes_tell(meeting=meeting, at=at)
            audit(by=by, action="meeting_close", subject=f"meeting {meeting.pk}")
        return meeting
    if found is None or found.state != MeetingState.LIVE:
        with transaction.atomic():
            return held(meeting_id, (MeetingState.LIVE,))
    raise ConflictError(
        "still_writing",
        Message(N_("People are still writing; the meeting is not closed.")),
        Message(N_("Close it again in a moment.")),
    )
