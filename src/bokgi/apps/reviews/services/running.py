"""Running a meeting: open it, go from part to part, say which deal is talked about."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F

from bokgi.apps.access.asking import today
from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.reviews import rules
from bokgi.apps.reviews.keeping.checking import commitments_check
from bokgi.apps.reviews.models import AgendaPart, DiscussedDeal, Meeting, MeetingState, Participant, Snapshot
from bokgi.apps.reviews.record import drawn
from bokgi.apps.reviews.services.locking import BEFORE, held, touched
from bokgi.apps.reviews.services.planning import participants_fill
from bokgi.apps.reviews.showing import shown_now
from bokgi.domain.errors import ConflictError
from bokgi.domain.messages import LANGUAGES, N_, Message
from bokgi.domain.period import Period

SEEN_AGAIN = timedelta(seconds=15)
"""A screen that looks every two seconds is written down that seldom."""


def refuse_early(meeting: Meeting, on: date) -> None:
    """Refuse to open a meeting before the week that it looks at has begun. Raises `ConflictError` (`meeting_early`)."""
    begins = Period.week(meeting.week).start
    if on < begins:
        text = N_("The week that this meeting looks at begins on {day}; it can be opened from then on.")
        raise ConflictError("meeting_early", Message(text, {"day": begins}))


def meeting_open(*, meeting_id: int, by: User, at: datetime, on: date | None = None) -> Meeting:
    """Open a meeting: corrections become facts, the pack is made and kept, the first part begins.

    `on` is the day as of which facts are shown, today unless given. Opened by two people at once it is opened once.
    Raises `NotFoundError` (`home_missing`) without facts and `ConflictError` when it was called off, is over, or looks
    at a week that has not begun.
    """
    found = Meeting.objects.filter(pk=meeting_id).first()
    if found is not None and found.state == MeetingState.LIVE:
        return found
    if found is None or found.state not in BEFORE:
        with transaction.atomic():
            return held(meeting_id, BEFORE)
    refuse_early(found, on or today())
    made = shown_now(found, on)
    commitments_check(as_of=made.as_of)
    parts = {lang: drawn(made.pack, lang) for lang in LANGUAGES}
    with transaction.atomic():
        meeting = held(meeting_id, (*BEFORE, MeetingState.LIVE))
        if meeting.state == MeetingState.LIVE:
            return meeting
        participants_fill(meeting=meeting, on=made.as_of)
        Snapshot.objects.create(
            meeting=meeting,
            as_of=made.as_of,
            lake_version=made.pack["lake_version"],
            schema_version=made.pack["schema_version"],
            pack=made.pack,
            blocks=made.blocks,
            pages={"parts": parts},
            made_at=at,
        )
        DiscussedDeal.objects.bulk_create(
            DiscussedDeal(
                meeting=meeting,
                position=place,
                deal_id=deal["deal_id"],
                person_id=deal["owner_id"] or "",
                pipeline=deal["pipeline"] or "",
                stage=deal["stage"] or "",
            )
            for place, deal in enumerate(made.deals)
        )
        meeting.state, meeting.opened_at = MeetingState.LIVE, at
        meeting.save(update_fields=["state", "opened_at"])
        first = meeting.parts.first()
        if first is not None:
            _begin(meeting, first, at)
        touched(meeting)
        audit(by=by, action="meeting_open", subject=f"meeting {meeting.pk}")
    return meeting


@transaction.atomic
def part_begin(*, meeting_id: int, part_id: int, by: User, at: datetime) -> None:
    """Go to a part; the one before stops its clock. A part that is on already goes on."""
    meeting = held(meeting_id, (MeetingState.LIVE,))
    part = meeting.parts.filter(pk=part_id).first()
    if part is None:
        raise ConflictError("part_gone", Message(N_("This part is no longer in the agenda.")))
    if meeting.current_id == part.pk and part.begun_at is not None:
        return
    _begin(meeting, part, at)
    touched(meeting)
    audit(by=by, action="meeting_part", subject=f"meeting {meeting.pk}", details={"part": part.part})


def _begin(meeting: Meeting, part: AgendaPart, at: datetime) -> None:
    stop_clock(meeting, at)
    AgendaPart.objects.filter(pk=part.pk).update(begun_at=at)
    Meeting.objects.filter(pk=meeting.pk).update(current=part, deal_now="")


def stop_clock(meeting: Meeting, at: datetime) -> None:
    """Stop the part that is on and keep the time it took."""
    for running in meeting.parts.exclude(begun_at=None):
        AgendaPart.objects.filter(pk=running.pk).update(spent=rules.clock(running, at).spent, begun_at=None)


@transaction.atomic
def part_extend(*, meeting_id: int, part_id: int, minutes: int, by: User) -> None:
    """Give a part more time; pressed twice at once it is given twice."""
    meeting = held(meeting_id, (MeetingState.LIVE,))
    meeting.parts.filter(pk=part_id).update(minutes=F("minutes") + minutes, version=F("version") + 1)
    touched(meeting)
    audit(by=by, action="meeting_extend", subject=f"meeting {meeting.pk}", details={"minutes": minutes})


@transaction.atomic
def deal_discuss(*, meeting_id: int, deal_id: str, by: User, at: datetime) -> None:
    """Say which deal is talked about now; an empty key says that none is."""
    meeting = held(meeting_id, (MeetingState.LIVE,))
    if deal_id:
        listed = meeting.deals.filter(deal_id=deal_id)
        if not listed.exists():
            raise ConflictError("deal_unlisted", Message(N_("This deal is not on the meeting's list.")))
        listed.filter(discussed_at=None).update(discussed_at=at)
    Meeting.objects.filter(pk=meeting.pk).update(deal_now=deal_id)
    touched(meeting)
    audit(by=by, action="meeting_deal", subject=f"meeting {meeting.pk}")


def participant_seen(*, participant: Participant, at: datetime) -> bool:
    """Note that a participant's screen is there; say whether it was written down (it is so seldom)."""
    if participant.seen_at is not None and at - participant.seen_at < SEEN_AGAIN:
        return False
    return bool(Participant.objects.filter(pk=participant.pk, seen_at=participant.seen_at).update(seen_at=at))
