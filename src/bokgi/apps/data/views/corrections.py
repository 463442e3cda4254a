"""Corrections: what is to be corrected in the CRM, and correcting a field of a deal."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.asking import viewer_of
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.data import correcting, fitting, labels, selectors
from bokgi.apps.data.models import Correction
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_, Message

CORRECTING = (Role.ADMIN, Role.LEADER, Role.MANAGER, Role.REP)
"""Who corrects deals; each those that this person may see."""


@may(*CORRECTING)
@require_http_methods(["GET", "POST"])
def corrections(request: PageRequest) -> HttpResponse:
    """List the corrections that wait for the CRM, and take a new one."""
    fault: BokgiError | None = None
    given = request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            correcting.corrections_save(
                deal_id=given.get("deal_id", "").strip(),
                given={given.get("field", ""): given.get("value", "")},
                reason=given.get("reason", ""),
                by=request.user,
                viewer=viewer_of(request),
            )
        except BokgiError as error:
            fault = error
        else:
            said = Message(N_("The correction is saved; it counts from now on.")).text(page_language())
            messages.success(request, said)
            return HttpResponseRedirect(reverse("data:corrections"))
    there = selectors.lake() is not None
    shown = {
        "there": there,
        "found": [
            (one, seen, value, correcting.may_take_back(one, request.user)) for one, seen, value in _open(request)
        ]
        if there
        else [],
        "fields": fitting.FIELDS,
        "given": given,
        "fault": fault,
        "words": labels,
    }
    return render(request, "data/corrections.html", shown, status=422 if fault else 200)


def _open(request: PageRequest) -> list[tuple[Correction, str | None, str | None]]:
    return correcting.in_words(correcting.corrections_open(viewer_of(request)), fitting.choices())


@may(*CORRECTING)
@require_POST
def take_back(request: PageRequest, correction_id: int) -> HttpResponse:
    """Take a correction back that is not written yet; one's own, or any for who keeps the data."""
    found = get_object_or_404(Correction, pk=correction_id)
    if not correcting.may_take_back(found, request.user):
        raise PermissionDenied
    correcting.correction_take_back(correction=found, by=request.user)
    messages.success(request, Message(N_("Taken back: the CRM's value counts again.")).text(page_language()))
    back = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return HttpResponseRedirect(back if own else reverse("data:corrections"))
