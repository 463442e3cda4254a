"""The deals that need a step today, each with why and with what can be done about it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from bokgi.apps.pipeline.deal_forms import editable
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.ui.blocks import Link
from bokgi.ui.speaker import about

_MOST_STEPS: Final = 2
STEPS: Final = {
    "no_amount": ("amount", N_("Enter the amount")),
    "no_close_date": ("expected_close_on", N_("Set the close date")),
    "close_passed": ("expected_close_on", N_("Set the close date")),
    "pushed": ("next_step", N_("Set the next step")),
    "no_next_step": ("next_step", N_("Set the next step")),
    "next_step_passed": ("next_step", N_("Set the next step")),
    "untouched": ("next_step", N_("Set the next step")),
    "never_touched": ("next_step", N_("Set the next step")),
    "nothing_planned": ("next_step", N_("Set the next step")),
    "stage_overdue": ("stage", N_("Change the stage")),
}
"""Why a deal wants attention → the form of the deal that settles it, and what its button says."""


@dataclass(frozen=True)
class Task:
    """A deal that needs a step: whose, about what, its amount in words ("" for none), why, the forms to settle it."""

    title: str
    about: str
    amount: str
    why: str
    address: str
    steps: Sequence[Link]


def tasks(screen: Screen, deals: Sequence[Json]) -> list[Task]:
    """Give a task a deal, in their order; on a past day without forms, since what is corrected is of today."""
    return [_task(screen, deal) for deal in deals]


def _task(screen: Screen, deal: Json) -> Task:
    address = reverse("deals:deal", args=[deal["deal_id"]])
    forms = frozenset() if screen.is_past else editable(screen)
    steps = dict(STEPS[reason] for reason in deal["reasons"] if STEPS[reason][0] in forms)
    first = list(steps.items())[:_MOST_STEPS]
    return Task(
        title=deal["account"] or deal["name"] or deal["deal_id"],
        about=about(deal),
        amount=screen.speaker.worth(deal) if deal["amount"] or deal["unconverted"] else "",
        why=", ".join(screen.speaker.say(note) for note in deal["notes"]),
        address=address,
        steps=[Link(screen.say(label), f"{address}?edit={form}#edit") for form, label in first],
    )
