"""What the worker does for each kind of work: it calls intake, and keeps what that says in both languages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final

from django.conf import settings

from bokgi.apps.data.models import Upload, Work, WorkKind
from bokgi.apps.data.progress import Progress, progress_write
from bokgi.apps.data.rules import NOBODY, hints_of, moment
from bokgi.domain.errors import NotFoundError
from bokgi.domain.findings import Finding
from bokgi.domain.messages import LANGUAGES, N_, Message
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Import
from bokgi.intake.importing import ImportResult, import_files
from bokgi.intake.mapping.describe import describe, preset_label
from bokgi.intake.plan import ImportPlan, PlanOptions, plan_import
from bokgi.intake.release import release_by_mapping, tell_one_table
from bokgi.intake.undoing import undo_import
from bokgi.ui.format import show

Json = dict[str, Any]
_TOLD_SECONDS: Final = 0.4


def author(work: Work) -> str:
    """Say for the ledger who asked; no name, so that an erasure need not touch the ledger."""
    return NOBODY if work.by_id is None else f"user {work.by_id}"


def _plan(work: Work) -> Json:
    upload = _upload(work)
    lake = Lake.open(settings.HOME, create=True)
    with _planned(upload, lake, work) as plan:
        _keep(upload, plan)
    return {}


def _keep(upload: Upload, plan: ImportPlan) -> None:
    """Keep the plan; a question that was answered stays in it, so that it can be answered otherwise."""
    said = {lang: _plan_json(plan, lang) for lang in LANGUAGES}
    answered = upload.hints.get("answers", {})
    for lang, before in (upload.plan or {}).items():
        now = {question["key"]: question for question in said[lang]["questions"]}
        old = {question["key"]: question for question in before["questions"] if question["key"] in answered}
        said[lang]["questions"] = list({**old, **now}.values())
    Upload.objects.filter(pk=upload.pk).update(plan=said)


def _try(work: Work) -> Json:
    upload = _upload(work)
    lake = Lake.open(settings.HOME, create=True)
    with _planned(upload, lake, work) as plan:
        _keep(upload, plan)
        result = import_files(
            lake,
            plan,
            by=author(work),
            at=work.asked_at,
            dry_run=True,
            complete=_is_complete(upload),
            progress=_told(work),
        )
    return _result_json(result)


def _import(work: Work) -> Json:
    upload = _upload(work)
    lake = Lake.open(settings.HOME, create=True)
    found = _already(lake, work)
    if found is None:
        with _planned(upload, lake, work) as plan:
            result = import_files(
                lake,
                plan,
                by=author(work),
                at=work.asked_at,
                complete=_is_complete(upload),
                progress=_told(work),
            )
        said = _result_json(result)
    else:
        said = _ledger_json(found)
    # The files are kept by the import now, where they can be undone, expire and be erased.
    shutil.rmtree(settings.HOME / "uploads" / str(upload.pk), ignore_errors=True)
    Upload.objects.filter(pk=upload.pk).update(plan=None)
    return said


def _undo(work: Work) -> Json:
    lake = Lake.open(settings.HOME)
    done = next((one for one in lake.imports() if one.import_no == work.import_no and one.status == "undone"), None)
    if done is not None and work.given.get("began"):
        return {"replays": {}}
    work.given |= {"began": True}
    work.save(update_fields=["given"])
    reason = work.given.get("reason") or None
    undone = undo_import(lake, int(work.import_no or 0), by=author(work), at=work.asked_at, reason=reason)
    return {"replays": {str(old): new for old, new in undone.replays.items()}}


def _release(work: Work) -> Json:
    lake = Lake.open(settings.HOME)
    if work.given.get("one_table"):
        tell_one_table(lake, int(work.import_no or 0))
    released = release_by_mapping(lake, int(work.import_no or 0), by=author(work), at=work.asked_at)
    return {
        "released": released.released,
        "refused": released.refused,
        "sourceless": released.sourceless,
        "findings": {lang: [_finding(finding, lang) for finding in released.findings] for lang in LANGUAGES},
    }


DOING: Final[Mapping[WorkKind, Callable[[Work], Json]]] = {
    WorkKind.PLAN: _plan,
    WorkKind.TRY: _try,
    WorkKind.IMPORT: _import,
    WorkKind.UNDO: _undo,
    WorkKind.RELEASE: _release,
}


def _upload(work: Work) -> Upload:
    if work.upload is None:
        raise NotFoundError("upload_unknown", Message(N_("There is no such upload.")))
    return work.upload


def _is_complete(upload: Upload) -> bool:
    return bool(upload.hints.get("complete"))


def _planned(upload: Upload, lake: Lake, work: Work) -> ImportPlan:
    folder = settings.HOME / "uploads" / str(upload.pk)
    paths = [folder / file["name"] for file in upload.files]
    exported_at = moment(upload.hints.get("exported_at", ""))
    encoding = upload.hints.get("encoding") or None
    options = PlanOptions(exported_at=exported_at, encoding=encoding, hints=hints_of(upload.hints))
    return plan_import(paths, lake=lake, options=options, progress=_told(work))


def _told(work: Work) -> Callable[[str, int, int], None]:
    """Give a progress that any thread may call; it is written down a few times a second, beside the database."""
    last_at, last_step = 0.0, ""

    def told(step: str, done: int, of: int) -> None:
        nonlocal last_at, last_step
        now = time.monotonic()
        if now - last_at >= _TOLD_SECONDS or step != last_step:
            last_at, last_step = now, step
            progress_write(work.pk, Progress(step, done, of))

    return told


def _already(lake: Lake, work: Work) -> Import | None:
    """Find what this work committed before its worker was stopped: who and when are the same."""
    at = work.asked_at.astimezone(UTC)
    return next((one for one in lake.imports() if one.at == at and one.by == author(work) and one.kind == "file"), None)


def _plan_json(plan: ImportPlan, lang: str) -> Json:
    said = plan.as_json(lang) | {"findings": [_finding(finding, lang) for finding in plan.findings]}
    for file, planned in zip(said["files"], plan.files, strict=True):
        file["columns"] = [row.as_json() | {"format": row.format} for row in describe(planned.mapping, lang)]
        for column, row in zip(file["columns"], describe(planned.mapping, lang), strict=True):
            column["found_by_label"] = row.found_by_label
        file["name"] = planned.mapping.name
        file["crm"] = preset_label(planned.mapping)
        own = {column.header: column for column in planned.staged.columns}
        for column in file["columns"]:
            staged = own.get(column["column"])
            column["filled"] = None if staged is None else staged.filled
    return said


def _finding(finding: Finding, lang: str) -> Json:
    """Give a finding as a page reads it: days and numbers in words of the language."""
    return finding.as_json(lang) | {"message": finding.message.text(lang, show)}


def _result_json(result: ImportResult) -> Json:
    said = result.as_json("en")
    return {
        **{name: said[name] for name in ("import_no", "dry_run", "read", "accepted", "quarantined", "known")},
        "tables": said["tables"],
        "files": said["files"],
        "findings": {lang: [_finding(finding, lang) for finding in result.findings] for lang in LANGUAGES},
    }


def _ledger_json(found: Import) -> Json:
    return {
        "import_no": found.import_no,
        "dry_run": False,
        "read": found.read,
        "accepted": found.accepted,
        "quarantined": found.quarantined,
        "known": found.known,
        "tables": dict(found.tables),
        "files": {},
        "findings": {lang: [] for lang in LANGUAGES},
    }
