"""Pages on which somebody writes: the self evaluation, the draft with the guard beside it, input of colleagues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.evaluation import selectors, showing
from bokgi.apps.evaluation.criteria import InputReader, PeerInput
from bokgi.apps.evaluation.guarding import guarded
from bokgi.apps.evaluation.models import Evaluation, PeerRequest
from bokgi.apps.evaluation.reading import Side, peer_inputs_shown, side_required, sides, unknown
from bokgi.apps.evaluation.rules import Step, refusal
from bokgi.apps.evaluation.services import forms as services
from bokgi.apps.evaluation.services.forms import Form
from bokgi.apps.evaluation.showing import part_name
from bokgi.apps.evaluation.views.rounds import TAKES_PART
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_, Message
from bokgi.ui.blocks import Field


def _form_of(found: Evaluation, given: Mapping[str, Any]) -> Form:
    criteria = selectors.criteria_of(found)
    return Form(showing.rated(criteria, given), showing.written(criteria, given))


@may(*TAKES_PART)
@require_http_methods(["GET", "POST"])
def self_evaluation(request: PageRequest, evaluation_id: int) -> HttpResponse:
    """Rate oneself and write about the period; it can be saved, and handed in once."""
    found = selectors.evaluation_for(request.user, evaluation_id)
    side_required(request.user, found, Side.PERSON)
    kept = Form(found.self_ratings, found.self_texts)
    return _writing(request, found, kept, services.self_save, N_("Self evaluation"), guard=False)


@may(*TAKES_PART)
@require_http_methods(["GET", "POST"])
def draft(request: PageRequest, evaluation_id: int) -> HttpResponse:
    """Write the draft; the guard reads along."""
    found = selectors.evaluation_for(request.user, evaluation_id)
    side_required(request.user, found, Side.MANAGER)
    kept = Form(found.ratings, found.texts)
    return _writing(request, found, kept, services.draft_save, N_("Manager’s draft"), guard=True)


def _writing(
    request: PageRequest, found: Evaluation, kept: Form, save: Callable[..., None], title: str, *, guard: bool
) -> HttpResponse:
    screen = screen_of(request)
    fault: BokgiError | None = None
    given = kept
    if request.method == "POST":
        given = _form_of(found, request.POST)
        submit = request.POST.get("deed") == "submit"
        try:
            save(evaluation=found, form=given, submit=submit, by=request.user)
        except BokgiError as error:
            fault = error
        else:
            said = Message(N_("Handed in.")) if submit else Message(N_("Saved."))
            messages.success(request, said.text(page_language()))
            back = reverse("evaluation:form", kwargs={"evaluation_id": found.pk})
            return HttpResponseRedirect(back if submit else request.path)
    names = showing.names_in(screen, found.round)
    results, row = showing.result_row(screen, found)
    criteria = selectors.criteria_of(found)
    side = sides(request.user, found)
    inputs = peer_inputs_shown(found, side, criteria, shown=True) if guard else None
    shown = {
        "Field": Field,
        "screen": screen,
        "found": found,
        "title": screen.say(title),
        "name": names.get(found.person_id, found.person_id),
        "criteria": criteria,
        "fields": [
            (
                part,
                showing.rating_field(
                    screen, criteria, f"rating-{part.key}", screen.say(N_("Rating")), given.ratings.get(part.key)
                ),
                Field(
                    f"text-{part.key}",
                    screen.say(N_("What happened, and what came of it")),
                    "textarea",
                    given.texts.get(part.key, ""),
                ),
                selectors.anchors_of(part, screen.lang),
            )
            for part in criteria.parts
        ],
        "whole": Field("text-", screen.say(N_("The period as a whole")), "textarea", given.texts.get("", "")),
        "fault": fault,
        "guard": guard,
        "findings": guarded(screen, found, results, closing=False, form_given=given) if guard else [],
        "result": showing.fair_result(screen, row),
        "self_given": guard and found.self_at is not None,
        "inputs": inputs,
        "evidence": found.evidence.all() if guard else [],
        "is_final": refusal(Step.DRAFT if guard else Step.SELF, selectors.progress_of(found), on=screen.as_of),
    }
    return render(request, "evaluation/writing.html", shown, status=422 if fault else 200)


@may(*TAKES_PART)
@require_POST
def guard(request: PageRequest, evaluation_id: int) -> HttpResponse:
    """Read what stands on the screen for the five mistakes; nothing is saved."""
    screen = screen_of(request)
    found = selectors.evaluation_for(request.user, evaluation_id)
    side_required(request.user, found, Side.MANAGER)
    results = showing.results_in(screen, found.round)
    found_now = guarded(screen, found, results, closing=False, form_given=_form_of(found, request.POST))
    return render(request, "evaluation/guard.html", {"screen": screen, "found": found, "findings": found_now})


@may(*TAKES_PART)
@require_http_methods(["GET", "POST"])
def peer(request: PageRequest, request_id: int) -> HttpResponse:
    """Say what one saw of a colleague’s work, once."""
    asked = PeerRequest.objects.select_related("evaluation__round").filter(pk=request_id, peer=request.user).first()
    if asked is None:
        raise unknown()
    screen, found = screen_of(request), asked.evaluation
    criteria = selectors.criteria_of(found)
    fault: BokgiError | None = None
    given = Form({}, {})
    if request.method == "POST":
        given = _form_of(found, request.POST)
        try:
            services.peer_give(request=asked, form=given, by=request.user)
        except BokgiError as error:
            fault = error
        else:
            messages.success(request, Message(N_("Handed in. Thank you.")).text(page_language()))
            return HttpResponseRedirect(reverse("evaluation:index"))
    parts = [part for part in criteria.parts if part.asks_colleagues]
    shown = {
        "Field": Field,
        "screen": screen,
        "asked": asked,
        "name": showing.names_in(screen, found.round).get(found.person_id, found.person_id),
        "named": criteria.peers is PeerInput.NAMED,
        "to_person": criteria.input_reader is InputReader.BOTH,
        "fields": [
            (
                part,
                showing.rating_field(
                    screen,
                    criteria,
                    f"rating-{part.key}",
                    part_name(screen, criteria, part.key),
                    given.ratings.get(part.key),
                ),
            )
            for part in parts
        ],
        "whole": Field(
            "text-",
            screen.say(N_("What did you see, in which situation, and what came of it?")),
            "textarea",
            given.texts.get("", ""),
        ),
        "fault": fault,
    }
    return render(request, "evaluation/peer.html", shown, status=422 if fault else 200)
