"""One deal's page: its figures, what it lacks, who is involved, what happened."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal

from bokgi.apps.pipeline.deal_list import OUTCOME_NAMES
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.ui.blocks import TimelineEntry
from bokgi.ui.format import ABSENT

_KINDS: Final[dict[str, Literal["", "stage", "won", "open"]]] = {"stage": "stage", "planned": "open"}


def facts_of_deal(screen: Screen, deal: Json) -> list[tuple[str, str]]:
    """Name what is known of the deal: label and value."""
    speaker, say = screen.speaker, screen.say
    unknown = say(N_("not known on this day"))

    def value(column: str, text: str) -> str:
        return unknown if column in deal["unknown_then"] else text

    pairs = [
        (N_("Amount"), value("amount", speaker.money(deal["amount"]))),
        (N_("Owner"), value("owner_id", deal["owner"] or ABSENT)),
        (N_("Team"), deal["team"] or ABSENT),
        (N_("Pipeline"), deal["pipeline"]),
        (N_("Created"), speaker.day(deal["created_on"])),
    ]
    if deal["outcome"] == "open":
        pairs += [
            (N_("Expected close"), value("expected_close_on", speaker.day(deal["expected_close_on"]))),
            (N_("Days here"), speaker.days(deal["days_in_stage"])),
            (N_("Last touch"), speaker.day(deal["last_activity_on"])),
            (N_("Date of the next step"), value("next_step_on", speaker.day(deal["next_step_on"]))),
        ]
    else:
        pairs += [(N_("Closed"), speaker.day(deal["closed_on"]))]
        if deal["lost_reason"]:
            pairs.append((N_("Reason of the loss"), deal["lost_reason"]))
    return [(say(label), text) for label, text in pairs]


def standing(screen: Screen, deal: Json) -> str:
    """Say where the deal stands: its stage while it is open, else how it ended."""
    if deal["outcome"] == "open":
        return str(deal["stage_label"] or ABSENT)
    return screen.say(OUTCOME_NAMES[deal["outcome"]])


def timeline(screen: Screen, events: list[Json]) -> list[TimelineEntry]:
    """Write what happened, the newest first."""
    won = screen.say(OUTCOME_NAMES["won"])
    told = []
    for event in events:
        text = screen.speaker.say(event["sentence"])
        kind = _KINDS.get(event["kind"], "")
        if event["kind"] == "closed" and text == won:
            kind = "won"
        sub = " · ".join(filter(None, (event["detail"], event["by"])))
        strong = event["kind"] in {"stage", "closed"}
        told.append(TimelineEntry(_when(screen, event), text, sub, kind, event["on"], strong=strong))
    return told


def _when(screen: Screen, event: Json) -> str:
    on = date.fromisoformat(event["on"])
    written: Any = screen.speaker.day_short(event["on"]) if on.year == screen.as_of.year else None
    return written or screen.speaker.day(event["on"])


def people(contacts: list[Json]) -> list[tuple[str, str]]:
    """Name the customer's people: name (or key), and position with role."""
    return [
        (who["name"] or who["contact_id"], " · ".join(filter(None, (who["title"], who["role"])))) for who in contacts
    ]
