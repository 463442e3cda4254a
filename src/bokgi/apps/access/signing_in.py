"""How signing in differs from what allauth does by itself: nobody signs up, mails are ours, the trail is kept."""

from __future__ import annotations

from typing import Any, Final

from allauth.account import forms as allauth
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
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
from bokgi.domain.messages import LANGUAGES, N_, translate

_LABELS: Final = {
    "login": N_("E-mail address"),
    "password": N_("Password"),
    "remember": N_("Stay signed in for two weeks"),
}


_NEW: Final = {
    "oldpassword": N_("Current password"),
    "password1": N_("New password"),
    "password2": N_("New password once more"),
}


class LoginForm(allauth.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Address and password in our words; where to go with a forgotten password stands on the page."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - of the form
        super().__init__(*given, **named)
        for name, label in _LABELS.items():
            if name in self.fields:
                self.fields[name].label = label
                self.fields[name].help_text = ""
                self.fields[name].widget.attrs.pop("placeholder", None)


_LOCKED: Final = N_(
    "Too many wrong passwords. Try again in five minutes, or set a new password with “Password forgotten”; "
    "then you can sign in at once."
)


class _NewPassword:
    """Labels in our words, what a new password has to be in a sentence instead of a list of markup; bare fields."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - of the form
        super().__init__(*given, **named)
        for name, field in self.fields.items():  # type: ignore[attr-defined]  # of the form beside it
            field.label = _NEW[name]
            field.widget.attrs.pop("placeholder", None)
            field.help_text = ""
        self.fields["password1"].help_text = NEW_PASSWORD  # type: ignore[attr-defined]  # of the form beside it


class ResetPasswordForm(allauth.ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """The address to which a link goes, in our words."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - of the form
        super().__init__(*given, **named)
        self.fields["email"].label = _LABELS["login"]
        self.fields["email"].widget.attrs.pop("placeholder", None)


class ChangePasswordForm(_NewPassword, allauth.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """Another password for who knows the old one."""


class SetPasswordForm(_NewPassword, allauth.SetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """The first password of who had none."""


class ResetPasswordKeyForm(_NewPassword, allauth.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth has no types
    """A new password for who followed the link in a letter."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Our answers to allauth's questions."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: accounts come from invitations."""
        del request
        return False

    def validation_error(self, code: str, *given: object) -> ValidationError:
        """Say what to do where the sign-in is locked; a new password unlocks it."""
        if code == "too_many_login_attempts":
            return ValidationError(translate(_LOCKED, get_language() or LANGUAGES[0]), code=code)
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


@receiver(user_logged_in)
def _signed_in(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    del sender, request
    audit(by=user, action="sign_in")


@receiver(user_login_failed)
def _refused(sender: object, **_: object) -> None:
    del sender
    audit(by=None, action="sign_in_refused")
