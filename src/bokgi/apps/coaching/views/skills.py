"""Pages of the rubric of skills."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from bokgi.apps.access.permissions import SELLING, Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.coaching import selectors, services
from bokgi.apps.coaching.rubric import LANGUAGES, LEVELS
from bokgi.domain.errors import BokgiError


@may(*SELLING)
@require_GET
def rubric(request: PageRequest) -> HttpResponse:
    """Show what one sees at each level of each skill."""
    shown = {"skills": selectors.rubric(page_language()), "edits": Role(request.user.role) is Role.LEADER}
    return render(request, "coaching/rubric.html", shown)


@may(Role.LEADER)
@require_http_methods(["GET", "POST"])
def skill(request: PageRequest, skill_key: str) -> HttpResponse:
    """Change a skill; the version before stays for evaluations that named it."""
    _version, _position, texts = selectors.skill_texts(skill_key)
    fault: BokgiError | None = None
    if request.method == "POST":
        texts = {
            lang: {part: str(request.POST.get(f"{lang}-{part}", "")) for part in ("stage", "name", *LEVELS)}
            for lang in LANGUAGES
        }
        try:
            services.skill_change(
                key=skill_key,
                texts=texts,
                by=request.user,
                at=timezone.now(),
                retired=bool(request.POST.get("retired")),
            )
        except BokgiError as error:
            fault = error
        else:
            return HttpResponseRedirect(reverse("coaching:rubric"))
    shown = {"key": skill_key, "texts": texts, "fault": fault}
    return render(request, "coaching/skill.html", shown, status=422 if fault else 200)
