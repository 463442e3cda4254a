"""Papers that are taken along: the form as PDF, everything that evaluations hold about oneself."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.access.services import audit
from bokgi.apps.evaluation import papers, selectors, showing
from bokgi.apps.evaluation.guarding import guarded
from bokgi.apps.evaluation.reading import draft_is_shown, self_is_shown, sides
from bokgi.apps.evaluation.views.rounds import TAKES_PART
from bokgi.apps.pipeline.selectors import screen_of


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
    results, row = showing.result_row(screen, found)
    content = papers.form_content(
        screen,
        found,
        name=names.get(found.person_id, found.person_id),
        result=showing.fair_result(screen, row),
        shows_draft=visible,
        shows_self=self_is_shown(found, side),
        findings=guarded(screen, found, results, closing=selectors.is_closing(found)) if visible else [],
        plans=selectors.plans_of(request.user, found),
    )
    answer = HttpResponse(papers.form_pdf(content), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="evaluation-{found.pk}.pdf"'
    audit(by=request.user, action="evaluation_print", subject=f"evaluation {found.pk}")
    return answer


@may(*TAKES_PART)
@require_GET
def record(request: PageRequest) -> HttpResponse:
    """Give everything that evaluations hold about oneself, as JSON."""
    whole = papers.record_of(request.user, page_language())
    answer = HttpResponse(
        json.dumps(whole, ensure_ascii=False, indent=2, default=str), content_type="application/json; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="bokgi-evaluations.json"'
    audit(by=request.user, action="record_export", subject=f"user {request.user.pk}")
    return answer
