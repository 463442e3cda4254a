"""The page of one deal: its story, correcting it, closing it, and entering a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.asking import today
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.data import contacts, correcting, entered, fitting, labels
from bokgi.apps.data.models import EnteredDeal
from bokgi.apps.pipeline import deal_forms, deal_story
from bokgi.apps.pipeline.selectors import Screen, screen_of
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.labels import PIPELINES
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.questions.deal import tell_deal
from bokgi.ui.blocks import Field

CONTACTS = "contacts"
"""What the form is called in which who takes part in the deal is corrected."""
SEES_DEALS = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)


@may(*SEES_DEALS)
@require_GET
def deal(request: PageRequest, deal_id: str) -> HttpResponse:
    """Tell one deal's story; `?edit=` opens the form of one value."""
    screen = screen_of(request)
    waiting = entered.deal_waiting(deal_id, screen.viewer, request.user)
    if waiting is not None:
        return _page(screen, "deal_waiting.html", entered=waiting, fields=_told(screen, waiting))
    return _shown(screen, deal_id, request.GET.get("edit", ""))


def _page(screen: Screen, template: str, *, status: int = 200, **shown: object) -> HttpResponse:
    return render(screen.request, f"pipeline/{template}", {"screen": screen, **shown}, status=status)


def _found(screen: Screen, deal_id: str) -> Json:
    """Ask for a deal; one of somebody else is not there: that it is, is nobody else's business."""
    try:
        found = screen.ask(tell_deal, deal_id=deal_id)
    except NotFoundError as error:
        raise Http404 from error
    owners = screen.owners
    if owners is not None and found["deal"]["owner_id"] not in owners:
        raise Http404
    return found


def _shown(
    screen: Screen,
    deal_id: str,
    edit: str = "",
    given: Mapping[str, str] | None = None,
    fault: BokgiError | None = None,
) -> HttpResponse:
    found = _found(screen, deal_id)
    row = found["deal"]
    there = fitting.choices()
    # What is corrected now says nothing of a past day.
    now = screen.as_of == today(screen.request)
    open_ones = correcting.corrections_of(deal_id) if now else []
    corrected = {told[0].field: told for told in correcting.in_words(open_ones, there)}
    called = contacts.labels_of(open_ones)
    edits = deal_forms.editable(screen) if now else frozenset()
    fields: list[Field] = []
    if edit == "close" and edits:
        fields = deal_forms.of_closing(screen, there, given or {}, screen.as_of)
    elif edit in edits:
        values: dict[str, str | None] = {**correcting.deal_now(deal_id)}
        values |= {one.field: one.value for one, _seen, _value in corrected.values()}
        fields = deal_forms.of_edit(screen, there, edit, values | dict(given or {}), row["pipeline"])
    return _page(
        screen,
        "deal.html",
        status=422 if fault else 200,
        deal=row,
        standing=deal_story.standing(screen, row),
        known=deal_story.facts_of_deal(screen, found, corrected),
        corrections=[one for one, *_words in corrected.values() if correcting.may_take_back(one, screen.request.user)],
        labels=labels.FIELDS | called,
        edits=edits,
        edit=edit if fields or (edits and edit == CONTACTS) else "",
        roles=deal_forms.roles(screen) if edit == CONTACTS else [],
        fields=fields,
        fault=fault,
        notes=[screen.speaker.say(note) for note in row["notes"]],
        events=deal_story.timeline(screen, found["events"]),
        planned=deal_story.planned(screen, found["events"]),
        contacts_from=found["contacts_from"],
        people=contacts.involved({deal_id: found["contacts"]}, open_ones).get(deal_id, []),
    )


def _told(screen: Screen, one: EnteredDeal) -> list[tuple[str, str]]:
    """Name what somebody entered and what is not in the facts yet."""
    there = entered.deal_choices()
    label = next((step.label for step in there.steps if step.stage == one.stage), one.stage)
    close, step_on = (None if on is None else on.isoformat() for on in (one.expected_close_on, one.next_step_on))
    pairs = [
        (N_("Amount"), deal_forms.written(screen, "amount", one.amount or None)),
        (N_("Stage"), label),
        (N_("Expected close"), deal_forms.written(screen, "expected_close_on", close)),
        (N_("Next step"), one.next_step or deal_forms.written(screen, "next_step", None)),
        (N_("Date of the next step"), deal_forms.written(screen, "next_step_on", step_on)),
        (N_("Owner"), there.people.get(one.owner_id, one.owner_id) or deal_forms.written(screen, "owner_id", None)),
    ]
    return [(screen.say(label), text) for label, text in pairs]


