"""When something last happened that the facts know of."""

from __future__ import annotations

from datetime import date

from bokgi.facts.model import Facts
from bokgi.questions.asked import Json


def ask_newest(facts: Facts, *, as_of: date) -> Json:
    """Ask on which day up to `as_of` a deal was last created, moved or closed, or an activity happened.

    Gives `day`; null where nothing happened until then. Where it lies far back, figures of the last weeks count
    nothing, whatever day the files say they were exported on.
    """
    columns = (
        facts.deals.created_on,
        facts.deals.closed_on,
        facts.stage_events.entered_on,
        facts.activities.happened_on,
    )
    days = [column.max(where=column <= as_of).to_pyarrow().as_py() for column in columns]
    newest = max((day for day in days if day is not None), default=None)
    return {"as_of": as_of.isoformat(), "day": None if newest is None else newest.isoformat()}
