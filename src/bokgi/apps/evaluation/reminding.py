"""Mails of evaluations: what has come, what is due. No mail holds a rating or a text of a form."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django_tasks import task

from bokgi.apps.access.mail import LETTERS, Letter, letter_write
from bokgi.apps.access.models import User
from bokgi.apps.access.selectors import organisation
from bokgi.apps.evaluation.clock import today
from bokgi.apps.jobs.schedules import scheduled
from bokgi.domain.messages import LANGUAGES, N_, Message

AHEAD: Final = timedelta(days=3)
AGAIN: Final = timedelta(days=7)

LETTERS.update(
    {
        "evaluation/criteria": Letter(
            N_("The criteria of your evaluation are published"),
            N_("The criteria of {round} are published. Please read and acknowledge them before the period begins."),
        ),
        "evaluation/criteria_changed": Letter(
            N_("The criteria of your evaluation have changed"),
            N_(
                "The criteria of {round} were changed in the middle of the period. "
                "Both versions are kept, with the reason. Please read and acknowledge the new one."
            ),
        ),
        "evaluation/self_given": Letter(
            N_("A self evaluation is handed in"), N_("Somebody handed in the self evaluation of {round}.")
        ),
        "evaluation/handed_over": Letter(
            N_("An evaluation is yours to write"),
            N_("In {round} you now write an evaluation that somebody else began."),
        ),
        "evaluation/new_writer": Letter(
            N_("Somebody else now writes your evaluation"),
            N_("{writer} now writes your evaluation of {round} and reads what was written in it so far."),
        ),
        "evaluation/peer": Letter(
            N_("You are asked about a colleague"), N_("In {round} you are asked what you saw of a colleague’s work.")
        ),
        "evaluation/conversation": Letter(
            N_("Your evaluation can be read"),
            N_("Calibration of {round} has ended. You can read the draft with its evidence before the conversation."),
        ),
        "evaluation/answer": Letter(
            N_("Your answer is asked for"),
            N_("The conversation of {round} is written down. You can agree, add something, or appeal."),
        ),
        "evaluation/agrees": Letter(N_("An evaluation was answered"), N_("Somebody agreed in {round}.")),
        "evaluation/comments": Letter(N_("An evaluation was answered"), N_("Somebody added something in {round}.")),
        "evaluation/appeals": Letter(
            N_("Somebody appeals against an evaluation"), N_("In {round} an appeal waits for your decision.")
        ),
        "evaluation/decided": Letter(
            N_("Your appeal is decided"), N_("Your appeal in {round} is decided; the reason is there.")
        ),
        "evaluation/notice": Letter(
            N_("How your data are used"), N_("There is a new notice on how your data are used. Please read it.")
        ),
        "evaluation/due": Letter(N_("A step of an evaluation is due"), N_("{step} in {round} is due on {day}.")),
    }
)


def tell(kind: str, user: User, **values: object) -> None:
    """Write to somebody that something has come, in their language, with the way there; after the transaction."""
    company = organisation()
    lang = user.language or (company.language if company is not None else LANGUAGES[0])
    link = f"{settings.ADDRESS.geturl()}{reverse('evaluation:index')}" if settings.ADDRESS.netloc else ""
    transaction.on_commit(lambda: letter_write(kind=kind, to=user.email, lang=lang, link=link, **values))


@scheduled(
    "evaluation_reminders", "0 8 * * 1-5", N_("Remind of steps of evaluations that are due in three days, or late.")
)
@task()
def remind() -> int:
    """Write to the owner of each open step that is due soon or late, again after a week; gives how many."""
    from bokgi.apps.evaluation.models import Due  # noqa: PLC0415 - models are not loaded when schedules register
    from bokgi.apps.evaluation.rules import STEP_LABELS, Step, current_step  # noqa: PLC0415 - as above
    from bokgi.apps.evaluation.selectors import progress_of  # noqa: PLC0415 - as above

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
    from bokgi.apps.evaluation.services.rounds import rounds_forget  # noqa: PLC0415 - as above

    return rounds_forget(on=today())
