"""Corrections: what is to be corrected in the CRM, and correcting a field of a deal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bokgi.apps.access.asking import answers, viewer_of
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, is_own_address, organisation_of, page_language
from bokgi.apps.data import contacts, correcting, fitting, labels, selectors
from bokgi.apps.data.models import Correction
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_, Message, translate
from bokgi.domain.money import Money
from bokgi.questions.titles import deal_names, title
from bokgi.ui.format import ABSENT, money

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
        "found": _open(request) if there else [],
        "fields": fitting.FIELDS,
        "given": given,
        "fault": fault,
        "words": labels,
    }
    return render(request, "data/corrections.html", shown, status=422 if fault else 200)


@dataclass(frozen=True)
class _Line:
    """One correction as it is listed: the deal by name, both values as a page writes them."""

    one: Correction
    deal: str
    field: Message
    seen: str
    value: str
    mine: bool


def _open(request: PageRequest) -> list[_Line]:
    found = correcting.in_words(correcting.corrections_open(viewer_of(request)), fitting.choices())
    facts = answers().facts()
    names = deal_names(facts.deals, facts, sorted({one.deal_id for one, *_values in found})) if found else {}
    company = organisation_of(request)
    currency = "KRW" if company is None else company.currency

    contacts_called = contacts.labels_of(one for one, *_values in found)

    def written(field: str, value: str | None) -> str:
        if field in contacts_called:
            told = contacts.role_told(value)
            return told if isinstance(told, str) else told.text(page_language())
        if value is None:
            return ABSENT
        if field == "amount":
            return money(Money(Decimal(value), currency), page_language())
        label = fitting.NAMED.get(field, {}).get(value)
        return value if label is None else translate(label, page_language())

    return [
        _Line(
            one,
            title(names.get(one.deal_id, (None, None)), one.deal_id),
            contacts_called.get(one.field) or Message(labels.FIELDS.get(one.field, one.field)),
            written(one.field, seen),
            written(one.field, value),
            correcting.may_take_back(one, request.user),
        )
        for one, seen, value in found
    ]


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
    return HttpResponseRedirect(back if is_own_address(request, back) else reverse("data:corrections"))
