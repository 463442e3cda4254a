"""Forms of people and access. Labels are marked texts; the template writes them in the language of the reader."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from bokgi.apps.access.models import ROLE_LABELS, User
from bokgi.apps.access.permissions import Role
from bokgi.domain.messages import N_, translate


def role_choices(lang: str) -> list[tuple[str, str]]:
    """List the roles by name."""
    return [(role.value, translate(ROLE_LABELS[role], lang)) for role in Role]


NEW_PASSWORD: Final = N_("At least 10 characters; a few words that belong only to you are best.")


class InvitationForm(forms.Form):
    """Whom to invite; `people` are the persons of the facts that have no account."""

    name = forms.CharField(label=N_("Name"), max_length=120)
    email = forms.EmailField(label=N_("E-mail address"))
    role = forms.ChoiceField(label=N_("Role"))
    person_id = forms.ChoiceField(
        label=N_("Person in the CRM"), required=False, help_text=N_("Whose deals are this user's own.")
    )

    def __init__(self, *given: Any, lang: str, people: list[tuple[str, str]], **named: Any) -> None:  # noqa: ANN401 - of forms.Form
        super().__init__(*given, **named)
        self.fields["role"].choices = role_choices(lang)  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["role"].initial = Role.REP.value
        self.fields["person_id"].choices = [("", "–"), *people]  # type: ignore[attr-defined]  # a ChoiceField


class PasswordForm(forms.Form):
    """A name and a new password, typed once; browsers show it on request."""

    name = forms.CharField(label=N_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=N_("Password"),
        help_text=NEW_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *given: Any, email: str = "", **named: Any) -> None:  # noqa: ANN401 - of forms.Form
        super().__init__(*given, **named)
        self._email = email

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is easily guessed."""
        cleaned = super().clean() or {}
        if cleaned.get("password"):
            try:
                validate_password(cleaned["password"], User(email=self._email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class UserForm(forms.Form):
    """What an administrator changes of a user."""

    role = forms.ChoiceField(label=N_("Role"))
    is_active = forms.BooleanField(label=N_("May sign in"), required=False)

    def __init__(self, *given: Any, lang: str, **named: Any) -> None:  # noqa: ANN401 - of forms.Form
        super().__init__(*given, **named)
        self.fields["role"].choices = role_choices(lang)  # type: ignore[attr-defined]  # a ChoiceField
