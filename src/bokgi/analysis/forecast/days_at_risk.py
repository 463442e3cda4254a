"""Days at risk in portable Ibis: stays cut into weeks, each with its key, sorted by the engine."""

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

from bokgi.analysis.forecast.counting import AGE_DAYS, EXITS, UNKNOWN, with_value
from bokgi.analysis.forecast.values_then import unchanged, values_over_time
from bokgi.analysis.forecast.windows import PHASES, WEEK, Window, phase_of

CELLS_AT_ONCE: Final = 250_000
"""Deals whose days are read at once: sixteen or so rows each."""


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
    """What the key of a cell is made of: profiles × people × stages × time in stage × part of the quarter × eras.

    `eras` are the days up to which each counts; the others go by their place in the list.
    """

    profiles: int
    people: Sequence[str]
    stages: Sequence[tuple[str, str]]
    eras: Sequence[date]

    @property
    def timings(self) -> int:
        """Number of stages × times in stage × parts of the quarter."""
        return len(self.stages) * len(AGE_DAYS) * PHASES


def count_cells(
    told: ir.Table,
    deals: ir.Table,
    changes: ir.Table | None,
    cut: pa.Table,
    numbering: Numbering,
    as_of: date,
) -> Iterator[pa.Table]:
    """Count days at risk and what ended them, by condition, person, stage, time in stage and slice of the past.

    A deal is at risk from the day after its entry to the day it leaves, for by the end of a day it stands where it
    moved that day. Who passes through a stage within a day was at risk for half a day.

    Gives `key` (see `Numbering`; its parts from the profile down to the era), `twice` (days, doubled) and `way` (what
    ended the stay: place in `EXITS`, from 1; 0: nothing did) of each slice of each stay, in the order of the keys.
    Where deals differ in much, hardly two slices have the same key, so they are not summed up here. Deals are read
    some profiles at a time and each part is given by itself, for what the engine and the reader have to hold.
    """
    who = _who(deals, changes, numbering.people).cache()
    sizes = who.group_by("profile").agg(n=_.count()).order_by("profile").to_pyarrow()
    bounds, held = [0], 0
    for profile, n in zip(sizes["profile"].to_pylist(), sizes["n"].to_pylist(), strict=True):
        if held and held + n > CELLS_AT_ONCE:
            bounds.append(profile)
            held = 0
        held += n
    for low, high in pairwise([*bounds, numbering.profiles]):
        some = who if len(bounds) == 1 else who.filter((_.profile >= low) & (_.profile < high))
        yield _cells_of(told, some, changes, deals, cut, numbering, as_of).to_pyarrow()


def _who(deals: ir.Table, changes: ir.Table | None, people: Sequence[str]) -> ir.Table:
    """Give for each deal its profile and, where its owner never changed, the person's number and since when it holds.

    `from_on`: the first day on which the owner is known to have been the one; null: always.
    """
    still = unchanged(deals, changes, "owner_id").select(
        still_deal="deal_id", value="value", sure="sure", since="since"
    )
    joined = deals.select("deal_id", "profile").left_join(still, [deals.deal_id == still.still_deal])
    named = _numbered(joined.mutate(value=ibis.coalesce(_.value, UNKNOWN)), "value", people)
    never = ibis.literal(date(9999, 12, 31))
    return named.select(
        "deal_id",
        "profile",
        "person",
        moved=_.still_deal.isnull(),
        from_on=ibis.ifelse(_.sure, ibis.null("date"), ibis.coalesce(_.since, never)),
    )


def _numbered(rows: ir.Table, column: str, people: Sequence[str]) -> ir.Table:
    """Add the number of a person as `person`."""
    numbers = {"named": pa.array(people, pa.string()), "person": pa.array(range(len(people)), pa.int64())}
    names = ibis.memtable(pa.table(numbers))
    return rows.join(names, [rows[column] == names.named])


def _cells_of(
    told: ir.Table,
    who: ir.Table,
    changes: ir.Table | None,
    deals: ir.Table,
    cut: pa.Table,
    numbering: Numbering,
    as_of: date,
) -> ir.Table:
    nobody = numbering.people.index(UNKNOWN)
    # Cut apart: slices of deals whose owner never changed need not carry the deal along.
    stayed = _sliced(told.join(who.filter(~_.moved), "deal_id"), cut, numbering, as_of)
    stayed = stayed.mutate(person=ibis.ifelse(_.from_on.isnull() | (_.from_on <= _.begin), _.person, nobody))
    columns = ["profile", "person", "timing", "era", "twice", "way"]
    counted = stayed.select(columns)
    if changes is not None:
        turned = _sliced(told.join(who.filter(_.moved), "deal_id"), cut, numbering, as_of).drop("person")
        over_time = values_over_time(deals, changes, "owner_id")
        then = with_value(turned, over_time, "value", "begin").mutate(value=ibis.coalesce(_.value, UNKNOWN))
        counted = counted.union(_numbered(then, "value", numbering.people).select(columns))
    key = (_.profile * len(numbering.people) + _.person) * numbering.timings + _.timing
    return counted.select("twice", "way", key=key * len(numbering.eras) + _.era).order_by("key", "twice", "way")


