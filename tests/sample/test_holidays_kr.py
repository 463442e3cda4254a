"""The small table of Korean holidays against a package that knows them."""

from __future__ import annotations

from datetime import date

import holidays
import pytest

from bokgi.sample.holidays_kr import holidays_of

SATURDAY = 5
ONE_OFF = ("Election", "Temporary", "Armed Forces Day")
WORKERS_DAY = (5, 1)


@pytest.mark.parametrize("year", range(2023, 2041))
def test_days_off_are_those_of_the_country(year: int) -> None:
    known = holidays.country_holidays("KR", years=year, language="en_US")
    theirs = {
        day
        for day, name in known.items()
        if day.weekday() < SATURDAY
        and not any(word in name for word in ONE_OFF)
        and (day.month, day.day) != WORKERS_DAY
    }
    ours = {day for day in holidays_of(year) if day.weekday() < SATURDAY and (day.month, day.day) != WORKERS_DAY}
    assert ours == theirs


def test_a_year_outside_the_table_has_no_lunar_holidays() -> None:
    assert date(2041, 2, 1) not in holidays_of(2041)
    assert date(2041, 3, 1) in holidays_of(2041)
