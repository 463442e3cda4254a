"""The page on which a participant prepares, and the same for who runs the meeting to read."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.data import contacts
from bokgi.apps.data.correcting import corrections_save
from bokgi.apps.data.standing import standing
from bokgi.apps.reviews import record, selectors
from bokgi.apps.reviews.models import Commitment, MeetingState, Participant, Preparation
from bokgi.apps.reviews.services import preparing, writing
from bokgi.apps.reviews.showing import pack_of
from bokgi.apps.reviews.views.frame import MEETS, Frame, fault_status, frame_of, number, still_waits, told, waiting
from bokgi.domain.errors import BokgiError, NotFoundError, UsageError
from bokgi.domain.labels import ACTIVITIES
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.deal_contacts import ask_contacts
from bokgi.questions.deals import Where, list_deals
from bokgi.questions.stages import ask_stages
from bokgi.ui import format as written
from bokgi.ui.blocks import Cell, Column, Table

TIDIED: Final = ("amount", "expected_close_on", "next_step", "next_step_on", "stage")
"""Fields that are put in order on the page, each in one step."""
_MOST: Final = 20
_CLOSED: Final = timedelta(days=14)


@may(*MEETS)
@require_http_methods(["GET", "POST"])
def prepare(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Show one's own preparation, and keep what is written."""
    frame = frame_of(request, meeting_id)
    seat = frame.seat
    if seat is None or not seat.person_id:
        raise NotFoundError("preparation_unknown", Message(N_("There is no such preparation.")))
    fault: BokgiError | None = None
    kept = getattr(seat, "preparation", None)
    if request.method == "POST":
        done = request.POST.get("act") == "done"
        try:
            preparing.preparation_save(
                participant=seat,
                help_wanted=request.POST.get("help_wanted", ""),
                answers={won: _answer(frame, kept, won=won) for won in (True, False)},
                done=done,
                version=number(request.POST.get("version"), N_("The version")),
                by=request.user,
                at=timezone.now(),
            )
        except BokgiError as error:
            fault = error
        else:
            said = N_("You are prepared. You can still change it until the meeting.") if done else N_("Saved.")
            messages.success(request, frame.screen.say(said))
            return HttpResponseRedirect(reverse("reviews:prepare", kwargs={"meeting_id": meeting_id}))
    shown = _shown(frame, seat, kept) | {"own": True, "fault": fault, "typed": request.POST if fault else None}
    return render(request, "reviews/prepare.html", shown, status=200 if fault is None else fault_status(fault))


@may(*MEETS)
@require_GET
def prepared(request: PageRequest, meeting_id: int, participant_id: int) -> HttpResponse:
    """Show a preparation to who runs the meeting, and to nobody else but the one who wrote it."""
    frame = frame_of(request, meeting_id)
    seat = next((one for one in frame.meeting.participants.all() if one.pk == participant_id), None)
    if seat is None or not (frame.leads or seat.user_id == request.user.pk) or not _sees(frame, seat):
        raise NotFoundError("preparation_unknown", Message(N_("There is no such preparation.")))
    shown = _shown(frame, seat, getattr(seat, "preparation", None)) | {"own": False, "fault": None, "typed": None}
    return render(request, "reviews/prepare.html", shown)


def _sees(frame: Frame, seat: Participant) -> bool:
    viewer = frame.screen.viewer
    led_by_me = frame.meeting.led_by_id == frame.screen.request.user.pk
    return seat.user_id == frame.screen.request.user.pk or viewer.sees_person(seat.person_id) or led_by_me


def _answer(frame: Frame, kept: Preparation | None, *, won: bool) -> dict[str, str]:
    """Read what is told of a win or a loss, with its deal: an own one of those listed, or the one that stands there."""
    given, prefix = frame.screen.request.POST, "won" if won else "lost"
    told = {name: given.get(f"{prefix}-{name}", "") for name in preparing.QUESTIONS}
    deal_id = given.get(f"{prefix}-deal_id", "")
    before = () if kept is None else kept.answers.filter(won=won).values_list("deal_id", flat=True)
    person = "" if frame.seat is None else frame.seat.person_id
    if deal_id and deal_id not in before and deal_id not in dict(_closed(frame, person)[won]):
        raise UsageError("deal_not_yours", Message(N_("Choose one of your own deals that ended lately.")))
    return told | {"deal_id": deal_id}