def _sliced(stays: ir.Table, cut: pa.Table, numbering: Numbering, as_of: date) -> ir.Table:
    """Cut stays into the slices of the past they lasted in: `twice` the days at risk, `timing`, `era`, `way`."""
    ends = cut["last"].to_pylist()
    first_day = cut["before"][0].as_py()
    days = [first_day + timedelta(days=n) for n in range((ends[-1] - first_day).days + 1)]
    slice_of = ibis.memtable(
        pa.table({"day": pa.array(days, pa.date32()), "slice": pa.array([bisect_left(ends, day) for day in days])})
    )
    steps = ibis.memtable(
        pa.table(
            {
                "step": pa.array(n for n in range(len(ends)) for _k in range(n + 1)),
                "turn": pa.array(k for n in range(len(ends)) for k in range(n + 1)),
            }
        )
    )
    era_of = {era: place for place, era in enumerate(numbering.eras)}
    bounds = ibis.memtable(
        pa.table(
            {
                "slice": pa.array(range(len(ends))),
                "before": cut["before"],
                "last": cut["last"],
                "phase": cut["phase"],
                "era": pa.array([era_of[era] for era in cut["era"].to_pylist()], pa.int64()),
            }
        )
    )
    names = ibis.memtable(
        pa.table(
            {
                "of_pipeline": pa.array([pipeline for pipeline, _stage in numbering.stages], pa.string()),
                "of_stage": pa.array([stage for _pipeline, stage in numbering.stages], pa.string()),
                "place": pa.array(range(len(numbering.stages)), pa.int64()),
            }
        )
    )
    exits = {name: place for place, names in enumerate(EXITS.values(), start=1) for name in names}
    spans = stays.join(names, [stays.pipeline == names.of_pipeline, stays.stage == names.of_stage])
    spans = spans.mutate(
        until=ibis.coalesce(_.left_on, ibis.literal(as_of)),
        way=ibis.cases(*((spans.exit == name, place) for name, place in exits.items()), else_=0),
    )
    spans = spans.select("deal_id", "profile", "person", "from_on", "place", "entered_on", "left_on", "until", "way")
    spans = spans.join(slice_of.rename(in_slice="slice"), [spans.entered_on == slice_of.day]).drop("day")
    spans = spans.join(slice_of.rename(out_slice="slice"), [spans.until == slice_of.day]).drop("day")
    spans = spans.mutate(n=_.out_slice - _.in_slice)
    rows = spans.join(steps, [spans.n == steps.step]).mutate(slice=_.in_slice + _.turn).join(bounds, "slice")
    passing = ibis.coalesce(rows.left_on == rows.entered_on, ibis.literal(value=False))
    begin = ibis.ifelse(rows.entered_on > rows.before, rows.entered_on, rows.before)
    finish = ibis.ifelse(rows.until < rows["last"], rows.until, rows["last"])
    rows = rows.mutate(
        begin=begin,
        twice=ibis.ifelse(passing, 1, 2 * finish.delta(begin, unit="day")),
        stood=begin.delta(rows.entered_on, unit="day"),
        ends=ibis.coalesce(rows.left_on <= rows["last"], ibis.literal(value=False)),
    ).filter(_.twice > 0)
    # The age in the middle of the slice, whether the deal stays so long or not: it must not tell the outcome.
    middle = 2 * rows.stood + rows["last"].delta(rows.begin, unit="day")
    bounds_of_age = enumerate(AGE_DAYS[1:])
    bucket = ibis.cases(*((middle < 2 * bound, place) for place, bound in bounds_of_age), else_=len(AGE_DAYS) - 1)
    return rows.select(
        *("deal_id", "profile", "person", "from_on", "begin", "era"),
        twice=_.twice.cast("int32"),
        timing=(_.place * len(AGE_DAYS) + bucket) * PHASES + _.phase,
        way=ibis.ifelse(rows.ends, rows.way, 0).cast("int8"),
    )
