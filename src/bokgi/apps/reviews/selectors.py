"""Reads of meetings: which there are for whom, who is called what, how far everybody has prepared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Role, Viewer
from bokgi.apps.access.sealing import keys
from bokgi.apps.reviews import rules
from bokgi.apps.reviews.models import (
    Commitment,
    Meeting,
    MeetingSeries,
    MeetingState,
    Note,
    Participant,
    Recognition,
)
from bokgi.domain.errors import NotFoundError, SetupError
from bokgi.domain.messages import N_, Message
from bokgi.questions.people import ask_names

HERE: Final = timedelta(seconds=40)
"""Whose screen has not looked for so long is not there."""
SHOWN: Final = 60


def names() -> dict[str, str]:
    """Give everybody's name by person; empty before the first import."""
    try:
        found: dict[str, str] = answers().ask(ask_names)["names"]
    except NotFoundError:
        return {}
    return found


def called(participant: Participant, known: Mapping[str, str]) -> str:
    """Name a participant: as the facts do, else as the account does; the key of who was erased."""
    user = participant.user
    return known.get(participant.person_id) or (user.name if user is not None else participant.person_id or "–")


def _all() -> QuerySet[Meeting]:
    people = Prefetch("participants", Participant.objects.select_related("user", "preparation"))
    return Meeting.objects.select_related("led_by", "series", "current").prefetch_related(people)


def meeting_of(meeting_id: int, user: User, viewer: Viewer) -> Meeting:
    """Give a meeting that a user may open. Raises `NotFoundError` for any other, as if it were not there."""
    found = _all().filter(pk=meeting_id).first()
    if found is None or not rules.may_see(found, user, viewer):
        raise NotFoundError("meeting_unknown", Message(N_("There is no such meeting.")))
    return found


def meeting_led(meeting_id: int, user: User, viewer: Viewer) -> Meeting:
    """Give a meeting that a user runs. Raises `NotFoundError` for any other."""
    found = meeting_of(meeting_id, user, viewer)
    if not rules.may_lead(found, user, viewer):
        raise NotFoundError("meeting_unknown", Message(N_("There is no such meeting.")))
    return found


def meetings_ahead(user: User, viewer: Viewer) -> list[Meeting]:
    """List the meetings that are still to come or go on, the next one first."""
    ahead = _all().exclude(state__in=[MeetingState.CLOSED, MeetingState.CANCELLED]).order_by("starts_at", "pk")
    return [one for one in ahead[:SHOWN] if rules.may_see(one, user, viewer)]


def meetings_past(user: User, viewer: Viewer) -> list[Meeting]:
    """List the meetings that were held, the newest first, with what was agreed in them as `agreed`."""
    agreed = Prefetch("commitments", Commitment.objects.filter(withdrawn_at=None), to_attr="agreed")
    past: QuerySet[Meeting] = _all().filter(state=MeetingState.CLOSED).prefetch_related(agreed)
    if viewer.role not in {Role.ADMIN, Role.LEADER, Role.MANAGER}:
        past = past.filter(participants__user=user)
    return [one for one in past[: 3 * SHOWN] if rules.may_see(one, user, viewer)][:SHOWN]


def series_now() -> list[MeetingSeries]:
    """List the weekly meetings that are in force."""
    return list(MeetingSeries.objects.filter(ended_at=None).select_related("led_by").order_by("team", "pk"))


def meeting_before(meeting: Meeting) -> Meeting | None:
    """Give the last meeting of the same team that was held before this one."""
    held = Meeting.objects.filter(team=meeting.team, state=MeetingState.CLOSED, starts_at__lt=meeting.starts_at)
    return held.exclude(pk=meeting.pk).order_by("-starts_at", "-pk").first()


def commitments_to_check(meeting: Meeting) -> list[Commitment]:
    """List what was agreed in the meeting before and what was still waiting for its day then, as it was made.

    So a commitment of several weeks comes up each week until its day has passed, and once after it.
    """
    before = meeting_before(meeting)
    if before is None:
        return []
    earlier = Q(meeting__team=meeting.team, meeting__state=MeetingState.CLOSED, meeting__starts_at__lt=before.starts_at)
    listed = Commitment.objects.filter(Q(meeting=before) | (earlier & Q(due_on__gte=before.on)), withdrawn_at=None)
    return list(listed.select_related("participant", "participant__user"))


def commitments_made(meeting: Meeting) -> list[Commitment]:
    """List what is agreed in this meeting, in the order in which it was made."""
    return list(meeting.commitments.filter(withdrawn_at=None).select_related("participant", "participant__user"))


