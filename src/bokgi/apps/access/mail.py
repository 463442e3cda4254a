"""Mail: written in the language of who gets it, sent by the worker."""

from __future__ import annotations

from dataclasses import dataclass
from email.header import Header
from typing import Any, Final

from django.core.mail import EmailMessage
from django_tasks import task

from bokgi.apps.jobs.services import AWAITED, MAIL, enqueue
from bokgi.domain.messages import N_, Message
from bokgi.ui.format import plain, show


@dataclass(frozen=True)
class Letter:
    """The texts of one kind of mail; `{link}` and other values are filled in."""

    subject: str
    body: str


_NOT_YOU: Final = N_("If that was not you, sign in, change your password and tell an administrator of your team.")

LETTERS: Final = {
    "invitation": Letter(
        N_("Invitation to Bokgi"),
        N_(
            "{by} invites you to Bokgi of {organisation}. "
            "Make your account with this link; it is valid for {days} days."
        ),
    ),
    "coaching_check": Letter(
        N_("Your growth plan was looked at"),
        N_("{weeks} weeks after it began, the measure of your growth plan was looked at. Sign in to read it."),
    ),
    "account/email/password_reset_key": Letter(
        N_("Reset your password"),
        N_("With this link you can set a new password. It is valid for a day. Without it nothing changes."),
    ),
    "account/email/unknown_account": Letter(
        N_("Reset your password"),
        N_("Somebody asked for a new password for this address, but it has no account here."),
    ),
    "account/email/password_changed": Letter(N_("Your password was changed"), _NOT_YOU),
    "account/email/password_set": Letter(N_("Your password was changed"), _NOT_YOU),
    "account/email/password_reset": Letter(N_("Your password was changed"), _NOT_YOU),
    "mfa/email/totp_activated": Letter(N_("Authenticator app switched on"), _NOT_YOU),
    "mfa/email/totp_deactivated": Letter(N_("Authenticator app switched off"), _NOT_YOU),
    "mfa/email/recovery_codes_generated": Letter(N_("New recovery codes were made"), _NOT_YOU),
    "mfa/email/webauthn_added": Letter(N_("A passkey was added"), _NOT_YOU),
    "second_step_removed": Letter(
        N_("Your second step was removed"),
        N_("An administrator removed the second step of your sign-in. Sign in and set it up anew."),
    ),
    "mfa/email/webauthn_removed": Letter(N_("A passkey was removed"), _NOT_YOU),
}


class Mail(EmailMessage):
    """A mail whose subject begins on its first line: some programs show one that begins on the second as empty.

    A long subject in Korean is written in pieces as wide as a line; Django makes the first too wide for what stands
    before it.
    """

    def message(self, **given: Any) -> Any:  # noqa: ANN401 - of Django's
        """Give the mail as it is sent."""
        made = super().message(**given)
        if not self.subject.isascii():
            made.replace_header("Subject", Header(str(self.subject), "utf-8", header_name="Subject"))
        return made


def letter_write(*, kind: str, to: str, lang: str, link: str = "", **values: object) -> None:
    """Write a mail and put it into the queue; the worker sends it, and tries again when the mail server does not."""
    letter = LETTERS[kind]
    body = plain(Message(letter.body, values).text(lang, show))
    enqueue(
        letter_send,
        to=to,
        subject=plain(Message(letter.subject, values).text(lang, show)),
        body="\n\n".join(part for part in (body, link) if part) + "\n",
    )


@task(priority=AWAITED, queue_name=MAIL)
def letter_send(*, to: str, subject: str, body: str) -> None:
    """Hand one mail to the mail server."""
    Mail(subject, body, to=[to]).send()
