"""Counts that a forecast learns from, in portable Ibis: only cells, open deals, wins and entries leave the engine."""

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
import pyarrow.compute as pc
from ibis import _

from bokgi.analysis.forecast.values_then import known_then, times_pushed, unchanged, values_over_time
from bokgi.analysis.forecast.windows import PHASES, WEEK, Window, phase_of

UNKNOWN: Final = "(unknown)"
AGE_DAYS: Final = (0, 4, 8, 14, 21, 28, 42, 63, 91, 140, 210, 364)
"""Time in stage is told apart from these days on; the last has no end: what stands longer hardly ever moves."""
CELLS_AT_ONCE: Final = 250_000
"""Deals whose days are read at once: sixteen or so rows each."""
EXITS: Final = {
    "on": ("advanced",),
    "back": ("back",),
    "won": ("won",),
    "lost": ("lost", "no_decision", "removed"),
}
_CLOSING: Final = (*EXITS["won"], *EXITS["lost"])
_COLUMNS: Final = (
    *("deal_id", "owner_id", "team", "amount", "outcome", "created_on", "closed_on", "expected_close_on"),
    *("probability", "pipeline", "known_at_creation"),
)
"""What a forecast reads of a deal, besides its conditions."""
_TRAITS: Final = (
    *("profile", "owner_id", "team", "amount", "outcome", "closed_on", "expected_close_on", "probability"),
)
_THEN: Final = {
    "owner_id": "person",
    "amount": "amount",
    "expected_close_on": "due",
    "probability": "probability",
}
"""Columns that are seen as they were at an origin, and how they are called there."""


def with_profiles(deals: ir.Table, factors: Sequence[str]) -> tuple[ir.Table, pa.Table]:
    """Number the combinations of conditions that occur; deals carry the number as `profile`."""
    kinds = {"created_on": "date", "closed_on": "date", "expected_close_on": "date", "probability": "float64"}
    missing = [name for name in _COLUMNS if name not in deals.columns]
    deals = deals.mutate(**{name: ibis.null(kinds.get(name, "string")) for name in missing})
    if not factors:
        return deals.select(*_COLUMNS, profile=ibis.literal(0, type="int64")), pa.table({"profile": [0]})
    keys = {f"of_{name}": deals[name].cast("string").fill_null(UNKNOWN) for name in factors}
    told = deals.mutate(**keys)
    found = told.select(list(keys)).distinct()
    found = found.mutate(profile=ibis.row_number().over(ibis.window(order_by=list(keys))).cast("int64"))
    rows = found.order_by("profile").to_pyarrow()
    joined = told.join(found, list(keys)).select(*_COLUMNS, "profile")
    return joined, rows.rename_columns([name.removeprefix("of_") for name in rows.column_names])


_STAY: Final = (
    *("deal_id", "visit", "pipeline", "stage", "stage_order", "first", "entered_on", "left_on", "exit", "next_stage"),
)
_STAY_KINDS: Final = {
    "visit": "int64",
    "stage_order": "int64",
    "first": "boolean",
    "entered_on": "date",
    "left_on": "date",
} | dict.fromkeys(("deal_id", "pipeline", "stage", "exit", "next_stage"), "string")


def without_history(deals: ir.Table, visits: ir.Table) -> ir.Table:
    """Give one nameless stage from creation to closing for each deal that has no visit."""
    bare = deals.anti_join(visits.filter(_.visit == 1), "deal_id").filter(_.created_on.notnull())
    return bare.select(
        deal_id=_.deal_id,
        visit=ibis.literal(1),
        pipeline=ibis.coalesce(_.pipeline, ""),
        stage=ibis.literal(""),
        stage_order=ibis.literal(0),
        first=ibis.literal(value=True),
        entered_on=_.created_on,
        left_on=ibis.ifelse(_.closed_on < _.created_on, _.created_on, _.closed_on),
        exit=_.outcome,
        next_stage=ibis.null("string"),
    ).cast(_STAY_KINDS)