@may(*SEES_DEALS)
@require_POST
def correct(request: PageRequest, deal_id: str) -> HttpResponse:
    """Correct one value of a deal; it is shown at once, and counts within a minute."""
    screen = screen_of(request)
    _found(screen, deal_id)
    edit = request.POST.get("edit", "")
    names = deal_forms.PARTS.get(edit, (edit,)) if edit in deal_forms.editable(screen) else ()
    given = {name: request.POST.get(name, "") for name in names}
    try:
        correcting.corrections_save(
            deal_id=deal_id,
            given=given,
            reason=request.POST.get("reason", ""),
            by=request.user,
            viewer=screen.viewer,
            parts=contacts.Parts.typed(request.POST) if edit == CONTACTS else contacts.Parts(),
        )
    except BokgiError as error:
        if not given and edit != CONTACTS:
            raise
        return _shown(screen, deal_id, edit, {**given, "reason": request.POST.get("reason", "")}, error)
    messages.success(
        request, screen.say(N_("Corrected. It counts within a minute, until the CRM shows another value."))
    )
    return HttpResponseRedirect(reverse("deals:deal", args=[deal_id]))


@may(*SEES_DEALS)
@require_POST
def close(request: PageRequest, deal_id: str) -> HttpResponse:
    """Close a deal, or open it again."""
    screen = screen_of(request)
    _found(screen, deal_id)
    given: dict[str, Any] = {name: request.POST.get(name, "") for name in ("outcome", "closed_on", "lost_reason")}
    try:
        correcting.deal_close(
            deal_id=deal_id,
            outcome=given["outcome"],
            on=given["closed_on"],
            lost_reason=given["lost_reason"],
            reason="",
            by=request.user,
            viewer=screen.viewer,
        )
    except BokgiError as error:
        return _shown(screen, deal_id, "close", given, error)
    messages.success(request, screen.say(N_("Saved. It counts within a minute.")))
    return HttpResponseRedirect(reverse("deals:deal", args=[deal_id]))


@may(*SEES_DEALS)
@require_http_methods(["GET", "POST"])
def enter(request: PageRequest) -> HttpResponse:
    """Enter a deal that no CRM holds."""
    screen = screen_of(request)
    there = entered.deal_choices()
    pipelines = entered.pipelines_by_use(there, screen.viewer.person_id)
    asked = request.POST.get("pipeline") or request.GET.get("pipeline") or ""
    pipeline = asked if asked in pipelines else (pipelines or ["default"])[0]
    fault: BokgiError | None = None
    names = ("account", "name", "amount", "stage", "expected_close_on", "next_step", "next_step_on", "owner_id")
    given = {name: request.POST.get(name, "") for name in names if name in request.POST}
    if request.method == "POST":
        try:
            made = entered.deal_enter(given=given, pipeline=pipeline, by=request.user, viewer=screen.viewer)
        except BokgiError as error:
            fault = error
        else:
            messages.success(request, screen.say(N_("The deal is entered; it counts within a minute.")))
            return HttpResponseRedirect(reverse("deals:deal", args=[made.deal_id]))
    return _page(
        screen,
        "deal_enter.html",
        status=422 if fault else 200,
        fields=deal_forms.of_entering(screen, there, given, pipeline),
        pipelines={name: screen.speaker.label(PIPELINES, name) for name in (*pipelines, pipeline)},
        pipeline=pipeline,
        fault=fault,
    )


@may(*SEES_DEALS)
@require_GET
def amount_read(request: PageRequest) -> HttpResponse:
    """Say what a typed amount is read as, while it is typed; it takes the place of the hint below the field."""
    hint = deal_forms.amount_hint(screen_of(request), request.GET.get("amount", ""))
    return render(request, "pipeline/amount_hint.html", {"hint": hint})


@may(*SEES_DEALS)
@require_POST
def take_back(request: PageRequest, deal_id: str) -> HttpResponse:
    """Take an entered deal back that is not in the facts yet."""
    screen = screen_of(request)
    entered.deal_take_back(deal_id=deal_id, by=request.user, viewer=screen.viewer)
    messages.success(request, screen.say(N_("The deal is taken back.")))
    return HttpResponseRedirect(reverse("deals:index"))
