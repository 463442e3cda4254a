"""Writes of uploads and of the work on them. Each is one transaction; files are written before, facts after it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.data import working
from bokgi.apps.data.models import Upload, Work, WorkKind, WorkState
from bokgi.apps.data.progress import progress_forget, work_folder
from bokgi.apps.data.rules import is_readable, moment, names_kept, refuse_unfit, refuse_unknown
from bokgi.apps.jobs.faults import fault_json, understood
from bokgi.apps.jobs.services import enqueue
from bokgi.domain.errors import BokgiError, ConflictError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.facts.locks import Lock
from bokgi.intake.files.encoding import named

_LOG: Final = logging.getLogger(__name__)


class GivenFile(Protocol):
    """A file as it comes in: its name, its size, its content in pieces."""

    @property
    def name(self) -> str | None:
        """Name as the sender gave it."""

    @property
    def size(self) -> int | None:
        """Bytes."""

    def chunks(self) -> Iterable[bytes]:
        """Give the content in pieces."""


# ---------------------------------------------------------------- uploads


def folder_of(upload: Upload) -> Path:
    """Give the folder that holds the files of an upload."""
    return settings.HOME / "uploads" / str(upload.pk)


def upload_create(*, files: Iterable[GivenFile], by: User | None, came_by: str = "screen") -> Upload:
    """Keep uploaded files and ask for their plan.

    Files of other kinds (pictures in a folder, hidden files) are passed over. Raises `InputError` where nothing is
    left, or where it is too much.
    """
    there = [file for file in files if is_readable(file.name or "")]
    refuse_unfit([(file.name or "", file.size or 0) for file in there])
    upload = Upload(by=by, came_by=came_by)
    folder = folder_of(upload)
    folder.mkdir(parents=True)
    try:
        kept = []
        for name, file in zip(names_kept(file.name or "" for file in there), there, strict=True):
            with (folder / name).open("xb") as target:
                for piece in file.chunks():
                    target.write(piece)
            kept.append({"name": name, "size": (folder / name).stat().st_size})
        with transaction.atomic():
            upload.files = kept
            upload.save(force_insert=True)
            audit(by=by, action="upload_create", subject=f"upload {upload.pk}", details={"files": len(kept)})
            work_ask(kind=WorkKind.PLAN, upload=upload, by=by)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return upload


@transaction.atomic
def upload_hint(  # noqa: PLR0913 - each is told on the page
    *,
    upload: Upload,
    by: User,
    entities: Mapping[str, str],
    columns: Sequence[Sequence[str]],
    answers: Mapping[str, str],
    exported_at: str = "",
    complete: bool = False,
    encoding: str = "",
    then: WorkKind = WorkKind.PLAN,
) -> Work:
    """Keep what a person says about an upload, and ask for work that follows it.

    `columns` are (file, header, field); an empty `encoding` is found out from each file. Raises `UsageError` for an
    entity, a field or a moment that does not exist, `InputError` for an encoding that does not.
    """
    _refuse_over(upload)
    refuse_unknown(entities=entities, columns=columns)
    moment(exported_at)
    upload.hints = {
        "entities": dict(entities),
        "columns": [list(column) for column in columns],
        "answers": dict(answers),
        "exported_at": exported_at,
        "complete": complete,
        "encoding": named(encoding).codec if encoding else "",
    }
    upload.save(update_fields=["hints"])
    return work_ask(kind=then, upload=upload, by=by)


@transaction.atomic
def upload_discard(*, upload: Upload, by: User) -> None:
    """Throw the files of an upload away; what was imported from them stays."""
    _refuse_over(upload)
    upload.discarded_at = timezone.now()
    upload.plan = None
    upload.save(update_fields=["discarded_at", "plan"])
    audit(by=by, action="upload_discard", subject=f"upload {upload.pk}")
    transaction.on_commit(lambda: shutil.rmtree(folder_of(upload), ignore_errors=True))


def _refuse_over(upload: Upload) -> None:
    if upload.discarded_at is not None or not folder_of(upload).is_dir():
        raise ConflictError(
            "upload_over",
            Message(N_("These files are no longer here: they were imported or thrown away.")),
            Message(N_("Upload them again to import them again.")),
        )
    if upload.works.filter(state__in=[WorkState.WAITING, WorkState.RUNNING]).exists():
        raise ConflictError(
            "upload_at_work",
            Message(N_("These files are being worked on.")),
            Message(N_("Wait until it is done.")),
        )


# ---------------------------------------------------------------- work


@transaction.atomic
def work_ask(
    *,
    kind: WorkKind,
    by: User | None,
    upload: Upload | None = None,
    import_no: int | None = None,
    given: Mapping[str, Any] | None = None,
) -> Work:
    """Ask for work on the facts; a worker takes it up. The same work on the same thing waits only once.

    Rows that are judged again with something told about them (`given`) are not the same work as without it.
    """
    if upload is not None and kind is not WorkKind.PLAN:
        _refuse_over(upload)
    if import_no is not None:
        same = Work.objects.filter(kind=kind, import_no=import_no, state__in=[WorkState.WAITING, WorkState.RUNNING])
        told = dict(given or {}) if kind is WorkKind.RELEASE else {}
        waiting = next((one for one in same if told.items() <= one.given.items()), None)
        if waiting is not None:
            return waiting
    work = Work.objects.create(
        kind=kind, upload=upload, import_no=import_no, given=dict(given or {}), by=by, asked_at=timezone.now()
    )
    if kind not in {WorkKind.PLAN, WorkKind.TRY}:
        subject = f"upload {upload.pk}" if upload is not None else f"import {import_no}"
        audit(by=by, action=f"{kind}_ask", subject=subject)
    _queue(work)
    return work


def _queue(work: Work) -> None:
    from bokgi.apps.data.tasks import do_work  # noqa: PLC0415 - the task calls back into this module

    transaction.on_commit(lambda: enqueue(do_work, key=f"work {work.pk}", work_id=work.pk))


def lock_of(work_id: int) -> Lock:
    """Give the lock that a worker holds while it works: it ends with the worker, however that ends."""
    return Lock(work_folder() / f"{work_id}.lock")


def works_resume() -> int:
    """Queue again what a worker began and did not end because it was stopped; gives how much that was."""
    resumed = 0
    for work in Work.objects.filter(state=WorkState.RUNNING):
        with lock_of(work.pk) as lock:
            if lock.acquire():
                resumed += Work.objects.filter(pk=work.pk, state=WorkState.RUNNING).update(state=WorkState.WAITING)
                _queue(work)
    return resumed


def work_do(work_id: int) -> None:
    """Do one piece of work, once: a second worker that is given the same finds it locked or done."""
    with lock_of(work_id) as lock:
        if not lock.acquire():
            return
        work = Work.objects.select_related("upload", "by").get(pk=work_id)
        if work.ended:
            return
        work.state = WorkState.RUNNING
        work.save(update_fields=["state"])
        try:
            work.result = working.DOING[WorkKind(work.kind)](work)
            work.state = WorkState.DONE
        except BokgiError as error:
            work.fault = fault_json(error)
            work.state = WorkState.FAILED
        except Exception as error:  # noqa: BLE001 - whatever it was, the work has ended and says so
            _LOG.exception("work %s failed", work_id)
            found = understood(error)
            work.fault = fault_json(_UNEXPECTED if found.code == "unknown" else found)
            work.state = WorkState.FAILED
        work.ended_at = timezone.now()
        work.save(update_fields=["state", "result", "fault", "ended_at"])
    progress_forget(work_id)


_UNEXPECTED: Final = UsageError(
    "unexpected",
    Message(N_("Something went wrong that should not.")),
    Message(N_("Nothing was changed. Try again; if it happens again, the log of the worker says more.")),
)


def uploads_expire(*, before: datetime) -> int:
    """Throw files away that nobody imported for a long time; gives how many uploads that were."""
    old = Upload.objects.filter(created_at__lt=before, discarded_at=None)
    expired = 0
    for upload in old:
        if folder_of(upload).is_dir():
            shutil.rmtree(folder_of(upload), ignore_errors=True)
            expired += 1
        Upload.objects.filter(pk=upload.pk).update(plan=None, discarded_at=timezone.now())
    return expired
