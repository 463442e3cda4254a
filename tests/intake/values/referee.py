"""Slow, obvious twins of the SQL: one text at a time, in plain Python."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

UNITS = {"조": 10**12, "억": 10**8, "만": 10**4}
SMALL = {"천": 1000, "백": 100, "십": 10}
LARGEST = Decimal(10) ** 16


def moment_by(text: str, pattern: str) -> datetime | None:
    """Read a text by one pattern, with 오전 and 오후 as AM and PM."""
    plain = text.replace("오전", "AM").replace("오후", "PM")
    try:
        return datetime.strptime(plain, pattern)  # noqa: DTZ007 - a clock without a zone is meant
    except ValueError:
        return None


def date_by_order(text: str, order: str) -> date | None:
    """Read three numbers as day, month and year in an order such as "dmy"."""
    parts = dict(zip(order, map(int, re.split(r"\D+", text)), strict=True))
    try:
        return date(parts["y"], parts["m"], parts["d"])
    except ValueError:
        return None


def korean(text: str) -> Decimal:
    """Add a Korean amount up, section by section, from the largest unit down."""
    total, rest = Decimal(0), text.replace(" ", "").replace(",", "").removesuffix("원")
    for unit, worth in UNITS.items():
        head, found, tail = rest.partition(unit)
        if found:
            total += _section(head) * worth
            rest = tail
    return rounded(total + (_section(rest) if rest else 0))


def _section(text: str) -> Decimal:
    if text == "":
        return Decimal(1)
    total, rest = Decimal(0), text
    for unit, worth in SMALL.items():
        head, found, tail = rest.partition(unit)
        if found:
            total += Decimal(head or 1) * worth
            rest = tail
    return total + Decimal(rest or 0)


def rounded(value: Decimal) -> Decimal:
    """Round to two decimals, halves away from zero."""
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
