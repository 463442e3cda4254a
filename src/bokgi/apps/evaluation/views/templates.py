"""Pages of what rounds begin with: the criteria of each role, and named templates."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language, say_refused
from bokgi.apps.evaluation import selectors
from bokgi.apps.evaluation.criteria import Criteria
from bokgi.apps.evaluation.default_criteria import ROLE_LABELS, ROLES
from bokgi.apps.evaluation.models import Template
from bokgi.apps.evaluation.services import templates as services
from bokgi.apps.evaluation.views.editor import Editor
from bokgi.apps.evaluation.views.rounds import LEADS, role_options
from bokgi.apps.pipeline.selectors import screen_of
from bokgi.domain.errors import BokgiError, NotFoundError
from bokgi.domain.messages import N_, Message


@may(*LEADS)
@require_http_methods(["GET", "POST"])
def index(request: PageRequest) -> HttpResponse:
    """List the criteria that rounds begin with; add a role of one's own."""
    screen = screen_of(request)
    if request.method == "POST":
        try:
            made = services.role_add(role=request.POST.get("role", ""), by=request.user)
        except BokgiError as error:
            say_refused(request, error)
            return HttpResponseRedirect(request.path)
        return HttpResponseRedirect(reverse("evaluation:role_default", kwargs={"of_role": made.name}))
    kept = {one.name: one for one in Template.objects.select_related("by")}
    labels = dict(role_options(screen))
    begun = selectors.criteria_of_roles(labels)
    roles = [(role, label, kept.get(role), begun[role]) for role, label in labels.items()]
    named = [one for one in kept.values() if not one.is_default]
    shown = {"screen": screen, "roles": roles, "named": named, "role_labels": ROLE_LABELS}
    return render(request, "evaluation/templates.html", shown)


@may(*LEADS)
@require_http_methods(["GET", "POST"])
def role_default(request: PageRequest, of_role: str) -> HttpResponse:
    """Change what every new round of a role begins with; back to the beginning takes the change away."""
    if of_role not in selectors.roles_known():
        raise _unknown()
    kept = Template.objects.filter(name=of_role, is_default=True).first()

    def save(changed: Criteria) -> None:
        services.template_save(name=of_role, criteria=changed, by=request.user, is_default=True)

    screen = screen_of(request)
    label = screen.say(ROLE_LABELS[of_role]) if of_role in ROLES else of_role
    return _page(request, label, selectors.criteria_to_begin(of_role), kept, save)


@may(*LEADS)
@require_http_methods(["GET", "POST"])
def template(request: PageRequest, template_id: int) -> HttpResponse:
    """Change a named template."""
    kept = Template.objects.filter(pk=template_id, is_default=False).first()
    if kept is None:
        raise _unknown()

    def save(changed: Criteria) -> None:
        services.template_save(name=kept.name, criteria=changed, by=request.user)

    return _page(request, kept.name, kept.criteria, kept, save)


def _unknown() -> NotFoundError:
    return NotFoundError("template_unknown", Message(N_("There is no such template for you.")))


def _page(
    request: PageRequest, label: str, before: Criteria, kept: Template | None, save: Callable[[Criteria], None]
) -> HttpResponse:
    screen = screen_of(request)
    editor = Editor.of(screen, before, request.POST)
    back = reverse("evaluation:templates")
    if request.method == "POST" and editor.saves:
        try:
            if request.POST.get("deed") == "remove" and kept is not None:
                services.template_remove(template=kept, by=request.user)
            else:
                save(editor.criteria())
        except BokgiError as error:
            editor.fault = error
        else:
            messages.success(request, Message(N_("Saved.")).text(page_language()))
            return HttpResponseRedirect(back)
    shown = {
        "screen": screen,
        "label": label,
        "kept": kept,
        "is_ours": kept is not None and kept.is_default and kept.name in ROLES,
        "editor": editor,
    }
    return render(request, "evaluation/template.html", shown, status=422 if editor.fault else 200)
