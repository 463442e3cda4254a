"""How many deals, what they come to, and for how many of them the amount is unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

_ROOMY: Final = "decimal(38, 2)"
_BILLION: Final = 1e9
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


def lacks_amount() -> ir.BooleanValue:
    """Tell of a deal, all amounts in one currency, whether it has none: what names a currency waits for its rate.

    >>> import pyarrow as pa
    >>> table = pa.table({"amount": [5, None, None], "currency": ["KRW", None, "USD"]})
    >>> ibis.memtable(table).select(none=lacks_amount(), waits=waits_for_rate()).to_pyarrow().to_pylist()[1:]
    [{'none': True, 'waits': False}, {'none': False, 'waits': True}]
    """
    return _.amount.isnull() & _.currency.isnull()


def waits_for_rate() -> ir.BooleanValue:
    """Tell of a deal, all amounts in one currency, whether its own is not known for want of an exchange rate."""
    return _.amount.isnull() & _.currency.notnull()


def count_of(where: ir.BooleanValue) -> ir.IntegerValue:
    """Count the rows where a condition holds; null conditions and no rows count 0 (Spark alone would give null)."""
    return ibis.coalesce(_.count(where=where), 0)


def sum_of(amount: ir.NumericValue, where: ir.BooleanValue) -> ir.DecimalValue:
    """Sum the known amounts where a condition holds, exactly; 0 when there is none."""
    return ibis.coalesce(amount.sum(where=where), NOTHING).cast(_ROOMY)


def squares_of(amount: ir.NumericValue) -> ir.DecimalValue:
    """Sum the squares of the known amounts, each to a hundredth; null when there is none.

    Whole numbers behind: floats would come to other last digits each time that threads add them in another order.

    >>> import pyarrow as pa
    >>> deals = ibis.memtable(pa.table({"amount": ["3", None, "0.5"]}))
    >>> deals.agg(found=squares_of(deals.amount.cast("decimal(18, 2)"))).to_pyarrow()["found"].to_pylist()
    [Decimal('9.25')]
    """
    # Decimals multiplied have four digits behind the point, of which DuckDB rounds two away thirty times slower.
    value = amount.cast("float64")
    return (value * value).cast(_ROOMY).sum()


def steady_sum(value: ir.FloatingValue) -> ir.FloatingValue:
    """Sum floats that are no larger than a few thousand, each to a billionth, the same in whatever order they come.

    >>> import pyarrow as pa
    >>> rows = ibis.memtable(pa.table({"value": [0.1, 0.2, 0.3]}))
    >>> rows.agg(found=steady_sum(rows.value)).to_pyarrow()["found"].to_pylist()
    [0.6]
    """
    return (value * _BILLION).round().cast("int64").sum().cast("float64") / _BILLION
