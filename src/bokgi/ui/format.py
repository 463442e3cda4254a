"""Numbers, money, rates, dates and spans as people read them, in Korean and English. Nowhere else.

Within one value the spaces are no-break spaces (a number and its unit stay together); `plain` turns them into usual
ones for a terminal or a file. Minus is `−`, a range `~` in Korean and `–` in English.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from bokgi.domain.measures import Between, Days, Hours, Points, Rate, Score
from bokgi.domain.messages import Message
from bokgi.domain.money import WITHOUT_CENTS, Money
from bokgi.domain.period import Period

NBSP: Final = "\u00a0"
WORD_JOINER: Final = "\u2060"
MINUS: Final = "−"
ABSENT: Final = "–"

_MAN: Final = 10_000
_MAN_IN_EOK: Final = 10_000
_MAN_IN_JO: Final = 100_000_000
_EOK: Final = Decimal(100_000_000)
_JO: Final = Decimal(1_000_000_000_000)
_SYMBOLS: Final = {"KRW": "₩", "USD": "$", "EUR": "€", "JPY": "¥", "GBP": "£", "CNY": "CN¥", "VND": "₫", "INR": "₹"}
_KOREAN_NAMES: Final = {
    "KRW": "원",
    "USD": "달러",
    "EUR": "유로",
    "JPY": "엔",
    "GBP": "파운드",
    "CNY": "위안",
    "VND": "동",
}
_WEEKDAYS: Final = {
    "ko": ("월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TEN: Final = 10
_PERCENT: Final = 100


# ---------------------------------------------------------------- numbers


def _half_up(value: Decimal, decimals: int = 0) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def _digits(value: Decimal, decimals: int = 0, *, strip: bool = False) -> str:
    """Write a number that is not negative with separators."""
    text = f"{_half_up(value, decimals):,}"
    return text.rstrip("0").rstrip(".") if strip and "." in text else text


def _minus(text: str, *, negative: bool) -> str:
    return f"{MINUS}{text}" if negative and text.strip("0.,%p ") else text


def count(value: int) -> str:
    """Write a whole number: `1,234`, `−3`."""
    return _minus(f"{abs(value):,}", negative=value < 0)


def number(value: float, decimals: int = 1) -> str:
    """Write a number without a unit; zeros at the end are left out.

    >>> number(1.44), number(2.0), number(-0.26, 2)
    ('1.4', '2', '−0.26')
    """
    return _minus(_digits(abs(Decimal(str(value))), decimals, strip=True), negative=value < 0)


def score(value: float) -> str:
    """Write points of a scale, or a difference of such, with two decimals.

    >>> score(2.9), score(-0.104)
    ('2.90', '−0.10')
    """
    text = _digits(abs(Decimal(str(value))), 2)
    return _minus(text, negative=value < 0 and text != "0.00")


def signed(text: str) -> str:
    """Put a plus before what is neither negative nor zero: `+3`, `−3`, `0`; the sign of a bound stands at its number.

    >>> signed("<0.1%"), signed("−<0.1%")
    ('<+0.1%', '>−0.1%')
    """
    if text.removeprefix(MINUS).startswith("<"):
        size = text.removeprefix(MINUS)[1:]
        return f">{MINUS}{size}" if text.startswith(MINUS) else f"<+{size}"
    return text if text.startswith(MINUS) or not text.strip("0.,%p ") else f"+{text}"


def percent(share: float) -> str:
    """Write a share as percent: whole ones, finer below 1 % and just below 100 %.

    >>> percent(0.5712), percent(0.004), percent(0.0001), percent(0.9985), percent(1.0)
    ('57%', '0.4%', '<0.1%', '99.9%', '100%')
    """
    size = abs(Decimal(str(share))) * _PERCENT
    if 0 < size < Decimal("0.05"):
        return f"{MINUS if share < 0 else ''}<0.1%"
    fine = 0 < size < 1 or Decimal("99.5") <= size < _PERCENT
    if fine and Decimal("99.95") <= size:
        return f"{MINUS if share < 0 else ''}>99.9%"
    return _minus(f"{_digits(size, 1 if fine else 0, strip=True)}%", negative=share < 0)


def points(difference: float, lang: str) -> str:
    """Write a difference of shares with its sign: `−9%p`, in English `−9 pp`."""
    size = abs(Decimal(str(difference))) * _PERCENT
    text = _digits(size, 1 if 0 < size < 1 else 0, strip=True)
    unit = "%p" if lang == "ko" else f"{NBSP}pp"
    return signed(_minus(text, negative=difference < 0)) + unit


def n(value: int) -> str:
    """Write the number of cases behind a figure: `n 171`."""
    return f"n{NBSP}{count(value)}"


# ---------------------------------------------------------------- money


def _korean_won(size: Decimal) -> str:
    """Write won in 조, 억 and 만, to the nearest 만 (억 from 1조 on)."""
    if size < _MAN:
        return f"{_digits(size)}원"
    man = int(_half_up(size / _MAN))
    if man >= _MAN_IN_JO:
        jo, eok = divmod(int(_half_up(size / _EOK)), _MAN_IN_EOK)
        parts = [f"{jo:,}조", f"{eok:,}억" if eok else ""]
    else:
        eok, rest = divmod(man, _MAN_IN_EOK)
        parts = [f"{eok:,}억" if eok else "", f"{rest:,}만" if rest else ""]
    return NBSP.join(part for part in parts if part) + "원"


def _korean_foreign(size: Decimal, currency: str) -> str:
    """Write another currency in 억, 만 and units: `12만 5,000달러`."""
    name = _KOREAN_NAMES.get(currency)
    if size >= _EOK:
        eok, man = divmod(int(_half_up(size / _MAN)), _MAN_IN_EOK)
        parts = [f"{eok:,}억" if eok else "", f"{man:,}만" if man else ""]
    elif size >= _MAN:
        man, rest = divmod(int(_half_up(size)), _MAN)
        parts = [f"{man:,}만" if man else "", f"{rest:,}" if rest else ""]
    else:
        parts = [_digits(size, 0 if size == size.to_integral_value() else 2)]
    text = NBSP.join(part for part in parts if part)
    glued = name is not None and text[-1].isdigit()
    return f"{text}{'' if glued else NBSP}{name or currency}"


_LETTERS: Final = (
    (Decimal(1_000_000_000_000), "T"),
    (Decimal(1_000_000_000), "B"),
    (Decimal(1_000_000), "M"),
    (Decimal(1000), "K"),
)


def _lettered(size: Decimal, digits: int) -> str:
    """Write with T, B, M or K and so many significant digits."""
    for place, (unit, letter) in enumerate(_LETTERS):
        scaled = size / unit
        if scaled < 1:
            continue
        decimals = max(digits - len(str(int(scaled))), 0)
        if _half_up(scaled, decimals) >= 1000 and place > 0:  # noqa: PLR2004 - the next letter begins at a thousand
            return _digits(Decimal(1)) + _LETTERS[place - 1][1]
        return _digits(scaled, decimals, strip=True) + letter
    return _digits(size, 0 if size == size.to_integral_value() else 2)


def _symbol(currency: str) -> str:
    return _SYMBOLS.get(currency, f"{currency}{NBSP}")


def money(value: Money, lang: str) -> str:
    """Write one amount in a sentence: `2억 6,000만원`, `₩260M`, `$125,000`, `12만 5,000달러`.

    Korean won are written to the nearest 만 from 10,000 on, English amounts from a million on to four digits.
    """
    amount = value.rounded().amount
    size = abs(amount)
    if lang == "ko":
        text = _korean_won(size) if value.currency == "KRW" else _korean_foreign(size, value.currency)
    elif size >= 1_000_000:  # noqa: PLR2004 - below a million every digit is written
        text = _symbol(value.currency) + _lettered(size, 4)
    else:
        whole = value.currency in WITHOUT_CENTS or size == size.to_integral_value()
        text = _symbol(value.currency) + _digits(size, 0 if whole else 2)
    return f"{MINUS}{text}" if amount < 0 else text


def money_short(value: Money, lang: str) -> str:
    """Write an amount for a headline, axis or chart: `23.1억`, `8,400만`, `₩2.31B`, `$1.2M`.

    >>> from decimal import Decimal
    >>> money_short(Money(Decimal(2_310_000_000), "KRW"), "ko"), money_short(Money(Decimal(-2_400_000), "USD"), "en")
    ('23.1억', '−$2.4M')
    """
    amount = value.rounded().amount
    size = abs(amount)
    if lang != "ko":
        text = _symbol(value.currency) + _lettered(size, 3)
    else:
        unit = "" if value.currency == "KRW" else f"{NBSP}{_KOREAN_NAMES.get(value.currency, value.currency)}"
        if size >= _JO or _half_up(size / _EOK) >= _MAN_IN_EOK:
            text = f"{_digits(size / _JO, 2 if size < _TEN * _JO else 1, strip=True)}조{unit}"
        elif _half_up(size / _MAN) >= _MAN_IN_EOK:
            large = size >= 1000 * _EOK
            text = f"{_digits(size / _EOK, 0 if large else 1, strip=True)}억{unit}"
        elif size >= _MAN:
            fine = value.currency != "KRW" and size < 1000 * _MAN
            text = f"{_digits(size / _MAN, 1 if fine else 0, strip=True)}만{unit}"
        else:
            text = f"{_digits(size)}{_KOREAN_NAMES.get(value.currency, NBSP + value.currency)}"
    return f"{MINUS}{text}" if amount < 0 else text


@dataclass(frozen=True)
class MoneyColumn:
    """The one unit of a table's column of money: `label` stands in its head, `cell` writes an amount without it."""

    label: str
    unit: Decimal
    decimals: int

    def cell(self, amount: Decimal | None) -> str:
        """Write one amount in the column's unit; what would round to zero is written as less than the smallest."""
        if amount is None:
            return ABSENT
        size = abs(amount) / self.unit
        if size and not _half_up(size, self.decimals):
            text = f"<{Decimal(1).scaleb(-self.decimals)}"
        else:
            text = _digits(size, self.decimals)
        return f"{MINUS}{text}" if amount < 0 else text


