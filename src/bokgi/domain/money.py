"""Money: an exact amount with its currency. Whole won in and out for KRW, two decimals otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

WITHOUT_CENTS: Final = frozenset({"KRW", "JPY", "VND", "CLP"})


@dataclass(frozen=True, order=True)
class Money:
    """An amount in one currency; amounts of two currencies do not add up.

    >>> Money(Decimal("1200000.4"), "KRW").as_json()
    {'amount': '1200000', 'currency': 'KRW'}
    """

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        """Add two amounts of one currency."""
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} do not add up"
            raise ValueError(message)
        return Money(self.amount + other.amount, self.currency)

    def rounded(self) -> Money:
        """Round to what the currency is counted in (whole won; cents), halves away from zero."""
        step = Decimal(1) if self.currency in WITHOUT_CENTS else Decimal("0.01")
        return Money(self.amount.quantize(step, rounding=ROUND_HALF_UP), self.currency)

    def as_json(self) -> dict[str, str]:
        """Give a decimal string with its currency."""
        return {"amount": str(self.rounded().amount), "currency": self.currency}


_TYPED: Final = re.compile(
    r"(?:(?P<trillion>\d+(?:\.\d+)?)조)?(?:(?P<hundred_million>\d+(?:\.\d+)?)억)?"
    r"(?:(?P<ten_thousand>\d+(?:\.\d+)?)만)?(?P<one>\d+(?:\.\d+)?)?"
)
_WORTH: Final = {"trillion": 10**12, "hundred_million": 10**8, "ten_thousand": 10**4, "one": 1}


def typed_amount(text: str) -> Decimal:
    """Read an amount as people type it: `260,000,000`, `2.6억`, `2억 6,000만원`.

    Raises `UsageError` (`amount_unreadable`) for anything else.

    >>> [str(typed_amount(text)) for text in ("2억 6,000만원", "2.6억", "₩ 8,400만", "1500000.50")]
    ['260000000.00', '260000000.00', '84000000.00', '1500000.50']
    """
    plain = re.sub(r"[\s,₩\\]|원$", "", text.strip())
    found = _TYPED.fullmatch(plain)
    if not plain or found is None:
        raise UsageError(
            "amount_unreadable",
            Message(N_("“{text}” is no amount."), {"text": text}),
            Message(N_("Write 260,000,000 or 2.6억 or 2억 6,000만.")),
        )
    parts = [Decimal(part) * _WORTH[name] for name, part in found.groupdict().items() if part is not None]
    return sum(parts, Decimal(0)).quantize(Decimal("0.01"))
