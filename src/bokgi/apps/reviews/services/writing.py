"""Writing in a meeting: notes and commitments. What a browser sends twice is kept once, and nothing is overwritten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from bokgi.apps.access.models import User
from bokgi.apps.access.sealing import seal
from bokgi.apps.access.services import audit
from bokgi.apps.reviews.models import (
    Commitment,
    Effect,
    Meeting,
    MeetingState,
    Note,
    NoteKind,
    OwnWord,
    Participant,
    Recognition,
)
from bokgi.apps.reviews.recognition import recognition_give
from bokgi.apps.reviews.services.locking import OPEN, conflict, held, touched, typed
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message

LONGEST: Final = 4000
_FURTHEST: Final = timedelta(days=366)
_LARGEST: Final = Decimal(10) ** 12


@dataclass(frozen=True)
class NewNote:
    """A note as it is sent: `key` is the browser's. A private one is for its writer and the user of `about`.

    With `amends` it is a new wording of a note of the same meeting; both stay.
    """

    key: UUID
    text: str
    part: str
    kind: str = NoteKind.NOTE
    about: Participant | None = None
    private: bool = False
    deal_id: str = ""
    amends: Note | None = None


@dataclass(frozen=True)
class NewCommitment:
    """A commitment as it is sent: `key` is the browser's, `participant` who will do it."""

    key: UUID
    participant: Participant
    what: str
    due_on: date
    deal_id: str = ""
    pipeline: str = ""
    stage: str = ""
    metric: str = ""
    rising: bool = True
    amount: Decimal | None = None


@transaction.atomic
def note_add(*, meeting_id: int, new: NewNote, by: User, at: datetime) -> Note:
    """Add a note. With a `key` that is there already nothing is added: the browser sent it again.

    Raises `UsageError` for an empty text, a private note to nobody, or one about oneself; `SetupError`
    (`notes_key_missing`) for a private note where the key that sealed the others is gone.
    """
    text = typed(new.text, LONGEST)
    if not text:
        raise UsageError("text_missing", Message(N_("There is nothing written yet.")))
    sent_before = Note.objects.filter(key=new.key).first()
    if sent_before is not None:
        if sent_before.by_id != by.pk or sent_before.meeting_id != meeting_id:
            raise ConflictError("key_taken", Message(N_("This note cannot be kept; write it once more.")))
        return sent_before
    meeting = held(meeting_id, (MeetingState.LIVE,))
    if new.amends is not None:
        old = new.amends
        if old.meeting_id != meeting.pk or (old.private and old.by_id != by.pk):
            raise NotFoundError("note_unknown", Message(N_("There is no such note.")))
        new = replace(new, part=old.part, kind=old.kind, about=old.about, private=old.private, deal_id=old.deal_id)
    about = new.about
    if about is not None and about.meeting_id != meeting.pk:
        raise _no_participant()
    if new.private and (about is None or about.user_id is None or about.user_id == by.pk):
        raise UsageError(
            "private_to_nobody",
            Message(N_("A private note is for two people: choose somebody else who has an account.")),
        )
    kept = {name: getattr(new, name) for name in ("kind", "part", "about", "deal_id", "private", "amends")}
    words = {"sealed": seal(text, to=f"note {new.key}")} if new.private else {"text": text}
    made, _ = Note.objects.get_or_create(
        key=new.key, defaults={"meeting": meeting, "by": by, "at": at, **words, **kept}
    )
    touched(meeting)
    audit(by=by, action="note_add", subject=f"note {made.pk}", details={"private": made.private})
    return made


@transaction.atomic
def commitment_add(*, meeting_id: int, new: NewCommitment, by: User, at: datetime) -> Commitment:
    """Take a commitment in the meeting. With a `key` that is there already nothing is added.

    Raises `UsageError` for an empty text, a day before the meeting or more than a year after it, a number that no
    figure has, or a figure of a deal without a deal.
    """
    sent_before = Commitment.objects.filter(key=new.key).first()
    if sent_before is not None:
        if sent_before.made_by_id != by.pk or sent_before.meeting_id != meeting_id:
            raise ConflictError("key_taken", Message(N_("This commitment cannot be kept; write it once more.")))
        return sent_before
    meeting = held(meeting_id, (MeetingState.LIVE,))
    what = _checked(meeting, new.what, new.due_on, new.deal_id, new.metric)
    if new.amount is not None and not (new.amount.is_finite() and abs(new.amount) < _LARGEST):
        raise UsageError("amount_unfit", Message(N_("No figure changes by so much.")))
    if new.participant.meeting_id != meeting.pk:
        raise _no_participant()
    names = ("participant", "due_on", "deal_id", "pipeline", "stage", "metric", "rising", "amount")
    kept = {name: getattr(new, name) for name in names} | {"what": what, "person_id": new.participant.person_id}
    made, _ = Commitment.objects.get_or_create(
        key=new.key, defaults={"meeting": meeting, "made_by": by, "made_at": at, **kept}
    )
    touched(meeting)
    audit(by=by, action="commitment_add", subject=f"commitment {made.pk}")
    return made