def money_column(amounts: Iterable[Decimal | None], currency: str, lang: str) -> MoneyColumn:
    """Choose the unit for a column of amounts: `만원`, `₩M`, `$`.

    >>> from decimal import Decimal
    >>> column = money_column([Decimal(320_000_000), Decimal(95_000_000), None], "KRW", "ko")
    >>> column.label, column.cell(Decimal(320_000_000)), column.cell(None)
    ('만원', '32,000', '–')
    """
    largest = max((abs(amount) for amount in amounts if amount is not None), default=Decimal(0))
    if lang == "ko":
        name = _KOREAN_NAMES.get(currency, currency)
        if currency == "KRW":
            return MoneyColumn("만원", Decimal(_MAN), 0) if largest >= _TEN * _MAN else MoneyColumn("원", Decimal(1), 0)
        if largest >= _EOK:
            return MoneyColumn(f"만{NBSP}{name}", Decimal(_MAN), 0)
        return MoneyColumn(name, Decimal(1), 0)
    symbol = _symbol(currency).rstrip(NBSP)
    gap = NBSP if len(symbol) > 1 and symbol.isalpha() else ""
    if largest >= 10_000_000:  # noqa: PLR2004 - eight digits are too many to compare at a glance
        if currency == "KRW" or largest >= 10_000_000_000:  # noqa: PLR2004 - as above
            return MoneyColumn(f"{symbol}{gap}M", Decimal(1_000_000), 1)
        return MoneyColumn(f"{symbol}{gap}K", Decimal(1000), 0)
    return MoneyColumn(symbol, Decimal(1), 0)


