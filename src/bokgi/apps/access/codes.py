"""Codes of an authenticator app, and those that were written down, in our words."""

from __future__ import annotations

from typing import Final

from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as allauth
from allauth.mfa.totp import forms as totp
from django.core.exceptions import ValidationError

from bokgi.apps.access.signing_in import OurWords

_TOO_MANY: Final = "too_many_login_attempts"


class _Code(OurWords):
    """Speaks of codes, not of passwords, to who gave too many wrong ones."""

    def clean_code(self) -> str:
        """Give the code. Raises `ValidationError` for a wrong one, and for any after too many."""
        try:
            found: str = super().clean_code()  # type: ignore[misc]  # of the form beside it
        except ValidationError as error:
            if error.code == _TOO_MANY:
                raise get_adapter().validation_error("rate_limited") from None
            raise
        return found


class SecondStepForm(_Code, allauth.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code after the password."""


class ConfirmForm(_Code, allauth.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code before a change of the way in."""


class AppForm(_Code, totp.ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    """The first code of an app."""
