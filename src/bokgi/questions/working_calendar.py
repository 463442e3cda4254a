"""Which days the organisation works on: weekends, public holidays, and the days that it set itself."""

from __future__ import annotations

from datetime import date

from ibis import _

from bokgi.facts.model import Facts
from bokgi.questions.asked import Json

_FRIDAY = 4


def ask_working_calendar(facts: Facts, *, as_of: date) -> Json:
    """Ask which days of the organisation's calendar are otherwise than their weekday says, or have a name.

    Gives `first` and `last`, the days the calendar reaches (empty where there is none), and `days`: for each such day
    `{working, name}`; `name` is empty for a day without one. All other days within reach are working days from Monday
    to Friday.
    """
    reach = facts.calendar.agg(first=_.day.min(), last=_.day.max()).to_pyarrow().to_pylist()[0]
    weekday = _.day.day_of_week.index() <= _FRIDAY
    other = facts.calendar.filter(_.holiday.notnull() | (_.working != weekday)).order_by("day")
    rows = other.select("day", "working", "holiday").to_pyarrow().to_pylist()
    return {
        "as_of": as_of.isoformat(),
        **{name: "" if on is None else on.isoformat() for name, on in reach.items()},
        "days": {row["day"].isoformat(): {"working": row["working"], "name": row["holiday"] or ""} for row in rows},
    }
