"""The fields with which a deal is corrected, closed and entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from django.urls import reverse

from bokgi.apps.access.permissions import LEADING
from bokgi.apps.data.contacts import ROLES
from bokgi.apps.data.fitting import ENDINGS, Choices, readable
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.errors import UsageError
from bokgi.domain.labels import FORECAST_CATEGORIES, OUTCOMES
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.questions.deal_contacts import ask_contacts
from bokgi.ui.blocks import Field
from bokgi.ui.format import ABSENT, money

PARTS: Final = {"next_step": ("next_step", "next_step_on")}
"""Forms with more than one field."""
CORRECTED_BY_ALL: Final = (
    "amount",
    "stage",
    "expected_close_on",
    "next_step",
    "forecast_category",
    "closed_on",
    "lost_reason",
)

_AMOUNT_HINT: Final = N_("2500000, 250만 and 2억 5천만 are all read.")
_LONGEST_AMOUNT: Final = 100
_CATEGORIES: Final = ("commit", "best_case", "pipeline", "omitted")
_LABELS: Final = {
    "account": N_("Customer"),
    "name": N_("What it is about"),
    "amount": N_("Amount"),
    "stage": N_("Stage"),
    "expected_close_on": N_("Expected close"),
    "next_step": N_("Next step"),
    "next_step_on": N_("Date of the next step"),
    "forecast_category": N_("Forecast category"),
    "owner_id": N_("Owner"),
    "closed_on": N_("Closed on"),
    "lost_reason": N_("Reason of the loss"),
    "outcome": N_("Outcome"),
    "reason": N_("Why"),
}
_KINDS: Final = {
    "amount": "money",
    "stage": "select",
    "forecast_category": "select",
    "owner_id": "select",
    "outcome": "select",
    "expected_close_on": "date",
    "next_step_on": "date",
    "closed_on": "date",
}


def editable(screen: Screen) -> frozenset[str]:
    """Give the forms that this person may open; the owner is corrected by who leads."""
    return frozenset((*CORRECTED_BY_ALL, "owner_id") if screen.viewer.role in LEADING else CORRECTED_BY_ALL)


def category(screen: Screen, value: str | None) -> str:
    """Write a forecast category."""
    return ABSENT if value is None else screen.speaker.label(FORECAST_CATEGORIES, value)


def written(screen: Screen, name: str, value: str | None) -> str:
    """Write a corrected value as the page has it."""
    if value is None:
        return ABSENT
    if name == "amount":
        return money(Money(Decimal(value), screen.currency), screen.lang)
    if name == "forecast_category":
        return category(screen, value)
    return screen.speaker.day(value) if name.endswith("_on") else value


def amount_hint(screen: Screen, typed: str) -> str:
    """Say what an amount is read as, in words and digit by digit, or what can be written; it is read as when saved."""
    try:
        value = readable("amount", typed[:_LONGEST_AMOUNT])
    except UsageError as error:
        return screen.speaker.message(error.hint or error.message)
    if value is None:
        return screen.say(_AMOUNT_HINT)
    return screen.say(
        N_("Read as {amount}: {digits} {currency}"),
        amount=written(screen, "amount", value),
        digits=f"{Decimal(value):,f}",
        currency=screen.currency,
    )


def one(screen: Screen, there: Choices, name: str, values: Mapping[str, str | None], pipeline: str = "") -> Field:
    """Give one field with the value that stands there."""
    options: list[tuple[str, str]] = []
    if name == "stage":
        options = [(step.stage, step.label) for step in there.open_steps(pipeline)]
    elif name == "owner_id":
        seen = set(screen.viewer.people_seen(there.people))
        options = [("", ABSENT), *((key, label) for key, label in there.people.items() if key in seen)]
    elif name == "forecast_category":
        options = [("", ABSENT), *((key, screen.say(FORECAST_CATEGORIES[key])) for key in _CATEGORIES)]
    elif name == "outcome":
        options = [(ended.value, screen.say(OUTCOMES[ended.value])) for ended in ENDINGS]
    value = values.get(name) or ""
    if options and value and value not in {key for key, _label in options}:
        options = [(value, value), *options]
    hints = {
        "amount": screen.say(_AMOUNT_HINT),
        "reason": screen.say(N_("Seen by who corrects it in the CRM.")),
    }
    return Field(
        name,
        screen.say(_LABELS[name]),
        _KINDS.get(name, "text"),  # type: ignore[arg-type]  # the kinds named above
        value,
        options=options,
        hint=hints.get(name, ""),
        required=name in {"account", "stage", "outcome"},
        autocomplete="" if _KINDS.get(name) == "date" else "off",
        attributes=_attributes(name),
    )


def _attributes(name: str) -> dict[str, str]:
    if name == "amount":
        return {
            "hx-get": reverse("deals:amount"),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "#amount-hint",
            "hx-swap": "outerHTML",
            "hx-sync": "this:replace",
        }
    return {"maxlength": "500"} if name == "next_step" else {}


def of_edit(screen: Screen, there: Choices, edit: str, values: Mapping[str, str | None], pipeline: str) -> list[Field]:
    """Give the fields of one form: what is corrected, and why."""
    return [one(screen, there, name, values, pipeline) for name in (*PARTS.get(edit, (edit,)), "reason")]


def of_closing(screen: Screen, there: Choices, given: Mapping[str, str], today: date) -> list[Field]:
    """Give the fields with which a deal is closed."""
    values = {"closed_on": today.isoformat(), **given}
    fields = [one(screen, there, name, values) for name in ("outcome", "closed_on", "lost_reason")]
    return [replace(field, required=field.required or field.name == "closed_on") for field in fields]


def of_entering(screen: Screen, there: Choices, given: Mapping[str, str], pipeline: str) -> list[Field]:
    """Give the fields with which a deal is entered."""
    names = ["account", "name", "amount", "stage", "expected_close_on", "next_step", "next_step_on"]
    if screen.viewer.role in LEADING and there.people:
        names.append("owner_id")
    values = {"owner_id": screen.viewer.person_id, **given}
    return [one(screen, there, name, values, pipeline) for name in names]


def roles(screen: Screen) -> list[str | Message]:
    """List roles in the decision to choose from: those in use, else the usual ones."""
    told = screen.ask(ask_contacts, deal_ids=())["roles"]
    return told or [Message(role) for role in ROLES]
