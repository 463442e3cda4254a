"""Stays in stages with who had the deal, in portable Ibis; the past cut into weeks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from bokgi.analysis.forecast.counting import AGE_DAYS, EXITS, UNKNOWN
from bokgi.analysis.forecast.values_then import values_over_time
from bokgi.analysis.forecast.windows import PHASES, WEEK, Window, phase_of

DEALS_AT_ONCE: Final = 500_000
"""Deals whose stays are read at once: ten or so rows each."""
_FAR_AHEAD: Final = date(9999, 12, 31)


def slices(first: date, as_of: date, windows: Sequence[Window], year_starts: int = 1) -> pa.Table:
    """Cut the past into weeks that end with `as_of`, and at each origin; `era` is the first origin after it.

    `year_starts`: the first month of the fiscal year, by whose quarters each slice has its phase.
    """
    ends = {as_of - timedelta(days=WEEK * week) for week in range((as_of - first).days // WEEK + 2)}
    ends |= {window.origin for window in windows if first <= window.origin <= as_of}
    ordered = sorted(ends)
    before = [ordered[0] - timedelta(days=WEEK), *ordered[:-1]]
    phase = [
        phase_of(start + (end - start + timedelta(days=1)) / 2, year_starts)
        for start, end in zip(before, ordered, strict=True)
    ]
    marks = sorted({as_of, *(window.origin for window in windows if window.origin <= as_of)})
    until = [marks[bisect_left(marks, end)] for end in ordered]
    columns = {"before": pa.array(before, pa.date32()), "last": pa.array(ordered, pa.date32())}
    columns["era"] = pa.array(until, pa.date32())
    return pa.table(columns | {"phase": pa.array(phase, pa.int64())})


@dataclass(frozen=True)
class Numbering:
    """How what a stay is told apart by is numbered: profiles, people, stages by their place in the list.

    `eras` are the days up to which each counts.
    """

    profiles: int
    people: Sequence[str]
    stages: Sequence[tuple[str, str]]
    eras: Sequence[date]

    @property
    def times(self) -> int:
        """Number of times in stage × parts of the quarter."""
        return len(AGE_DAYS) * PHASES

    @property
    def timings(self) -> int:
        """Number of stages × times in stage × parts of the quarter."""
        return len(self.stages) * self.times


def read_stays(
    told: ir.Table,
    deals: ir.Table,
    changes: ir.Table | None,
    numbering: Numbering,
    as_of: date,
) -> Iterator[pa.Table]:
    """Give the stays in stages with the conditions of their deal and who had it, some profiles at a time.

    Gives `pair` (profile × people + person), `stage` (its number), `entered_on`, `until_on` (the day it was left;
    `as_of` where it stands), `from_on` and `to_on` (the person counts for what begins from the one up to, but not
    including, the other) and `way` (what ended the stay: place in `EXITS`, from 1; 0: nothing did). A stay over which
    the deal changed hands has a row for each of those who had it, whether anything begins in their time or not.
    """
    # Without tables in memory: Spark does not know those of an expression that is kept.
    who = _who(deals, changes).cache()
    sizes = who.group_by("profile").agg(n=_.count()).order_by("profile").to_pyarrow()
    bounds, held = [0], 0
    for profile, n in zip(sizes["profile"].to_pylist(), sizes["n"].to_pylist(), strict=True):
        if held and held + n > DEALS_AT_ONCE:
            bounds.append(profile)
            held = 0
        held += n
    stays, people = _lasted(told, numbering, as_of), numbering.people
    numbers = {"who": pa.array(people, pa.string()), "person": pa.array(range(len(people)), pa.int64())}
    names = ibis.memtable(pa.table(numbers))
    for low, high in pairwise([*bounds, numbering.profiles]):
        some = who if len(bounds) == 1 else who.filter((_.profile >= low) & (_.profile < high))
        some = some.join(names, "who")
        some = some.select("deal_id", "from_on", "to_on", pair=_.profile * len(people) + _.person)
        rows = stays.join(some, "deal_id")
        yield rows.filter((rows.from_on <= rows.until_on) & (rows.to_on > rows.entered_on)).drop("deal_id").to_pyarrow()


def _who(deals: ir.Table, changes: ir.Table | None) -> ir.Table:
    """Give who had each deal from which day up to which: `deal_id, profile, who, from_on, to_on`.

    Before the owner is known to have been the one it was somebody unknown.
    """
    held = values_over_time(deals, changes, "owner_id")
    since = ibis.coalesce(held.since, ibis.literal(_FAR_AHEAD))
    known = held.select(
        held_deal="deal_id",
        who=ibis.coalesce(_.value, UNKNOWN),
        from_on=ibis.ifelse(held.sure | (held.from_on > since), held.from_on, since),
        to_on="to_on",
    )
    before = held.filter(~held.sure).select(
        held_deal="deal_id",
        who=ibis.literal(UNKNOWN),
        from_on="from_on",
        to_on=ibis.ifelse(held.to_on < since, held.to_on, since),
    )
    rows = known.union(before).filter(_.from_on < _.to_on)
    profiles = deals.select("deal_id", "profile")
    rows = rows.join(profiles, rows.held_deal == profiles.deal_id)
    return rows.select("deal_id", "profile", "who", "from_on", "to_on")


def _lasted(told: ir.Table, numbering: Numbering, as_of: date) -> ir.Table:
    """Give the stays that lasted: who passed through a stage within a day was in it, who enters on `as_of` not yet."""
    names = ibis.memtable(
        pa.table(
            {
                "of_pipeline": pa.array([pipeline for pipeline, _stage in numbering.stages], pa.string()),
                "of_stage": pa.array([stage for _pipeline, stage in numbering.stages], pa.string()),
                "place": pa.array(range(len(numbering.stages)), pa.int16()),
            }
        )
    )
    exits = {name: place for place, names in enumerate(EXITS.values(), start=1) for name in names}
    today = ibis.literal(as_of)
    rows = told.join(names, [told.pipeline == names.of_pipeline, told.stage == names.of_stage])
    rows = rows.filter(rows.left_on.notnull() | (rows.entered_on < today))
    way = ibis.cases(*((rows.exit == name, place) for name, place in exits.items()), else_=0)
    rows = rows.select(
        "deal_id",
        "entered_on",
        stage=rows.place,
        until_on=ibis.coalesce(rows.left_on, today),
        way=ibis.ifelse(rows.left_on.notnull(), way, 0).cast("int8"),
    )
    return rows.filter((rows.until_on >= rows.entered_on) & (rows.until_on <= today))
