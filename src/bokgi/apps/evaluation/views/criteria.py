"""The page of what a role is judged by in a round: versions, changes with notice."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.evaluation import selectors
from bokgi.apps.evaluation.criteria import Criteria, said
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS
from bokgi.apps.evaluation.models import CriteriaVersion, Round
from bokgi.apps.evaluation.reading import LEADS_ROUNDS, sides
from bokgi.apps.evaluation.services import rounds as services
from bokgi.apps.evaluation.services.templates import template_save
from bokgi.apps.evaluation.views.editor import Editor, criteria_shown
from bokgi.apps.evaluation.views.rounds import TAKES_PART
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_, Message


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
    current = shown_versions[0]
    wanted = request.GET.get("version", "")
    looked_at = next((one for one in shown_versions if str(one.version) == wanted), current)
    changes = leads and looked_at is current and found.closed_at is None
    editor = Editor.of(screen, current.criteria, request.POST)
    if request.method == "POST" and changes and editor.saves:
        try:
            _save(request, current, editor.criteria())
        except BokgiError as error:
            editor.fault = error
        else:
            messages.success(request, Message(N_("Saved.")).text(page_language()))
            return HttpResponseRedirect(request.path)
    shown = {
        "screen": screen,
        "round": found,
        "role_label": screen.say(ROLE_LABELS.get(of_role, of_role)),
        "versions": [
            (one, _changed(screen.lang, one, [other for other in versions if other.version == one.version - 1]))
            for one in shown_versions
        ],
        "current": current,
        "looked_at": looked_at,
        "read": criteria_shown(screen, looked_at.criteria),
        "changes": changes,
        "editor": editor,
        "given": request.POST,
    }
    return render(request, "evaluation/criteria.html", shown, status=422 if editor.fault else 200)


def _save(request: PageRequest, current: CriteriaVersion, changed: Criteria) -> None:
    given = request.POST
    if given.get("deed") == "template":
        template_save(name=given.get("template", ""), criteria=changed, by=request.user)
    elif current.published_at is None:
        services.criteria_save(version=current, criteria=changed, by=request.user)
    else:
        services.criteria_change(current=current, criteria=changed, reason=given.get("reason", ""), by=request.user)


def _changed(lang: str, version: CriteriaVersion, before: list[CriteriaVersion]) -> list[str]:
    """Name the parts that are not as in the version before, with both weights; empty for the first version."""
    if not before:
        return []
    now, was = version.criteria, before[0].criteria
    told = []
    for key in was.changed(now):
        part = now.part(key) or was.part(key)
        if part is not None:
            weights = [f"{one.weight}%" if one is not None else "–" for one in (was.part(key), now.part(key))]
            told.append(f"{said(part.name, lang)} {' → '.join(dict.fromkeys(weights))}")
    return told