def stays(visits: ir.Table, alone: ir.Table) -> ir.Table:
    """Give visits to open stages, and the nameless stages `alone` of deals that have none (`without_history`)."""
    united = visits.select(*_STAY).cast(_STAY_KINDS).union(alone)
    return united.filter(_.entered_on.notnull() & (_.left_on.notnull() | (_.exit == "open")))


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
        then = _with_value(turned, over_time, "value", "begin").mutate(value=ibis.coalesce(_.value, UNKNOWN))
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


def _with_value(rows: ir.Table, values: ir.Table, name: str, day: str) -> ir.Table:
    """Add the value that a column had on the day in column `day`, as `name`."""
    held = values.rename({f"of_{column}": column for column in values.columns})
    joined = rows.left_join(
        held, [rows.deal_id == held.of_deal_id, rows[day] >= held.of_from_on, rows[day] < held.of_to_on]
    )
    then = known_then(joined.of_sure, joined.of_since, joined.of_value, joined[day])
    return joined.mutate(**{name: then}).drop(*(column for column in joined.columns if column in held.columns))


def _stood(told: ir.Table, windows: Sequence[Window], first: date, as_of: date) -> ir.Table:
    """Give the stays that lasted over the end of each origin, with the `place`, `origin`, `begins`, `finishes` of it.

    A stay lasts from the first origin on or after its first day up to the last one before the day it left. Days from
    `first` to `as_of` are looked up, for a join by inequality takes several times as long.
    """
    places = sorted(range(len(windows)), key=lambda place: (windows[place].origin, place))
    origins = [windows[place].origin for place in places]
    days = [first + timedelta(days=n) for n in range((as_of - first).days + 1)]
    passed = ibis.memtable(
        pa.table({"day": pa.array(days, pa.date32()), "n": pa.array([bisect_left(origins, day) for day in days])})
    )
    steps = [(n, turn) for n in range(len(places) + 1) for turn in range(n)]
    turns = ibis.memtable(
        pa.table({"n": pa.array([n for n, _turn in steps]), "turn": pa.array([turn for _n, turn in steps])})
    )
    asked = ibis.memtable(
        pa.table(
            {
                "rank": pa.array(range(len(places)), pa.int64()),
                "place": pa.array(places, pa.int64()),
                "origin": pa.array(origins, pa.date32()),
                "begins": pa.array([windows[place].start for place in places], pa.date32()),
                "finishes": pa.array([windows[place].end for place in places], pa.date32()),
            }
        )
    )
    spans = told.select("deal_id", "visit", "pipeline", "stage", "entered_on", "left_on")
    spans = spans.join(passed.rename(since="n"), [spans.entered_on == passed.day]).drop("day")
    spans = spans.left_join(passed.rename(until="n"), [spans.left_on == passed.day]).drop("day")
    lasted = spans.mutate(n=ibis.coalesce(spans.until, len(places)) - spans.since).filter(_.n > 0)
    return lasted.join(turns, "n").mutate(rank=_.since + _.turn).join(asked, "rank")