def _shown(frame: Frame, seat: Participant, kept: Preparation | None) -> dict[str, Any]:
    screen, person = frame.screen, seat.person_id
    over = frame.meeting.state == MeetingState.CLOSED
    answers = {} if kept is None else {answer.won: answer for answer in kept.answers.all()}
    return {
        "screen": screen,
        "frame": frame,
        "meeting": frame.meeting,
        "seat": seat,
        "name": frame.called(seat),
        "kept": kept,
        "late": frame.screen.as_of > frame.meeting.prepared_by,
        "prepared_by": written.day(frame.meeting.prepared_by, screen.lang),
        "tidy": [] if over else _to_tidy(frame, person),
        "closed": {} if over else _closed(frame, person),
        "sides": [(True, "won"), (False, "lost")],
        "answers": answers,
        "questions": preparing.QUESTIONS,
        "before": _agreed_then(frame, person) if over else _agreed(frame, person),
        "words": record.words(screen.lang),
        "over": over,
    }


def _agreed(frame: Frame, person: str) -> list[Json]:
    """List what a person agreed to before this meeting, and how it stands."""
    found = [one for one in selectors.commitments_to_check(frame.meeting) if one.person_id == person]
    keys = tuple(sorted({one.deal_id for one in found if one.deal_id}))
    titles = {row["deal_id"]: row["title"] for row in _deals(frame, Where(outcome="all", deal_ids=keys))}
    return [record.commitment(one, frame.names, titles) for one in found]


def _agreed_then(frame: Frame, person: str) -> list[Json]:
    """List the same as a closed meeting keeps it: how it stood then."""
    return [one for one in frame.meeting.snapshot.record["before"] if one["person_id"] == person]


def _deals(frame: Frame, where: Where) -> list[Json]:
    if where.deal_ids == ():
        return []
    try:
        found: list[Json] = frame.screen.ask(list_deals, where=where, order="attention", limit=200)["deals"]
    except NotFoundError:
        return []
    return found


def _to_tidy(frame: Frame, person: str) -> list[Json]:
    """List a person's own open deals that lack something, with what waits to be written and the people involved.

    Those come last that lack nothing but who takes part, or in which role; only where the CRM tells that of others.
    """
    deals = _deals(frame, Where(person=person))
    if not deals:
        return []
    keys = [deal["deal_id"] for deal in deals]
    beside = frame.screen.ask(ask_contacts, deal_ids=tuple(keys))
    open_ones = standing(keys)
    people = contacts.involved(beside["contacts"], open_ones)
    # Between the first lack and its correction the deal stays on the list: what was put in order is seen there.
    lacking = {
        deal_id
        for deal_id in keys
        if (beside["contacts_told"] and deal_id not in beside["contacts"])
        or (beside["roles"] and not any(one["role"] for one in beside["contacts"].get(deal_id, [])))
    }
    wanting = [deal for deal in deals if deal["reasons"]]
    wanting += [deal for deal in deals if not deal["reasons"] and deal["deal_id"] in lacking]
    waiting: dict[str, dict[str, str | None]] = {}
    for one in reversed(open_ones):
        waiting.setdefault(one.deal_id, {})[one.field] = one.value
    stages = _ladder(frame)
    return [
        deal
        | {
            "anchor": f"tidy-{hashlib.sha256(deal['deal_id'].encode()).hexdigest()[:12]}",
            "now": _written(
                _values(deal)
                | {"next_step": beside["next_steps"].get(deal["deal_id"])}
                | waiting.get(deal["deal_id"], {})
            ),
            "corrected": sorted(waiting.get(deal["deal_id"], {})),
            "people": people.get(deal["deal_id"], []),
            "lacks_people": deal["deal_id"] in lacking,
            "roles": beside["roles"] or [Message(role) for role in contacts.ROLES],
            "address": beside["addresses"].get(deal["deal_id"]),
            "stages": stages.get(deal["pipeline"], []),
        }
        for deal in wanting[:_MOST]
    ]


def _written(values: dict[str, str | None]) -> dict[str, str | None]:
    """Write the amount with commas, as one types it."""
    amount = values["amount"]
    return values | {"amount": f"{Decimal(amount):,f}" if amount else amount}


def _values(deal: Json) -> dict[str, str | None]:
    amount = deal["amount"]
    return {
        "amount": None if amount is None else amount["amount"],
        "expected_close_on": deal["expected_close_on"],
        "next_step_on": deal["next_step_on"],
        "stage": deal["stage"],
    }


def _ladder(frame: Frame) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in frame.screen.ask(ask_stages)["stages"]:
        found.setdefault(row["pipeline"], []).append((row["stage"], row["label"]))
    return found


def _closed(frame: Frame, person: str) -> dict[bool, list[tuple[str, str]]]:
    """List a person's deals that ended lately: what there is to tell."""
    since = frame.screen.as_of - _CLOSED
    ended = _deals(frame, Where(outcome="closed", person=person, closed=(since, None)))
    return {
        won: [(deal["deal_id"], deal["title"]) for deal in ended if (deal["outcome"] == "won") is won]
        for won in (True, False)
    }


