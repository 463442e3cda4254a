"""Signs and words that name a currency, and units written beside a number or in a header."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

CODES: Final = (
    "KRW", "USD", "EUR", "JPY", "GBP", "CNY", "AUD", "CAD", "CHF", "HKD", "SGD", "TWD", "THB", "VND", "IDR", "INR",
    "MYR", "PHP", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "TRY", "BRL", "MXN", "ZAR", "AED", "SAR", "ILS",
    "RUB", "CLP",
)  # fmt: skip
"""ISO 4217 codes that are recognised beside a number."""

SIGNS: Final = {
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "HK$": "HKD", "S$": "SGD", "NT$": "TWD",
    "NZ$": "NZD", "R$": "BRL", "$": "USD", "₩": "KRW", "\\": "KRW", "€": "EUR", "£": "GBP", "¥": "JPY", "₫": "VND",
    "฿": "THB", "₹": "INR", "원": "KRW", "달러": "USD", "불": "USD", "유로": "EUR", "엔": "JPY", "円": "JPY",
    "위안": "CNY", "元": "CNY", "RMB": "CNY", "파운드": "GBP", **{code: code for code in CODES},
}  # fmt: skip
"""How a currency is written beside a number, in capitals; a backslash is what CP949 makes of the won sign."""

SUFFIXES: Final = {
    "K": 10**3, "THOUSAND": 10**3, "M": 10**6, "MM": 10**6, "MN": 10**6, "MIL": 10**6, "MILLION": 10**6, "B": 10**9,
    "BN": 10**9, "BILLION": 10**9, "TN": 10**12, "TRILLION": 10**12,
}  # fmt: skip

_KOREAN_UNITS: Final = {
    "조": 10**12, "천억": 10**11, "백억": 10**10, "십억": 10**9, "억": 10**8, "천만": 10**7, "백만": 10**6,
    "십만": 10**5, "만": 10**4, "천": 10**3,
}  # fmt: skip
_WORDS: Final = "|".join(sorted(map(re.escape, SIGNS), key=len, reverse=True))
_HEADER_UNIT: Final = re.compile(
    rf"""^(?:단위\s*[:：]?\s*)?(?:IN\s+)?(?P<before>{_WORDS})?\s*[.,/]?\s*(?:IN\s+)?
         (?P<unit>조|천억|백억|십억|억|천만|백만|십만|만|천|K|THOUSANDS?|MM|M|MN|MIL|MILLIONS?|B|BN|BILLIONS?|'?000S?)?
         \s*[.,/]?\s*(?:OF\s+|IN\s+)?(?P<after>{_WORDS})?$""",
    re.VERBOSE,
)
_IN_BRACKETS: Final = re.compile(r"[(\[{<（［]([^)\]}>）］]*)[)\]}>）］]")
_IN_WORDS: Final = re.compile(r"\bIN\s+([A-Z$₩€£¥' 0]+)$|단위\s*[:：]?\s*(\S+)$|[\s_](K|MM|[A-Z]{3})$")


@dataclass(frozen=True)
class Unit:
    """What a header says of the numbers below it: a factor (1: none said) and a currency (null: none said)."""

    multiplier: int
    currency: str | None

    @property
    def said(self) -> bool:
        """Tell whether the header says anything."""
        return self.multiplier != 1 or self.currency is not None


def unit_of(header: str) -> Unit:
    """Read the unit that a header, or a title line, gives to its amounts.

    >>> unit_of("예상매출(만원)"), unit_of("금액(억)")
    (Unit(multiplier=10000, currency='KRW'), Unit(multiplier=100000000, currency=None))
    >>> unit_of("Revenue (USD in thousands)"), unit_of("Amount in $K")
    (Unit(multiplier=1000, currency='USD'), Unit(multiplier=1000, currency='USD'))
    >>> unit_of("Amount"), unit_of("계약금액 (VAT 별도)").said
    (Unit(multiplier=1, currency=None), False)
    """
    text = unicodedata.normalize("NFKC", header).upper().strip()
    candidates = [*_IN_BRACKETS.findall(text)]
    if words := _IN_WORDS.search(_IN_BRACKETS.sub("", text).strip()):
        candidates.append(next(group for group in words.groups() if group is not None))
    for candidate in candidates:
        for part in (candidate, *re.split(r"[,/·]", candidate)):
            match = _HEADER_UNIT.match(part.strip())
            if match and (match["before"] or match["unit"] or match["after"]):
                sign = match["before"] or match["after"]
                return Unit(_factor(match["unit"]), SIGNS[sign] if sign else None)
    return Unit(1, None)


def _factor(unit: str | None) -> int:
    if unit is None:
        return 1
    if unit in _KOREAN_UNITS:
        return _KOREAN_UNITS[unit]
    if unit.strip("'").startswith("000"):
        return 1000
    return SUFFIXES.get(unit) or SUFFIXES[unit.removesuffix("S")]