def standing(
    deals: ir.Table, told: ir.Table, changes: ir.Table | None, windows: Sequence[Window], first: date, as_of: date
) -> pa.Table:
    """Give the deals that stood open at the end of each origin, and what became of them within its window.

    Owner, amount, expected close and probability are those of then; on `as_of` itself what the deal says;
    `times_pushed` is of then, too. `first`: the day of the first stay.
    """
    rows = _stood(told, windows, first, as_of)
    latest = ibis.window(group_by=["place", "deal_id"], order_by=[_.entered_on.desc(), _.visit.desc()])
    rows = rows.mutate(turn=ibis.row_number().over(latest)).filter(_.turn == 0)
    traits = deals.select(of_deal="deal_id", **{name: name for name in _TRAITS})
    rows = rows.join(traits, rows.deal_id == traits.of_deal)
    inside = (rows.closed_on > rows.origin) & (rows.closed_on >= rows.begins) & (rows.closed_on < rows.finishes)
    rows = rows.mutate(
        age=rows.origin.delta(rows.entered_on, unit="day"),
        won=ibis.coalesce((rows.outcome == "won") & inside, ibis.literal(value=False)),
        won_amount=rows.amount.cast("float64"),
    )
    names = ["place", "deal_id", "origin", "profile", "team", "pipeline", "stage", "age", "won", "won_amount"]
    in_order = ibis.row_number().over(ibis.window(order_by=["place", "deal_id"]))
    # Kept, and each column looked up by itself: one expression of all would take longer to compile than to run.
    with rows.select(*names, *_THEN, at=in_order).cache() as kept:
        found = kept.select(*names, "at").order_by("at").to_pyarrow().drop_columns(["at"])
        for column, name in _THEN.items():
            values = _with_value(kept, values_over_time(deals, changes, column), "then", "origin")
            now = values[column].cast("string")
            told = ibis.ifelse(values.origin == ibis.literal(as_of), now, values.then)
            if column == "expected_close_on":
                told = told.try_cast("date").delta(values.origin, unit="day")
            elif column != "owner_id":
                told = told.try_cast("float64")
            held = values.select("at", told=told).to_pyarrow()
            found = found.append_column(name, held["told"].take(pc.sort_indices(held["at"])))
        times = times_pushed(kept, changes).order_by("at").to_pyarrow()["times_pushed"]
        return found.append_column("times_pushed", times)


def wins(deals: ir.Table) -> pa.Table:
    """Give the won deals by day of closing."""
    won = deals.filter((_.outcome == "won") & _.closed_on.notnull())
    rows = won.select("deal_id", "profile", "team", on="closed_on", amount=_.amount.cast("float64"), person="owner_id")
    return rows.order_by("on", "deal_id").to_pyarrow()


def entries(deals: ir.Table, told: ir.Table) -> pa.Table:
    """Give the days on which deals came into the pipeline: their first stage, and the first after being closed."""
    stays = told.select("deal_id", "visit", "pipeline", "stage", "entered_on")
    closings = told.filter(_.exit.isin(_CLOSING)).select("deal_id", visit=_.visit + 1)
    came = stays.filter(_.visit == 1).union(stays.filter(_.visit > 1).semi_join(closings, ["deal_id", "visit"]))
    traits = deals.select(of_deal="deal_id", profile="profile", team="team", person="owner_id")
    rows = came.join(traits, came.deal_id == traits.of_deal)
    rows = rows.select("deal_id", "visit", "pipeline", "stage", "profile", "team", "person", on="entered_on")
    return rows.order_by("on", "deal_id", "visit").to_pyarrow().drop_columns(["deal_id", "visit"])


def moves(told: ir.Table) -> pa.Table:
    """Count where deals went from each stage, by day."""
    went = told.filter(_.exit.isin(["advanced", "back"]) & _.next_stage.notnull())
    keys = ["left_on", "pipeline", "stage", "next_stage", "exit"]
    return went.group_by(keys).agg(n=_.count()).order_by(keys).to_pyarrow()


def ends(deals: ir.Table, told: ir.Table) -> pa.Table:
    """Count how the deals that reached a stage ended, by day of closing."""
    closed = deals.filter((_.outcome != "open") & _.closed_on.notnull())
    closed = closed.select(of_deal="deal_id", closed_on="closed_on", is_won=(_.outcome == "won").cast("int64"))
    reached = told.filter(_.first).select("deal_id", "pipeline", "stage")
    keys = ["closed_on", "pipeline", "stage"]
    rows = reached.join(closed, reached.deal_id == closed.of_deal)
    return rows.group_by(keys).agg(n=_.count(), won=_.is_won.sum()).order_by(keys).to_pyarrow()
