"""How long deals stay in a stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from bokgi.analysis.deal_traits import check_columns
from bokgi.analysis.stage_conversion import Risk, groups
from bokgi.analysis.survival import Days, Incidence, incidence, quantile
from bokgi.analysis.visits import start_unknown
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

LEFT: Final = "left"
_OPEN: Final = Outcome.OPEN.value
_REMOVED: Final = Outcome.REMOVED.value
_START_UNKNOWN: Final = "start_unknown"
_END_UNKNOWN: Final = "end_unknown"
_P80: Final = 0.8
_STAY: Final = ["deal_id", "pipeline", "stage"]


def time_in_stage(
    deals: ibis.Table | None,
    visits: ibis.Table,
    *,
    as_of: date,
    period: Period,
    risk: Risk = Risk.PERIOD,
    by: Sequence[str] = (),
    minimum_n: int = 10,
    level: float = 0.95,
) -> pa.Table:
    """How many days deals spend in each stage: by when half of them have left it, and by when 80 %.

    Reads `deals` (one row per deal: `deal_id` and the columns in `by`; null: all that visits are given of, no `by`) and
    `visits` (`analysis.visits`), both as of `as_of`. Runs the expression on their engine and finishes on its cells.

    Gives one row per `by`, pipeline and open stage, in that order:

    - `deals` observed; of them `left`, `open` (still there) and `removed` at the end of observation;
    - `median_days`, `p80_days` with `…_low`, `…_high`: days until 50 % and 80 % have left; null where so many have
      not left, or not surely, while anybody was observed;
    - `median_shortest` … `p80_longest`: the same when every entry and leaving that is known only between two snapshots
      is put where it makes the stay shortest, or longest; the figures themselves take the middle; `interval`: how many
      deals that concerns;
    - `at_risk`: deals observed on the day of the median;
    - `start_unknown`: left out because the first snapshot found the deal there; `end_unknown`: because nobody knows the
      day it closed;
    - `reason` for no figure: `too_few` (fewer than `minimum_n` deals left), `thin` (the risk set ran empty on the way).

    Counts how: the stay of a deal is the sum of its visits to the stage, in civil days; leaving and coming on one day
    is 0. Whoever is still there counts as long as seen (Kaplan–Meier). `risk`: see `Risk`; a cohort is formed by the
    first entry. A loss ends the stay like going on does.

    Small numbers: null with a reason below `minimum_n` deals that left. Intervals by Brookmeyer & Crowley, log-log.
    Refuses: `UsageError` for a column in `by` that deals do not have. Do not use it to promise revenue: a faster stage
    adds none in the long run unless capacity binds.

    Source: Kaplan & Meier 1958; held against R's `survival` in `tests/analysis/test_time_in_stage.py`.

    >>> from datetime import timedelta
    >>> start = date(2026, 11, 2)
    >>> rows = {"deal_id": [f"d{n}" for n in range(4)], "visit": [1] * 4, "pipeline": ["p"] * 4, "stage": ["talk"] * 4}
    >>> rows |= {"stage_order": [1] * 4, "entered_on": [start] * 4, "interval": [False] * 4}
    >>> rows |= {"left_on": [start + timedelta(days) for days in (1, 2, 3)] + [None]}
    >>> rows |= {"exit": ["won", "lost", "won", "open"], "next_stage": pa.array([None] * 4, pa.string())}
    >>> rows |= dict.fromkeys(["not_before_on", "left_not_before_on"], pa.array([None] * 4, pa.date32()))
    >>> visits = ibis.memtable(pa.table(rows))
    >>> november = Period(start, date(2026, 12, 1))
    >>> found = time_in_stage(visits.select("deal_id"), visits, as_of=november.last, period=november, minimum_n=3)
    >>> found.select(["stage", "deals", "left", "median_days", "p80_days"]).to_pylist()
    [{'stage': 'talk', 'deals': 4, 'left': 3, 'median_days': 2, 'p80_days': None}]
    """
    by = check_columns(deals, by)
    cells = time_cells(deals, visits, as_of=as_of, period=period, risk=risk, by=by).to_pyarrow()
    keys = (*by, "pipeline", "stage", "stage_order")
    ordered = cells.sort_by([(name, "ascending") for name in keys])
    rows = [
        dict(zip(keys, group, strict=True)) | _times(part, minimum_n, level) for group, part in groups(ordered, keys)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([cells.schema.field(name) for name in keys] + _FIELDS))


def time_cells(
    deals: ibis.Table | None, visits: ibis.Table, *, as_of: date, period: Period, risk: Risk, by: Sequence[str] = ()
) -> ibis.Table:
    """Count the cells that `time_in_stage` is estimated from.

    One row per `by`, pipeline, stage, `start` and `end` (days spent there when the deal was observed first and last),
    `shortest` and `longest` (what `end` may be), `kind` and `interval`: `n` deals.
    """
    last = min(as_of, period.last) if risk is Risk.PERIOD else as_of
    if risk is Risk.PERIOD:
        # Only stays that last into the period count: the others needn't be added up.
        lasting = visits.filter(_.left_on.isnull() | (_.left_on >= period.start)).select(*_STAY)
        visits = visits.semi_join(lasting, _STAY)
    stays = _stays(visits, last=last, start=period.start)
    told = stays if deals is None else stays.join(deals.select("deal_id", *by), "deal_id")
    if risk is Risk.COHORT:
        here = told.filter((_.entered_on >= period.start) & (_.entered_on < period.end))
        here = here.mutate(start=ibis.literal(0, "int64"))
    else:
        here = told.filter(_.until >= period.start).mutate(start=_.before)
    keys = [*by, "pipeline", "stage", "stage_order", "start", "end", "shortest", "longest", "kind", "interval"]
    return here.mutate(end=ibis.greatest(_.end, _.start)).group_by(keys).agg(n=_.count())


def _stays(visits: ibis.Table, *, last: date, start: date) -> ibis.Table:
    """Add up each deal's visits to each stage as seen by the end of the day `last`."""
    seen = visits.filter(_.entered_on <= last)
    here = _.left_on.isnull() | (_.left_on > last)
    seen = seen.select(
        *_STAY,
        "stage_order",
        "entered_on",
        here=here,
        until=here.ifelse(last, _.left_on),
        # Width of what the snapshots leave open: the entry was up to so many days earlier, the leaving likewise.
        entry_room=ibis.coalesce(_days(_.not_before_on, _.entered_on) - 1, 0),
        leave_room=here.ifelse(0, ibis.coalesce(_days(_.left_not_before_on, _.left_on) - 1, 0)),
        start_unknown=start_unknown(),
        end_unknown=(_.exit != _OPEN) & _.left_on.isnull(),
        removed=(_.exit == _REMOVED) & _.next_stage.isnull(),
    )
    seen = seen.mutate(days=_days(_.entered_on, _.until), earlier=_.entry_room // 2, sooner=_.leave_room // 2)
    seen = seen.mutate(
        middle=ibis.greatest(_.days + _.earlier - _.sooner, 0),
        least=ibis.greatest(_.days - _.leave_room, 0),
        most=_.days + _.entry_room,
        before=ibis.cases(
            (_.entered_on >= start, 0),
            (_.until < start, ibis.greatest(_.days + _.earlier - _.sooner, 0)),
            else_=_days(_.entered_on, start) + _.earlier,
        ),
    )
    stays = seen.group_by("deal_id", "pipeline", "stage", "stage_order").agg(
        entered_on=_.entered_on.min(),
        until=_.until.max(),
        before=_.before.sum(),
        end=_.middle.sum(),
        shortest=_.least.sum(),
        longest=_.most.sum(),
        interval=(_.entry_room + _.leave_room).sum() > 0,
        start_unknown=_.start_unknown.any(),
        end_unknown=_.end_unknown.any(),
        open=_.here.any(),
        removed=_.removed.any(),
    )
    return stays.mutate(
        kind=ibis.cases(
            (_.start_unknown, _START_UNKNOWN),
            (_.end_unknown, _END_UNKNOWN),
            (_.open, _OPEN),
            (_.removed, _REMOVED),
            else_=LEFT,
        )
    )


def _days(earlier: ir.DateValue, later: ir.DateValue | date) -> ir.IntegerValue:
    return -earlier.delta(later, unit="day").cast("int64")


_COUNTS: Final = ("deals", LEFT, _OPEN, _REMOVED, "interval", _START_UNKNOWN, _END_UNKNOWN)
_DAYS: Final = tuple(
    f"{name}_{which}" for name in ("median", "p80") for which in ("days", "low", "high", "shortest", "longest")
)
_FIELDS: Final = [
    *(pa.field(name, pa.int64()) for name in (*_COUNTS, *_DAYS, "at_risk")),
    pa.field("reason", pa.string()),
]


def _times(part: pa.Table, minimum_n: int, level: float) -> dict[str, Any]:
    kind = np.asarray(part["kind"].to_pylist(), dtype=object)
    start, end, shortest, longest, n = (
        part[name].to_numpy().astype(np.int64) for name in ("start", "end", "shortest", "longest", "n")
    )
    dim = part["interval"].to_numpy(zero_copy_only=False).astype(bool)
    usable = ~np.isin(kind, [_START_UNKNOWN, _END_UNKNOWN])
    row: dict[str, Any] = {name: int(n[kind == name].sum()) for name in _COUNTS[1:]}
    row |= {"deals": int(n[usable].sum()), "interval": int(n[usable & dim].sum())}
    if row[LEFT] < minimum_n:
        return row | {"reason": "too_few"}

    def curve(starts: Days, ends: Days) -> Incidence:
        return incidence(starts[usable], ends[usable], kind[usable].tolist(), n[usable], kinds=[LEFT])

    found = curve(start, end)
    bounds = {
        "shortest": curve(np.minimum(start, shortest), shortest),
        "longest": curve(start, np.maximum(start, longest)),
    }
    for name, share in (("median", 0.5), ("p80", _P80)):
        told = quantile(found, share, level=level)
        row |= {f"{name}_days": told.day, f"{name}_low": told.low, f"{name}_high": told.high}
        row |= {f"{name}_{which}": quantile(bound, share).day for which, bound in bounds.items()}
    half = row["median_days"]
    row["at_risk"] = None if half is None else int(found.at_risk[np.searchsorted(found.day, half)])
    thin = found.broke_on is not None and half is None
    return row | {"reason": "thin" if thin else None}
