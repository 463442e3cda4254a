"""Rows in quarantine: by reason, one by one, mended, released, dismissed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, key_given, page_language
from bokgi.apps.access.services import audit
from bokgi.apps.data import labels, selectors
from bokgi.apps.data.rules import KEEPERS
from bokgi.apps.data.tables import quarantine_lines, taken_along
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.intake import quarantine as kept
from bokgi.intake.quarantine import Place, Wanted
from bokgi.intake.release import release_by_hand
from bokgi.ui.blocks import Column
from bokgi.ui.export import TYPES
from bokgi.ui.format import show
from bokgi.ui.listing import Listing


@may(*KEEPERS)
@require_GET
def refused(request: PageRequest) -> HttpResponse:
    """Show the reasons with their rows, or give the rows as a file."""
    code, number = request.GET.get("reason", ""), request.GET.get("import", "")
    columns = (Column("", key="row"),)
    listing = Listing.read(columns, dict(request.GET.lists()), lang=page_language())
    wanted = Wanted(key_given(number) or None, code, listing.find)
    if listing.export in TYPES:
        title = Message(N_("Quarantine")).text(page_language())
        rows = selectors.quarantine_seen(wanted, limit=None).rows
        return taken_along("quarantine", title, quarantine_lines(rows, page_language()), listing.export)
    seen = selectors.quarantine_seen(wanted, limit=listing.size, offset=(listing.page - 1) * listing.size)
    context = {
        "reasons": seen.reasons,
        "rows": [(row, selectors.excerpt(row)) for row in seen.rows],
        "listing": listing,
        "total": seen.total,
        "waiting": seen.waiting,
        "code": code,
        "number": number,
        "words": labels,
    }
    return render(request, "data/quarantine.html", context)


@may(*KEEPERS)
@require_http_methods(["GET", "POST"])
def mend(request: PageRequest, import_no: int) -> HttpResponse:
    """Show one row with its cells, and take it in with mended ones."""
    given = request.POST if request.method == "POST" else request.GET
    file, row = given.get("file", ""), given.get("row", "")
    if not key_given(row):
        raise UsageError("row_unreadable", Message(N_("“{text}” is no row."), {"text": row}))
    found = selectors.refused_row(import_no, file, int(row))
    findings: list[tuple[str, str]] = []
    marked, every = selectors.marked(found), selectors.headers_of(found)
    headers = [header for header in every if header in found.cells or header in marked]
    cells = {header: found.cells.get(header, "") for header in headers}
    other = {name: request.POST.get(name, "") for name in ("header", "text")}
    if request.method == "POST":
        cells = {header: given.get(f"cell-{place}", "") for place, header in enumerate(headers)}
        changed: dict[str, str | None] = {
            header: text or None for header, text in cells.items() if text != found.cells.get(header, "")
        }
        if other["header"]:
            changed[other["header"]] = other["text"] or None
        released = release_by_hand(
            selectors.lake_there(), found.place, changed, by=f"user {request.user.pk}", at=timezone.now()
        )
        if released.import_no is not None:
            audit(by=request.user, action="row_release", subject=f"import {import_no}")
            said = Message(N_("Row {row} was taken in."), {"row": found.place.row}).text(page_language())
            messages.success(request, said)
            return HttpResponseRedirect(reverse("data:quarantine"))
        findings = [
            (finding.message.text(page_language(), show), next((one.near for one in finding.examples if one.near), ""))
            for finding in released.findings
        ]
    context = {
        "found": found,
        "cells": cells,
        "empty": [header for header in every if header not in cells],
        "other": other,
        "marked": marked,
        "namesakes": selectors.namesakes(found),
        "findings": findings,
        "words": labels,
    }
    return render(request, "data/mend.html", context, status=200 if not findings else 422)


@may(*KEEPERS)
@require_POST
def dismiss(request: PageRequest) -> HttpResponse:
    """Take chosen rows out of quarantine without taking them in."""
    places = [_place(text) for text in request.POST.getlist("row")]
    if not places:
        raise UsageError(
            "rows_unnamed",
            Message(N_("No row is chosen.")),
            Message(N_("Tick the rows that are to go, then dismiss them.")),
        )
    kept.dismiss(selectors.lake_there(), places, by=f"user {request.user.pk}", at=timezone.now())
    audit(by=request.user, action="rows_dismiss", details={"rows": len(places)})
    said = Message(N_("{n} {n:row was|rows were} dismissed."), {"n": len(places)}).text(page_language())
    messages.success(request, said)
    return HttpResponseRedirect(reverse("data:quarantine"))


def _place(text: str) -> Place:
    number, _, rest = text.partition("|")
    row, _, file = rest.partition("|")
    if not key_given(number) or not key_given(row):
        raise UsageError("row_unreadable", Message(N_("“{text}” is no row."), {"text": text}))
    return Place(int(number), file, int(row))
