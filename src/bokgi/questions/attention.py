"""Why an open deal wants attention, in words; the same in the review, on a page and in a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from bokgi.domain.measures import Days
from bokgi.domain.messages import N_, Message

_MOST_NOTES: Final = 3


def attention_notes(row: Mapping[str, Any], as_of: date) -> list[Message]:
    """Say why an open deal wants attention, the most telling first; `row` is one of `analysis.hygiene`."""
    writers: dict[str, Callable[[], Message]] = {
        "close_passed": lambda: Message(
            N_("close date {days} ago"), {"days": Days((as_of - row["expected_close_on"]).days)}
        ),
        "untouched": lambda: (
            Message(N_("no touch since {day}"), {"day": row["last_activity_on"]})
            if row["last_activity_on"] is not None
            else Message(N_("no touch recorded"))
        ),
        "no_next_step": lambda: Message(N_("no next step")),
        "next_step_passed": lambda: Message(N_("next step was due {day}"), {"day": row["next_step_on"]}),
        "nothing_planned": lambda: Message(N_("nothing planned")),
        "pushed": lambda: Message(N_("close date pushed {n} {n:time|times}"), {"n": row["times_pushed"]}),
        "stage_overdue": lambda: Message(N_("longer than the {days} planned"), {"days": Days(row["expected_days"])}),
        "no_close_date": lambda: Message(N_("no close date")),
        "no_amount": lambda: Message(N_("no amount")),
    }
    return [write() for reason, write in writers.items() if row[reason]][:_MOST_NOTES]
