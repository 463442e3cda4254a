"""What came of the work, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import count_of, totals
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

_ENDS = (Outcome.WON.value, Outcome.LOST.value, Outcome.NO_DECISION.value)


def results_by_month(deals: ibis.Table, *, period: Period, by: Sequence[str] = ("owner_id",)) -> ibis.Table:
    """Deals created, won and lost in each month, and what the won ones came to.

    Reads `deals` (one row per deal: `deal_id, outcome, created_on, closed_on, amount` and the columns in `by`).
    `period` should be whole months; its first and last month are cut to it otherwise.

    Gives one row per `by` and `month` (its first day) in which anything happened, in that order: `created`, `won`,
    `lost`, `no_decision` (numbers), `won_amount` (known amounts, one currency), `won_amount_unknown` (won deals without
    a known amount).

    Counts how: a deal is created in one month and closed in another; each counts where it happened, for the owner the
    deal has. Removed deals count as created only. Small numbers: counts only; take a rate over several months.
    Refuses: `UsageError` for a column in `by` that deals do not have. Do not use it to compare people: they were handed
    different deals. Source: own definition; `tests/analysis/test_results_by_month.py`.

    >>> import pyarrow as pa
    >>> deals = {"deal_id": ["a", "b"], "owner_id": ["kim"] * 2, "outcome": ["won", "open"]}
    >>> deals |= {"created_on": [date(2026, 9, 3), date(2026, 10, 5)], "closed_on": [date(2026, 10, 7), None]}
    >>> deals |= {"amount": pa.array([5, None], pa.decimal128(18, 2))}
    >>> autumn = Period(date(2026, 9, 1), date(2026, 12, 1))
    >>> found = results_by_month(ibis.memtable(pa.table(deals)), period=autumn)
    >>> found.select("month", "created", "won", "won_amount").to_pyarrow().to_pylist()
    [{'month': datetime.date(2026, 9, 1), 'created': 1, 'won': 0, 'won_amount': Decimal('0.00')},
     {'month': datetime.date(2026, 10, 1), 'created': 1, 'won': 1, 'won_amount': Decimal('5.00')}]
    """
    by = check_columns(deals, by)
    created = _dated(deals, "created_on", period).mutate(what=ibis.literal("created"))
    closed = _dated(deals.filter(_.outcome.isin(_ENDS)), "closed_on", period).mutate(what=_.outcome.nullif(""))
    columns = [*by, "month", "what", "amount"]
    counts: dict[str, ir.Value] = {name: count_of(_.what == name) for name in ("created", "lost", "no_decision")}
    counts |= totals("won", _.what == Outcome.WON.value)
    told = created.select(columns).union(closed.select(columns)).group_by(*by, "month").agg(**counts)
    shown = ("created", "won", "lost", "no_decision", "won_amount", "won_amount_unknown")
    return told.select(*by, "month", *shown).order_by(*by, "month")


def activities_by_month(
    activities: ibis.Table, activity_people: ibis.Table, *, as_of: date, period: Period
) -> ibis.Table:
    """Activities of each kind that each person held in each month.

    Reads `activities` and `activity_people`. Gives one row per `owner_id` (the person), `month` and `kind`: `n`, in
    that order. Counts how: as `analysis.activity.held`; one with several people counts for each of them.

    >>> import pyarrow as pa
    >>> rows = {"activity_id": ["a"], "kind": ["call"], "automatic": [False], "happened_on": [date(2026, 10, 7)]}
    >>> rows |= {"done": [True], "outcome": ["connected"]}
    >>> who = ibis.memtable(pa.table({"activity_id": ["a"], "person_id": ["kim"]}))
    >>> october = Period(date(2026, 10, 1), date(2026, 11, 1))
    >>> told = activities_by_month(ibis.memtable(pa.table(rows)), who, as_of=october.last, period=october)
    >>> told.to_pyarrow().to_pylist()
    [{'owner_id': 'kim', 'month': datetime.date(2026, 10, 1), 'kind': 'call', 'n': 1}]
    """
    done = _dated(held(activities, as_of=as_of), "happened_on", period).select("activity_id", "month", "kind")
    theirs = done.join(activity_people.select("activity_id", owner_id="person_id"), "activity_id")
    return theirs.group_by("owner_id", "month", "kind").agg(n=_.count()).order_by("owner_id", "month", "kind")


def _dated(rows: ibis.Table, column: str, period: Period) -> ibis.Table:
    inside = rows.filter((_[column] >= ibis.literal(period.start)) & (_[column] < ibis.literal(period.end)))
    return inside.mutate(month=_[column].truncate("M").cast("date"))
