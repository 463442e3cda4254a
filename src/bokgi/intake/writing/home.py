"""What every home needs besides its files: settings and the calendar. The first import brings them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import holidays
import pyarrow as pa

from bokgi.facts.schema import TABLES
from bokgi.facts.settings import Settings
from bokgi.intake.judging.readings import Reading
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held

MARGIN_YEARS: Final = 2
Row = dict[str, Any]
_SATURDAY: Final = 5
_FIRST_YEAR: Final = 1990


@dataclass(frozen=True)
class Home:
    """Where the organisation is: how its days and its money are counted."""

    currency: str
    time_zone: str
    country: str
    language: str
    new: bool
    """No setting was written yet."""
    year_starts: int = 1
    """First month of the fiscal year."""

    @classmethod
    def of(cls, bench: Workbench, held: Held, *, currency: str | None, time_zone: str | None, language: str) -> Home:
        """Read the settings of the lake; where there are none, take what the import says, then the defaults."""
        defaults = Settings()
        if "settings" not in held.now:
            return cls(
                currency or defaults.currency, time_zone or defaults.time_zone, defaults.country, language, new=True
            )
        rows = bench.connection.sql(
            f"SELECT name, setting, valid_from, valid_to FROM {held.now['settings']}"
        ).to_arrow_table()
        found = Settings.of(rows, None)
        return cls(
            found.currency, found.time_zone, found.country, found.language, new=False, year_starts=found.year_starts
        )

    def settings(self) -> pa.Table:
        """Give the rows of `settings` that a new home begins with."""
        names = ("currency", "time_zone", "country", "language")
        rows = [{"name": name, "setting": getattr(self, name), "valid_from": None, "valid_to": None} for name in names]
        return pa.Table.from_pylist(rows, schema=_without_number("settings"))


def span(bench: Workbench, readings: Sequence[Reading], exported_on: date) -> tuple[int, int]:
    """Give the first and last year of anything in the kept rows, no later than ten years after the export."""
    days = []
    for reading in readings:
        for name, field in reading.fields():
            if field.dated:
                days.append(
                    (
                        reading.kept_values,
                        reading.sql(name, "on") if field.kind.value == "moment" else reading.sql(name),
                    )
                )
    first = last = exported_on.year
    for kept in dict.fromkeys(view for view, _ in days):
        listed = [column for view, column in days if view == kept]
        ends = ", ".join(f"min({column}), max({column})" for column in listed)
        found = [day for day in bench.rows(f"SELECT {ends} FROM {kept}")[0] if day is not None]
        first = min([first, *(day.year for day in found)])
        last = max([last, *(day.year for day in found)])
    return max(first, _FIRST_YEAR), min(max(last, exported_on.year), exported_on.year + 10)


def calendar(bench: Workbench, home: Home, held: Held, years: tuple[int, int]) -> pa.Table | None:
    """Give the calendar for the years of the data and two more on each side; None where the lake has them already.

    The calendar is written whole: working days are counted from its first day. Days that the lake has stay as they are.
    """
    first, last = years[0] - MARGIN_YEARS, years[1] + MARGIN_YEARS
    there: list[Row] = []
    if "calendar" in held.now:
        ends = bench.rows(f"SELECT min(day), max(day) FROM {held.now['calendar']}")[0]
        if ends[0].year <= years[0] and ends[1].year >= years[1]:
            return None
        first, last = min(first, ends[0].year), max(last, ends[1].year)
        kept = bench.connection.sql(f"SELECT day, working, holiday FROM {held.now['calendar']} ORDER BY day")
        there = kept.to_arrow_table().to_pylist()
    made = days(date(first, 1, 1), date(last + 1, 1, 1), home.country, home.language)
    if not there:
        return made
    rows = renewed_calendar(made.to_pylist(), {row["day"]: (row["working"], row["holiday"]) for row in there})
    return pa.Table.from_pylist(rows, schema=_without_number("calendar"))


def renewed_calendar(rows: Sequence[Row], changes: Mapping[date, tuple[bool, str | None]]) -> list[Row]:
    """Give rows of the calendar, in the order of their days, with some days changed: working or not, and their name.

    Working days are counted again from the first row.

    >>> rows = days(date(2026, 12, 30), date(2027, 1, 1), "KR", "ko").to_pylist()
    >>> found = renewed_calendar(rows, {date(2026, 12, 31): (False, "종무일")})
    >>> [(row["working"], row["holiday"], row["working_days"]) for row in found]
    [(True, None, 1), (False, '종무일', 1)]
    """
    told, working_days = [], 0
    for row in rows:
        working, holiday = changes.get(row["day"], (row["working"], row["holiday"]))
        working_days += working
        told.append({**row, "working": working, "holiday": holiday, "working_days": working_days})
    return told


def holidays_from(rows: Sequence[Row], country: str, language: str, start: date) -> dict[date, tuple[bool, str | None]]:
    """Give the days of a calendar from `start` on that are otherwise in another country: working or not, their name."""
    last = max(row["day"] for row in rows)
    new = {row["day"]: row for row in days(start, last + timedelta(days=1), country, language).to_pylist()}
    return {
        row["day"]: (new[row["day"]]["working"], new[row["day"]]["holiday"])
        for row in rows
        if row["day"] in new
        and (row["working"], row["holiday"]) != (new[row["day"]]["working"], new[row["day"]]["holiday"])
    }


def days(start: date, end: date, country: str, language: str) -> pa.Table:
    """Give the rows of `calendar` from `start` up to but not including `end`, holidays in `language` where it has them.

    >>> rows = days(date(2026, 10, 5), date(2026, 10, 12), "KR", "ko").to_pylist()
    >>> [(row["day"].day, row["working"], row["holiday"], row["working_days"]) for row in rows][:2]
    [(5, False, '개천절 대체 휴일', 0), (6, True, None, 1)]
    >>> rows[-1]["holiday"], rows[-1]["week_start"], rows[-1]["iso_week"]
    (None, datetime.date(2026, 10, 5), '2026-W41')
    """
    spoken = holidays.country_holidays(country).supported_languages
    tongue = next((name for name in spoken if name.split("_")[0] == language), None)
    named = holidays.country_holidays(country, years=range(start.year, end.year + 1), language=tongue)
    rows, working_days = [], 0
    for offset in range((end - start).days):
        day = start + timedelta(days=offset)
        holiday = named.get(day)
        working = day.weekday() < _SATURDAY and holiday is None
        working_days += working
        year, week, _ = day.isocalendar()
        rows.append(
            {
                "day": day,
                "working": working,
                "holiday": holiday,
                "week_start": day - timedelta(days=day.weekday()),
                "iso_week": f"{year}-W{week:02d}",
                "working_days": working_days,
            }
        )
    return pa.Table.from_pylist(rows, schema=_without_number("calendar"))


def _without_number(table: str) -> pa.Schema:
    return pa.schema([field for field in TABLES[table].arrow() if field.name != "import_no"])
