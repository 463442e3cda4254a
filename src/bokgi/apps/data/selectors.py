"""Reads of uploads, imports, quarantine: what the pages of data show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from bokgi.apps.access.models import User
from bokgi.apps.data.models import Upload, Work, WorkState
from bokgi.apps.data.rules import NOBODY
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import decoded
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Import
from bokgi.intake import quarantine
from bokgi.intake.importing import mappings_from
from bokgi.intake.quarantine import Place, RefusedRow
from bokgi.ui.format import show


def lake() -> Lake | None:
    """Open the facts of this home; null before the first import."""
    try:
        return Lake.open(settings.HOME)
    except NotFoundError:
        return None


def lake_there() -> Lake:
    """Open the facts of this home; raises `NotFoundError` before the first import."""
    return Lake.open(settings.HOME)


# ---------------------------------------------------------------- uploads and work


def upload_of(key: UUID) -> Upload:
    """Give one upload. Raises `NotFoundError` where there is none."""
    found = Upload.objects.filter(pk=key).select_related("by").first()
    if found is None:
        raise NotFoundError("upload_unknown", Message(N_("There is no such upload.")))
    return found


def upload_work(upload: Upload) -> Work | None:
    """Give the newest work on an upload."""
    return upload.works.order_by("-asked_at", "-pk").first()


def uploads_open() -> list[Upload]:
    """List uploads that are neither imported nor thrown away, newest first."""
    waiting = Upload.objects.filter(discarded_at=None).exclude(works__kind="import", works__state=WorkState.DONE)
    return list(waiting.select_related("by")[:20])


def work_of_import(import_no: int) -> Work | None:
    """Give the newest work on one import (undo, release)."""
    return Work.objects.filter(import_no=import_no).order_by("-asked_at", "-pk").first()


def works_running() -> list[Work]:
    """List the work that waits or runs."""
    return list(Work.objects.filter(state__in=[WorkState.WAITING, WorkState.RUNNING]).select_related("upload"))


# ---------------------------------------------------------------- what was imported


def imports_listed() -> list[Import]:
    """List the imports, newest first, without the one that set the home up."""
    there = lake()
    found = [] if there is None else [one for one in there.imports() if one.kind != "setup"]
    return sorted(found, key=lambda one: -one.import_no)


def import_of(import_no: int) -> Import:
    """Give one import. Raises `NotFoundError` where there is none."""
    found = next((one for one in imports_listed() if one.import_no == import_no), None)
    if found is None:
        raise NotFoundError("import_unknown", Message(N_("There is no import {import_no}."), {"import_no": import_no}))
    return found


_TOGETHER: Final = {
    NOBODY: N_("automatic"),
    "corrections": N_("who corrected on screen"),
    "entered": N_("who entered on screen"),
}
"""Who brought an import that no single user did."""


def authors(imports: Sequence[Import], lang: str) -> dict[str, str]:
    """Give the name behind each `by` of the ledger that is a user; the text itself where it is none.

    What came in without anybody, from the drop folder for instance, says so.
    """
    keys = {one.by.removeprefix("user ") for one in imports if one.by.startswith("user ")}
    names = dict(User.objects.filter(pk__in=[key for key in keys if key.isdecimal()]).values_list("pk", "name"))
    found = {}
    for one in imports:
        key = one.by.removeprefix("user ")
        found[one.by] = names.get(int(key), one.by) if key != one.by and key.isdecimal() else one.by
    return found | {by: Message(told).text(lang) for by, told in _TOGETHER.items() if by in found}


def files_of(found: Import) -> list[dict[str, Any]]:
    """Read which files an import brought."""
    listed: list[dict[str, Any]] = json.loads(found.files)
    return listed


def findings_of(found: Import, lang: str) -> list[dict[str, Any]]:
    """Read what an import found, in a language; English only where an old ledger holds nothing but the sentence."""
    work = Work.objects.filter(kind="import", result__import_no=found.import_no).first()
    if work is not None and work.result["findings"][lang]:
        return list(work.result["findings"][lang])
    listed: list[dict[str, Any]] = json.loads(found.findings)
    return [one | {"message": decoded(one["said"]).text(lang, show)} if "said" in one else one for one in listed]


# ---------------------------------------------------------------- quarantine


def quarantine_seen(wanted: quarantine.Wanted, *, limit: int | None, offset: int = 0) -> quarantine.Seen:
    """Look at the rows that wait: how many, why, and some of those wanted; all of them without a limit."""
    there = lake()
    return quarantine.Seen() if there is None else quarantine.look(there, wanted, limit=limit, offset=offset)


def quarantine_count(import_no: int | None = None, code: str = "") -> int:
    """Count the rows that wait, of one import or all; with `code` those that this rule refused."""
    there = lake()
    return 0 if there is None else quarantine.count(there, import_no=import_no, code=code)


def refused_row(import_no: int, file: str, row: int) -> RefusedRow:
    """Give one row that waits. Raises `NotFoundError` where there is none."""
    return quarantine.refused_row(lake_there(), Place(import_no, file, row))


def namesakes(row: RefusedRow) -> Mapping[str, str]:
    """Give for each cell with a name of several people who these are."""
    return quarantine.namesakes(lake_there(), row)


def headers_of(row: RefusedRow) -> list[str]:
    """Give the headers that a row's file has, in their order; a row in quarantine leaves out its empty cells."""
    own = next((one for one in lake_there().imports() if one.import_no == row.place.import_no), None)
    mappings = [] if own is None else mappings_from(own.mapping)
    mapping = next((one for one in mappings if one.file == quarantine.mapped_as(row.place.file)), None)
    return list(dict.fromkeys([*(() if mapping is None else mapping.headers), *row.cells]))


def marked(row: RefusedRow) -> Mapping[str, frozenset[str]]:
    """Give for each column with a finding the codes found there."""
    found: dict[str, set[str]] = {}
    for finding in row.findings:
        found.setdefault(str(finding.get("column") or ""), set()).add(str(finding["code"]))
    return {column: frozenset(codes) for column, codes in found.items()}


_ENOUGH_BEFORE = 2
"""Cells before the first one with a finding that leave it in sight on a line."""


def excerpt(row: RefusedRow) -> list[tuple[str, bool]]:
    """Give the cells of a row with whether something was found there, so that the first such cell is in sight.

    Where many cells stand before it, they are left out and "…" stands in their place.
    """
    faults = marked(row)
    cells = [(text, header in faults) for header, text in row.cells.items()]
    first = next((place for place, (_text, found) in enumerate(cells) if found), 0)
    return cells if first <= _ENOUGH_BEFORE else [("…", False), *cells[first - 1 :]]
