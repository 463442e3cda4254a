"""Mails of evaluations: what has come, what is due. No mail holds a rating or a text of a form."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from bokgi.apps.access.mail import LETTERS, Letter, letter_write
from bokgi.apps.access.models import User
from bokgi.apps.access.selectors import organisation
from bokgi.domain.messages import LANGUAGES, N_

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
