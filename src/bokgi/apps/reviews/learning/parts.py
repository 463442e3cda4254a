"""Cases as parts of other pages: what one person told, and what words find."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bokgi.apps.access.permissions import EVERYBODY
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.apps.reviews.learning import selectors
from bokgi.apps.reviews.learning.views import TELLS, shown

_SHOWN: Final = 5


@may(*TELLS)
@require_GET
def person_cases(request: PageRequest, person_id: str) -> HttpResponse:
    """Show the cases that one person told, the newest first, as a part of the person's page."""
    screen = screen_of(request)
    if not screen.viewer.sees_person(person_id):
        raise Http404
    told = selectors.cases(request.user).filter(person_id=person_id).order_by("-told_at", "-pk")
    context = {"cases": [shown(screen, one) for one in told[:_SHOWN]]}
    return render(request, "reviews/person_cases.html", context)


@may(*EVERYBODY)
@require_GET
def cases_found(request: PageRequest) -> HttpResponse:
    """Show the cases in which words stand, the most useful first, as a part of the search."""
    words = request.GET.get("q", "")[:100]
    found = selectors.library(request.user, find=words) if selectors.finds(words) else []
    return render(request, "reviews/cases_found.html", {"cases": found[:_SHOWN], "n": len(found), "words": words})