@transaction.atomic
def thanks_add(
    *, meeting_id: int, key: UUID, participant: Participant, text: str, by: User, on: date, at: datetime
) -> Recognition:
    """Thank a participant in the meeting, for everybody there to see; the team sees it afterwards, too.

    Raises `UsageError` without words, for somebody whom the facts do not know, and for thanking oneself.
    """
    meeting = held(meeting_id, (MeetingState.LIVE,))
    if participant.meeting_id != meeting.pk:
        raise _no_participant()
    words = typed(text, 500)
    person = participant.person_id
    made = recognition_give(key=key, person_id=person, text=words, by=by, on=on, at=at, team=meeting.team)
    touched(meeting)
    return made


def _no_participant() -> NotFoundError:
    return NotFoundError("participant_unknown", Message(N_("That person does not take part in this meeting.")))


@transaction.atomic
def commitment_change(*, commitment: Commitment, what: str, due_on: date, version: int, by: User) -> None:
    """Reword a commitment while the meeting lasts.

    Raises `ConflictError` (`changed_meanwhile`) where somebody else changed it since `version`.
    """
    meeting = held(commitment.meeting_id, (MeetingState.LIVE,))
    what = _checked(meeting, what, due_on, commitment.deal_id, commitment.metric)
    changed = Commitment.objects.filter(pk=commitment.pk, version=version, withdrawn_at=None).update(
        what=what, due_on=due_on, version=version + 1
    )
    if not changed:
        raise conflict(N_("this commitment"))
    touched(meeting)
    audit(by=by, action="commitment_change", subject=f"commitment {commitment.pk}")


@transaction.atomic
def commitment_withdraw(*, commitment: Commitment, by: User, at: datetime) -> None:
    """Take back a commitment that was a mistake, while the meeting lasts."""
    meeting = held(commitment.meeting_id, (MeetingState.LIVE,))
    Commitment.objects.filter(pk=commitment.pk, withdrawn_at=None).update(withdrawn_at=at)
    touched(meeting)
    audit(by=by, action="commitment_withdraw", subject=f"commitment {commitment.pk}")


@transaction.atomic
def commitment_say(*, commitment: Commitment, said: str, note: str, by: User, at: datetime) -> None:
    """Let the owner say what became of a commitment; the word of nobody else is kept here."""
    owner = commitment.participant.user_id if commitment.participant is not None else None
    if by.pk != owner and not (by.person_id and by.person_id == commitment.person_id):
        raise NotFoundError("commitment_unknown", Message(N_("There is no such commitment of yours.")))
    if said not in set(OwnWord):
        raise UsageError("word_unknown", Message(N_("Say whether it was kept, in part, or not.")))
    Commitment.objects.filter(pk=commitment.pk).update(said=said, said_note=typed(note, LONGEST), said_at=at)
    for meeting in Meeting.objects.filter(team=commitment.meeting.team, state__in=OPEN):
        touched(meeting)
    audit(by=by, action="commitment_say", subject=f"commitment {commitment.pk}", details={"said": said})


def _checked(meeting: Meeting, what: str, due_on: date, deal_id: str, metric: str) -> str:
    what = typed(what, 500)
    if not what:
        raise UsageError("text_missing", Message(N_("Say what will be done.")))
    if due_on < meeting.on:
        raise UsageError("due_before", Message(N_("A commitment is due on the day of the meeting or later.")))
    if due_on - meeting.on > _FURTHEST:
        raise UsageError("due_far", Message(N_("A commitment is due within a year of the meeting.")))
    if metric and metric not in set(Effect):
        raise UsageError("metric_unknown", Message(N_("There is no such figure.")))
    if metric in OF_A_DEAL and not deal_id:
        raise UsageError("deal_missing", Message(N_("Choose the deal that this is about.")))
    return what


OF_A_DEAL: Final = frozenset({Effect.MOVED, Effect.WON, Effect.TOUCHED, Effect.NEXT_STEP})
"""Figures that only a deal has."""
