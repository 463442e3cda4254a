"""Korean public holidays from a small table: days on which nobody sells, without elections and one-off holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

# Days of the lunar calendar in the solar one: Seollal, Buddha's birthday, Chuseok (month and day, Korean time).
_LUNAR: Final[dict[int, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]] = {
    2020: ((1, 25), (4, 30), (10, 1)),
    2021: ((2, 12), (5, 19), (9, 21)),
    2022: ((2, 1), (5, 8), (9, 10)),
    2023: ((1, 22), (5, 27), (9, 29)),
    2024: ((2, 10), (5, 15), (9, 17)),
    2025: ((1, 29), (5, 5), (10, 6)),
    2026: ((2, 17), (5, 24), (9, 25)),
    2027: ((2, 7), (5, 13), (9, 15)),
    2028: ((1, 27), (5, 2), (10, 3)),
    2029: ((2, 13), (5, 20), (9, 22)),
    2030: ((2, 3), (5, 9), (9, 12)),
    2031: ((1, 23), (5, 28), (10, 1)),
    2032: ((2, 11), (5, 16), (9, 19)),
    2033: ((1, 31), (5, 6), (9, 8)),
    2034: ((2, 19), (5, 25), (9, 27)),
    2035: ((2, 8), (5, 15), (9, 16)),
    2036: ((1, 28), (5, 3), (10, 4)),
    2037: ((2, 15), (5, 22), (9, 24)),
    2038: ((2, 4), (5, 11), (9, 13)),
    2039: ((1, 24), (4, 30), (10, 2)),
    2040: ((2, 12), (5, 18), (9, 21)),
}
_PLAIN: Final = ((1, 1), (6, 6))
"""Not made up for when they fall on a weekend."""
_MADE_UP: Final = ((3, 1), (5, 5), (8, 15), (10, 3), (10, 9), (12, 25))
_WORKERS_DAY: Final = (5, 1)
"""Companies are closed on it; a public holiday, and made up for, since 2026."""
_CONSTITUTION_DAY: Final = (7, 17)
"""A holiday again since 2026."""
_LAW_OF: Final = 2026
_SATURDAY: Final = 5
_SUNDAY: Final = 6


def _lunar(year: int) -> tuple[list[date], list[date]]:
    """Give the days of the two feasts (three each) and Buddha's birthday; nothing for a year outside the table."""
    if year not in _LUNAR:
        return [], []
    seollal, birthday, chuseok = (date(year, month, day) for month, day in _LUNAR[year])
    feasts = [feast + timedelta(days=offset) for feast in (seollal, chuseok) for offset in (-1, 0, 1)]
    return feasts, [birthday]


def holidays_of(year: int) -> frozenset[date]:
    """Give the public holidays of a year with the days off that make up for those lost on a weekend.

    >>> [day.isoformat() for day in sorted(holidays_of(2026)) if day.month == 2]
    ['2026-02-16', '2026-02-17', '2026-02-18']
    """
    feasts, birthday = _lunar(year)
    made_up_for = (*_MADE_UP, _WORKERS_DAY, _CONSTITUTION_DAY) if year >= _LAW_OF else _MADE_UP
    single = [date(year, month, day) for month, day in made_up_for] + birthday
    days = {date(year, month, day) for month, day in (*_PLAIN, _WORKERS_DAY)} | set(feasts) | set(single)
    for lost in _lost(feasts, single):
        made_up = lost + timedelta(days=1)
        while made_up in days or made_up.weekday() >= _SATURDAY:
            made_up += timedelta(days=1)
        days.add(made_up)
    return frozenset(days)


def _lost(feasts: list[date], single: list[date]) -> Iterator[date]:
    """Give the holidays that are made up for: a feast day on a Sunday or on another holiday, any other on a weekend."""
    for index in range(0, len(feasts), 3):
        feast = feasts[index : index + 3]
        yield from (feast[-1] for day in feast if day.weekday() == _SUNDAY or day in single)
    for day in sorted(set(single)):
        if day not in feasts and (day.weekday() >= _SATURDAY or single.count(day) > 1):
            yield day
