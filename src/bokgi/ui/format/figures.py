"""Counts, shares and scores as people read them, and the signs all values are written with."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

NBSP: Final = "\u00a0"
WORD_JOINER: Final = "\u2060"
MINUS: Final = "−"
ABSENT: Final = "–"
_PERCENT: Final = 100
_FINEST: Final = 3
"""Decimals of the smallest number that is written as more than 0."""
_ONE_LETTER: Final = re.compile(r"\b([A-Za-z])-(?=[A-Za-z])")


def one_word(text: str) -> str:
    """Keep a word on one line whose first part is a single letter.

    >>> one_word("E-mails").replace(WORD_JOINER, "|"), one_word("Re-opened")
    ('E-|mails', 'Re-opened')
    """
    return _ONE_LETTER.sub(f"\\1-{WORD_JOINER}", text)


def half_up(value: Decimal, decimals: int = 0) -> Decimal:
    """Round halves away from zero, as people do."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def digits_of(value: Decimal, decimals: int = 0, *, strip: bool = False) -> str:
    """Write a number that is not negative with separators."""
    text = f"{half_up(value, decimals):,}"
    return text.rstrip("0").rstrip(".") if strip and "." in text else text


def with_minus(text: str, *, negative: bool) -> str:
    """Put a minus before what is negative, unless it was rounded to zero."""
    return f"{MINUS}{text}" if negative and text.strip("0.,%p ") else text


def count(value: int) -> str:
    """Write a whole number: `1,234`, `−3`."""
    return with_minus(f"{abs(value):,}", negative=value < 0)


def number(value: float, decimals: int = 1) -> str:
    """Write a number without a unit; zeros at the end are left out.

    What is smaller than the last of these decimals is written with its own first digit, down to a thousandth.

    >>> number(1.44), number(2.0), number(-0.26, 2), number(0.034), number(0.0001)
    ('1.4', '2', '−0.26', '0.03', '0')
    """
    size = abs(Decimal(str(value)))
    while decimals < _FINEST and 0 < size < Decimal(1).scaleb(-decimals):
        decimals += 1
    return with_minus(digits_of(size, decimals, strip=True), negative=value < 0)


def score(value: float) -> str:
    """Write points of a scale, or a difference of such, with two decimals.

    >>> score(2.9), score(-0.104)
    ('2.90', '−0.10')
    """
    text = digits_of(abs(Decimal(str(value))), 2)
    return with_minus(text, negative=value < 0 and text != "0.00")


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
    return with_minus(f"{digits_of(size, 1 if fine else 0, strip=True)}%", negative=share < 0)


POINTS: Final = {"ko": "%p", "en": f"{NBSP}pp"}
"""How a percentage point is written behind its number."""


def points(difference: float, lang: str) -> str:
    """Write a difference of shares with its sign: `−9%p`, in English `−9 pp`."""
    size = abs(Decimal(str(difference))) * _PERCENT
    text = digits_of(size, 1 if 0 < size < 1 else 0, strip=True)
    return signed(with_minus(text, negative=difference < 0)) + POINTS[lang]


def n(value: int) -> str:
    """Write the number of cases behind a figure: `n 171`."""
    return f"n{NBSP}{count(value)}"
