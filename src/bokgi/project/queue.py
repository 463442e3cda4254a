"""The page of background work, for administrators: what waits, runs, failed, and what comes again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, datetime
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest
from bokgi.apps.access.services import audit
from bokgi.apps.data.models import Work, WorkKind, WorkState
from bokgi.apps.data.tasks import do_work
from bokgi.apps.jobs.faults import fault_json, understood
from bokgi.apps.jobs.models import Schedule
from bokgi.apps.jobs.schedules import all_scheduled
from bokgi.apps.jobs.services import enqueue, retry
from bokgi.domain.messages import N_

_SHOWN: Final = 100
STATUS_TEXTS: Final = {
    TaskResultStatus.READY.value: N_("waiting"),
    TaskResultStatus.RUNNING.value: N_("at work"),
    TaskResultStatus.SUCCESSFUL.value: N_("finished"),
    TaskResultStatus.FAILED.value: N_("failed"),
}


ONCE: Final = {
    "bokgi.apps.access.mail.letter_send": N_("Send a mail."),
    "bokgi.apps.access.warming.compute_answer": N_("Compute figures that a page waits for."),
    "bokgi.apps.coaching.demo.demo_coaching": N_("Make the coaching of the sample company."),
    "bokgi.apps.data.tasks.do_work": N_("Read, try or import uploaded files, or undo an import."),
    "bokgi.apps.evaluation.demo.demo_evaluations": N_("Make the evaluations of the sample company."),
    "bokgi.apps.forecast.demo.demo_submissions": N_("Make the submissions of the sample company."),
    "bokgi.apps.reviews.demo.demo_meeting_hold": N_("Hold a past meeting of the sample company."),
    "bokgi.apps.reviews.demo.demo_meetings_make": N_("Make the meetings of the sample company."),
    "bokgi.apps.reviews.tasks.make_pack": N_("Make the pages of a weekly review."),
    "bokgi.apps.reviews.tasks.make_packs": N_("Make the pages of the weekly reviews that will be looked at."),
}
"""What is put in once, by the path of its task; what comes again says itself what it does."""

ON_FACTS: Final = {
    WorkKind.PLAN: N_("Read uploaded files."),
    WorkKind.TRY: N_("Try an import."),
    WorkKind.IMPORT: N_("Import uploaded files."),
    WorkKind.UNDO: N_("Take an import back."),
    WorkKind.RELEASE: N_("Judge refused rows again."),
}
"""What is done to the facts, by the kind of work."""


def name_of(path: str) -> str:
    """Give what people call a task, as a marked text; the name in the code for one that no longer is there."""
    again = {one.task.module_path: one.text for one in all_scheduled().values()}
    return ONCE.get(path) or again.get(path) or path.rpartition(".")[2]


@dataclass(frozen=True)
class Line:
    """One task as the page shows it; `name` is a marked text.

    `fault` says why the last attempt failed (`apps.jobs.faults`), null where none did or it ended well since;
    `technical` says of what type the error was and where it came up (`place_of`). Work on files or on an import has an
    `href`: there it is seen whole, and begun again; `is_retried` tells that this page does that.
    """

    task_id: str
    name: str
    status: str
    is_retried: bool
    attempts: int
    put_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    again_at: datetime | None
    fault: Mapping[str, Any] | None
    technical: str
    href: str


_FRAME: Final = re.compile(r'^ +File "([^"]*)", line (\d+), in ([\w<>.]+)$', re.MULTILINE)
_SHOWN_PARTS: Final = 4


def place_of(trace: str, kind: str) -> str:
    r"""Say of what type an error was and through which lines it came, without what it says.

    An error quotes what it stumbled over: an address, a token, a cell. That stands in the log of the worker alone.

    >>> place_of('Traceback…\n  File "/srv/bokgi/apps/jobs/x.py", line 7, in send\nKeyError: min@a.example', "KeyError")
    'bokgi/apps/jobs/x.py:7 send\nKeyError'
    """
    frames = [
        f"{'/'.join(PurePath(path).parts[-_SHOWN_PARTS:])}:{line} {where}"
        for path, line, where in _FRAME.findall(trace)
    ]
    return "\n".join([*frames, kind])


def _line(found: DBTaskResult[Any, Any], now: datetime, works: Mapping[int, Work]) -> Line:
    attempt = getattr(found, "attempt", None)
    waits, failed = found.status == TaskResultStatus.READY.value, found.status == TaskResultStatus.FAILED.value
    trace = found.traceback.strip() if waits or failed else ""
    technical = place_of(trace, found.exception_class_path) if trace else ""
    fault = attempt.fault if attempt is not None and technical else None
    work = works.get(_work_id(found))
    # A task that ends well may have done work that failed: the work keeps why, for whoever asked for it.
    work_failed = work is not None and work.state == WorkState.FAILED
    if work is not None and work_failed:
        fault, technical = work.fault, ""
    return Line(
        task_id=str(found.pk),
        name=name_of(found.task_path) if work is None else ON_FACTS[WorkKind(work.kind)],
        status=STATUS_TEXTS[TaskResultStatus.FAILED.value if work_failed else found.status],
        is_retried=failed and not work_failed,
        attempts=attempt.attempts if attempt is not None else 0,
        put_at=found.enqueued_at,
        begun_at=found.started_at,
        ended_at=found.finished_at,
        again_at=found.run_after if waits and now < found.run_after and found.run_after.year < MAXYEAR else None,
        fault=fault or (fault_json(understood(Exception())) if technical else None),
        technical=technical,
        href="" if work is None else _where(work),
    )


def _work_id(found: DBTaskResult[Any, Any]) -> int:
    """Give the number of the work that a task does; 0 for a task that does none."""
    is_work = found.task_path == do_work.module_path
    return int(found.args_kwargs["kwargs"].get("work_id", 0)) if is_work else 0


def _where(work: Work) -> str:
    if work.upload_id is not None:
        return reverse("data:uploaded", args=[work.upload_id])
    return reverse("data:import", args=[work.import_no])


@may(Role.ADMIN)
@require_GET
def queue(request: PageRequest) -> HttpResponse:
    """Show the newest tasks and the schedules."""
    now = timezone.now()
    found = list(DBTaskResult.objects.select_related("attempt").order_by("-enqueued_at", "-pk")[:_SHOWN])
    works = Work.objects.in_bulk({_work_id(one) for one in found} - {0})
    rows = {row.name: row for row in Schedule.objects.all()}
    schedules = [(name, one, rows.get(name)) for name, one in sorted(all_scheduled().items())]
    waiting = DBTaskResult.objects.ready().count()
    shown = {"lines": [_line(one, now, works) for one in found], "schedules": schedules, "waiting": waiting}
    return render(request, "queue.html", shown)


@may(Role.ADMIN)
@require_POST
def queue_retry(request: PageRequest, task_id: UUID) -> HttpResponse:
    """Try a failed task once more."""
    if retry(task_id=task_id, at=timezone.now()):
        audit(by=request.user, action="task_retry", subject=str(task_id))
        messages.success(request, N_("It is tried again."))
    return _back(request)


@may(Role.ADMIN)
@require_POST
def schedule_change(request: PageRequest, name: str) -> HttpResponse:
    """Switch a schedule off or on, or let it come now."""
    act = request.POST.get("act", "")
    if name in all_scheduled() and act in {"on", "off", "now"}:
        if act == "now":
            enqueue(all_scheduled()[name].task, key=f"schedule {name}")
        else:
            Schedule.objects.filter(name=name).update(enabled=act == "on")
        audit(by=request.user, action="schedule_change", subject=name, details={"act": act})
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    del request
    return HttpResponseRedirect(reverse("settings:queue"))
