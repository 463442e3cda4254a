"""The settings of the organisation: what the screens show, and what figures depend on, from today on."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bokgi.apps.access.asking import today
from bokgi.apps.access.first_run import IN_THE_FACTS, OrganisationForm
from bokgi.apps.access.models import Organisation
from bokgi.apps.access.permissions import Role
from bokgi.apps.access.permitting import may
from bokgi.apps.access.requests import PageRequest, organisation_of, page_language
from bokgi.apps.planning import selectors
from bokgi.apps.planning.services import organisation_change
from bokgi.domain.messages import N_, Message
from bokgi.facts.model import Facts
from bokgi.facts.settings import Settings

COLUMNS: Final = (
    "name",
    "language",
    "time_zone",
    "currency",
    "money_unit",
    "fiscal_year_starts",
    "week_starts",
    "country",
)
_EFFECTS: Final = {
    "currency": N_("Sums are in this currency from today on; amounts in others need exchange rates."),
    "time_zone": N_("Days begin by this clock in what is imported from today on."),
    "country": N_("Public holidays of coming days are replaced; days that have passed stay as they are."),
    "untouched_days": N_("Reviews and lists from today on count a deal as untouched after so many working days."),
    "minimum_n": N_("Below this number of cases no rate is shown, from today on."),
}


class SettingsForm(OrganisationForm):
    """The organisation, and two limits that figures go by."""

    untouched_days = forms.IntegerField(
        label=N_("Untouched after"), min_value=1, max_value=250, help_text=N_("Working days without an activity.")
    )
    minimum_n = forms.IntegerField(
        label=N_("Smallest number of cases"),
        min_value=3,
        max_value=1000,
        help_text=N_("A rate over fewer cases is not shown."),
    )


def _now(company: Organisation, found: Settings) -> dict[str, Any]:
    values = {name: getattr(company, name) for name in COLUMNS}
    return {**values, "untouched_days": found.untouched_days, "minimum_n": found.minimum_n}


@may(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def organisation_settings(request: PageRequest) -> HttpResponse:
    """Show and change the settings; first what would change is shown, then it is saved."""
    company = organisation_of(request)
    if company is None:
        return HttpResponseRedirect(reverse("start"))
    facts: Facts | None = selectors.facts()
    on, lang = today(request), page_language()
    settings = Settings() if facts is None else facts.settings.on(on)
    now = _now(company, settings)
    form = SettingsForm(request.POST or None, lang=lang, initial=now)
    changes: list[tuple[str, str, str]] = []
    effects: list[str] = []
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in now}
        differing = [name for name in now if given[name] != now[name]]
        changes = [(name, _shown(form, name, now[name]), _shown(form, name, given[name])) for name in differing]
        effects = [Message(_EFFECTS[name]).text(lang) for name in differing if name in _EFFECTS]
        if request.POST.get("step") == "save":
            organisation_change(organisation=company, values=given, start=on, by=request.user, at=timezone.now())
            messages.success(request, N_("Saved."))
            return HttpResponseRedirect(reverse("settings:organisation"))
    shown = {
        "form": form,
        "changes": [(form.fields[name].label, was, will) for name, was, will in changes],
        "effects": effects,
        "looked": request.method == "POST" and form.is_valid(),
        "in_the_facts": IN_THE_FACTS,
    }
    return render(request, "planning/organisation.html", shown)


def _shown(form: SettingsForm, name: str, value: Any) -> str:  # noqa: ANN401 - any value
    choices = getattr(form.fields[name], "choices", None)
    return str(dict(choices).get(value, value)) if choices else str(value)
