"""The meeting while it goes on: one screen to project, one for each participant, in step by asking what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given, page_language, say_refused
from bokgi.apps.access.selectors import time_zone
from bokgi.apps.reviews import record, rules, selectors
from bokgi.apps.reviews.models import Commitment, Effect, MeetingState, Note, NoteKind, Participant
from bokgi.apps.reviews.services import running, writing
from bokgi.apps.reviews.services.closing import meeting_close
from bokgi.apps.reviews.services.locking import BEFORE
from bokgi.apps.reviews.views.frame import (
    LEADS,
    MEETS,
    Frame,
    fault_status,
    frame_of,
    led,
    number,
    still_waits,
    told,
    waiting,
)
from bokgi.apps.reviews.views.planning import moved
from bokgi.domain.errors import BokgiError, ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_date
from bokgi.ui import format as written

BY_SCRIPT: Final = "X-Bokgi-Live"
"""Header with which the script of the live screen sends what was written; it wants JSON, not a page."""
_DUE: Final = timedelta(days=7)


@may(*LEADS)
@require_POST
def open_(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Open the meeting: from now on all screens show the same. Until its figures are there the page says so."""
    frame = led(request, meeting_id)
    found, back = frame.meeting, reverse("reviews:meeting", kwargs={"meeting_id": meeting_id})
    to = reverse("reviews:live", kwargs={"meeting_id": meeting_id})
    try:
        if found.state in BEFORE:
            running.refuse_early(found, frame.screen.as_of)  # before anybody waits for figures that will not come
        if found.state in BEFORE and still_waits(request, week=found.week, as_of=frame.screen.as_of, team=found.team):
            return waiting(request, post=True) if request.htmx else HttpResponseRedirect(f"{back}?opens=1")
        running.meeting_open(meeting_id=meeting_id, by=request.user, at=timezone.now())
    except BokgiError as error:
        say_refused(request, error)
        to = back
    return HttpResponse(headers={"HX-Redirect": to}) if request.htmx else HttpResponseRedirect(to)


