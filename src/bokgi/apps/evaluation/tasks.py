"""What comes again by itself: reminders of steps, and forgetting what is kept no longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django_tasks import task

from bokgi.apps.evaluation.clock import today
from bokgi.apps.evaluation.letters import tell
from bokgi.apps.evaluation.models import Due
from bokgi.apps.evaluation.rules import STEP_LABELS, Step, current_step
from bokgi.apps.evaluation.selectors import progress_of
from bokgi.apps.evaluation.services.rounds import rounds_forget
from bokgi.apps.jobs.schedules import scheduled
from bokgi.domain.messages import N_, Message

AHEAD: Final = timedelta(days=3)
AGAIN: Final = timedelta(days=7)


@scheduled(
    "evaluation_reminders", "0 8 * * 1-5", N_("Remind of steps of evaluations that are due in three days, or late.")
)
@task()
def remind() -> int:
    """Write to the owner of each open step that is due soon or late, again after a week; gives how many."""
    on, written = today(), 0
    waiting = Due.objects.filter(due_on__lte=on + AHEAD, evaluation__closed_at=None, owner__is_active=True)
    for due in waiting.select_related("owner", "evaluation", "evaluation__round"):
        if due.reminded_on is not None and on < due.reminded_on + AGAIN:
            continue
        if current_step(progress_of(due.evaluation)).value != due.step or due.owner is None:
            continue
        values = {"step": Message(STEP_LABELS[Step(due.step)]), "round": due.evaluation.round.name, "day": due.due_on}
        with transaction.atomic():
            tell("evaluation/due", due.owner, **values)
            Due.objects.filter(pk=due.pk).update(reminded_on=on)
        written += 1
    return written


@scheduled("evaluation_retention", "40 3 * * *", N_("Forget the texts of evaluations whose time of keeping is over."))
@task()
def forget() -> int:
    """Forget what is kept no longer."""
    return rounds_forget(on=today())