def chart_column(amounts: Iterable[Decimal | None], currency: str, lang: str) -> MoneyColumn:
    """Choose the unit for the labels of one chart: `억원` with one decimal, `만원`, `$K`; it stands beside the title.

    >>> from decimal import Decimal
    >>> column = chart_column([Decimal(2_860_000_000), Decimal(-80_000_000)], "KRW", "ko")
    >>> column.label, column.cell(Decimal(-80_000_000))
    ('억원', '−0.8')
    """
    largest = max((abs(amount) for amount in amounts if amount is not None), default=Decimal(0))
    if lang == "ko":
        name = _KOREAN_NAMES.get(currency, currency)
        gap = "" if currency == "KRW" else NBSP
        for unit, word in ((_JO, "조"), (_EOK, "억"), (Decimal(_MAN), "만")):
            if largest >= unit:
                decimals = 0 if word == "만" and largest >= _TEN * unit else 1
                return MoneyColumn(f"{word}{gap}{name}", unit, decimals)
        return MoneyColumn(name, Decimal(1), 0)
    symbol = _symbol(currency)
    for unit, letter in _LETTERS:
        if largest >= unit:
            return MoneyColumn(f"{symbol}{letter}", unit, 0 if largest >= 100 * unit else 1)
    return MoneyColumn(symbol.rstrip(NBSP), Decimal(1), 0)


