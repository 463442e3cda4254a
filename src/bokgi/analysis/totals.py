"""How many deals, what they come to, and for how many of them the amount is unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

_ROOMY: Final = "decimal(38, 2)"
NOTHING: Final = ibis.literal(Decimal(0), _ROOMY)
"""No money."""


def totals(name: str, where: ir.BooleanValue, amount: ir.NumericValue = _.amount) -> dict[str, ir.Value]:
    """Three aggregates over the rows where a condition holds: count, sum of the known amounts, count of unknown ones.

    `name` is the count, `{name}_amount` the sum (0 when no amount is known), `{name}_amount_unknown` the number of rows
    with no amount. A null condition counts as false. Amounts are in one currency.

    >>> import pyarrow as pa
    >>> deals = pa.table({"outcome": ["won", "won", "lost"], "amount": pa.array([5, None, 7], pa.decimal128(18, 2))})
    >>> ibis.memtable(deals).agg(**totals("won", _.outcome == "won")).to_pyarrow().to_pylist()
    [{'won': 2, 'won_amount': Decimal('5.00'), 'won_amount_unknown': 1}]
    """
    return {
        name: count_of(where),
        f"{name}_amount": sum_of(amount, where),
        f"{name}_amount_unknown": count_of(where & amount.isnull()),
    }


def count_of(where: ir.BooleanValue) -> ir.IntegerValue:
    """Count the rows where a condition holds; null conditions and no rows count 0 (Spark alone would give null)."""
    return ibis.coalesce(_.count(where=where), 0)


def sum_of(amount: ir.NumericValue, where: ir.BooleanValue) -> ir.DecimalValue:
    """Sum the known amounts where a condition holds, exactly; 0 when there is none."""
    return ibis.coalesce(amount.sum(where=where), NOTHING).cast(_ROOMY)
