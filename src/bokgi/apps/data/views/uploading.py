"""Upload files, look at what they were taken for, try, import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, page_language
from bokgi.apps.data import labels, selectors, services
from bokgi.apps.data.models import Upload, Work, WorkKind
from bokgi.apps.data.progress import Progress, progress_read
from bokgi.apps.data.rules import KEEPERS, KINDS, MOST_BYTES, MOST_FILES, hints_of
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_
from bokgi.intake.files.staging import ENDINGS
from bokgi.intake.mapping.describe import ENTITY_LABELS
from bokgi.intake.mapping.fields import fields_for
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, Entity, is_sure

STEPS: Final = (N_("Upload"), N_("Mapping"), N_("Preview"), N_("Import"))


@may(*KEEPERS)
@require_http_methods(["GET", "POST"])
def upload(request: PageRequest) -> HttpResponse:
    """Show where files are given, and take them."""
    if request.method == "GET":
        most = {"most_bytes": MOST_BYTES, "most_files": MOST_FILES}
        shown = {"steps": STEPS, "kinds": KINDS, "read": ENDINGS, "open": selectors.uploads_open()} | most
        return render(request, "data/upload.html", shown)
    given = request.FILES.getlist("files")
    alone = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    try:
        made = services.upload_create(files=given, by=request.user)
    except BokgiError as error:
        if not alone:
            raise
        return HttpResponse(_text(error), status=400, content_type="text/plain; charset=utf-8")
    address = reverse("data:uploaded", args=[made.pk])
    if alone:
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _text(error: BokgiError) -> str:
    return " ".join(part.text(page_language()) for part in (error.message, error.hint) if part is not None)


@may(*KEEPERS)
@require_GET
def uploaded(request: PageRequest, upload_id: UUID) -> HttpResponse:
    """Show an upload: the work on it, its mapping, what an import would do or did."""
    found = selectors.upload_of(upload_id)
    work = selectors.upload_work(found)
    tried = found.works.filter(kind=WorkKind.TRY, state="done").order_by("-asked_at").first()
    planned_at = found.works.filter(kind="plan").order_by("-asked_at").values_list("asked_at", flat=True).first()
    if tried is not None and planned_at is not None and tried.asked_at < planned_at:
        tried = None
    lang = page_language()
    plan = (found.plan or {}).get(lang)
    shown = {
        "upload": found,
        "work": work,
        "progress": Progress() if work is None else progress_read(work.pk),
        "steps": STEPS,
        "step": _step(work, tried),
        "plan": None if plan is None else _mapped(plan, found),
        "tried": None if tried is None else tried.result,
        "result": work.result if work is not None and work.kind == WorkKind.IMPORT else None,
        "words": labels,
        "entities": [(entity.value, label) for entity, label in ENTITY_LABELS.items()],
    }
    return render(request, "data/uploaded.html", shown)


def _step(work: Work | None, tried: Work | None) -> int:
    if work is None or work.kind == WorkKind.PLAN:
        return 2
    if work.kind == WorkKind.IMPORT:
        return 5 if work.state == "done" else 4
    return 3 if tried is not None or work.kind == WorkKind.TRY else 2


def _mapped(plan: Mapping[str, Any], of: Upload) -> dict[str, Any]:
    """Add to the plan what each column could be, and what a person chose."""
    chosen = hints_of(of.hints)
    files = []
    for file in plan["files"]:
        entity = Entity(file["entity"])
        fields = [(field.name, field.label) for field in fields_for(entity) if not field.name.endswith(":")]
        options = [*fields, (ATTRIBUTES, N_("keep as it is")), (LEAVE_OUT, N_("leave out"))]
        known = {name for name, _ in options}
        columns = [
            column
            | {
                "sure": is_sure(column["confidence"], column["found_by"]),
                "options": options if column["field"] in known else [(column["field"], column["label"]), *options],
            }
            for column in file["columns"]
        ]
        taken = sum(column["field"] not in {ATTRIBUTES, LEAVE_OUT} for column in columns)
        files.append(file | {"columns": columns, "taken": taken})
    questions = [
        question | {"number": number, "given": chosen.answers.get(question["key"])}
        for number, question in enumerate(plan["questions"])
    ]
    return {**plan, "files": files, "questions": questions}


@may(*KEEPERS)
@require_POST
def hint(request: PageRequest, upload_id: UUID) -> HttpResponse:
    """Keep what a person says about an upload, and plan it again, try it, or import it.

    What was changed since it was tried is tried again before anything is imported.
    """
    found = selectors.upload_of(upload_id)
    said = _said(request.POST, found)
    then = WorkKind(request.POST["then"]) if request.POST.get("then") in {"try", "import"} else WorkKind.PLAN
    changed = said != {**_NOTHING_SAID, **found.hints}
    if changed and then is WorkKind.IMPORT:
        then = WorkKind.TRY
    services.upload_hint(upload=found, by=request.user, then=then, **said)
    return HttpResponseRedirect(reverse("data:uploaded", args=[upload_id]))


_NOTHING_SAID: Final[Mapping[str, Any]] = {
    "entities": {},
    "columns": [],
    "answers": {},
    "exported_at": "",
    "complete": False,
    "encoding": "",
}


def _said(given: Mapping[str, str], found: Upload) -> dict[str, Any]:
    """Read what differs from the plan; what was said before stays."""
    plan = (found.plan or {}).get("en") or {"files": [], "questions": []}
    entities = dict(found.hints.get("entities", {}))
    columns = {(file, header): field for file, header, field in found.hints.get("columns", [])}
    answers = dict(found.hints.get("answers", {}))
    for number, file in enumerate(plan["files"]):
        entity = given.get(f"entity-{number}", "")
        if entity and entity != file["entity"]:
            entities[file["file"]] = entity
        for place, column in enumerate(file["columns"]):
            field = given.get(f"column-{number}-{place}", "")
            if field and field != column["field"]:
                columns[file["file"], column["column"]] = field
    for number, question in enumerate(plan["questions"]):
        answer = given.get(f"answer-{number}", "")
        if answer and (answer != question["suggestion"] or question["key"] in answers):
            answers[question["key"]] = answer
    return {
        "entities": entities,
        "columns": [[file, header, field] for (file, header), field in columns.items()],
        "answers": answers,
        "exported_at": given.get("exported_at", "").strip(),
        "complete": "complete" in given,
        "encoding": given.get("encoding", found.hints.get("encoding", "")).strip(),
    }


@may(*KEEPERS)
@require_POST
def discard(request: PageRequest, upload_id: UUID) -> HttpResponse:
    """Throw the files of an upload away."""
    services.upload_discard(upload=selectors.upload_of(upload_id), by=request.user)
    return HttpResponseRedirect(reverse("data:upload"))


@may(*KEEPERS)
@require_GET
def progress(request: PageRequest, work: int) -> HttpResponse:
    """Show how far work is; once it has ended the page is loaded again."""
    services.works_resume()
    found = Work.objects.filter(pk=work).first()
    if found is None or found.ended:
        return HttpResponse(headers={"HX-Refresh": "true"})
    shown = {"work": found, "progress": progress_read(found.pk), "words": labels}
    return render(request, "data/progress.html", shown)