@may(*MEETS)
@require_GET
def live(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Show the meeting that goes on; with `wall=1` as it is projected, without anything to write or private."""
    frame = frame_of(request, meeting_id)
    if frame.meeting.state != MeetingState.LIVE:
        return HttpResponseRedirect(reverse("reviews:meeting", kwargs={"meeting_id": meeting_id}))
    wall = request.GET.get("wall") == "1"
    shown = _state(frame, wall=wall) | {
        "moved": moved(frame.screen, frame.meeting),
        "due": (frame.meeting.on + _DUE).isoformat(),
        "effects": [(effect.value, frame.screen.say(str(effect.label))) for effect in Effect],
        "figures": [effect.value for effect in Effect if effect not in writing.OF_A_DEAL],
        "others": [
            (one.pk, frame.called(one))
            for one in frame.meeting.participants.all()
            if one.user_id not in {None, request.user.pk}
        ],
        "thanked": [
            (one.pk, frame.called(one))
            for one in frame.meeting.participants.all()
            if one.person_id and one.person_id != request.user.person_id
        ],
    }
    response = render(request, "reviews/live.html", shown)
    response["ETag"] = shown["tag"]
    return response


@may(*MEETS)
@require_GET
def state(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Give the parts of the screen that change, or 304 where nothing is new since `If-None-Match`."""
    now = timezone.now()
    frame = frame_of(request, meeting_id)
    wall = request.GET.get("wall") == "1"
    if frame.seat is not None and not wall:
        running.participant_seen(participant=frame.seat, at=now)
    tag = _tag(frame, wall=wall)
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    elif frame.meeting.state != MeetingState.LIVE:
        response = HttpResponse(status=410)
    else:
        response = render(request, "reviews/live_state.html", _state(frame, wall=wall))
    response["ETag"] = tag
    return response


def _tag(frame: Frame, *, wall: bool) -> str:
    """Name what a screen shows: anything written makes another revision, who is there is looked at beside it."""
    now = timezone.now()
    people = frame.meeting.participants.all()
    here = sorted(one.pk for one in people if one.seen_at is not None and now - one.seen_at < selectors.HERE)
    who = frame.screen.request.user.pk
    shown = (frame.meeting.pk, frame.meeting.revision, frame.meeting.state, here, who, wall, page_language())
    return f'"{hashlib.sha256(repr(shown).encode()).hexdigest()[:24]}"'


def _state(frame: Frame, *, wall: bool) -> dict[str, Any]:
    now = timezone.now()
    meeting, lang = frame.meeting, frame.screen.lang
    snapshot = meeting.snapshot
    held = record.record_of(meeting, snapshot, frame.names, now)
    parts = list(meeting.parts.all())
    current = next((part for part in parts if part.pk == meeting.current_id), None)
    place = parts.index(current) if current is not None else -1
    private = [] if wall else selectors.notes_private(meeting, frame.screen.request.user)
    return {
        "screen": frame.screen,
        "frame": frame,
        "meeting": meeting,
        "wall": wall,
        "tag": _tag(frame, wall=wall),
        "now": int(now.timestamp() * 1000),
        "record": held,
        "words": record.words(lang),
        "speaker": record.speaker_of(snapshot, lang),
        "parts": parts,
        "current": current,
        "clock": None if current is None else rules.clock(current, now),
        "ends": rules.ends_at(parts, now).astimezone(time_zone()),
        "rest": rules.still_to_come(parts),
        "zone": str(time_zone()),
        "following": parts[place + 1] if current is not None and place + 1 < len(parts) else None,
        "lead": "" if current is None else _lead(frame, current.part),
        "content": "" if current is None else record.shown_part(snapshot, current.part, lang),
        "as_of": written.day(snapshot.as_of, lang),
        "here": [one for one in held["people"] if one["here"]],
        "mine": _mine(frame),
        "private": [(note, frame.called(note.first.about), _writer(note.first)) for note in private],
        "begun": {part.pk: 0 if part.begun_at is None else int(part.begun_at.timestamp() * 1000) for part in parts},
    }


def _mine(frame: Frame) -> set[int]:
    """Give the commitments that who looks may take back: made by them, or theirs to keep."""
    user = frame.screen.request.user
    found = frame.meeting.commitments.filter(Q(made_by=user) | Q(participant__user=user))
    return set(found.values_list("pk", flat=True))


def _lead(frame: Frame, part: str) -> str:
    """Give the first sentence of the pack on a part: it stands above everything else."""
    said = frame.meeting.snapshot.pack["said"].get(part)
    return record.speaker_of(frame.meeting.snapshot, frame.screen.lang).say(said[0]) if said else ""


def _writer(note: Note) -> str:
    return "–" if note.by is None else note.by.name


# ---------------------------------------------------------------- what is sent from the screens


def _sent(act: Callable[..., object], *, leads: bool = False) -> Callable[..., HttpResponseBase]:
    """Make a view of something that is written in the meeting: JSON for the script, else back to the screen."""

    @may(*(LEADS if leads else MEETS))
    @require_POST
    def view(request: PageRequest, /, meeting_id: int, **arguments: int) -> HttpResponse:
        by_script = request.headers.get(BY_SCRIPT) == "1"
        back = reverse("reviews:live", kwargs={"meeting_id": meeting_id})
        try:
            frame = (led if leads else frame_of)(request, meeting_id)
            act(frame, request.POST, **arguments)
        except BokgiError as error:
            if not by_script:
                return told(request, error, back)
            texts = [text.text(page_language(), written.show) for text in (error.message, error.hint) if text]
            answer = {"code": error.code, "text": " ".join(texts)}
            return JsonResponse(answer, status=fault_status(error))
        return JsonResponse({"ok": True}) if by_script else HttpResponseRedirect(back)

    view.__doc__ = act.__doc__
    return view


def _part(frame: Frame, given: Any) -> None:  # noqa: ANN401 - a form as it is sent
    """Go to a part of the agenda."""
    part_id = number(given.get("part"), N_("The part"))
    by = frame.screen.request.user
    running.part_begin(meeting_id=frame.meeting.pk, part_id=part_id, by=by, at=timezone.now())


def _extend(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Give a part three minutes more."""
    part_id = number(given.get("part"), N_("The part"))
    by = frame.screen.request.user
    running.part_extend(meeting_id=frame.meeting.pk, part_id=part_id, minutes=3, by=by)


def _deal(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Say which deal is talked about."""
    by = frame.screen.request.user
    running.deal_discuss(meeting_id=frame.meeting.pk, deal_id=given.get("deal_id", ""), by=by, at=timezone.now())


def _close(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Close the meeting."""
    del given
    meeting_close(meeting_id=frame.meeting.pk, by=frame.screen.request.user, at=timezone.now())


def _note(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Write a note, open or private, to the part it was written in: what had no connection comes later."""
    old = Note.objects.filter(pk=key_given(given.get("amends"))).first()
    current, written_in = frame.meeting.current, given.get("part", "")
    if not frame.meeting.parts.filter(part=written_in).exists():
        written_in = current.part if current is not None else "own"
    kind = given.get("kind", NoteKind.NOTE)
    if kind not in set(NoteKind):
        raise UsageError("kind_unknown", Message(N_("There is no such kind of note.")))
    new = writing.NewNote(
        key=_key(given),
        text=given.get("text", ""),
        part=written_in,
        kind=kind,
        about=_participant(frame, given.get("about", "")),
        private=given.get("private") == "on",
        deal_id=_deal_listed(frame, given),
        amends=old,
    )
    writing.note_add(meeting_id=frame.meeting.pk, new=new, by=frame.screen.request.user, at=timezone.now())


def _deal_listed(frame: Frame, given: Any) -> str:  # noqa: ANN401 - as above
    """Read the deal that something is about; of a deal that is not on the meeting's list nothing may be learnt."""
    deal_id = str(given.get("deal_id", ""))
    if deal_id and not frame.meeting.deals.filter(deal_id=deal_id).exists():
        raise ConflictError("deal_unlisted", Message(N_("This deal is not on the meeting's list.")))
    return deal_id


def _commit(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Take a commitment."""
    who = _participant(frame, given.get("who", ""))
    if who is None:
        raise UsageError("owner_missing", Message(N_("Choose who will do it.")))
    if not given.get("due_on"):
        raise UsageError("due_missing", Message(N_("Choose the day by which it will be done.")))
    deal_id = _deal_listed(frame, given)
    deal = next((one for one in frame.meeting.deals.all() if one.deal_id == deal_id), None)
    amount = given.get("amount", "").strip().replace(",", "")
    try:
        size = Decimal(amount) if amount else None
    except InvalidOperation as error:
        text = N_("“{text}” is no number. Write it in digits, as 1,200 or 12.5.")
        raise UsageError("amount_unreadable", Message(text, {"text": amount})) from error
    new = writing.NewCommitment(
        key=_key(given),
        participant=who,
        what=given.get("what", ""),
        due_on=read_date(given.get("due_on", "")),
        deal_id=deal_id,
        pipeline=deal.pipeline if deal is not None else "",
        stage=deal.stage if deal is not None else "",
        metric=given.get("metric", ""),
        rising=given.get("direction", "up") == "up",
        amount=size,
    )
    writing.commitment_add(meeting_id=frame.meeting.pk, new=new, by=frame.screen.request.user, at=timezone.now())


def _thank(frame: Frame, given: Any) -> None:  # noqa: ANN401 - as above
    """Thank somebody who takes part."""
    who = _participant(frame, given.get("about", ""))
    if who is None:
        raise UsageError("thanks_empty", Message(N_("Say whom you thank, and for what.")))
    writing.thanks_add(
        meeting_id=frame.meeting.pk,
        key=_key(given),
        participant=who,
        text=given.get("text", ""),
        by=frame.screen.request.user,
        on=frame.screen.as_of,
        at=timezone.now(),
    )


def _commitment(frame: Frame, given: Any, *, commitment_id: int) -> None:  # noqa: ANN401 - as above
    """Reword a commitment, or take it back: who made it, whose it is, who runs the meeting."""
    user = frame.screen.request.user
    found = Commitment.objects.filter(pk=commitment_id, meeting=frame.meeting).select_related("participant").first()
    whose = found.participant.user_id if found is not None and found.participant is not None else None
    if found is None or not (frame.leads or user.pk in {found.made_by_id, whose}):
        raise NotFoundError("commitment_unknown", Message(N_("There is no such commitment of yours.")))
    if given.get("act") == "withdraw":
        writing.commitment_withdraw(commitment=found, by=user, at=timezone.now())
    else:
        version = number(given.get("version"), N_("The version"))
        writing.commitment_change(
            commitment=found,
            what=given.get("what", ""),
            due_on=read_date(given.get("due_on", "")),
            version=version,
            by=user,
        )


def _key(given: Any) -> UUID:  # noqa: ANN401 - as above
    try:
        return UUID(given.get("key", ""))
    except ValueError as error:
        raise UsageError("key_missing", Message(N_("The page is too old; load it again."))) from error


def _participant(frame: Frame, text: str) -> Participant | None:
    if not text:
        return None
    found = next((one for one in frame.meeting.participants.all() if str(one.pk) == text), None)
    if found is None:
        raise NotFoundError("participant_unknown", Message(N_("That person does not take part in this meeting.")))
    return found


part, extend, deal, close = (_sent(act, leads=True) for act in (_part, _extend, _deal, _close))
note, commit, commitment, thank = _sent(_note), _sent(_commit), _sent(_commitment), _sent(_thank)
