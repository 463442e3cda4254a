"""What the queue holds: the number of a piece of work, nothing more, so that doing it again is harmless."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from bokgi.apps.data import arriving, pending, reminding, selectors, services
from bokgi.apps.data.models import Work, WorkKind, WorkState
from bokgi.apps.jobs.schedules import scheduled
from bokgi.apps.jobs.services import AWAITED, FACTS
from bokgi.domain.errors import ConflictError
from bokgi.domain.messages import N_
from bokgi.intake.upkeep import keep_up

UPLOADS_KEPT: Final = timedelta(days=14)


@task(priority=AWAITED, queue_name=FACTS)
def do_work(work_id: int) -> None:
    """Do one piece of work on the facts, and what follows from it."""
    services.works_resume()
    services.work_do(work_id)
    work = Work.objects.select_related("upload").get(pk=work_id)
    if work.state == WorkState.DONE and work.kind == WorkKind.PLAN and work.upload is not None:
        arriving.import_by_itself(work.upload)


@scheduled("corrections", "* * * * *", N_("Write corrections into the facts."))
@task(queue_name=FACTS)
def write_corrections() -> None:
    """Write what was entered and corrected since the last minute, and what an import made of earlier entries."""
    pending.roles_go_on()
    pending.write_pending()


@scheduled("drop folder", "* * * * *", N_("Import files from the drop folder."))
@task(queue_name=FACTS)
def collect_drop() -> None:
    """Take complete files from the drop folder."""
    services.works_resume()
    arriving.drop_collect()


@scheduled(
    "facts", "30 3 * * *", N_("Delete source files and refused rows whose time is over, put small files together.")
)
@task(queue_name=FACTS)
def keep_up_facts() -> None:
    """Do the upkeep of the facts; while somebody imports at night it waits for the next one."""
    lake = selectors.lake()
    if lake is not None:
        with suppress(ConflictError):
            keep_up(lake, at=timezone.now(), days=settings.KEEP_DAYS)


@scheduled("uploads", "40 3 * * *", N_("Throw uploaded files away that nobody imported for two weeks."))
@task()
def expire_uploads() -> None:
    """Throw away what nobody imported."""
    services.uploads_expire(before=timezone.now() - UPLOADS_KEPT)


@scheduled(
    "export reminder", "0 8 * * *", N_("Remind whoever makes the export on the last working day before it is due.")
)
@task()
def remind_of_export() -> bool:
    """Write to whoever makes the export where it is time."""
    return reminding.remind_of_export()
