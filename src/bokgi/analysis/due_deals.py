"""What became of the deals that were due in a period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import count_of, sum_of, totals
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

FATES: Final = ("won", "lost", "no_decision", "removed", "slipped", "undated", "still_due")
BESIDES: Final = ("pulled_in", "created_and_won")


def due_deals(
    before: ibis.Table, after: ibis.Table, *, period: Period, by: Sequence[str] = (), minimum_n: int = 10
) -> ibis.Table:
    """What part of the pipeline due in a period was won in it, what slipped out of it, and what was won besides.

    Reads `before`: `deals` as of the day before the period (or of a day in it, to learn what the days left bring), and
    `after`: as of its last day (one row per deal: `deal_id, outcome, amount, expected_close_on, closed_on` and the
    columns in `by`).

    Gives one row per `by` in which a deal was due or won, in order:

    - `due`: open before and expected to close in the period, with `due_amount` (as known before) and
      `due_amount_unknown`; each of `FATES` as count and `…_amount` (as known before) of these: `won`, `lost`,
      `no_decision` in the period; `removed`, also when no longer in the data; `slipped`: still open, expected after the
      period's end; `undated`: still open, expected on no date; `still_due`: the rest. They add up to `due`;
    - `pipeline_conversion` (0 to 1) = won ÷ due in amounts, `pipeline_conversion_n` in counts; `need` = 1 ÷ pipeline
      conversion: the coverage that was needed; `slippage` = slipped ÷ due in counts, `slippage_amount` in amounts;
    - `pulled_in`, `pulled_in_amount`: won in the period though due at another time; `created_and_won`,
      `created_and_won_amount`: won in the period and not open before: not there, or lost then; amounts as after;
    - `reason`: `too_few` when fewer than `minimum_n` were due: then there are no rates.

    Counts how: a deal counts where `by` puts it before, a new one where it is after. Closed after the period counts as
    `still_due`. Amounts unknown before are in no sum and no rate by amount.

    Refuses: `UsageError` for a column in `by` that deals do not have. Do not take the need of a whole period for its
    last weeks: compute it from periods as of the same number of days before the end.
    Source: own definition; `tests/analysis/test_progress.py`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> day, later = date(2026, 11, 5), date(2026, 12, 5)
    >>> rows = {"deal_id": ["a", "b"], "outcome": ["open"] * 2, "amount": pa.array([6, 2], pa.decimal128(18, 2))}
    >>> before = rows | {"expected_close_on": [day, day], "closed_on": pa.array([None, None], pa.date32())}
    >>> after = before | {"outcome": ["won", "open"], "expected_close_on": [day, later], "closed_on": [day, None]}
    >>> tables = (ibis.memtable(pa.table(rows)) for rows in (before, after))
    >>> found = due_deals(*tables, period=Period(date(2026, 11, 1), date(2026, 12, 1)), minimum_n=2)
    >>> found.select("due", "won", "slipped", "pipeline_conversion", "slippage").to_pyarrow().to_pylist()
    [{'due': 2, 'won': 1, 'slipped': 1, 'pipeline_conversion': 0.75, 'slippage': 0.5}]
    """
    by = check_columns(before, by)
    counts: dict[str, ir.Value] = totals("due", _.due)
    for fate in (*FATES, *BESIDES):
        counts |= {fate: count_of(_.fate == fate), f"{fate}_amount": sum_of(_.amount, _.fate == fate)}
    deals = _told(before, after, by, period)
    told = deals.group_by(*by).agg(**counts) if by else deals.agg(**counts)
    enough = _.due >= minimum_n
    conversion = _part(_.won_amount, _.due_amount, enough)
    told = told.mutate(
        pipeline_conversion=conversion,
        pipeline_conversion_n=_part(_.won, _.due, enough),
        slippage=_part(_.slipped, _.due, enough),
        slippage_amount=_part(_.slipped_amount, _.due_amount, enough),
        reason=enough.ifelse(ibis.null("string"), "too_few"),
    ).mutate(need=1 / _.pipeline_conversion.nullif(0))
    # Narrowed after the mutate: a condition on a whole table's aggregate would be counted by a query of its own.
    told = told.filter(_.due + _.pulled_in + _.created_and_won > 0)
    return told.order_by(*by) if by else told


def _part(part: ir.NumericValue, whole: ir.NumericValue, enough: ir.BooleanValue) -> ir.FloatingValue:
    return enough.ifelse(part.cast("float64") / whole.cast("float64").nullif(0), ibis.null("float64"))


def _told(before: ibis.Table, after: ibis.Table, by: Sequence[str], period: Period) -> ibis.Table:
    """One row per deal that was due, or won in the period besides: `by`, `due`, `amount` and its `fate`.

    Few deals are due or won beside all that two days hold: each of the two looks for its other day.
    """
    no = ibis.literal(value=False)
    is_due = (_.outcome == Outcome.OPEN.value) & _inside(_.expected_close_on, period)
    is_won = (_.outcome == Outcome.WON.value) & _inside(_.closed_on, period)
    due = before.filter(is_due).select("amount", *by, due_deal="deal_id")
    later = after.select("deal_id", "outcome", "expected_close_on", "closed_on")
    due = due.left_join(later, due.due_deal == later.deal_id)
    is_open = _.outcome == Outcome.OPEN.value
    fate = ibis.cases(
        (_.deal_id.isnull() | (_.outcome == Outcome.REMOVED.value), Outcome.REMOVED.value),
        (~is_open & _inside(_.closed_on, period), _.outcome),
        (is_open & (_.expected_close_on >= period.end), "slipped"),
        (is_open & _.expected_close_on.isnull(), "undated"),
        else_="still_due",
    )
    columns = {name: f"{name}_after" for name in by}
    won = after.filter(is_won).select("amount", won_deal="deal_id", **{new: _[old] for old, new in columns.items()})
    earlier = before.select("deal_id", "outcome", "expected_close_on", *by)
    won = won.left_join(earlier, won.won_deal == earlier.deal_id)
    won = won.filter(~ibis.coalesce(is_due | (_.outcome == Outcome.WON.value), no))
    split = {old: _.deal_id.notnull().ifelse(_[old], _[new]) for old, new in columns.items()}
    besides = ibis.coalesce(is_open, no).ifelse(*BESIDES)
    return ibis.union(
        due.select(*by, "amount", due=ibis.literal(value=True), fate=fate),
        won.select(**split, amount=_.amount, due=no, fate=besides),
    )


def _inside(day: ir.DateValue, period: Period) -> ir.BooleanValue:
    return (day >= period.start) & (day < period.end)
