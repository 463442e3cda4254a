"""The page of what a role is judged by: versions, changes with notice, acknowledgement."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.evaluation import selectors
from bokgi.apps.evaluation.criteria import PEER_LABELS, SHOWING_LABELS, Criteria, PeerInput, Showing
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS
from bokgi.apps.evaluation.models import Round
from bokgi.apps.evaluation.reading import LEADS_ROUNDS, sides
from bokgi.apps.evaluation.services import rounds as services
from bokgi.apps.evaluation.views.rounds import TAKES_PART
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.ui.blocks import Field


@may(*TAKES_PART)
@require_http_methods(["GET", "POST"])
def criteria(request: PageRequest, round_id: int, of_role: str) -> HttpResponse:
    """Show the criteria of a role with all versions; who leads the round changes them, with notice once published."""
    screen = screen_of(request)
    found = Round.objects.select_related("owner").filter(pk=round_id).first()
    versions = selectors.versions_of(found, of_role) if found is not None else []
    leads = found is not None and (found.owner_id == request.user.pk or Role(request.user.role) in LEADS_ROUNDS)
    concerned = found is not None and any(
        form.role == of_role and sides(request.user, form) for form in found.evaluations.select_related("round")
    )
    shown_versions = [one for one in versions if leads or one.published_at is not None]
    if found is None or not (leads or concerned) or not shown_versions:
        raise NotFoundError("round_unknown", Message(N_("There is no such round for you.")))
    fault: BokgiError | None = None
    current = shown_versions[0]
    if request.method == "POST" and leads:
        try:
            changed = _changed(current.criteria, request.POST)
            if request.POST.get("deed") == "template":
                services.template_save(name=request.POST.get("name", ""), criteria=changed, by=request.user)
            elif current.published_at is None:
                services.criteria_save(version=current, criteria=changed, by=request.user)
            else:
                services.criteria_change(
                    current=current, criteria=changed, reason=request.POST.get("reason", ""), by=request.user
                )
        except BokgiError as error:
            fault = error
        else:
            messages.success(request, Message(N_("Saved.")).text(page_language()))
            return HttpResponseRedirect(request.path)
    shown = {
        "Field": Field,
        "screen": screen,
        "round": found,
        "role": of_role,
        "role_label": screen.say(ROLE_LABELS.get(of_role, of_role)),
        "versions": shown_versions,
        "current": current,
        "criteria": current.criteria,
        "leads": leads,
        "fault": fault,
        "peers": Field(
            "peers",
            screen.say(N_("Input of colleagues")),
            "select",
            current.criteria.peers.value,
            [(one.value, screen.say(PEER_LABELS[one])) for one in PeerInput],
            required=True,
        ),
        "showing": Field(
            "showing",
            screen.say(N_("Who sees what")),
            "select",
            current.criteria.showing.value,
            [(one.value, screen.say(SHOWING_LABELS[one])) for one in Showing],
            required=True,
        ),
    }
    return render(request, "evaluation/criteria.html", shown, status=422 if fault else 200)


def _changed(now: Criteria, given: Any) -> Criteria:  # noqa: ANN401 - a QueryDict
    def number(name: str, kept: int) -> int:
        text = str(given.get(name) or "").strip()
        return int(text) if text.isdigit() else kept

    changed = now.with_weights(
        {part.key: number(f"weight-{part.key}", part.weight) for part in now.parts},
        {part.key: number(f"cap-{part.key}", part.cap) for part in now.parts},
    )
    return Criteria(
        now.role,
        changed.parts,
        number("most_results", now.most_results),
        PeerInput(given.get("peers") or now.peers)
        if (given.get("peers") or now.peers) in set(PeerInput)
        else now.peers,
        Showing(given.get("showing") or now.showing)
        if (given.get("showing") or now.showing) in set(Showing)
        else now.showing,
    )