# ---------------------------------------------------------------- dates and spans


def day(on: date, lang: str, *, year: bool = False) -> str:
    """Write a date in a sentence: `11월 24일`, `Nov 24`; with the year `2025년 11월 24일`, `Nov 24, 2025`."""
    if lang == "ko":
        text = f"{on.month}월{NBSP}{on.day}일"
        return f"{on.year}년{NBSP}{text}" if year else text
    text = f"{_MONTHS[on.month - 1]}{NBSP}{on.day}"
    return f"{text},{NBSP}{on.year}" if year else text


def day_short(on: date, lang: str) -> str:
    """Write a date in a table or on an axis: `11/24`; in English `Nov 24`, as 11/24 is read in two ways."""
    return f"{on.month}/{on.day}" if lang == "ko" else day(on, lang)


def moment(at: datetime, lang: str, *, year: bool = False) -> str:
    """Write a moment: `11월 24일 08:40`, `Nov 24, 08:40`; it is already in the zone of who reads.

    >>> moment(datetime(2026, 11, 24, 8, 40), "en").replace(NBSP, " ")
    'Nov 24, 08:40'
    """
    gap = NBSP if lang == "ko" else f",{NBSP}"
    return f"{day(at.date(), lang, year=year)}{gap}{at:%H:%M}"


def weekday(on: date, lang: str) -> str:
    """Write the day of the week."""
    return _WEEKDAYS[lang][on.weekday()]


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

    >>> period_name(Period.parse("2026-Q3"), "ko").replace(NBSP, " "), period_name(Period.parse("2026-07"), "en")
    ('2026년 3분기', '2026-07')
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
        return f"{first.year}년{NBSP}{first.month}월" if lang == "ko" else f"{first.year}-{first.month:02d}"
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


_UNITS: Final = ("%p", "%", "시간", "일", "원", f"{NBSP}pp", f"{NBSP}days", f"{NBSP}hours")


def between(value: Between, lang: str) -> str:
    """Write an interval; a unit that both ends share is written once: `49~64%`, `2,100만~1억 5,200만원`.

    >>> between(Between(Rate(0.49), Rate(0.64)), "en"), between(Between(Days(-2), Days(4)), "en").replace(NBSP, " ")
    ('49–64%', '−2 to 4 days')
    """
    return ends(show(value.low, lang), show(value.high, lang), lang)


def ends(low: str, high: str, lang: str) -> str:
    """Join the two ends of a range that are written already: `49~64%`, in English `49–64%` or `−2% to 4%`.

    >>> ends("49%", "64%", "ko"), ends("−168", "−107", "en").replace(NBSP, " ")
    ('49~64%', '−168 to −107')
    """
    for unit in _UNITS:
        if low.endswith(unit) and high.endswith(unit):
            low = low.removesuffix(unit)
            break
    if lang == "ko":
        return f"{low}~{high}"
    return f"{low}{NBSP}to{NBSP}{high}" if MINUS in low or "+" in low or "<" in low else f"{low}–{high}"


# ---------------------------------------------------------------- values of messages


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
