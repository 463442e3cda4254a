"""How fast the pipeline turns into wins."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import count_of
from bokgi.analysis.win_loss import cycle, mean_amount, median_of, was_decided
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome


def velocity(deals: ibis.Table, *, period: Period, by: Sequence[str] = (), minimum_n: int = 10) -> ibis.Table:
    """How much the open pipeline would bring in a day if it were won as often, as large and as fast as of late.

    Reads `deals` (one row per deal: `deal_id, outcome, created_on, closed_on, amount` and the columns in `by`) as of
    the end of the period or a day soon after it.

    Gives one row per `by` that has open deals, in order: `open` (deals now), `win_rate` and `mean_won` of the period
    (see `win_loss`), `cycle_days` (median days from creation to the win), `n` (deals decided in the period) and
    `velocity` = open × win rate × mean won amount ÷ cycle days, money per day. `reason` for no velocity: `too_few`
    decided deals, or `no_wins` (no won deal with a known amount and cycle).

    Small numbers: null with a reason below `minimum_n` decided deals. Refuses: `UsageError` for a column in `by` that
    deals do not have. Do not use it as a forecast: its four parts move together, and a full pipeline of dead deals
    looks fast. Source: the usual formula; `tests/analysis/test_progress.py`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> deals = {"deal_id": ["a", "b"], "outcome": ["won", "open"], "created_on": [date(2026, 11, 1)] * 2}
    >>> deals |= {"closed_on": [date(2026, 11, 11), None], "amount": pa.array([50, 7], pa.decimal128(18, 2))}
    >>> november = Period(date(2026, 11, 1), date(2026, 12, 1))
    >>> found = velocity(ibis.memtable(pa.table(deals)), period=november, minimum_n=1)
    >>> found.select("open", "win_rate", "cycle_days", "velocity").to_pyarrow().to_pylist()
    [{'open': 1, 'win_rate': 1.0, 'cycle_days': 10.0, 'velocity': Decimal('5.00')}]
    """
    by = check_columns(deals, by)
    is_open, ended = _.outcome == Outcome.OPEN.value, was_decided(period)
    ours = deals.filter(is_open | ended).select(
        *by, "amount", is_open=is_open, won=_.outcome == Outcome.WON.value, days=cycle()
    )
    counts = {"open": count_of(_.is_open), "n": count_of(~_.is_open), "won": count_of(_.won)}
    counts |= {"mean_won": mean_amount(_.won), "cycle_days": median_of(_.days, _.won & (_.days >= 0))}
    told = ours.group_by(*by).agg(**counts) if by else ours.agg(**counts)
    enough = _.n >= minimum_n
    rate = _.won.cast("float64") / _.n.cast("float64").nullif(0)
    told = told.mutate(win_rate=enough.ifelse(rate, ibis.null("float64")))
    known = _.mean_won.notnull() & (_.cycle_days > 0)
    bring = _.open.cast("float64") * _.win_rate * _.mean_won.cast("float64") / _.cycle_days.nullif(0)
    told = told.mutate(
        velocity=(enough & known).ifelse(bring, ibis.null("float64")).cast("decimal(38, 2)"),
        reason=ibis.cases((~enough, "too_few"), (known, ibis.null("string")), else_="no_wins"),
    ).filter(_.open > 0)
    shown = [*by, "open", "n", "win_rate", "mean_won", "cycle_days", "velocity", "reason"]
    return told.select(*shown).order_by(*by) if by else told.select(*shown)
