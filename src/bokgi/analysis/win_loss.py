"""How often deals are won, why they are lost, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.proportions import wilson
from bokgi.analysis.totals import count_of, totals
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

WEEK: Final = ("week_start", "iso_week")
_MONEY: Final = "decimal(18, 2)"
_ENDS: Final = (Outcome.WON.value, Outcome.LOST.value, Outcome.NO_DECISION.value)


def win_loss(
    deals: ibis.Table,
    *,
    period: Period,
    by: Sequence[str] = (),
    calendar: ibis.Table | None = None,
    minimum_n: int = 10,
) -> ibis.Table:
    """How many deals were won and lost in the period, what share that is, for how much, and after how long.

    Reads `deals` (one row per deal: `deal_id, outcome, created_on, closed_on, amount` and the columns in `by`). New
    business only, when that is meant: narrow `deals` before. With `calendar` (one row per civil date) the period is
    split by ISO week.

    Gives one row per `by` (and `week_start`, `iso_week`) in which a deal closed, in that order:

    - `won`, `lost`, `no_decision`, each with `…_amount` (known amounts, one currency) and `…_amount_unknown`; `n`:
      their sum;
    - `win_rate` (0 to 1): won ÷ (won + lost + no decision), with `win_rate_low`, `win_rate_high`; `narrow_rate`,
      `narrow_low`, `narrow_high`: without no decision, `narrow_n` cases; `value_rate`: the broad rate in known amounts;
    - `mean_won`, `median_won`: known amounts of the won deals;
    - `cycle_days`: median days from creation to the win, of `cycle_n` deals; `loss_days`: to the loss or the end
      without a decision, of `loss_n`; deals without a creation date, or closed before it, are left out;
    - `reason`: `too_few` when `n` is below `minimum_n`: then there are no rates.

    Counts how: by close date; deals that closed on no known day, and removed ones, are in no period. A re-opened deal
    counts as it stands now.

    Small numbers: rates are null below `minimum_n` (the narrow one below `minimum_n` of its own). Intervals are Wilson
    95 %. Refuses: `UsageError` for a column in `by` that deals do not have. Do not use it to compare people: they were
    handed different deals; see `analysis.comparison`. Do not use it for a young cohort: losses come later than wins.

    Source: Wilson 1927; `tests/analysis/test_win_loss.py` holds it against statsmodels.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> day = date(2026, 11, 2)
    >>> deals = {"deal_id": ["a", "b", "c"], "outcome": ["won", "lost", "won"], "created_on": [day] * 3}
    >>> deals |= {"closed_on": [date(2026, 11, 9)] * 3, "amount": pa.array([4, 5, None], pa.decimal128(18, 2))}
    >>> found = win_loss(ibis.memtable(pa.table(deals)), period=Period.week("2026-W46"), minimum_n=3)
    >>> found.select("won", "n", "win_rate", "value_rate", "mean_won", "cycle_days").to_pyarrow().to_pylist()
    [{'won': 2, 'n': 3, 'win_rate': 0.66..., 'value_rate': 0.44..., 'mean_won': Decimal('4.00'), 'cycle_days': 7.0}]
    """
    by = check_columns(deals, by)
    closed = decided(deals, period=period).select(*by, "outcome", "amount", "closed_on", days=cycle())
    if calendar is not None:
        closed = closed.join(calendar.select(*WEEK, closed_on="day"), "closed_on")
        by = (*by, *WEEK)
    won = _.outcome == Outcome.WON.value
    counts: dict[str, ir.Value] = {"n": _.count()}
    for end in _ENDS:
        counts |= totals(end, _.outcome == end)
    counts |= {
        "mean_won": mean_amount(won),
        "median_won": median_of(_.amount, won).cast(_MONEY),
        "cycle_days": median_of(_.days, won & (_.days >= 0)),
        "cycle_n": count_of(won & (_.days >= 0)),
        "loss_days": median_of(_.days, ~won & (_.days >= 0)),
        "loss_n": count_of(~won & (_.days >= 0)),
    }
    told = closed.group_by(*by).agg(**counts) if by else closed.agg(**counts)
    # Narrowed after the mutate: a condition on a whole table's aggregate would be counted by a query of its own.
    told = told.mutate(narrow_n=_.won + _.lost).filter(_.n > 0)
    known = _.won_amount + _.lost_amount + _.no_decision_amount
    enough = _.n >= minimum_n
    told = told.mutate(
        win_rate=_part(_.won, _.n, enough),
        narrow_rate=_part(_.won, _.narrow_n, _.narrow_n >= minimum_n),
        value_rate=_part(_.won_amount, known, enough),
        reason=enough.ifelse(ibis.null("string"), "too_few"),
    )
    told = told.mutate(**_limits("win_rate", _.n), **_limits("narrow_rate", _.narrow_n))
    told = told.rename(narrow_low="narrow_rate_low", narrow_high="narrow_rate_high")
    names = [f"{end}{part}" for end in _ENDS for part in ("", "_amount", "_amount_unknown")]
    shown = [*by, "n", *names, "win_rate", "win_rate_low", "win_rate_high", "narrow_n", "narrow_rate", "narrow_low"]
    shown += ["narrow_high", "value_rate", "mean_won", "median_won", "cycle_days", "cycle_n", "loss_days", "loss_n"]
    shown += ["reason"]
    return told.select(*shown).order_by(*by) if by else told.select(*shown)


def mean_amount(where: ir.BooleanValue) -> ir.DecimalValue:
    """Average the known amounts of the deals where a condition holds; null when there is none."""
    return _only(where, _.amount).mean().cast(_MONEY)


def median_of(value: ir.NumericValue, where: ir.BooleanValue) -> ir.FloatingValue:
    """Median of a value over the rows where a condition holds; null when there is none."""
    return _only(where, value).median()


def cycle() -> ir.IntegerValue:
    """Days from creation to close of a deal: below 0 where the two contradict each other, null where one is unknown."""
    return -_.created_on.delta(_.closed_on, unit="day").cast("int64")


def _only(where: ir.BooleanValue, value: ir.NumericValue) -> ir.FloatingValue:
    """The value where a condition holds, else null: Spark has no median with a condition of its own."""
    return where.ifelse(value.cast("float64"), ibis.null("float64"))


def loss_reasons(deals: ibis.Table, *, period: Period, by: Sequence[str] = (), minimum_n: int = 10) -> ibis.Table:
    """For which reasons deals were lost, or ended without a decision, in the period.

    Gives one row per `by`, `outcome` (`lost`, `no_decision`) and `lost_reason` (null: none given), the most frequent
    first: `deals` with `…_amount` and `…_amount_unknown`, `n` (all deals of that `by` and outcome, with a reason or
    not), `share` of these with `share_low`, `share_high` (Wilson, 95 %); no share below `minimum_n`.

    Do not read it as causes: it is what was written down.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> deals = {"deal_id": ["a", "b"], "outcome": ["lost"] * 2, "lost_reason": ["price", None]}
    >>> deals |= {"closed_on": [date(2026, 11, 9)] * 2, "amount": pa.array([4, 5], pa.decimal128(18, 2))}
    >>> found = loss_reasons(ibis.memtable(pa.table(deals)), period=Period.week("2026-W46"), minimum_n=2)
    >>> found.select("lost_reason", "n", "share").to_pyarrow().to_pylist()
    [{'lost_reason': 'price', 'n': 2, 'share': 0.5}, {'lost_reason': None, 'n': 2, 'share': 0.5}]
    """
    by = check_columns(deals, by)
    ended = decided(deals, period=period).filter(_.outcome != Outcome.WON.value)
    told = ended.group_by(*by, "outcome", "lost_reason").agg(**totals("deals", ibis.literal(value=True)))
    told = told.mutate(n=_.deals.sum().over(ibis.window(group_by=[*by, "outcome"])).cast("int64"))
    told = told.mutate(share=_part(_.deals, _.n, _.n >= minimum_n))
    told = told.mutate(**_limits("share", _.n))
    return told.order_by(*by, "outcome", _.deals.desc(), _.lost_reason.asc(nulls_first=False))


def stood_last(visits: ibis.Table) -> ibis.Table:
    """In which open stage each deal that was lost, or ended without a decision, stood last.

    Reads `visits` (`analysis.visits`). Gives `deal_id, pipeline, stage, stage_order`, one row per deal that ever ended
    so and has a history, without order; a deal that was won in the end is in it, too, when it had been lost before.

    >>> import pyarrow as pa
    >>> rows = {"deal_id": ["d", "d"], "visit": [1, 2], "pipeline": ["p"] * 2, "stage": ["talk", "offer"]}
    >>> rows |= {"stage_order": [1, 2], "exit": ["lost", "lost"]}
    >>> stood_last(ibis.memtable(pa.table(rows))).to_pyarrow().to_pylist()
    [{'deal_id': 'd', 'pipeline': 'p', 'stage': 'offer', 'stage_order': 2}]
    """
    ended = visits.filter(_.exit.isin(_ENDS[1:]))
    last = ibis.row_number().over(ibis.window(group_by="deal_id", order_by=_.visit.desc()))
    return ended.mutate(place=last).filter(_.place == 0).select("deal_id", "pipeline", "stage", "stage_order")


def decided(deals: ibis.Table, *, period: Period) -> ibis.Table:
    """Deals that were won, lost or ended without a decision in the period."""
    return deals.filter(was_decided(period))


def was_decided(period: Period) -> ir.BooleanValue:
    """Tell of a deal whether it was won, lost or ended without a decision in the period."""
    return _.outcome.isin(_ENDS) & (_.closed_on >= period.start) & (_.closed_on < period.end)


def _part(part: ir.NumericValue, whole: ir.NumericValue, enough: ir.BooleanValue) -> ir.FloatingValue:
    return enough.ifelse(part.cast("float64") / whole.cast("float64").nullif(0), ibis.null("float64"))


def _limits(name: str, n: ir.IntegerValue) -> dict[str, ir.Value]:
    """The interval of a rate at 95 %, as columns `{name}_low`, `{name}_high`; null where the rate is."""
    return dict(zip((f"{name}_low", f"{name}_high"), wilson(_[name], n.cast("float64").nullif(0)), strict=True))
