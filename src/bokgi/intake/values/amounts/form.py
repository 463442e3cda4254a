"""How numbers of a column are marked, and what its header says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bokgi.intake.sql import literal

AMOUNT: Final = "DECIMAL(18, 2)"
EXACT: Final = "DECIMAL(24, 10)"
FACTOR: Final = "DECIMAL(13, 0)"
UNITS: Final = "조억만천백십"
_TEXT: Final = re.compile(
    r"1(?P<thousands>[,.])234(?P<mark>[.,])56(?: × (?P<multiplier>\d+))?(?: (?P<currency>[A-Z]{3}))?"
)


@dataclass(frozen=True)
class AmountFormat:
    """Which mark separates decimals, and what the header says of the numbers: a factor and a currency.

    >>> AmountFormat.of("1.234,56 × 10000 KRW")
    AmountFormat(decimal_mark=',', multiplier=10000, currency='KRW')
    >>> AmountFormat().text
    '1,234.56'
    """

    decimal_mark: str = "."
    multiplier: int = 1
    currency: str | None = None

    @classmethod
    def of(cls, text: str) -> AmountFormat:
        """Read a format as it stands in a mapping."""
        match = _TEXT.fullmatch(text)
        if match is None or match["thousands"] == match["mark"]:
            raise ValueError(text)
        return cls(match["mark"], int(match["multiplier"] or 1), match["currency"])

    @property
    def text(self) -> str:
        """Write the format for a mapping."""
        shown = "1,234.56" if self.decimal_mark == "." else "1.234,56"
        factor = "" if self.multiplier == 1 else f" × {self.multiplier}"
        return shown + factor + ("" if self.currency is None else f" {self.currency}")


def currency_of(form: AmountFormat) -> str:
    """Give the SQL of the currency that the header says; null where it says none."""
    return "NULL" if form.currency is None else literal(form.currency)


def number_pattern(form: AmountFormat) -> str:
    """Give the pattern of a number with its marks in place."""
    mark, thousands = (r"\.", ",") if form.decimal_mark == "." else (",", r"\.")
    grouped = rf"[0-9]{{1,3}}(?:[{thousands} '][0-9]{{3}})+|[0-9]{{1,2}}(?:{thousands}[0-9]{{2}})+{thousands}[0-9]{{3}}"
    return rf"(?:(?:{grouped}|[0-9]+)(?:{mark}[0-9]*)?|{mark}[0-9]+)"


def without_marks(text: str, form: AmountFormat, *, also: str = "") -> str:
    """Give the SQL of a text without marks between thousands, and with a point before the decimals."""
    if form.decimal_mark == ".":
        return f"translate({text}, '{also}, ''', '')"
    return f"replace(translate({text}, '{also}. ''', ''), ',', '.')"


def alternatives(words: Iterable[str]) -> str:
    """Give the pattern of any of these words, longer ones first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def number_text(text: str, form: AmountFormat) -> tuple[str, str]:
    """Write the condition that a text is a number with its marks in place, and the text without them.

    >>> import duckdb
    >>> fits, digits = number_text("'-1.234,5'", AmountFormat(","))
    >>> duckdb.sql(f"SELECT {fits}, {digits}").fetchall()
    [(True, '-1234.5')]
    """
    fits = f"regexp_full_match({text}, {literal(f'[-+]?{number_pattern(form)}')})"
    return fits, without_marks(text, form, also="+")
