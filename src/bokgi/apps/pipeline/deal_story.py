"""One deal's page: its figures, what it lacks, who is involved, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from bokgi.apps.data.models import Correction, CorrectionState
from bokgi.apps.pipeline import deal_forms
from bokgi.apps.pipeline.deal_list import OUTCOME_NAMES
from bokgi.apps.pipeline.selectors import Screen
from bokgi.apps.pipeline.standing import days_here
from bokgi.domain.labels import PIPELINES
from bokgi.domain.messages import N_
from bokgi.questions.asked import Json
from bokgi.ui.blocks import Badge, TimelineEntry
from bokgi.ui.format import ABSENT

Corrected = Mapping[str, tuple[Correction, str | None, str | None]]
"""Field → its correction, what the CRM shows and what is right, in words."""

_KINDS: Final[dict[str, Literal["", "stage", "won", "open"]]] = {"stage": "stage", "planned": "open"}


@dataclass(frozen=True)
class Known:
    """One thing known of a deal: its label, its value, and how a person may correct it.

    `edit` is what the form is called, empty where it cannot be corrected; `mark` says that somebody corrected it.
    """

    label: str
    text: str
    edit: str = ""
    mark: Badge | None = None
    note: str = ""


def facts_of_deal(screen: Screen, found: Json, corrected: Corrected) -> list[Known]:
    """Name what is known of the deal. What was corrected and does not count yet is shown already, marked."""
    speaker, say, deal = screen.speaker, screen.say, found["deal"]
    unknown = say(N_("not known on this day"))

    def value(column: str, text: str) -> str:
        return unknown if column in deal["unknown_then"] else text

    step = " · ".join(filter(None, (found["next_step"], deal["next_step_on"] and speaker.day(deal["next_step_on"]))))
    category = deal_forms.category(screen, found["forecast_category"])
    rows = [
        ("amount", N_("Amount"), value("amount", speaker.worth(deal))),
        ("owner_id", N_("Owner"), value("owner_id", deal["owner"] or ABSENT)),
        ("", N_("Team"), deal["team"] or ABSENT),
        ("", N_("Pipeline"), speaker.label(PIPELINES, deal["pipeline"])),
        ("", N_("Created"), speaker.day(deal["created_on"])),
    ]
    if deal["outcome"] == "open":
        rows[1:1] = [
            ("stage", N_("Stage"), deal["stage_label"] or ABSENT),
            (
                "expected_close_on",
                N_("Expected close"),
                value("expected_close_on", speaker.day(deal["expected_close_on"])),
            ),
            ("next_step", N_("Next step"), value("has_next_step", step or ABSENT)),
            ("forecast_category", N_("Forecast category"), value("forecast_category", category)),
        ]
        rows += [
            ("", N_("Days here"), days_here(speaker, deal, speaker.days(deal["days_in_stage"]))),
            ("", N_("Last touch"), speaker.day(deal["last_activity_on"])),
        ]
    else:
        rows += [("closed_on", N_("Closed on"), speaker.day(deal["closed_on"]))]
        if deal["lost_reason"]:
            rows.append(("lost_reason", N_("Reason of the loss"), deal["lost_reason"]))
    return [_known(screen, corrected, edit, say(label), text) for edit, label, text in rows]


def _known(screen: Screen, corrected: Corrected, edit: str, label: str, text: str) -> Known:
    of_field = [corrected[name] for name in deal_forms.PARTS.get(edit, (edit,)) if name in corrected]
    if not of_field:
        return Known(label, text, edit)
    waits = any(one.state == CorrectionState.PENDING for one, _seen, _value in of_field)
    shown = (
        " · ".join(deal_forms.written(screen, one.field, value) for one, _seen, value in of_field) if waits else text
    )
    seen = " · ".join(deal_forms.written(screen, one.field, before) for one, before, _value in of_field)
    note = screen.say(N_("the CRM shows {value}"), value=seen)
    mark = (
        Badge(screen.say(N_("counts within a minute")), "warn", "clock")
        if waits
        else Badge(screen.say(N_("corrected")), "accent", "edit")
    )
    return Known(label, shown, edit, mark, note)


def standing(screen: Screen, deal: Json) -> str:
    """Say where the deal stands: its stage while it is open, else how it ended."""
    if deal["outcome"] == "open":
        return str(deal["stage_label"] or ABSENT)
    return screen.say(OUTCOME_NAMES[deal["outcome"]])


def timeline(screen: Screen, events: list[Json]) -> list[TimelineEntry]:
    """Write what happened, the newest first; what was planned and never marked as done says so."""
    return [_entry(screen, event) for event in events if not _is_ahead(screen, event)]


def planned(screen: Screen, events: list[Json]) -> list[TimelineEntry]:
    """Write what is planned from the day of the screen on, the soonest first."""
    return [_entry(screen, event) for event in reversed(events) if _is_ahead(screen, event)]


def _is_ahead(screen: Screen, event: Json) -> bool:
    return bool(event["kind"] == "planned" and event["on"] >= screen.as_of.isoformat())


def _entry(screen: Screen, event: Json) -> TimelineEntry:
    text = screen.speaker.say(event["sentence"])
    kind = _KINDS.get(event["kind"], "")
    if event["kind"] == "closed" and text == screen.say(OUTCOME_NAMES["won"]):
        kind = "won"
    missed = event["kind"] == "planned" and not _is_ahead(screen, event)
    note = screen.say(N_("planned; nothing says that it took place")) if missed else ""
    sub = " · ".join(filter(None, (event["detail"], event["by"], note)))
    strong = event["kind"] in {"stage", "closed"}
    return TimelineEntry(_when(screen, event), text, sub, kind, event["on"], strong=strong)


def _when(screen: Screen, event: Json) -> str:
    on = date.fromisoformat(event["on"])
    written: Any = screen.speaker.day_short(event["on"]) if on.year == screen.as_of.year else None
    return written or screen.speaker.day(event["on"])
