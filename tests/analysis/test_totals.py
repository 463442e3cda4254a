"""Sums that come to the same in whatever order threads add them up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest
from ibis import _

from bokgi.analysis.bottleneck.counts import count_arrivals, won_a_month
from bokgi.analysis.totals import squares_of, steady_sum

YEAR = (date(2025, 1, 1), date(2026, 1, 1))


def amounts(n: int, seed: int) -> pa.Array:
    cents = np.random.default_rng(seed).integers(1, 10**12, n).tolist()
    return pa.array([Decimal(number) / 100 for number in cents], pa.decimal128(18, 2))


def total(found: ir.Value, rows: pa.Table) -> object:
    return ibis.memtable(rows).agg(found=found).to_pyarrow()["found"][0].as_py()


@pytest.mark.parametrize(
    "found", [squares_of(_.amount), steady_sum(_.amount.cast("float64").ln())], ids=["squares", "logarithms"]
)
def test_a_sum_does_not_hang_on_the_order_of_its_terms(found: ir.Value) -> None:
    rows = pa.table({"amount": amounts(2_000, 1)})
    draw = np.random.default_rng(2)
    orders = [rows.take(draw.permutation(len(rows))) for _again in range(12)]
    assert len({total(found, order) for order in orders}) == 1


def test_squares_of_the_largest_amounts_have_room() -> None:
    rows = pa.table({"amount": pa.array([Decimal(10) ** 15] * 1_000, pa.decimal128(18, 2))})
    assert total(squares_of(_.amount).cast("float64"), rows) == pytest.approx(1e33, rel=1e-12)


@pytest.fixture(scope="module")
def many() -> tuple[ir.Table, ir.Table]:
    """So many deals that two threads count them, each its share, in another order each time."""
    connection = ibis.duckdb.connect(threads=2)
    connection.raw_sql(
        """
        CREATE TABLE deals AS SELECT
            'd' || n AS deal_id, 'p' || n % 7 AS owner_id, 'won' AS outcome, DATE '2025-03-01' AS created_on,
            DATE '2025-05-01' AS closed_on, (hash(n) % 1000000000000 / 100)::DECIMAL(18, 2) AS amount
        FROM range(700_000) AS deals(n)
        """
    )
    connection.raw_sql(
        """
        CREATE TABLE progressions AS SELECT
            deal_id, 'default' AS pipeline, 'talk' AS stage, created_on AS entered_on, false AS start_unknown
        FROM deals
        """
    )
    return connection.table("progressions"), connection.table("deals")


@pytest.mark.parametrize(
    "count",
    [
        lambda progressions, deals: count_arrivals(progressions, deals, ["owner_id"], ["owner_id"], YEAR),
        lambda _progressions, deals: won_a_month(deals, YEAR),
    ],
    ids=["arrivals", "won"],
)
def test_threads_count_the_same_each_time(
    many: tuple[ir.Table, ir.Table], count: Callable[[ir.Table, ir.Table], object]
) -> None:
    first, *others = (count(*many) for _again in range(5))
    assert others == [first] * 4
