"""Money: an exact amount with its currency. Whole won in and out for KRW, two decimals otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

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
