"""When something last happened that the facts know of, and up to which day the files that brought them tell."""

from __future__ import annotations

from datetime import date
from typing import Final

from bokgi.analysis.visits import found_there
from bokgi.facts.model import Facts
from bokgi.questions.asked import Json

QUIET_DAYS: Final = 28
"""So long after the newest record figures of the last weeks count nothing, and it is said."""


def ask_newest(facts: Facts, *, as_of: date) -> Json:
    """Ask on which day up to `as_of` a deal was last created, moved or closed, or an activity happened.

    Gives `day`; null where nothing happened until then. Where it lies far back, figures of the last weeks count
    nothing, whatever day the files say they were exported on.
    """
    day = newest_day(facts, as_of)
    return {"as_of": as_of.isoformat(), "day": None if day is None else day.isoformat()}


def newest_day(facts: Facts, as_of: date) -> date | None:
    """Give the day up to `as_of` on which a deal was last created, moved or closed, or an activity happened."""
    events = facts.stage_events
    columns = (
        facts.deals.created_on,
        facts.deals.closed_on,
        events.filter(~found_there()).entered_on,
        facts.activities.happened_on,
    )
    days = [column.max(where=column <= as_of).to_pyarrow().as_py() for column in columns]
    return max((day for day in days if day is not None), default=None)


def told_until(facts: Facts) -> date | None:
    """Give the day of the newest file that held deals; where deals came by no file, of the newest entry on screen.

    A correction is news of its deal and of no other: the rest is as old as the file. Null: there are no deals, or none
    that anybody saw.
    """
    entered = [one.import_no for one in facts.imports if one.kind == "entered"]
    deals = facts.deals
    of_files = deals.filter(deals.import_no.notin(entered)) if entered else deals
    days = [table.last_seen_on.max().to_pyarrow().as_py() for table in (of_files, deals)[: 2 if entered else 1]]
    return next((day for day in days if day is not None), None)
