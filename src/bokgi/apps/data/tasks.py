"""What the queue holds: the number of a piece of work, nothing more, so that doing it again is harmless."""

from __future__ import annotations

from django_tasks import task

from bokgi.apps.data import services


@task()
def do_work(work_id: int) -> None:
    """Do one piece of work on the facts."""
    services.works_resume()
    services.work_do(work_id)
