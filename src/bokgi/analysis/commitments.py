"""What happened on the deals that somebody committed to, between the meeting and the day by which it was to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from scipy.special import bdtr, bdtrc, ndtri

from bokgi.analysis.activity import by_people, took_place
from bokgi.analysis.proportions import difference, wilson
from bokgi.analysis.totals import count_of

LEVEL: Final = 0.95
_BY_HAND: Final = ("meeting", "call")


def deal_progress(
    promised: ibis.Table,
    visits: ibis.Table,
    deals: ibis.Table,
    activities: ibis.Table,
    deal_changes: ibis.Table,
) -> ibis.Table:
    """What happened on each promised deal from the meeting on: touched, moved, next step set, figures changed.

    Reads `promised` (one row per commitment: `key, deal_id, made_on, made_at, until_on`), and as of a day not before
    any `until_on`: `visits` (`analysis.visits`), `deals`, `activities` and `deal_changes`.

    Gives one row per commitment whose deal is known, by `key`:

    - `touches`, `talks` (meetings and calls among them): activities by people; `touched_on`, `talked_on`: the first;
    - `from_stage` (where the deal stood when it was promised), `advanced_on` and `to_stage`: the first move to a later
      stage; `won_on`; `ended_on`: lost, without a decision, or removed;
    - `next_step_on`: the first day on which a next step or its date was written down;
    - `amount_changes`, `close_changes`: how often amount and expected close changed.

    Counts how: what happened after the meeting and up to `until_on`, both known to the moment where the source has it;
    of what happened on the day of the meeting at no known moment nobody knows whether it came before, and it does not
    count. A change that was found between two exports counts on the day of the later one. Null: it did not happen.

    Small numbers: none are judged here. Refuses: nothing. Do not use it to say that a commitment worked: deals move by
    themselves, too. Source: own definition; `tests/analysis/test_commitments.py` holds it against a slow twin.

    >>> import pyarrow as pa
    >>> from datetime import UTC, date, datetime
    >>> from bokgi.facts.schema import STATE_COLUMNS, TABLES
    >>> def table(name, **row):
    ...     columns = (*TABLES[name].columns, *STATE_COLUMNS.get(name, ()))
    ...     schema = pa.schema([column.arrow().with_nullable(True) for column in columns])
    ...     return ibis.memtable(pa.Table.from_pylist([row] if row else [], schema=schema))
    >>> asked = {"key": ["c"], "deal_id": ["d"], "made_on": [date(2026, 11, 2)], "until_on": [date(2026, 11, 9)]}
    >>> asked["made_at"] = pa.array([datetime(2026, 11, 2, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    >>> call = table("activities", deal_id="d", kind="call", happened_on=date(2026, 11, 4), automatic=False)
    >>> none = table("stage_events").mutate(exit=_.stage, left_on=_.entered_on, visit=_.seq, next_stage=_.stage)
    >>> deal = table("deals", deal_id="d", outcome="open")
    >>> found = deal_progress(ibis.memtable(pa.table(asked)), none, deal, call, table("deal_changes"))
    >>> found.select("key", "touches", "touched_on", "advanced_on").to_pyarrow().to_pylist()
    [{'key': 'c', 'touches': 1, 'touched_on': datetime.date(2026, 11, 4), 'advanced_on': None}]
    """
    told = promised.semi_join(deals, "deal_id").select("key", "deal_id", "made_on", "made_at", "until_on")
    result = told.select("key")
    parts = (_touched(told, activities), _moved(told, visits), _closed(told, deals), _changed(told, deal_changes))
    for part in (*parts, _stood(told, visits)):
        result = result.left_join(part, "key", rname="of_{name}").drop("of_key")
    counts = {name: ibis.coalesce(_[name], 0) for name in ("touches", "talks", "amount_changes", "close_changes")}
    return result.mutate(**counts).order_by("key")


def _since(on: ir.DateValue, at: ir.TimestampValue) -> ir.BooleanValue:
    """Tell whether something happened after the promise and not after its last day."""
    same_day = ibis.coalesce((on == _.made_on) & (at > _.made_at), ibis.literal(value=False))
    return ((on > _.made_on) | same_day) & (on <= _.until_on)


def _first(on: ir.DateValue, where: ir.BooleanValue) -> ir.DateValue:
    return on.min(where=where)


def _touched(promised: ir.Table, activities: ibis.Table) -> ir.Table:
    held = by_people(activities).filter(took_place())
    with_deal = promised.join(held.select("deal_id", "kind", "happened_on", "happened_at"), "deal_id")
    here = with_deal.filter(_since(_.happened_on, _.happened_at))
    talk = _.kind.isin(_BY_HAND)
    return here.group_by("key").agg(
        touches=_.count(),
        talks=count_of(talk),
        touched_on=_.happened_on.min(),
        talked_on=_first(_.happened_on, talk),
    )


def _moved(promised: ir.Table, visits: ibis.Table) -> ir.Table:
    in_deal = ibis.window(group_by="deal_id", order_by="visit")
    timed = visits.mutate(left_at=_.entered_at.lead().over(in_deal)).filter(_.exit == "advanced")
    here = promised.join(timed.select("deal_id", "visit", "left_on", "left_at", "next_stage"), "deal_id")
    here = here.filter(_since(_.left_on, _.left_at))
    first = ibis.window(group_by="key", order_by="visit")
    ranked = here.mutate(place=ibis.row_number().over(first)).filter(_.place == 0)
    return ranked.select("key", advanced_on="left_on", to_stage="next_stage")


def _stood(promised: ir.Table, visits: ibis.Table) -> ir.Table:
    """The last stage entered before the promise; on its day, only at a moment known to be earlier."""
    before = (_.entered_on < _.made_on) | (
        (_.entered_on == _.made_on) & ibis.coalesce(_.entered_at <= _.made_at, ibis.literal(value=True))
    )
    here = promised.join(visits.select("deal_id", "visit", "stage", "entered_on", "entered_at"), "deal_id")
    latest = ibis.window(group_by="key", order_by=_.visit.desc())
    ranked = here.filter(before).mutate(place=ibis.row_number().over(latest)).filter(_.place == 0)
    return ranked.select("key", from_stage="stage")


def _closed(promised: ir.Table, deals: ibis.Table) -> ir.Table:
    here = promised.join(deals.select("deal_id", "outcome", "closed_on", "closed_at"), "deal_id")
    here = here.filter(_since(_.closed_on, _.closed_at) & (_.outcome != "open"))
    won = _.outcome == "won"
    return here.group_by("key").agg(won_on=_first(_.closed_on, won), ended_on=_first(_.closed_on, ~won))


def _changed(promised: ir.Table, deal_changes: ibis.Table) -> ir.Table:
    real = deal_changes.filter(_.seq != 0).select("deal_id", "field", "new", "changed_on", "changed_at")
    here = promised.join(real, "deal_id").filter(_since(_.changed_on, _.changed_at))
    step = ((_.field == "next_step_on") & _.new.notnull()) | ((_.field == "has_next_step") & (_.new == "true"))
    return here.group_by("key").agg(
        next_step_on=_first(_.changed_on, step),
        amount_changes=count_of(_.field == "amount"),
        close_changes=count_of(_.field == "expected_close_on"),
    )


@dataclass(frozen=True)
class FigureChange:
    """A figure before and after, with its cases; `verdict` is `reached`, `missed` or `cannot_tell`.

    `low` and `high` are the interval of the difference (after − before), where the figure is an estimate.
    """

    before: float | None
    before_n: float
    after: float | None
    after_n: float
    low: float | None
    high: float | None
    verdict: str


def count_reached(
    count: int, weeks: float, *, usual: int, usual_weeks: float, by: float | None = None, rising: bool = True
) -> FigureChange:
    """Tell whether a count of so many a week changed as promised: by a number, or beyond chance where none was named.

    Reads the `count` in `weeks`, and `usual` counted in the `usual_weeks` before. Promised `by` so many a week more (or
    with `rising` false fewer) than before, the count itself decides. Without a number it must differ from what the
    weeks before let expect: given both counts together, the share of the later ones is binomial, tested at 5 % on
    each side; else it cannot be told apart from usual weeks.

    Source: Przyborowski & Wilenski 1940 for the comparison; `tests/analysis/test_commitments.py`.

    >>> count_reached(5, 1, by=3, usual=16, usual_weeks=8).verdict
    'reached'
    >>> count_reached(3, 1, usual=16, usual_weeks=8).verdict
    'cannot_tell'
    """
    before, after = usual / usual_weeks if usual_weeks else None, count / weeks if weeks else None
    if before is None or after is None:
        verdict = "cannot_tell"
    elif by is not None:
        reached = after >= before + by if rising else after <= before - by
        verdict = "reached" if reached else "missed"
    else:
        verdict = _beyond_chance(count, weeks, usual, usual_weeks, rising=rising)
    return FigureChange(before, usual_weeks, after, weeks, None, None, verdict)


def _beyond_chance(count: int, weeks: float, usual: int, usual_weeks: float, *, rising: bool) -> str:
    whole, share = count + usual, weeks / (weeks + usual_weeks)
    more = count > 0 and float(bdtrc(count - 1, whole, share)) < 1 - LEVEL
    fewer = float(bdtr(count, whole, share)) < 1 - LEVEL
    if not (more or fewer):
        return "cannot_tell"
    return "reached" if more is rising else "missed"


def share_changed(
    after: int, after_n: int, before: int, before_n: int, *, rising: bool, minimum_n: int
) -> FigureChange:
    """Tell whether a share changed as promised: only when the interval of the difference says so.

    Newcombe's hybrid score interval of the difference of two shares, at 95 %. Below `minimum_n` cases on either side
    nothing can be told.

    Source: Newcombe 1998, method 10, whose table is checked in `tests/analysis/test_commitments.py`.

    >>> share_changed(56, 70, 48, 80, rising=True, minimum_n=10).verdict
    'reached'
    """
    if min(after_n, before_n) < max(minimum_n, 1):
        shares = [hits / n if n else None for hits, n in ((before, before_n), (after, after_n))]
        return FigureChange(shares[0], before_n, shares[1], after_n, None, None, "cannot_tell")
    p1, p0 = after / after_n, before / before_n
    low, high = difference(p1, wilson(p1, after_n, level=LEVEL), p0, wilson(p0, before_n, level=LEVEL))
    return FigureChange(p0, before_n, p1, after_n, low, high, _as_promised(low, high, rising=rising))


def days_changed(after: Sequence[int], before: Sequence[int], *, rising: bool, minimum_n: int) -> FigureChange:
    """Tell whether days got longer or shorter as promised: only when the interval of the shift says so.

    Gives the medians and the interval of the shift of one group of durations against the other at 95 %: the order
    statistics of all differences that the rank test leaves standing. Below `minimum_n` cases on either side nothing can
    be told.

    Source: Hodges & Lehmann 1963; R's `wilcox.test` is the referee in `tests/analysis/test_commitments.py`.

    >>> days_changed([4, 5, 6, 7, 8] * 3, [14, 15, 16, 17, 18] * 3, rising=False, minimum_n=10).verdict
    'reached'
    """
    middles = [float(np.median(days)) if len(days) else None for days in (before, after)]
    if min(len(after), len(before)) < max(minimum_n, 1):
        return FigureChange(middles[0], len(before), middles[1], len(after), None, None, "cannot_tell")
    pairs = np.sort(np.subtract.outer(np.asarray(after, float), np.asarray(before, float)).ravel())
    spread = float(ndtri(0.5 + LEVEL / 2)) * sqrt(len(pairs) * (len(after) + len(before) + 1) / 12)
    place = max(int(len(pairs) / 2 - spread), 0)
    low, high = float(pairs[place]), float(pairs[-1 - place])
    verdict = _as_promised(low, high, rising=rising)
    return FigureChange(middles[0], len(before), middles[1], len(after), low, high, verdict)


def _as_promised(low: float, high: float, *, rising: bool) -> str:
    up, down = low > 0, high < 0
    if up or down:
        return "reached" if up is rising else "missed"
    return "cannot_tell"
