"""Passkeys that count: each use of a key is numbered, and who comes with an older number has a copy of it."""

from __future__ import annotations

from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as allauth
from allauth.mfa.webauthn.internal.auth import get_credentials, parse_authentication_response
from django.core.exceptions import ValidationError

from bokgi.apps.access.models import User
from bokgi.apps.access.services import audit
from bokgi.apps.access.signing_in import OurWords
from bokgi.domain.errors import ConflictError
from bokgi.domain.messages import N_, Message

_READING: Final = (KeyError, TypeError, ValueError, AttributeError, ValidationError)
"""What reading a kept key raises where it is damaged."""


def _are_readable(user: User) -> bool:
    """Say whether all keys that are kept of a user can be read: the browser is asked for all of them."""
    try:
        get_credentials(user)
    except _READING:
        return False
    return True


class _Readable:
    """Says so where a kept key of the user is damaged: the browser is asked for all of them."""

    def __init__(self, *given: Any, user: User, **named: Any) -> None:  # noqa: ANN401 - of the form
        if not _are_readable(user):
            raise ConflictError(
                "passkey_unreadable",
                Message(N_("A passkey of this account cannot be read any more.")),
                Message(N_("Go back and choose another way; then remove the passkey and add it anew.")),
            )
        super().__init__(*given, user=user, **named)  # type: ignore[call-arg]  # of the form beside it


class _Counted:
    """Refuses a key whose number did not grow; one that does not count (those kept in a cloud) always says nought."""

    def clean_credential(self) -> Authenticator:
        """Give the key that was shown. Raises `ValidationError` for one that is unknown, wrong or a copy."""
        shown = parse_authentication_response(self.cleaned_data["credential"])  # type: ignore[attr-defined]  # of the form beside it
        try:
            found: Authenticator = super().clean_credential()  # type: ignore[misc]  # as above
        except ValidationError:
            raise
        except _READING as error:
            # Another key of the account is damaged: all are read to find the one that was shown.
            raise get_adapter().validation_error("incorrect_code") from error
        number = shown.response.authenticator_data.counter
        before = found.data.get("counter", found.wrap().authenticator_data.counter)
        if (number or before) and number <= before:
            audit(by=found.user, action="passkey_copied")
            raise get_adapter().validation_error("incorrect_code")
        found.data["counter"] = number
        found.save(update_fields=["data"])
        return found


class SecondStepForm(_Counted, allauth.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A key after the password."""


class SecondStep(AuthenticateView):  # type: ignore[misc]  # allauth has no types
    """The second step: a code, or a key where all keys of the account can be read."""

    def get_context_data(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - of the view
        """Leave keys out where one is damaged, and say so: who has a code still comes in."""
        user = self.stage.login.user
        damaged = not _are_readable(user)
        if damaged:
            self.webauthn_form = None
        found: dict[str, Any] = super().get_context_data(**given)
        codes = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
        return found | {"damaged": damaged, "has_codes": get_adapter().is_mfa_enabled(user, codes)}


class LoginForm(_Counted, allauth.LoginWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A key instead of the password."""


class ConfirmForm(_Readable, _Counted, allauth.ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A key before a change of the way in."""


class AddForm(_Readable, OurWords, allauth.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A new key, its name, and whether it alone suffices."""


class NameForm(OurWords, allauth.EditWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """What a key is called."""
