"""Money as people read it: in a sentence, in a headline, in a column, beside a chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bokgi.domain.money import WITHOUT_CENTS, Money
from bokgi.ui.format.figures import ABSENT, MINUS, NBSP, digits_of, half_up, signed

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
_TEN: Final = 10
_FINEST: Final = 4
"""Decimals of the smallest part of a sum that is written as a number."""


def _korean_won(size: Decimal) -> str:
    """Write won in 조, 억 and 만, to the nearest 만 (억 from 1조 on)."""
    if size < _MAN:
        return f"{digits_of(size)}원"
    man = int(half_up(size / _MAN))
    if man >= _MAN_IN_JO:
        jo, eok = divmod(int(half_up(size / _EOK)), _MAN_IN_EOK)
        parts = [f"{jo:,}조", f"{eok:,}억" if eok else ""]
    else:
        eok, rest = divmod(man, _MAN_IN_EOK)
        parts = [f"{eok:,}억" if eok else "", f"{rest:,}만" if rest else ""]
    return NBSP.join(part for part in parts if part) + "원"


def _korean_foreign(size: Decimal, currency: str) -> str:
    """Write another currency in 억, 만 and units: `12만 5,000달러`."""
    name = _KOREAN_NAMES.get(currency)
    if size >= _EOK:
        eok, man = divmod(int(half_up(size / _MAN)), _MAN_IN_EOK)
        parts = [f"{eok:,}억" if eok else "", f"{man:,}만" if man else ""]
    elif size >= _MAN:
        man, rest = divmod(int(half_up(size)), _MAN)
        parts = [f"{man:,}만" if man else "", f"{rest:,}" if rest else ""]
    else:
        parts = [digits_of(size, 0 if size == size.to_integral_value() else 2)]
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
        if half_up(scaled, decimals) >= 1000 and place > 0:  # noqa: PLR2004 - the next letter begins at a thousand
            return digits_of(Decimal(1)) + _LETTERS[place - 1][1]
        return digits_of(scaled, decimals, strip=True) + letter
    return digits_of(size, 0 if size == size.to_integral_value() else 2)


def _symbol(currency: str) -> str:
    return _SYMBOLS.get(currency, f"{currency}{NBSP}")


def money(value: Money, lang: str) -> str:
    """Write one amount in a sentence: `2억 6,000만원`, `₩260M`, `$125,000`, `12만 5,000달러`.

    Korean won are written to the nearest 만 from 10,000 on, English amounts from 10,000 on without cents, from a
    million on to four digits.
    """
    amount = value.rounded().amount
    size = abs(amount)
    if lang == "ko":
        text = _korean_won(size) if value.currency == "KRW" else _korean_foreign(size, value.currency)
    elif size >= 1_000_000:  # noqa: PLR2004 - below a million every digit is written
        text = _symbol(value.currency) + _lettered(size, 4)
    else:
        whole = value.currency in WITHOUT_CENTS or size >= _MAN or size == size.to_integral_value()
        text = _symbol(value.currency) + digits_of(size, 0 if whole else 2)
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
        if size >= _JO or half_up(size / _EOK) >= _MAN_IN_EOK:
            text = f"{digits_of(size / _JO, 2 if size < _TEN * _JO else 1, strip=True)}조{unit}"
        elif half_up(size / _MAN) >= _MAN_IN_EOK:
            large = size >= 1000 * _EOK
            text = f"{digits_of(size / _EOK, 0 if large else 1, strip=True)}억{unit}"
        elif size >= _MAN:
            fine = value.currency != "KRW" and size < 1000 * _MAN
            text = f"{digits_of(size / _MAN, 1 if fine else 0, strip=True)}만{unit}"
        else:
            text = f"{digits_of(size)}{_KOREAN_NAMES.get(value.currency, NBSP + value.currency)}"
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
        if size and not half_up(size, self.decimals):
            text = f"<{Decimal(1).scaleb(-self.decimals)}"
        else:
            text = digits_of(size, self.decimals)
        return f"{MINUS}{text}" if amount < 0 else text

    def change(self, amount: Decimal | None) -> str:
        """Write a part of a sum, or a difference, with its sign; one below the column's decimals with up to four.

        >>> column = MoneyColumn("억원", _EOK, 1)
        >>> [column.change(Decimal(part)) for part in (-80_000_000, -4_200_000, 0, -90)]
        ['−0.8', '−0.04', '0.0', '>−0.0001']
        """
        if amount is None:
            return ABSENT
        size, finest = abs(amount) / self.unit, max(self.decimals, _FINEST)
        enough = next((one for one in range(self.decimals, finest) if half_up(size, one)), finest)
        finer = MoneyColumn(self.label, self.unit, enough if size else self.decimals)
        return signed(finer.cell(amount))


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