@may(*MEETS)
@require_POST
def tidy(request: PageRequest, meeting_id: int) -> HttpResponse:
    """Correct what is wrong of one deal: each field that was changed is an entered correction."""
    frame = frame_of(request, meeting_id)
    back = reverse("reviews:prepare", kwargs={"meeting_id": meeting_id})
    deal_id = request.POST.get("deal_id", "")
    typed = {field: request.POST[field] for field in TIDIED if field in request.POST}
    changed = {
        field: text
        for field, text in typed.items()
        if text.strip().replace(",", "") != request.POST.get(f"was-{field}", "").replace(",", "")
    }
    try:
        parts = contacts.Parts.typed(request.POST)
        if changed or parts:
            corrections_save(
                deal_id=deal_id,
                given=changed,
                reason=frame.screen.say(N_("put in order before the weekly review")),
                by=request.user,
                viewer=frame.screen.viewer,
                parts=parts,
            )
    except BokgiError as error:
        return told(request, error, back)
    messages.success(request, frame.screen.say(N_("The correction is saved; it counts from now on.")))
    return HttpResponseRedirect(f"{back}#tidy")


@may(*MEETS)
@require_POST
def say(request: PageRequest, meeting_id: int, commitment_id: int) -> HttpResponse:
    """Say what became of a commitment of one's own."""
    frame = frame_of(request, meeting_id)
    back = reverse("reviews:prepare", kwargs={"meeting_id": meeting_id})
    found = Commitment.objects.filter(pk=commitment_id, meeting__team=frame.meeting.team).first()
    try:
        if found is None:
            raise NotFoundError("commitment_unknown", Message(N_("There is no such commitment of yours.")))
        writing.commitment_say(
            commitment=found,
            said=request.POST.get("said", ""),
            note=request.POST.get("note", ""),
            by=request.user,
            at=timezone.now(),
        )
    except BokgiError as error:
        return told(request, error, back)
    return HttpResponseRedirect(f"{back}#before")


@may(*MEETS)
@require_GET
def did(request: PageRequest, meeting_id: int, participant_id: int) -> HttpResponse:
    """Show what a participant did by stage, against the standard of action; asked for after the page is there."""
    frame = frame_of(request, meeting_id)
    seat = next((one for one in frame.meeting.participants.all() if one.pk == participant_id), None)
    if seat is None or not (frame.leads or seat.user_id == request.user.pk) or not _sees(frame, seat):
        raise NotFoundError("preparation_unknown", Message(N_("There is no such preparation.")))
    period = Period.week(frame.meeting.week)
    table, standards = None, []
    over = frame.meeting.state == MeetingState.CLOSED
    if over or period.start <= frame.screen.as_of:
        if not over and still_waits(request, week=period.iso_week, as_of=frame.screen.as_of, team=frame.meeting.team):
            return waiting(request)
        pack = frame.meeting.snapshot.pack if over else _pack(frame)
        row = next((one for one in pack["execution"] if one["person_id"] == seat.person_id), None)
        if row is not None:
            table, standards = _did(frame, pack, row), _standards(frame, row)
    shown = {
        "screen": frame.screen,
        "table": table,
        "standards": standards,
        "week": record.week_name(period, frame.screen.lang),
    }
    return render(request, "reviews/did.html", shown)


def _pack(frame: Frame) -> Json:
    return pack_of(week=frame.meeting.week, as_of=frame.screen.as_of, team=frame.meeting.team)


def _did(frame: Frame, pack: Json, row: Json) -> Table:
    say, speaker = frame.screen.say, frame.screen.speaker
    labels = {stage["key"]: stage["label"] for stage in pack["stages"]}
    columns = [Column(say(N_("Stage")))]
    columns += [Column(say(label), "right") for label in (N_("Activities"), N_("Entered"), N_("Moved on"), N_("Ended"))]
    rows = []
    for key in [*labels, "none"]:
        here = row["by_stage"].get(key)
        if not here or not any(here.values()):
            continue
        ended = here["won"] + here["lost"] + here["no_decision"]
        name = labels.get(key) or say(N_("on no open deal"))
        counts = (here["activities"], here["entered"], here["advanced"], ended)
        rows.append([Cell(name), *(Cell(speaker.count(value), tone="" if value else "dim") for value in counts)])
    empty = say(N_("Nothing is recorded for this week yet."))
    return Table(say(N_("What I did, by stage")), columns, rows, hidden_caption=True, empty=empty)


def _standards(frame: Frame, row: Json) -> list[tuple[str, str, bool]]:
    say, speaker = frame.screen.say, frame.screen.speaker
    return [
        (
            say(ACTIVITIES.get(one["metric"], one["metric"])),
            f"{speaker.count(one['done'])} / {speaker.number(one['required'])}",
            bool(one["met"]),
        )
        for one in row["standard"]
    ]
