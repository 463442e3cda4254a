"""One amount that somebody typed."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.intake.values.amounts.form import AmountFormat
from bokgi.intake.values.amounts.glance import amount
from bokgi.intake.values.reading import query


def typed_amount(text: str) -> Decimal | None:
    """Read an amount that somebody typed, in any of the ways a file may write it; null for what is none.

    >>> typed_amount("3억 5천만"), typed_amount("2,500,000원"), typed_amount("a lot")
    (Decimal('350000000.00'), Decimal('2500000.00'), None)
    """
    reading = amount("t", AmountFormat(), name="typed")
    with duckdb.connect() as connection:
        found = connection.execute(query("(SELECT $text::VARCHAR AS t)", {"typed": reading}), {"text": text}).fetchone()
    value: Decimal | None = None if found is None else found[0]
    return value


def read_amount(text: str) -> Decimal:
    """Read an amount that somebody typed; `UsageError` (`amount_unreadable`) for what is none.

    >>> [str(read_amount(text)) for text in ("2억 6,000만원", "2.6억", "₩ 8,400만", "1500000.50")]
    ['260000000.00', '260000000.00', '84000000.00', '1500000.50']
    """
    found = typed_amount(text)
    if found is None:
        raise UsageError(
            "amount_unreadable",
            Message(N_("“{text}” is no amount."), {"text": text}),
            Message(N_("Write 260,000,000 or 2.6억 or 2억 6,000만.")),
        )
    return found
