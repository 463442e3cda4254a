"""Imports: who, when, what changed, and taking one back."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET, require_POST

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.data import labels, selectors, services
from bokgi.apps.data.models import Work, WorkKind
from bokgi.apps.data.progress import Progress, progress_read
from bokgi.apps.data.rules import KEEPERS
from bokgi.apps.data.tables import mapping_lines, taken_along
from bokgi.domain.messages import N_, Message
from bokgi.facts.ledger import Import
from bokgi.facts.undo import followed
from bokgi.intake import sources
from bokgi.intake.importing import mappings_from
from bokgi.intake.mapping.describe import ENTITY_LABELS, describe
from bokgi.intake.mapping.second_table import PROBLEM
from bokgi.intake.release import what_became
from bokgi.ui.blocks import Badge, Cell, Column, Table
from bokgi.ui.export import TYPES, Value
from bokgi.ui.format import ABSENT, count, day
from bokgi.ui.listing import Listing


@may(*KEEPERS)
@require_GET
def imports(request: PageRequest) -> HttpResponse:
    """List the imports."""
    lang = page_language()
    columns = (
        Column(_say(N_("Source"), lang), key="source", sortable=True),
        Column(_say(N_("No."), lang), "right", key="no", sortable=True),
        Column(_say(N_("Exported"), lang), key="exported", sortable=True),
        Column(_say(N_("Imported"), lang), key="at", sortable=True, optional=True),
        Column(_say(N_("Read"), lang), "right", key="read", sortable=True, optional=True),
        Column(_say(N_("Accepted"), lang), "right", key="accepted", sortable=True),
        Column(_say(N_("Quarantined"), lang), "right", key="quarantined", sortable=True),
        Column(_say(N_("Known"), lang), "right", key="known", sortable=True, optional=True),
        Column(_say(N_("Imported by"), lang), key="by", optional=True),
        Column(_say(N_("Files"), lang), key="files", optional=True),
    )
    listing = Listing.read(columns, dict(request.GET.lists()), sort="-no", lang=lang)
    found = selectors.imports_listed()
    names = selectors.authors(found, lang)
    rows = [one for one in found if listing.find.casefold() in _words(one, names).casefold()]
    keys = {
        "no": lambda one: one.import_no,
        "source": lambda one: one.source,
        "exported": lambda one: one.effective_at,
        "at": lambda one: one.at,
        "read": lambda one: one.read,
        "accepted": lambda one: one.accepted,
        "quarantined": lambda one: one.quarantined,
        "known": lambda one: one.known,
    }
    rows.sort(key=lambda one: (keys[listing.sort](one), one.import_no), reverse=listing.descending)
    if listing.export in TYPES:
        return _taken_along(rows, names, listing.export, lang)
    shown = [_row(one, listing, names, lang) for one in listing.cut(rows)]
    table = Table(
        _say(N_("Imports"), lang),
        listing.visible,
        shown,
        hidden_caption=True,
        empty=_say(N_("Nothing was imported yet."), lang),
    )
    context = {"table": table, "listing": listing, "total": len(rows), "running": selectors.works_running()}
    return render(request, "data/imports.html", context | {"words": labels, "progress": Progress()})


def _say(msgid: str, lang: str, **values: object) -> str:
    return Message(msgid, values).text(lang)


def _words(one: Import, names: dict[str, str]) -> str:
    return " ".join([one.source, names[one.by], *(file["name"] for file in selectors.files_of(one))])


def _taken_along(rows: Sequence[Import], names: dict[str, str], kind: str, lang: str) -> HttpResponse:
    """Give the imports as a file, all that were found, with values as numbers and moments as text."""
    heads = (
        N_("No."),
        N_("Source"),
        N_("Exported"),
        N_("Imported"),
        N_("Read"),
        N_("Accepted"),
        N_("Quarantined"),
        N_("Known"),
        N_("Imported by"),
        N_("Files"),
    )
    header = [_say(head, lang) for head in heads]
    body: list[list[Value]] = [
        [
            one.import_no,
            sources.named(one.kind, one.source, lang),
            *(f"{localtime(moment):%Y-%m-%d %H:%M}" for moment in (one.effective_at, one.at)),
            one.read,
            one.accepted,
            one.quarantined,
            one.known,
            names[one.by],
            ", ".join(file["name"] for file in selectors.files_of(one)),
        ]
        for one in rows
    ]
    return taken_along("imports", _say(N_("Imports"), lang), (header, body), kind)


def _rows(one: Import, number: int) -> str:
    """Write how many rows of a file these are; what was entered on screen has no file."""
    return count(number) if one.read else ABSENT


def _row(one: Import, listing: Listing, names: dict[str, str], lang: str) -> list[Cell]:
    files = [file["name"] for file in selectors.files_of(one)]
    state = None if one.committed else Badge(_say(labels.STATUS.get(one.status, one.status), lang))
    source = sources.named(one.kind, one.source, lang)
    if one.kind == "entered" and one.source in labels.TABLES:
        source = f"{source}: {_say(labels.TABLES[one.source], lang)}"
    spoke_at, taken_at = localtime(one.effective_at), localtime(one.at)
    more = _say(N_("and {n} more"), lang, n=len(files) - 1) if files[1:] else ""
    cells = {
        "no": Cell(count(one.import_no)),
        "source": Cell(source, badge=state, href=reverse("data:import", args=[one.import_no])),
        "exported": Cell(day(spoke_at.date(), lang, year=True), sub=f"{spoke_at:%H:%M}"),
        "at": Cell(day(taken_at.date(), lang, year=True), sub=f"{taken_at:%H:%M}"),
        "read": Cell(_rows(one, one.read)),
        "accepted": Cell(_rows(one, one.accepted)),
        "quarantined": Cell(_rows(one, one.quarantined), tone="" if one.quarantined else "dim"),
        "known": Cell(_rows(one, one.known), tone="dim"),
        "by": Cell(names[one.by]),
        "files": Cell(files[0] if files else "–", sub=more),
    }
    return [cells[column.key] for column in listing.visible]


@may(*KEEPERS)
@require_GET
def one_import(request: PageRequest, import_no: int) -> HttpResponse:
    """Show one import: its files, what was found, what it wrote, how its columns were read, which is a file, too."""
    found = selectors.import_of(import_no)
    lang = page_language()
    kind = request.GET.get("export", "")
    if kind in TYPES:
        lines = mapping_lines(mappings_from(found.mapping), lang)
        return taken_along(f"mapping-{import_no}", _say(N_("Mapping"), lang), lines, kind)
    mappings = [
        {
            "file": mapping.file,
            "entity": ENTITY_LABELS[mapping.entity],
            "columns": describe(mapping, lang),
        }
        for mapping in mappings_from(found.mapping)
    ]
    work = selectors.work_of_import(import_no)
    context = {
        "found": found,
        "why_undone": _why_undone(found, lang),
        "source": sources.named(found.kind, found.source, lang),
        "author": selectors.authors([found], lang)[found.by],
        "files": selectors.files_of(found),
        "findings": selectors.findings_of(found, lang),
        "mappings": mappings,
        "work": work,
        "judged": _judged(work, lang),
        "waiting": selectors.quarantine_count(import_no),
        "apart": selectors.quarantine_count(import_no, PROBLEM),
        "progress": Progress() if work is None else progress_read(work.pk),
        "later": [one for one in selectors.imports_listed() if one.import_no > import_no and one.committed],
        "words": labels,
    }
    return render(request, "data/import.html", context)


def _why_undone(found: Import, lang: str) -> str:
    """Give why an import was taken back: what somebody typed, or that another one was."""
    other = followed(found)
    said = N_("Import {number} was taken back, so this one was judged again under another number.")
    return (found.reason or "") if other is None else _say(said, lang, number=other)


def _judged(work: Work | None, lang: str) -> str:
    """Say what became of refused rows, where judging them again was the newest work."""
    if work is None or work.kind != WorkKind.RELEASE or work.result is None:
        return ""
    told = what_became(*(work.result.get(name, 0) for name in ("released", "refused", "sourceless")))
    return " ".join(said.text(lang) for said in told)


@may(*KEEPERS)
@require_POST
def undo(request: PageRequest, import_no: int) -> HttpResponse:
    """Ask to take an import back."""
    selectors.import_of(import_no)
    reason = request.POST.get("reason", "").strip()[:300]
    services.work_ask(kind=WorkKind.UNDO, import_no=import_no, by=request.user, given={"reason": reason})
    return HttpResponseRedirect(reverse("data:import", args=[import_no]))


@may(*KEEPERS)
@require_POST
def release(request: PageRequest, import_no: int) -> HttpResponse:
    """Ask to judge the refused rows of an import again, with the mappings as they are now.

    With `one_table` somebody says that what waits as a second table is rows like any other.
    """
    selectors.import_of(import_no)
    given = {"one_table": True} if "one_table" in request.POST else {}
    services.work_ask(kind=WorkKind.RELEASE, import_no=import_no, by=request.user, given=given)
    text = _say(N_("The refused rows of import {number} are judged again."), page_language(), number=import_no)
    messages.success(request, text)
    return HttpResponseRedirect(reverse("data:import", args=[import_no]))
