"""Days, moments, weeks and periods as people read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from bokgi.domain.period import Period
from bokgi.ui.format.figures import NBSP, number

_WEEKDAYS: Final = {
    "ko": ("월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(on: date, lang: str, *, year: bool = False) -> str:
    """Write a date in a sentence: `11월 24일`, `Nov 24`; with the year `2025년 11월 24일`, `Nov 24, 2025`."""
    if lang == "ko":
        text = f"{on.month}월{NBSP}{on.day}일"
        return f"{on.year}년{NBSP}{text}" if year else text
    text = f"{_MONTHS[on.month - 1]}{NBSP}{on.day}"
    return f"{text},{NBSP}{on.year}" if year else text


def day_short(on: date, lang: str, *, year: bool = False) -> str:
    """Write a date in a table or on an axis: `11/24`, with the year `2025/11/24`; in English as `day` writes it."""
    if lang != "ko":
        return day(on, lang, year=year)
    return f"{on.year}/{on.month}/{on.day}" if year else f"{on.month}/{on.day}"


def moment(at: datetime, lang: str, *, year: bool = False) -> str:
    """Write a moment: `11월 24일 08:40`, `Nov 24, 08:40`; it is already in the zone of who reads.

    >>> moment(datetime(2026, 11, 24, 8, 40), "en").replace(NBSP, " ")
    'Nov 24, 08:40'
    """
    gap = NBSP if lang == "ko" else f",{NBSP}"
    return f"{day(at.date(), lang, year=year)}{gap}{at:%H:%M}"


def weekday(on: date, lang: str) -> str:
    """Write the day of the week."""
    return weekday_name(on.isoweekday(), lang)


def day_and_weekday(on: date, lang: str) -> str:
    r"""Write a date with its day of the week.

    >>> day_and_weekday(date(2026, 11, 30), "ko"), day_and_weekday(date(2026, 11, 30), "en").replace("\xa0", " ")
    ('11월\xa030일 월요일', 'Monday, Nov 30')
    """
    return f"{day(on, lang)} {weekday(on, lang)}" if lang == "ko" else f"{weekday(on, lang)}, {day(on, lang)}"


def weekday_name(number_of_day: int, lang: str) -> str:
    """Name a day of the week: 1 is Monday, 7 Sunday."""
    return _WEEKDAYS[lang][number_of_day - 1]


def weekday_short(number_of_day: int, lang: str) -> str:
    """Name a day of the week at the head of a column: `월`, `Mon`."""
    return weekday_name(number_of_day, lang)[: 1 if lang == "ko" else 3]


def week_order(first: int) -> tuple[int, ...]:
    """Give the days of the week from the one it begins with: 1 is Monday, 7 Sunday.

    >>> week_order(7)
    (7, 1, 2, 3, 4, 5, 6)
    """
    return tuple((first - 1 + place) % 7 + 1 for place in range(7))


def week(period: Period, lang: str) -> str:
    """Name an ISO week: `2025년 48주`, `week 48, 2025`."""
    year, number_of_week, _ = period.start.isocalendar()
    return f"{year}년{NBSP}{number_of_week}주" if lang == "ko" else f"week{NBSP}{number_of_week},{NBSP}{year}"


def span(period: Period, lang: str, *, year: bool = False) -> str:
    """Write first and last day of a period: `9월 25일~10월 1일`, `Sep 25 – Oct 1`; with `year` each year once.

    >>> span(Period.parse("2025-Q3"), "en", year=True).replace(NBSP, " ")
    'Jul 1 – Sep 30, 2025'
    """
    both = period.start.year != period.last.year
    # In Korean the year stands before the day, in English behind it.
    first = day(period.start, lang, year=year and (both or lang == "ko"))
    last = day(period.last, lang, year=year and (both or lang != "ko"))
    return f"{first}~{last}" if lang == "ko" else f"{first}{NBSP}– {last}"


def period_name(period: Period, lang: str, *, year: bool = True) -> str:
    """Name a period: a quarter or month by its name, anything else by its first and last day.

    >>> quarter, month = Period.parse("2026-Q3"), Period.parse("2026-07")
    >>> period_name(quarter, "ko").replace(NBSP, " "), period_name(month, "en").replace(NBSP, " ")
    ('2026년 3분기', 'Jul 2026')
    """
    first = period.start
    if Period.quarter_of(first) == period:
        number_of_quarter = first.month // 3 + 1
        return (
            f"{first.year}년{NBSP}{number_of_quarter}분기"
            if lang == "ko"
            else f"Q{number_of_quarter}{NBSP}{first.year}"
        )
    if Period.month_of(first) == period:
        return (
            f"{first.year}년{NBSP}{first.month}월" if lang == "ko" else f"{_MONTHS[first.month - 1]}{NBSP}{first.year}"
        )
    return span(period, lang, year=year)


def quarter_name(period: Period, lang: str, year_starts: int) -> str:
    """Name a quarter of a year that starts in another month than January, with its months; else as `period_name`.

    The year is the one in which it starts: there are two customs, and the months leave no doubt.

    >>> fourth = Period.parse("2026-Q4")
    >>> quarter_name(fourth, "ko", 4).replace(NBSP, " "), quarter_name(fourth, "en", 4).replace(NBSP, " ")
    ('2026 회계연도 3분기(10~12월)', 'FY2026 Q3 (Oct–Dec)')
    """
    first = period.start
    if year_starts == 1 or Period.quarter_of(first, year_starts) != period:
        return period_name(period, lang)
    year = first.year - (first.month < year_starts)
    number_of_quarter = (first.month - year_starts) % 12 // 3 + 1
    if lang == "ko":
        return f"{year}{NBSP}회계연도{NBSP}{number_of_quarter}분기({first.month}~{period.last.month}월)"
    return f"FY{year}{NBSP}Q{number_of_quarter}{NBSP}({_MONTHS[first.month - 1]}–{_MONTHS[period.last.month - 1]})"


def days(value: float, lang: str) -> str:
    """Write a number of days: `19일`, `1 day`, `19 days`."""
    text = number(value)
    if lang == "ko":
        return f"{text}일"
    return f"{text}{NBSP}{'day' if text == '1' else 'days'}"


def hours(value: float, lang: str) -> str:
    """Write a number of hours: `7.4시간`, `7.4 hours`."""
    text = number(value)
    if lang == "ko":
        return f"{text}시간"
    return f"{text}{NBSP}{'hour' if text == '1' else 'hours'}"
