"""Ranges, and whatever a message may carry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from bokgi.domain.measures import Between, Days, Hours, Points, Rate, Score
from bokgi.domain.messages import Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.ui.format.amounts import money
from bokgi.ui.format.dates import day, days, hours, period_name
from bokgi.ui.format.figures import ABSENT, MINUS, NBSP, WORD_JOINER, count, number, percent, points, score

_UNITS: Final = ("%p", "%", "시간", "일", "원", f"{NBSP}pp", f"{NBSP}days", f"{NBSP}hours")


def between(value: Between, lang: str) -> str:
    """Write an interval; a unit that both ends share is written once: `49~64%`, `2,100만~1억 5,200만원`.

    >>> between(Between(Rate(0.49), Rate(0.64)), "en"), between(Between(Days(-2), Days(4)), "en").replace(NBSP, " ")
    ('49–64%', '−2 to 4 days')
    """
    return ends(show(value.low, lang), show(value.high, lang), lang)


def ends(low: str, high: str, lang: str) -> str:
    """Join the two ends of a range that are written already: `49~64%`, in English `49–64%` or `−2% to 4%`.

    Ends that are the same as they are written are one: a range from a value to itself says no more than the value.

    >>> ends("49%", "64%", "ko"), ends("−168", "−107", "en").replace(NBSP, " ")
    ('49~64%', '−168 to −107')
    >>> ends("49%", "49%", "ko")
    '49%'
    """
    if low == high:
        return low
    for unit in _UNITS:
        if low.endswith(unit) and high.endswith(unit):
            low = low.removesuffix(unit)
            break
    if lang == "ko":
        return f"{low}~{high}"
    return f"{low}{NBSP}to{NBSP}{high}" if MINUS in low or "+" in low or "<" in low else f"{low}–{high}"


def show(value: object, lang: str) -> str:
    """Write any value a message may carry; dates with their year. See `shower` for a page with a date of its own."""
    return _show(value, lang, None)


def shower(as_of: date) -> Callable[[object, str], str]:
    """Give a `show` that leaves the year out of dates in the year of `as_of`.

    >>> shower(date(2025, 11, 30))(date(2025, 11, 24), "en").replace(NBSP, " ")
    'Nov 24'
    """
    return lambda value, lang: _show(value, lang, as_of.year)


_WRITERS: Final[dict[type, Callable[[Any, str], str]]] = {
    type(None): lambda _, __: ABSENT,
    bool: lambda value, lang: {"ko": ("아니요", "예"), "en": ("no", "yes")}[lang][value],
    int: lambda value, _: count(value),
    float: lambda value, _: number(value),
    Decimal: lambda value, _: number(float(value), 2),
    Money: money,
    Rate: lambda value, _: percent(value.share),
    Points: lambda value, lang: points(value.difference, lang),
    Days: lambda value, lang: days(value.days, lang),
    Hours: lambda value, lang: hours(value.hours, lang),
    Score: lambda value, _: score(value.score),
    Between: between,
}


def _show(value: object, lang: str, year: int | None) -> str:
    if isinstance(value, date):
        return day(value, lang, year=value.year != year)
    if isinstance(value, Period):
        return period_name(value, lang, year=year is not None and {value.start.year, value.last.year} != {year})
    if isinstance(value, Message):
        return value.text(lang, lambda part, of: _show(part, of, year))
    if isinstance(value, list | tuple):
        return ", ".join(_show(part, lang, year) for part in value)
    writer = _WRITERS.get(type(value))
    return str(value) if writer is None else writer(value, lang)


def plain(text: str) -> str:
    """Turn no-break spaces into usual ones and take word joiners out, for a terminal, a file or a comparison."""
    return text.replace(NBSP, " ").replace(WORD_JOINER, "")
