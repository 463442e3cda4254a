"""Pages of 1:1s: the agenda of both, notes, feedback, follow-ups."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access.asking import today
from bokgi.apps.access.permissions import SELLING
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.coaching import selectors, services
from bokgi.apps.coaching.models import OneOnOne, Pair, PaperKind
from bokgi.apps.coaching.selectors import Words
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.domain.errors import BokgiError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_date
from bokgi.questions.causes import ask_causes


def _to_talk(talk: OneOnOne) -> HttpResponse:
    return HttpResponseRedirect(reverse("coaching:one_on_one", kwargs={"one_on_one_id": talk.pk}))


@may(*SELLING)
@require_POST
def one_on_one_plan(request: PageRequest, pair_id: UUID) -> HttpResponse:
    """Fix the day of a 1:1."""
    pair = selectors.pair_of(request.user, pair_id, writes=True)
    on = read_date(request.POST.get("on", ""))
    return _to_talk(services.one_on_one_plan(pair=pair, on=on, by=request.user, today=today(request)))


@may(*SELLING)
@require_GET
def one_on_one(request: PageRequest, one_on_one_id: UUID) -> HttpResponse:
    """Show a 1:1 with everything the reader may read of it."""
    talk = selectors.one_on_one_of(request.user, one_on_one_id)
    pair = talk.pair
    on = today(request)
    papers = selectors.papers_read(request.user, talk.papers.select_related("author"), pair)
    party = selectors.is_party(request.user, pair)
    live = party and selectors.is_live(pair, on)

    def of(kind: PaperKind) -> list[Words]:
        return [one for one in papers if one.paper.kind == kind]

    shown = {
        "talk": talk,
        "pair": pair,
        "other": selectors.other_of(request.user, pair),
        "live": live,
        "is_party": party,
        "agenda": of(PaperKind.AGENDA),
        "notes": of(PaperKind.NOTE),
        "own_notes": of(PaperKind.OWN_NOTE),
        "feedback": of(PaperKind.FEEDBACK),
        "follow_ups": [_follow_up(request, pair, one) for one in of(PaperKind.FOLLOW_UP)],
        "questions": suggested(request, pair) if live and not talk.closed_at else [],
        "today": on,
    }
    return render(request, "coaching/one_on_one.html", shown)


def _follow_up(request: PageRequest, pair: Pair, one: Words) -> dict[str, Any]:
    coach, member = one.paper.coach_agreed_at, one.paper.member_agreed_at
    mine = coach if request.user.pk == pair.coach_id else member
    return {
        "paper": one.paper,
        "text": one.text,
        "opens": one.opens,
        "mine": mine is not None,
        "agreed": None not in {coach, member},
    }


def suggested(request: PageRequest, pair: Pair) -> list[str]:
    """Suggest open questions from the evidence; none where there are no facts."""
    if not pair.member.person_id:
        return []
    try:
        screen = screen_of(request)
        answer = screen.ask(ask_causes, person_id=pair.member.person_id)
    except BokgiError:
        return []
    return [screen.speaker.say(sentence) for sentence in answer["open_questions"]]


@may(*SELLING)
@require_POST
def paper_write(request: PageRequest, one_on_one_id: UUID) -> HttpResponse:
    """Add an agenda point, a note, feedback or a follow-up."""
    talk = selectors.one_on_one_of(request.user, one_on_one_id, writes=True)
    given = request.POST
    kind = given.get("kind", "")
    if kind not in PaperKind.values:
        raise UsageError("words_missing", Message(N_("Write something first.")))
    services.paper_write(
        one_on_one=talk,
        kind=PaperKind(kind),
        words={part: given.get(part, "") for part in ("words", *services.FEEDBACK_PARTS)},
        by=request.user,
        at=timezone.now(),
        today=today(request),
        due_on=read_date(given.get("due_on", "")) if kind == PaperKind.FOLLOW_UP else None,
    )
    return _to_talk(talk)


@may(*SELLING)
@require_POST
def paper_remove(request: PageRequest, paper_id: UUID) -> HttpResponse:
    """Take back what one wrote."""
    paper = selectors.paper_of(request.user, paper_id)
    services.paper_remove(paper=paper, by=request.user)
    return _to_talk(paper.one_on_one)


@may(*SELLING)
@require_POST
def paper_done(request: PageRequest, paper_id: UUID) -> HttpResponse:
    """Tick a point off, or take that back."""
    paper = selectors.paper_of(request.user, paper_id)
    services.paper_done(paper=paper, done=bool(request.POST.get("done")), by=request.user, at=timezone.now())
    return _to_talk(paper.one_on_one)


@may(*SELLING)
@require_POST
def follow_up_agree(request: PageRequest, paper_id: UUID) -> HttpResponse:
    """Agree that a follow-up is told in the weekly review."""
    paper = selectors.paper_of(request.user, paper_id)
    services.follow_up_agree(paper=paper, by=request.user, at=timezone.now(), today=today(request))
    return _to_talk(paper.one_on_one)


@may(*SELLING)
@require_POST
def one_on_one_close(request: PageRequest, one_on_one_id: UUID) -> HttpResponse:
    """Say that the talk took place."""
    talk = selectors.one_on_one_of(request.user, one_on_one_id, writes=True)
    services.one_on_one_close(one_on_one=talk, by=request.user, at=timezone.now(), today=today(request))
    return _to_talk(talk)
