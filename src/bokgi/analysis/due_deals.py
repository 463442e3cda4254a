"""What became of the deals that were due in a period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import count_of, sum_of
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

FATES: Final = ("won", "lost", "no_decision", "removed", "slipped", "undated", "still_due")


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
    pairs = _paired(before, after, by, period)
    counts: dict[str, ir.Value] = {
        "due": count_of(_.due),
        "due_amount": sum_of(_.amount_before, _.due),
        "due_amount_unknown": count_of(_.due & _.amount_before.isnull()),
    }
    for fate in FATES:
        counts[fate] = count_of(_.due & (_.fate == fate))
        counts[f"{fate}_amount"] = sum_of(_.amount_before, _.due & (_.fate == fate))
    for name, where in (("pulled_in", _.was_open), ("created_and_won", ~_.was_open)):
        counts[name] = count_of(_.won_now & ~_.due & where)
        counts[f"{name}_amount"] = sum_of(_.amount_after, _.won_now & ~_.due & where)
    told = pairs.group_by(*by).agg(**counts) if by else pairs.agg(**counts)
    told = told.filter(_.due + _.pulled_in + _.created_and_won > 0)
    enough = _.due >= minimum_n
    conversion = _part(_.won_amount, _.due_amount, enough)
    told = told.mutate(
        pipeline_conversion=conversion,
        pipeline_conversion_n=_part(_.won, _.due, enough),
        slippage=_part(_.slipped, _.due, enough),
        slippage_amount=_part(_.slipped_amount, _.due_amount, enough),
        reason=enough.ifelse(ibis.null("string"), "too_few"),
    ).mutate(need=1 / _.pipeline_conversion.nullif(0))
    return told.order_by(*by) if by else told


def _part(part: ir.NumericValue, whole: ir.NumericValue, enough: ir.BooleanValue) -> ir.FloatingValue:
    return enough.ifelse(part.cast("float64") / whole.cast("float64").nullif(0), ibis.null("float64"))


def _paired(before: ibis.Table, after: ibis.Table, by: Sequence[str], period: Period) -> ibis.Table:
    """One row per deal that was due, or was won in the period, with its fate."""
    first = before.select(
        deal_before="deal_id",
        was_open=_.outcome == Outcome.OPEN.value,
        was_won=_.outcome == Outcome.WON.value,
        amount_before="amount",
        due_before="expected_close_on",
        **{f"by_before_{name}": _[name] for name in by},
    )
    second = after.select(
        deal_after="deal_id",
        outcome_after="outcome",
        amount_after="amount",
        due_after="expected_close_on",
        closed_after="closed_on",
        **{f"by_after_{name}": _[name] for name in by},
    )
    no = ibis.literal(value=False)
    in_period = (_.closed_after >= period.start) & (_.closed_after < period.end)
    due = (_.due_before >= period.start) & (_.due_before < period.end)
    # Few deals are due or won beside all that two days hold: each of the two looks for its other day.
    were_due = first.filter(_.was_open & due)
    are_won = second.filter((_.outcome_after == Outcome.WON.value) & in_period)
    of_due = were_due.left_join(second, were_due.deal_before == second.deal_after)
    of_won = are_won.left_join(first, first.deal_before == are_won.deal_after)
    of_won = of_won.filter(~ibis.coalesce(_.was_open & due, no))
    pairs = of_due.union(of_won.select(*of_due.columns))
    existed = _.deal_before.notnull()
    pairs = pairs.mutate(was_open=existed & _.was_open, was_won=existed & _.was_won, existed=existed)
    pairs = pairs.mutate(
        due=_.was_open & ibis.coalesce(due, no),
        closed_now=ibis.coalesce(in_period, no),
        won_now=~_.was_won & ibis.coalesce((_.outcome_after == Outcome.WON.value) & in_period, no),
    )
    is_open = _.outcome_after == Outcome.OPEN.value
    removed = _.deal_after.isnull() | (_.outcome_after == Outcome.REMOVED.value)
    fate = ibis.cases(
        (removed, Outcome.REMOVED.value),
        (~is_open & _.closed_now, _.outcome_after),
        (is_open & (_.due_after >= period.end), "slipped"),
        (is_open & _.due_after.isnull(), "undated"),
        else_="still_due",
    )
    split = {name: _.existed.ifelse(_[f"by_before_{name}"], _[f"by_after_{name}"]) for name in by}
    return pairs.filter(_.due | _.won_now).mutate(fate=fate, **split)
