"""How signing in differs from what allauth does by itself: nobody signs up, mails are ours, the trail is kept."""

from __future__ import annotations

import itertools
from typing import Any, Final

from allauth.account import forms as account
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import get_language

from bokgi.apps.access.forms import NEW_PASSWORD
from bokgi.apps.access.mail import letter_write
from bokgi.apps.access.models import User
from bokgi.apps.access.requests import organisation_of
from bokgi.apps.access.services import audit
from bokgi.domain.messages import LANGUAGES, N_, Message, translate

_WORDS: Final = {
    "login": N_("E-mail address"),
    "email": N_("E-mail address"),
    "password": N_("Password"),
    "remember": N_("Stay signed in for two weeks"),
    "oldpassword": N_("Current password"),
    "password1": N_("New password"),
    "password2": N_("New password once more"),
    "code": N_("Code"),
    "name": N_("Name"),
    "passwordless": N_("It alone opens my account, without the password"),
}
_HINTS: Final = {
    "password1": NEW_PASSWORD,
    "passwordless": N_("The device then asks for a finger, a face or its PIN."),
}
_LOCKED: Final = N_(
    "Too many wrong passwords. Try again in five minutes, or set a new password with “Password forgotten”; "
    "then you can sign in at once."
)
_LOCKED_CODES: Final = N_("Too many wrong codes. Wait a few minutes, then try again.")


class OurWords:
    """Labels and hints of allauth's forms in our words, without its markup; no text inside the fields."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - of the form
        super().__init__(*given, **named)
        for name, field in self.fields.items():  # type: ignore[attr-defined]  # of the form beside it
            field.label = _WORDS.get(name, "")
            field.help_text = _HINTS.get(name, "")
            field.widget.attrs.pop("placeholder", None)


class LoginForm(OurWords, account.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Address and password; where to go with a forgotten password stands on the page."""


class ConfirmForm(OurWords, account.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The password before a change of the way in."""


class ResetPasswordForm(OurWords, account.ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """The address to which a link goes."""


class ChangePasswordForm(OurWords, account.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """Another password for who knows the old one."""


class SetPasswordForm(OurWords, account.SetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """The first password of who had none."""


class ResetPasswordKeyForm(OurWords, account.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth has no types
    """A new password for who followed the link in a letter."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Our answers to allauth's questions."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: accounts come from invitations."""
        del request
        return False

    def validation_error(self, code: str, *given: object) -> ValidationError:
        """Say what to do where the sign-in is locked; a new password unlocks it, codes come again by themselves."""
        locked = {"too_many_login_attempts": _LOCKED, "rate_limited": _LOCKED_CODES}
        if code in locked:
            return ValidationError(translate(locked[code], get_language() or LANGUAGES[0]), code=code)
        found: ValidationError = super().validation_error(code, *given)
        return found

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write one of our letters in the language of who gets it."""
        user = User.objects.filter(email__iexact=email).first()
        company = organisation_of(self.request)
        lang = (user.language if user else "") or (company.language if company else "") or LANGUAGES[0]
        letter_write(kind=template_prefix, to=email, lang=lang, link=context.get("password_reset_url", ""))

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a user that the way to sign in has changed, and write it into the trail."""
        audit(by=user, action=template_prefix.rpartition("/")[2])
        self.send_mail(template_prefix, email or user.email, context or {})


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Our answers about the second step."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the product where the browser asks for a passkey."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Bokgi"}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - as allauth calls it
        """Name a passkey until its owner does."""
        taken = [found.data.get("name") for found in Authenticator.objects.filter(user=user, type=type)]
        lang = get_language() or LANGUAGES[0]
        names = (Message(N_("Passkey {n}"), {"n": number}).text(lang) for number in itertools.count(len(taken) + 1))
        return next(name for name in names if name not in taken)


@receiver(user_logged_in)
def _signed_in(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    del sender, request
    audit(by=user, action="sign_in")


@receiver(user_login_failed)
def _refused(sender: object, **_: object) -> None:
    del sender
    audit(by=None, action="sign_in_refused")
