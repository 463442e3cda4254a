"""Pages of one form: reading it, rating oneself, the draft with the guard, colleagues, papers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.models import User
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language, say_refused
from bokgi.apps.access.services import audit
from bokgi.apps.evaluation import papers, selectors, showing
from bokgi.apps.evaluation.criteria import PEER_LABELS, PeerInput
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS
from bokgi.apps.evaluation.guard import EVIDENCE_LABELS, MISTAKE_LABELS, Draft, EvidenceKind, findings
from bokgi.apps.evaluation.models import Evaluation, PeerRequest
from bokgi.apps.evaluation.reading import Side, draft_is_shown, peer_inputs_shown, side_required, sides, unknown
from bokgi.apps.evaluation.rules import ANSWER_LABELS, AnswerKind, Step, current_step, refusal, total
from bokgi.apps.evaluation.services import forms as services
from bokgi.apps.evaluation.services.forms import Form
from bokgi.apps.evaluation.views.rounds import TAKES_PART
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.domain.errors import BokgiError
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
    results = showing.results_in(screen, found.round)
    progress = selectors.progress_of(found)
    step = current_step(progress)
    step_names, now = showing.steps_of(screen, found)
    writes = Side.MANAGER in side
    guarded = _guarded(screen, found, results, closing=found.talked_on is not None) if visible else []
    inputs = peer_inputs_shown(found, side, criteria.peers, shown=visible)
    can = {one.value: refusal(one, progress, on=screen.as_of) is None for one in Step}
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
        "self_visible": Side.PERSON in side or found.self_at is not None,
        "result": showing.fair_result(screen, results, found.person_id),
        "total": total(criteria, found.ratings) if visible and found.ratings else None,
        "total_words": showing.total_words(screen, total(criteria, found.ratings)) if visible else "",
        "part_options": [(part.key, screen.say(part.name)) for part in criteria.parts],
        "evidence": {
            part.key: [one for one in found.evidence.all() if one.part == part.key] for part in criteria.parts
        },
        "evidence_labels": {kind.value: screen.say(EVIDENCE_LABELS[kind]) for kind in EvidenceKind},
        "findings": guarded,
        "open_findings": sum(one["reason"] is None for one in guarded),
        "inputs": inputs,
        "peers_label": screen.say(PEER_LABELS[criteria.peers]),
        "asks_peers": criteria.peers is not PeerInput.NONE,
        "colleagues": _colleagues(found, asked_already) if writes and can["peers"] else [],
        "can": can,
        "answer": getattr(found, "answer", None),
        "answers": [(one.value, screen.say(ANSWER_LABELS[one])) for one in AnswerKind],
        "answer_labels": {one.value: screen.say(ANSWER_LABELS[one]) for one in AnswerKind},
        "rating": lambda name, label, value: showing.rating_field(screen, name, label, value),
    }
    return render(request, "evaluation/form.html", shown)


def _colleagues(found: Evaluation, asked: set[int]) -> list[User]:
    same = found.round.evaluations.filter(role=found.role).exclude(pk=found.pk).values_list("person_id", flat=True)
    users = User.objects.filter(person_id__in=list(same), is_active=True).exclude(person_id="")
    return [user for user in users.order_by("name") if user.pk not in asked]


def _guarded(
    screen: Screen,
    found: Evaluation,
    results: Any,  # noqa: ANN401 - an answer or nothing
    *,
    closing: bool,
    form_given: Form | None = None,
) -> list[dict[str, Any]]:
    draft = _draft(found, results, closing=closing, form_given=form_given)
    reasons = {one.finding: one for one in found.overrulings.select_related("by")}
    speaker = screen.speaker
    return [
        {
            "key": one.key,
            "mistake": screen.say(MISTAKE_LABELS[one.mistake]),
            "message": speaker.message(one.message),
            "evidence": speaker.message(one.evidence),
            "resolve": speaker.message(one.resolve),
            "part": _part_name(screen, draft, one.part),
            "reason": reasons[one.key].reason if one.key in reasons else None,
        }
        for one in findings(draft)
    ]


def _part_name(screen: Screen, draft: Draft, key: str) -> str:
    part = draft.criteria.part(key)
    return screen.say(part.name) if part is not None else ""


def _draft(found: Evaluation, results: Any, *, closing: bool, form_given: Form | None = None) -> Draft:  # noqa: ANN401 - an answer or nothing
    return selectors.draft_of(
        found,
        selectors.standing_of(results, found.person_id),
        closing=closing,
        ratings=None if form_given is None else dict(form_given.ratings),
        texts=None if form_given is None else dict(form_given.texts),
    )


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
    results = showing.results_in(screen, found.round)
    criteria = selectors.criteria_of(found)
    side = sides(request.user, found)
    inputs = peer_inputs_shown(found, side, criteria.peers, shown=True) if guard else None
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
                    screen, f"rating-{part.key}", screen.say(N_("Rating")), given.ratings.get(part.key)
                ),
                Field(
                    f"text-{part.key}",
                    screen.say(N_("What happened, and what came of it")),
                    "textarea",
                    given.texts.get(part.key, ""),
                ),
            )
            for part in criteria.parts
        ],
        "whole": Field("text-", screen.say(N_("The period as a whole")), "textarea", given.texts.get("", "")),
        "fault": fault,
        "guard": guard,
        "findings": _guarded(screen, found, results, closing=False, form_given=given) if guard else [],
        "result": showing.fair_result(screen, results, found.person_id),
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
    found_now = _guarded(screen, found, results, closing=False, form_given=_form_of(found, request.POST))
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
    parts = [part for part in criteria.parts if part.kind.value in {"execution", "customer", "collaboration"}]
    shown = {
        "Field": Field,
        "screen": screen,
        "asked": asked,
        "name": showing.names_in(screen, found.round).get(found.person_id, found.person_id),
        "named": criteria.peers is PeerInput.NAMED,
        "fields": [
            (
                part,
                showing.rating_field(screen, f"rating-{part.key}", screen.say(part.name), given.ratings.get(part.key)),
            )
            for part in parts or criteria.parts
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
    item = found.evidence.filter(pk=given.get("item") or 0).first()
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
    users = list(User.objects.filter(pk__in=[one for one in given.getlist("peer") if one.isdigit()]))
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
    "growth": lambda found, given, by: services.growth_add(
        evaluation=found,
        behaviour=given.get("behaviour", ""),
        support=given.get("support", ""),
        check_on=read_date(given.get("check_on", "")),
        by=by,
    ),
}


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
                findings=findings(_draft(found, results, closing=True)),
                results=selectors.result_of(results, found.person_id),
                by=request.user,
            )
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


@may(*TAKES_PART)
@require_GET
def form_pdf(request: PageRequest, evaluation_id: int) -> HttpResponse:
    """Give the form as PDF to sign, to who may read what stands in it."""
    screen = screen_of(request)
    found = selectors.evaluation_for(request.user, evaluation_id)
    side = sides(request.user, found)
    criteria = selectors.criteria_of(found)
    visible = draft_is_shown(found, side, criteria.showing)
    names = showing.names_in(screen, found.round)
    content = papers.form_content(
        screen,
        found,
        name=names.get(found.person_id, found.person_id),
        result=showing.fair_result(screen, showing.results_in(screen, found.round), found.person_id),
        shows_draft=visible,
        findings=_guarded(screen, found, showing.results_in(screen, found.round), closing=False) if visible else [],
    )
    answer = HttpResponse(papers.form_pdf(content), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="evaluation-{found.pk}.pdf"'
    audit(by=request.user, action="evaluation_print", subject=f"evaluation {found.pk}")
    return answer


@may(*TAKES_PART)
@require_GET
def record(request: PageRequest) -> HttpResponse:
    """Give everything that evaluations hold about oneself, as JSON."""
    whole = papers.record_of(request.user)
    answer = HttpResponse(
        json.dumps(whole, ensure_ascii=False, indent=2, default=str), content_type="application/json; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="bokgi-evaluations.json"'
    audit(by=request.user, action="record_export", subject=f"user {request.user.pk}")
    return answer
