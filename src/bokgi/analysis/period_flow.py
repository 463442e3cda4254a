"""What came into the pipeline and what left it, week by week."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.totals import totals
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

FLOWS: Final = ("created", "reopened", "won", "lost", "no_decision", "removed")
_REOPENED: Final = "reopened"
_CLOSED: Final = [Outcome.WON.value, Outcome.LOST.value, Outcome.NO_DECISION.value]


def period_flow(
    deals: ibis.Table,
    visits: ibis.Table | None,
    calendar: ibis.Table,
    *,
    period: Period,
    by: Sequence[str] = (),
) -> ibis.Table:
    """How many deals came and went in each week, in which way, and for how much.

    Reads `deals` (one row per deal: `deal_id, created_on, closed_on, outcome, amount` and the columns in `by`),
    `visits` (`analysis.visits`; null: `reopened` is not told) and `calendar` (one row per civil date).

    Gives one row per `by` and ISO week of the period, in that order, weeks without anything included: `week_start`,
    `iso_week`, `days` (of the week that lie in the period: 7 unless it is cut), and each of `FLOWS` with `…_amount`
    (sum of the known amounts, one currency) and `…_amount_unknown`.

    Counts how: civil days; a deal closes on `closed_on` with the outcome it has now, deals that closed on no known day
    are in no week. `reopened`: an open stage was entered after a closing; the deal's earlier closing is not counted,
    only its present one. Days that the calendar lacks are left out.

    Refuses: `UsageError` for a column in `by` that deals do not have. Do not divide won by created of one week: the won
    ones were created long before; see `stage_conversion` and `close_rate`.
    Source: own definition; `tests/analysis/test_period_flow.py`.

    >>> import pyarrow as pa
    >>> from datetime import date
    >>> day = date(2026, 11, 3)
    >>> deals = {"deal_id": ["d"], "created_on": [day], "closed_on": [day], "outcome": ["won"]}
    >>> deals = ibis.memtable(pa.table(deals | {"amount": pa.array([7], pa.decimal128(18, 2))}))
    >>> nobody = pa.table({"deal_id": ["x"], "visit": [1], "entered_on": [day], "exit": ["open"]})
    >>> calendar = ibis.memtable(pa.table({"day": [day], "week_start": [date(2026, 11, 2)], "iso_week": ["2026-W45"]}))
    >>> found = period_flow(deals, ibis.memtable(nobody), calendar, period=Period.week_of(day))
    >>> found.select("iso_week", "created", "won", "won_amount", "lost").to_pyarrow().to_pylist()
    [{'iso_week': '2026-W45', 'created': 1, 'won': 1, 'won_amount': Decimal('7.00'), 'lost': 0}]
    """
    by = check_columns(deals, by)
    columns = ["deal_id", "amount", *by]
    closed = deals.filter(_.outcome != Outcome.OPEN.value)
    moves = [
        deals.select(*columns, on="created_on", flow=ibis.literal("created")),
        closed.select(*columns, on="closed_on", flow="outcome"),
    ]
    if visits is not None:
        # Visits of a deal are numbered without gaps: one after a closing has its number and one.
        ended = visits.filter(_.exit.isin(_CLOSED)).select("deal_id", visit=_.visit + 1)
        entered = visits.filter((_.entered_on >= period.start) & (_.entered_on < period.end))
        came_back = entered.semi_join(ended, ["deal_id", "visit"]).select("deal_id", on="entered_on")
        back = came_back.join(deals.select(*columns), "deal_id")
        moves.append(back.select(*columns, "on", flow=ibis.literal(_REOPENED)))
    happened = ibis.union(*(_nullable(move.filter((_.on >= period.start) & (_.on < period.end))) for move in moves))
    days = calendar.filter((_.day >= period.start) & (_.day < period.end)).select("day", "week_start", "iso_week")
    weeks = days.group_by("week_start", "iso_week").agg(days=_.count())
    dated = happened.join(days, happened.on == days.day)
    flows = [flow for flow in FLOWS if visits is not None or flow != _REOPENED]
    counts = {name: column for flow in flows for name, column in totals(flow, _.flow == flow).items()}
    told = dated.group_by(*by, "week_start").agg(**counts)
    keys = [*by, "week_start"]
    rows = weeks.cross_join(told.select(*by).distinct()) if by else weeks
    filled = rows.left_join(told, [rows[key].identical_to(told[key]) for key in keys], rname="of_{name}")
    numbers = {name: ibis.coalesce(_[name], 0).cast(told[name].type()) for name in counts}
    return filled.select("week_start", "iso_week", "days", *by, **numbers).order_by(*by, "week_start")


def _nullable(table: ibis.Table) -> ibis.Table:
    return table.cast({name: kind.copy(nullable=True) for name, kind in table.schema().items()})
