"""The page of one form, and what is done there: reading, evidence, conversation, answer, decision, signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given, page_language, say_refused
from bokgi.apps.coaching.services import pair_begin
from bokgi.apps.evaluation import selectors, showing
from bokgi.apps.evaluation.clock import today
from bokgi.apps.evaluation.criteria import PEER_LABELS, PeerInput
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS
from bokgi.apps.evaluation.guard import EVIDENCE_LABELS, EvidenceKind, findings
from bokgi.apps.evaluation.guarding import draft_read, guarded
from bokgi.apps.evaluation.models import Evaluation
from bokgi.apps.evaluation.reading import (
    Side,
    draft_is_shown,
    peer_inputs_shown,
    self_is_shown,
    side_required,
    sides,
    unknown,
)
from bokgi.apps.evaluation.rules import ANSWER_LABELS, AnswerKind, Step, current_step, refusal, total
from bokgi.apps.evaluation.services import forms as services
from bokgi.apps.evaluation.showing import part_name
from bokgi.apps.evaluation.views.rounds import TAKES_PART
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.domain.errors import BokgiError, ConflictError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import read_date
from bokgi.ui.blocks import Field


@may(*TAKES_PART)
@require_GET
def form(request: PageRequest, evaluation_id: int) -> HttpResponse:
    """Show one form: what was to be expected, criteria, both views, evidence, the guard, what comes next."""
    screen = screen_of(request)
    found = selectors.evaluation_for(request.user, evaluation_id)
    side = sides(request.user, found)
    criteria = selectors.criteria_of(found)
    visible = draft_is_shown(found, side, criteria.showing)
    if Side.PERSON in side and visible and found.drafted_at is not None:
        services.evaluation_show(evaluation=found, by=request.user)
    names = showing.names_in(screen, found.round)
    results, row = showing.result_row(screen, found)
    progress = selectors.progress_of(found)
    step = current_step(progress)
    step_names, now = showing.steps_of(screen, found)
    writes = Side.MANAGER in side
    told = guarded(screen, found, results, closing=selectors.is_closing(found)) if visible else []
    inputs = peer_inputs_shown(found, side, criteria, shown=visible)
    waits = not writes or selectors.person_is_waited_for(found, screen.as_of)
    can = {one.value: refusal(one, progress, on=screen.as_of, waits=waits) is None for one in Step}
    evidence = list(found.evidence.all())
    asked_already = set(found.peer_requests.values_list("peer_id", flat=True))
    shown = {
        "Field": Field,
        "screen": screen,
        "found": found,
        "round": found.round,
        "name": names.get(found.person_id, found.person_id),
        "role_label": screen.say(ROLE_LABELS.get(found.role, found.role)),
        "manager": found.manager or found.round.owner,
        "criteria": criteria,
        "version": selectors.version_of(found),
        "progress": progress,
        "step": step.value,
        "steps": step_names,
        "now": now,
        "dues": {due.step: due for due in found.dues.all()},
        "is_person": Side.PERSON in side,
        "writes": writes,
        "decides": Side.NEXT_LEVEL in side,
        "visible": visible,
        "self_visible": self_is_shown(found, side),
        "result": showing.fair_result(screen, row),
        "total": total(criteria, found.ratings) if visible and found.ratings else None,
        "total_words": showing.total_words(screen, total(criteria, found.ratings)) if visible else "",
        "part_options": [(part.key, part_name(screen, criteria, part.key)) for part in criteria.parts],
        "evidence": {part.key: [one for one in evidence if one.part == part.key] for part in criteria.parts},
        "evidence_labels": {kind.value: screen.say(EVIDENCE_LABELS[kind]) for kind in EvidenceKind},
        "findings": told,
        "open_findings": sum(one["reason"] is None for one in told),
        "inputs": inputs,
        "peers_label": screen.say(PEER_LABELS[criteria.peers]),
        "asks_peers": criteria.peers is not PeerInput.NONE,
        "colleagues": _colleagues(found, asked_already) if writes and can["peers"] else [],
        "can": can,
        "waits": waits,
        "plans": selectors.plans_of(request.user, found),
        "answer": getattr(found, "answer", None),
        "answers": [(one.value, screen.say(ANSWER_LABELS[one])) for one in AnswerKind],
        "answer_labels": {one.value: screen.say(ANSWER_LABELS[one]) for one in AnswerKind},
        "rating": lambda name, label, value: showing.rating_field(screen, criteria, name, label, value),
    }
    return render(request, "evaluation/form.html", shown)


def _colleagues(found: Evaluation, asked: set[int]) -> list[User]:
    same = found.round.evaluations.filter(role=found.role).exclude(pk=found.pk).values_list("person_id", flat=True)
    users = User.objects.filter(person_id__in=list(same), is_active=True).exclude(person_id="")
    return [user for user in users.order_by("name") if user.pk not in asked]


def _evidence(found: Evaluation, given: Mapping[str, str], by: User) -> None:
    kind, day = given.get("kind", ""), given.get("seen_on", "")
    services.evidence_add(
        evaluation=found,
        part=given.get("part", ""),
        kind=EvidenceKind(kind) if kind in set(EvidenceKind) else EvidenceKind.OBSERVATION,
        text=given.get("text", ""),
        seen_on=read_date(day) if day else None,
        subject=given.get("subject", ""),
        by=by,
    )


def _evidence_remove(found: Evaluation, given: Mapping[str, str], by: User) -> None:
    item = found.evidence.filter(pk=key_given(given.get("item"))).first()
    if item is None:
        raise unknown()
    services.evidence_remove(item=item, by=by)


def _answer(found: Evaluation, given: Mapping[str, str], by: User) -> None:
    kind = given.get("kind", "")
    services.answer_give(
        evaluation=found,
        kind=AnswerKind(kind) if kind in set(AnswerKind) else AnswerKind.COMMENTS,
        text=given.get("text", ""),
        by=by,
    )


def _decide(found: Evaluation, given: Mapping[str, str], by: User) -> None:
    upheld = given.get("is_upheld") == "yes"
    ratings = {key: one for key, one in showing.rated(selectors.criteria_of(found), given).items() if one is not None}
    services.appeal_decide(
        evaluation=found, is_upheld=upheld, decision=given.get("decision", ""), ratings=ratings, by=by
    )


def _peers(found: Evaluation, given: Any, by: User) -> None:  # noqa: ANN401 - a QueryDict
    users = list(User.objects.filter(pk__in=[key_given(one) for one in given.getlist("peer")]))
    services.peers_ask(evaluation=found, peers=users, by=by)


_DEEDS: Final[dict[str, Callable[[Evaluation, Any, User], object]]] = {
    "acknowledge": lambda found, _given, by: services.criteria_acknowledge(evaluation=found, by=by),
    "peers": _peers,
    "evidence": _evidence,
    "evidence-remove": _evidence_remove,
    "overrule": lambda found, given, by: services.finding_overrule(
        evaluation=found, finding=given.get("finding", ""), reason=given.get("reason", ""), by=by
    ),
    "conversation": lambda found, given, by: services.conversation_record(
        evaluation=found, on=read_date(given.get("on", "")), text=given.get("text", ""), by=by
    ),
    "answer": _answer,
    "decide": _decide,
    "sign": lambda found, _given, by: services.evaluation_sign(evaluation=found, by=by),
}


def _plan(request: PageRequest, found: Evaluation) -> HttpResponse:
    """Go on to coaching, where the two agree on the growth plan; who writes the form begins to coach the person."""
    side_required(request.user, found, Side.MANAGER)
    person = selectors.user_of(found.person_id)
    if person is None:
        told = N_("This person does not sign in here; no plan can be agreed.")
        raise ConflictError("person_without_user", Message(told))
    pair = pair_begin(coach=request.user, member=person, on=today())
    return HttpResponseRedirect(reverse("coaching:plan_new", kwargs={"pair_id": pair.pk}))


@may(*TAKES_PART)
@require_POST
def form_act(request: PageRequest, evaluation_id: int, deed: str) -> HttpResponse:
    """Do one thing with a form and come back to it."""
    found = selectors.evaluation_for(request.user, evaluation_id)
    try:
        if deed == "close":
            results = showing.results_in(screen_of(request), found.round)
            services.evaluation_close(
                evaluation=found,
                findings=findings(draft_read(found, results, closing=True)),
                results=selectors.result_of(results, found.person_id),
                by=request.user,
            )
        elif deed == "plan":
            return _plan(request, found)
        elif deed in _DEEDS:
            _DEEDS[deed](found, request.POST, request.user)
        else:
            raise unknown()
    except BokgiError as error:
        say_refused(request, error)
    else:
        messages.success(request, Message(N_("Saved.")).text(page_language()))
    back = request.POST.get("back") or ""
    page = "evaluation:draft" if back == "draft" else "evaluation:form"
    return HttpResponseRedirect(reverse(page, kwargs={"evaluation_id": found.pk}))