def thanks_to_tell(meeting: Meeting, until: datetime) -> list[Recognition]:
    """List what a team's people were thanked for since its meeting before (or a week ago), in the order of telling."""
    before = meeting_before(meeting)
    since = meeting.starts_at - _A_WEEK if before is None else before.closed_at or before.starts_at
    found = Recognition.objects.filter(withdrawn_at=None, at__gt=since, at__lte=until).select_related("by")
    if meeting.team:
        found = found.filter(team__in=[meeting.team, ""])
    return list(found.order_by("at", "pk"))


_A_WEEK: Final = timedelta(days=7)


def own_seat(meeting: Meeting, user: User) -> Participant | None:
    """Give a user's own place in a meeting; null for who runs it without taking part."""
    return next((one for one in meeting.participants.all() if one.user_id == user.pk), None)


@dataclass(frozen=True)
class Seat:
    """A participant as screens show one."""

    participant: Participant
    name: str
    leads: bool
    prepared_at: datetime | None
    late: bool
    here: bool

    @property
    def has_account(self) -> bool:
        """Tell whether this person can sign in."""
        return self.participant.user_id is not None


def seats(meeting: Meeting, known: Mapping[str, str], at: datetime | None = None) -> list[Seat]:
    """List the participants by name, who leads first; `late` is who prepared after the last day on time."""
    found = []
    for one in meeting.participants.all():
        preparation = getattr(one, "preparation", None)
        prepared = None if preparation is None else preparation.prepared_at
        late = prepared is not None and timezone.localtime(prepared).date() > meeting.prepared_by
        here = at is not None and one.seen_at is not None and at - one.seen_at < HERE
        found.append(Seat(one, called(one, known), one.leads, prepared, late, here))
    return sorted(found, key=lambda seat: (not seat.leads, seat.name, seat.participant.pk))


def missing(meeting: Meeting, today: date) -> bool:
    """Tell whether preparation can still be awaited of somebody: from its first day on until the meeting is closed."""
    return today >= meeting.prepare_from and meeting.state != MeetingState.CLOSED


@dataclass(frozen=True)
class Entry:
    """A note with its wordings: `versions` are all of them, `current` those that nobody reworded.

    Two people who reworded the same text at once leave two current ones, and both are shown.
    """

    first: Note
    versions: list[Note]
    current: list[Note]


def notes_open(meeting: Meeting) -> list[Entry]:
    """List the notes that everybody in the meeting sees."""
    return _entries(meeting.notes.filter(private=False).select_related("by", "about", "about__user"))


@dataclass(frozen=True)
class PrivateNote:
    """A private note in its last wording, opened; `fault` says why it does not open."""

    first: Note
    text: str = ""
    fault: Message | None = None


def notes_private(meeting: Meeting, user: User) -> list[PrivateNote]:
    """Open the private notes of which a user is one of the two people; nobody else's, whatever the role.

    One that does not open says so in its place: the meeting goes on around it.
    """
    noted = meeting.notes.filter(private=True).select_related("by", "about", "about__user")
    mine = [note for note in noted if user.pk in {note.by_id, note.about.user_id if note.about else None}]
    return [_opened(entry) for entry in _entries(mine)]


def _opened(entry: Entry) -> PrivateNote:
    last = entry.current[-1]
    try:
        return PrivateNote(entry.first, keys().unseal(last.sealed, to=f"note {last.key}"))
    except SetupError as error:
        return PrivateNote(entry.first, fault=error.message)


def _entries(notes: Iterable[Note]) -> list[Entry]:
    listed = list(notes)
    root: dict[int, int] = {}
    groups: dict[int, list[Note]] = {}
    for note in listed:
        root[note.pk] = note.pk if note.amends_id is None else root.get(note.amends_id, note.pk)
        groups.setdefault(root[note.pk], []).append(note)
    found = []
    for versions in groups.values():
        reworded = {note.amends_id for note in versions}
        found.append(Entry(versions[0], versions, [note for note in versions if note.pk not in reworded]))
    return found


def answers_told(meeting: Meeting) -> list[tuple[Participant, Any]]:
    """List the wins and losses that participants prepared to tell, with who tells them."""
    found = []
    for one in meeting.participants.all():
        preparation = getattr(one, "preparation", None)
        if preparation is not None and preparation.prepared_at is not None:
            found += [(one, answer) for answer in preparation.answers.order_by("-won")]
    return found
