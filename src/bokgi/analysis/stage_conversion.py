"""Of the deals that enter a stage, what share goes further."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.progressions import REACHED, progressions
from bokgi.analysis.proportions import wilson
from bokgi.analysis.survival import Incidence, incidence, interval
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

ENDS: Final = (REACHED, Outcome.LOST.value, Outcome.NO_DECISION.value)
_OPEN: Final = Outcome.OPEN.value
_REMOVED: Final = Outcome.REMOVED.value
_START_UNKNOWN: Final = "start_unknown"
_END_UNKNOWN: Final = "end_unknown"
MUCH_UNDECIDED: Final = 0.1
"""More than this share still open, and what comes later may change a conversion much."""


class Risk(StrEnum):
    """Whose fate a period tells about.

    `cohort`: those that enter in it, followed until `as_of`. `period`: everybody who is there in it, for the days they
    are, put together to the fate of a deal that would live through such a period (left truncation).
    """

    COHORT = "cohort"
    PERIOD = "period"


def stage_conversion(  # noqa: PLR0913 - the question has that many sides
    deals: ibis.Table | None,
    visits: ibis.Table,
    *,
    as_of: date,
    period: Period,
    risk: Risk = Risk.PERIOD,
    by: Sequence[str] = (),
    minimum_n: int = 10,
    level: float = 0.95,
    progressed: ibis.Table | None = None,
) -> pa.Table:
    """Of the deals that enter a stage, what share reaches a later open stage or is won, open deals not yet decided.

    Reads `deals` (one row per deal: `deal_id` and the columns in `by`; null: all that visits are given of, no `by`) and
    `visits` (`analysis.visits`), both as of `as_of`. Runs the expression on their engine and finishes on its cells.
    `progressed`: `analysis.progressions` of these visits, where they are known already.

    Gives one row per `by`, pipeline and open stage, in that order:

    - `entries`: first entries in the period, as far as their day is known; `deals`: deals observed; of them `reached`,
      `lost`, `no_decision`, `removed`, `open` ended so while observed;
    - `conversion` (0 to 1) with `low` and `high`: the share that has gone further by day `day` after the entry, the
      last on which an end was seen; `undecided`: the share still open by then, so that the final share lies between
      `conversion` and `conversion + undecided`; `at_risk`: deals observed on `day`;
    - `interval`: deals whose entry is known only between two snapshots, taken at the day it was found;
      `start_unknown`: deals left out because the first snapshot found them there, `end_unknown`: because nobody
      knows the day they closed;
    - `reason`: why there is no figure. `too_few`: fewer than `minimum_n` deals were decided; `thin`: on some day
      everybody at risk was decided although others were observed later (`Risk.PERIOD` only). From that day on the
      shares say nothing; where at most a tenth is open before it, the figure is of the day before instead, and what
      was open by then is its `undecided`.

    Counts how: see `analysis.progressions` for re-opened, returning and skipping deals. `lost` and `no_decision`
    compete with going further; `open` and `removed` end the observation. Days are civil days.

    Small numbers: null with a reason below `minimum_n` decided deals. The interval is log-log; where all or none went
    further it has no bounds there, and Wilson's of as many decided deals stands in. Refuses: `UsageError` for a column
    in `by` that deals do not have.

    Do not use it to find the bottleneck: the stage with the lowest conversion is seldom the one that costs most.

    Source: Aalen & Johansen 1978; held against R's `survival` in `tests/analysis/test_stage_conversion.py`.

    >>> from datetime import timedelta
    >>> start = date(2026, 11, 2)
    >>> rows = {"deal_id": [f"d{n}" for n in range(4)], "visit": [1] * 4, "pipeline": ["p"] * 4, "stage": ["talk"] * 4}
    >>> rows |= {"stage_order": [1] * 4, "entered_on": [start] * 4, "owner_id": ["kim"] * 4, "first": [True] * 4}
    >>> rows |= {"left_on": [start + timedelta(days) for days in (1, 2, 3)] + [None], "interval": [False] * 4}
    >>> rows |= {"exit": ["won", "lost", "won", "open"], "not_before_on": pa.array([None] * 4, pa.date32())}
    >>> visits = ibis.memtable(pa.table(rows))
    >>> november = Period(start, date(2026, 12, 1))
    >>> found = stage_conversion(visits.select("deal_id"), visits, as_of=november.last, period=november, minimum_n=3)
    >>> found.select(["stage", "entries", "reached", "lost", "open", "conversion", "undecided"]).to_pylist()
    [{'stage': 'talk', 'entries': 4, 'reached': 2, 'lost': 1, 'open': 1, 'conversion': 0.5, 'undecided': 0.25}]
    """
    by = check_columns(deals, by)
    cells = conversion_cells(deals, visits, as_of=as_of, period=period, risk=risk, by=by, progressed=progressed)
    keys = (*by, "pipeline", "stage", "stage_order")
    return shares(cells.to_pyarrow(), keys=keys, ends=ENDS, minimum_n=minimum_n, level=level)


def conversion_cells(
    deals: ibis.Table | None,
    visits: ibis.Table,
    *,
    as_of: date,
    period: Period,
    risk: Risk,
    by: Sequence[str] = (),
    progressed: ibis.Table | None = None,
) -> ibis.Table:
    """Count the cells that `stage_conversion` is estimated from.

    One row per `by`, pipeline, stage, `start` and `end` (days since the entry on which the deal is observed first
    and last), `kind` (how it ended; `start_unknown` and `end_unknown` stand apart), `entered` (in the period) and
    `interval`: `n` deals.
    """
    told = progressions(visits) if progressed is None else progressed
    if deals is not None:
        told = told.join(deals.select("deal_id", *by), "deal_id")
    seen = observed(told, as_of=as_of, period=period, risk=risk)
    keys = [*by, "pipeline", "stage", "stage_order", "start", "end", "kind", "entered", "interval"]
    return seen.group_by(keys).agg(n=_.count())


def observed(told: ibis.Table, *, as_of: date, period: Period, risk: Risk) -> ibis.Table:
    """Cut each course to what is observed: `start`, `end` (days since `entered_on`), `kind`, `entered` in the period.

    Reads a table with `entered_on`, `ended_on` (null: open, or unknown), `end`, `start_unknown`.
    """
    last = min(as_of, period.last) if risk is Risk.PERIOD else as_of
    unknown = (_.end != _OPEN) & _.ended_on.isnull()
    still = _.ended_on.isnull() | (_.ended_on > last)
    cut = told.filter(_.entered_on <= last).mutate(
        entered=_.entered_on >= period.start,
        kind=ibis.cases((_.start_unknown, _START_UNKNOWN), (unknown, _END_UNKNOWN), (still, _OPEN), else_=_.end),
        until=still.ifelse(last, ibis.greatest(_.ended_on, _.entered_on)),
    )
    if risk is Risk.COHORT:
        here = cut.filter(_.entered & (_.entered_on < period.end))
        return here.mutate(start=ibis.literal(0, "int64"), end=_days(_.entered_on, _.until))
    here = cut.filter(_.until >= period.start)
    begun = _.entered.ifelse(0, _days(_.entered_on, period.start))
    return here.mutate(start=begun.cast("int64"), end=_days(_.entered_on, _.until))


def _days(earlier: ir.DateValue, later: ir.DateValue | date) -> ir.IntegerValue:
    return -earlier.delta(later, unit="day").cast("int64")


def shares(
    cells: pa.Table,
    *,
    keys: Sequence[str],
    ends: Sequence[str],
    minimum_n: int,
    level: float,
    by_day: int | None = None,
) -> pa.Table:
    """Estimate the share of the first of `ends` for each group of cells with equal `keys`, in the order of the keys.

    `by_day`: the share by that day instead of the last one on which an end was seen. Columns as `stage_conversion`.
    """
    ordered = cells.sort_by([(name, "ascending") for name in keys])
    rows = [
        dict(zip(keys, group, strict=True)) | _share(part, ends, minimum_n, level, by_day)
        for group, part in groups(ordered, keys)
    ]
    fields = [cells.schema.field(name) for name in keys] + _fields(ends)
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def groups(ordered: pa.Table, keys: Sequence[str]) -> list[tuple[tuple[Any, ...], pa.Table]]:
    """Split a table that is ordered by its keys into one table for each combination of them."""
    if ordered.num_rows == 0:
        return []
    changed = np.zeros(ordered.num_rows, dtype=bool)
    changed[0] = True
    for name in keys:
        codes = ordered[name].combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
        changed[1:] |= codes[1:] != codes[:-1]
    starts = np.flatnonzero(changed)
    stops = np.append(starts[1:], ordered.num_rows)
    return [
        (tuple(ordered[name][int(start)].as_py() for name in keys), ordered.slice(int(start), int(stop - start)))
        for start, stop in zip(starts, stops, strict=True)
    ]


def _fields(ends: Sequence[str]) -> list[pa.Field]:
    counts = ["entries", "deals", *ends, _REMOVED, _OPEN, "interval", _START_UNKNOWN, _END_UNKNOWN, "at_risk", "day"]
    rates = ["conversion", "low", "high", "undecided"]
    return [
        *(pa.field(name, pa.int64()) for name in counts),
        *(pa.field(name, pa.float64()) for name in rates),
        pa.field("reason", pa.string()),
    ]


def _share(part: pa.Table, ends: Sequence[str], minimum_n: int, level: float, by_day: int | None) -> dict[str, Any]:
    start, end, n = (part[name].to_numpy() for name in ("start", "end", "n"))
    kind = np.asarray(part["kind"].to_pylist(), dtype=object)
    entered, dim = (part[name].to_numpy(zero_copy_only=False).astype(bool) for name in ("entered", "interval"))
    usable = ~np.isin(kind, [_START_UNKNOWN, _END_UNKNOWN])
    row: dict[str, Any] = {name: int(n[kind == name].sum()) for name in (*ends, _REMOVED, _OPEN)}
    row |= {name: int(n[kind == name].sum()) for name in (_START_UNKNOWN, _END_UNKNOWN)}
    row |= {
        "entries": int(n[entered & (kind != _START_UNKNOWN)].sum()),
        "deals": int(n[usable].sum()),
        "interval": int(n[usable & dim].sum()),
    }
    found = incidence(start[usable], end[usable], kind[usable].tolist(), n[usable], kinds=ends)
    decided = sum(row[name] for name in ends)
    return row | _figures(found, ends[0], level, decided >= minimum_n, by_day)


def _figures(found: Incidence, end: str, level: float, enough: bool, by_day: int | None) -> dict[str, Any]:  # noqa: FBT001 - one of several facts about a group
    nothing = dict.fromkeys(("conversion", "low", "high", "undecided", "at_risk", "day"))
    upto = len(found.day) if by_day is None else int(np.searchsorted(found.day, by_day, side="right"))
    if not enough or upto == 0:
        return nothing | {"reason": "too_few"}
    place = upto - 1
    if found.sound < upto:
        place = found.sound - 1
        if by_day is not None or place < 0 or found.open_share[place] > MUCH_UNDECIDED:
            return nothing | {"reason": "thin"}
    low, high = (float(ends[place]) for ends in interval(found.share[end], found.variance[end], level=level))
    share = float(found.share[end][place])
    if share in {0.0, 1.0}:
        # All have ended alike: nothing varies, and what that says is what as many decided cases say.
        low, high = wilson(
            share, float(sum(events[: place + 1].sum() for events in found.events.values())), level=level
        )
    return {
        "conversion": share,
        "low": _number(low),
        "high": _number(high),
        "undecided": float(found.open_share[place]),
        "at_risk": int(found.at_risk[place]),
        "day": int(found.day[place]) if by_day is None else by_day,
        "reason": None,
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
