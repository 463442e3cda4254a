"""Amounts in the organisation's currency, by its own monthly rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from bokgi.domain.money import WITHOUT_CENTS
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts


def in_one_currency(facts: Facts, on: date, *, rates: ir.Table | None = None) -> Facts:
    """Give facts whose deals and targets have every amount in the organisation's currency.

    A closed deal is converted by the rate of the month in which it closed, an open one (and a closed one whose day
    nobody knows) by that of the month of `on`, a target by that of the month in which its period starts. Without that
    rate the amount is null: the deal counts in numbers and stays out of sums; `without_rate` says how many. An amount
    without a currency is in the organisation's; what has no amount has no currency then, so that whatever still names
    another one waits for a rate. Amounts are rounded to what the currency is counted in (whole won;
    cents), halves away from zero. Where nothing is in another currency the facts come back as they are.

    `rates`: those to convert by, where `on` is later than the day the facts were cut to and they know no rate of it.

    Source: own definition; `tests/facts/test_currency.py` holds the hand-computed cases.
    """
    converted: dict[str, Any] = {}
    rated = facts if rates is None else replace(facts, rates=rates)
    if foreign_currencies(facts, facts.deals):
        converted = {"deals": _converted(rated, facts.deals, _deal_day(facts.deals, on)), "rates_of": on}
    if foreign_currencies(facts, facts.targets):
        converted["targets"] = _converted(rated, facts.targets, facts.targets.period_start)
    return replace(facts, **converted)


def without_rate(facts: Facts, on: date) -> dict[str, int]:
    """How many deals have an amount that cannot be converted, by currency? Ask the facts before they are converted."""
    if not foreign_currencies(facts, facts.deals):
        return {}
    dated = _with_rate(facts, facts.deals, _deal_day(facts.deals, on))
    missing = dated.filter(_foreign(facts, dated) & dated.amount.notnull() & dated.own_rate.isnull())
    found = missing.group_by("currency").agg(n=missing.count()).order_by("currency").to_pyarrow().to_pylist()
    return {row["currency"]: row["n"] for row in found}


def foreign_currencies(facts: Facts, table: ir.Table) -> list[str]:
    """List the currencies of a table that are not the organisation's."""

    def ask() -> list[str]:
        found = table.filter(_foreign(facts, table) & table.amount.notnull()).select("currency").distinct()
        return sorted(row["currency"] for row in found.to_pyarrow().to_pylist())

    return facts.once(f"currencies other than {facts.settings.currency}", table, ask)


def _foreign(facts: Facts, table: ir.Table) -> ir.BooleanValue:
    return table.currency.notnull() & (table.currency != facts.settings.currency)


def _deal_day(deals: ir.Table, on: date) -> ir.DateValue:
    """Give the day whose month decides the rate of a deal."""
    day = ibis.literal(on, type="date")
    return (deals.outcome == Outcome.OPEN.value).ifelse(day, ibis.coalesce(deals.closed_on, day))


def _with_rate(facts: Facts, table: ir.Table, day: ir.DateValue) -> ir.Table:
    """Add `own_rate`: units of the organisation's currency for one."""
    dated = table.mutate(rate_month=day.truncate("M").cast("date"))
    rates = facts.rates.select(rate_currency="currency", rate_of="month", own_rate="rate")
    return dated.left_join(rates, [dated.currency == rates.rate_currency, dated.rate_month == rates.rate_of])


def _converted(facts: Facts, table: ir.Table, day: ir.DateValue) -> ir.Table:
    own = facts.settings.currency
    rated = _with_rate(facts, table, day)
    digits = 0 if own in WITHOUT_CENTS else 2
    # Of two decimals of at most 18 digits DuckDB makes one of 18 again, which a large deal does not fit into.
    exchanged = (rated.amount.cast("decimal(22, 6)") * rated.own_rate).round(digits).cast("decimal(18, 2)")
    amount = _foreign(facts, rated).ifelse(exchanged, rated.amount)
    known = rated.amount.notnull() & (~_foreign(facts, rated) | rated.own_rate.notnull())
    currency = (known & rated.currency.notnull()).ifelse(ibis.literal(own), rated.currency)
    changed = rated.mutate(amount=amount, currency=rated.amount.isnull().ifelse(ibis.null("string"), currency))
    return changed.select(table.columns)
