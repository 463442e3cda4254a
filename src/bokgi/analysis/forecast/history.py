"""What a forecast learns from, as arrays: days at risk, deals that stood open, wins, entries, moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final, TypeVar

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _
from numpy.typing import NDArray
from scipy import sparse

from bokgi.analysis.forecast.counting import (
    AGE_DAYS,
    EXITS,
    UNKNOWN,
    Numbering,
    count_cells,
    ends,
    entries,
    moves,
    slices,
    standing,
    stays,
    wins,
    with_profiles,
    without_history,
)
from bokgi.analysis.forecast.windows import PHASES, Window, day_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]

OTHER: Final = "(other)"
LARGEST_FACTOR: Final = 40
"""A condition keeps at most so many levels; the rarest are counted together."""
NEVER: Final = 10**6
"""Days until something of which nobody knows when it is due."""
_ROWS_AT_ONCE: Final = 500_000
"""Rows of days at risk that are weighed at once."""


@dataclass(frozen=True)
class Coding:
    """Names behind the codes: `levels[f][k]` is level `k` of factor `f`; `profile` × factor gives each code."""

    factors: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    profile: Ints
    persons: tuple[str, ...]
    teams: tuple[str, ...]
    stages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cells:
    """Days at risk by condition and person, and within those by stage, time in stage, part of the quarter and era.

    `profile` and `person` are those of each pair; the rows of pair `p` are `first[p]` up to `first[p + 1]`, each with
    `timing` ((stage × times in stage + time) × parts of the quarter + part). The cells of row `r` are `begins[r]` up to
    `begins[r + 1]`, each with its `era` and its days, doubled (`twice`). An era ends on a day of `marks`: the first
    origin (or the day of the facts) that has seen it. `events` counts how stays ended, by era and timing, era and
    profile, era and person.
    """

    profile: Ints
    person: Ints
    first: Ints
    timing: Codes
    begins: Codes
    era: NDArray[np.unsignedinteger[Any]]
    twice: Codes
    marks: Ints
    events: Mapping[str, tuple[Floats, Floats, Floats]]

    @property
    def stage(self) -> Ints:
        """Stage of each row."""
        return self.timing.astype(np.int64) // (len(AGE_DAYS) * PHASES)

    def days(self, weight: Floats) -> Floats:
        """Sum the days of each row, an era's by its weight; some rows at once, for there are millions of cells."""
        total = np.empty(len(self.timing))
        for low in range(0, len(total), _ROWS_AT_ONCE):
            begins = self.begins[low : low + _ROWS_AT_ONCE + 1]
            part = slice(begins[0], begins[-1])
            cells = self.twice[part].astype(np.float64), self.era[part].astype(np.int32), begins - begins[0]
            total[low : low + _ROWS_AT_ONCE] = sparse.csr_array(cells, (len(begins) - 1, len(weight))) @ weight
        total /= 2.0
        return total


@dataclass(frozen=True)
class Standing:
    """Deals that stood open at the end of a day, one row each, in the order of their ids.

    As known then: `amount` (NaN: not known), `due` (days until the expected close; `NEVER`: not known), `times_pushed`
    (how often that had been moved to a later day, at most twice), `probability` (the CRM's; NaN: none). What became of
    them: `won` within the window, for `won_amount`.
    """

    deal_id: pa.ChunkedArray
    profile: Ints
    person: Ints
    team: Ints
    stage: Ints
    age: Ints
    amount: Floats
    due: Ints
    times_pushed: Ints
    probability: Floats
    won: NDArray[np.bool_]
    won_amount: Floats

    def __len__(self) -> int:
        """Count the deals."""
        return len(self.deal_id)


@dataclass(frozen=True)
class Wins:
    """Won deals by day of closing; an amount is NaN where none is known."""

    deal_id: pa.ChunkedArray
    on: Ints
    amount: Floats
    profile: Ints
    person: Ints
    team: Ints

    def between(self, after: int, until: int) -> NDArray[np.bool_]:
        """Mark the wins after a day, up to and including another."""
        return (self.on > after) & (self.on <= until)


@dataclass(frozen=True)
class Entries:
    """Deals that came into the pipeline (created, or opened again), by day."""

    on: Ints
    stage: Ints
    profile: Ints
    person: Ints
    team: Ints


@dataclass(frozen=True)
class Moves:
    """How often deals went from a stage to another on a day; `forward` or back."""

    on: Ints
    stage: Ints
    to: Ints
    forward: NDArray[np.bool_]
    n: Floats


@dataclass(frozen=True)
class Ends:
    """How many of the deals that had reached a stage ended on a day, and how many of them were won."""

    on: Ints
    stage: Ints
    n: Floats
    won: Floats


@dataclass(frozen=True)
class History:
    """All of it, with the chance that the CRM gives each stage (NaN: none) and the first day of the history.

    `year_starts`: the first month of the fiscal year; days at risk and entries are told apart by part of its quarters.
    """

    coding: Coding
    cells: Cells
    standing: tuple[Standing, ...]
    wins: Wins
    entries: Entries
    moves: Moves
    ends: Ends
    stage_probability: Floats
    first: date | None
    closed: int
    won: int
    year_starts: int = 1

    def of_team(self, team: str) -> History:
        """Give the history whose open deals, wins and entries are one team's; hazards stay everybody's."""
        code = self.coding.teams.index(team) if team in self.coding.teams else -1
        return replace(
            self,
            standing=tuple(_only(one, one.team == code) for one in self.standing),
            wins=_only(self.wins, self.wins.team == code),
            entries=_only(self.entries, self.entries.team == code),
        )


Number = TypeVar("Number", bound=np.number[Any])
Rows = TypeVar("Rows", Standing, Wins, Entries)


def _only(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    columns = {field.name: getattr(rows, field.name) for field in fields(rows)}
    return replace(
        rows,
        **{
            name: column.filter(pa.array(kept)) if isinstance(column, pa.ChunkedArray) else column[kept]
            for name, column in columns.items()
        },
    )


def first_day(deals: ir.Table) -> date | None:
    """Give the day on which the history of deals begins; null without any dated deal."""
    found: date | None = (
        deals.agg(first=ibis.least(_.created_on.min(), _.closed_on.min())).to_pyarrow()["first"][0].as_py()
    )
    return found


def read_history(
    deals: ir.Table,
    visits: ir.Table,
    changes: ir.Table | None,
    stages: ir.Table | None,
    *,
    as_of: date,
    windows: Sequence[Window],
    factors: Sequence[str],
    year_starts: int = 1,
) -> History:
    """Count all that forecasts from several origins need; `standing` is in the order of `windows`.

    Reads `deals`, `visits` and `changes` up to `as_of` (see `forecast`), and `stages` for their probability.
    """
    profiled, names = with_profiles(deals, factors)
    # Kept: an expression that holds all of it would take longer to compile than to run.
    told = profiled.cache()
    lasting = stays(visits, without_history(told, visits).cache())
    begun = lasting.agg(first=_.entered_on.min()).to_pyarrow()["first"][0].as_py() or as_of
    rows = lasting.group_by("pipeline", "stage").agg(place=_.stage_order.min())
    keys = rows.order_by("pipeline", "place", "stage").to_pyarrow()
    stage_keys = tuple(zip(keys["pipeline"].to_pylist(), keys["stage"].to_pylist(), strict=True))
    levels, profile = _levels(names, factors)
    persons = _people(told, changes)
    cut = slices(begun, as_of, windows, year_starts)
    numbering = Numbering(len(profile), persons, stage_keys, sorted(set(cut["era"].to_pylist())))
    tables = {
        "standing": standing(told, lasting, changes, windows, begun, as_of),
        "wins": wins(told),
        "entries": entries(told, lasting),
        "moves": moves(lasting),
        "ends": ends(told, lasting),
    }
    teams = _names(tables[name]["team"] for name in ("standing", "wins", "entries"))
    coding = Coding(tuple(factors), levels, profile, persons, teams, stage_keys)
    counts = deals.agg(closed=(_.outcome != "open").sum(), won=(_.outcome == "won").sum()).to_pyarrow().to_pylist()[0]
    return History(
        coding,
        _cells(count_cells(lasting, told, changes, cut, numbering, as_of), numbering),
        tuple(_standing(tables["standing"], coding, place) for place in range(len(windows))),
        Wins(
            tables["wins"]["deal_id"],
            _days(tables["wins"]["on"]),
            _floats(tables["wins"]["amount"]),
            *_traits(tables["wins"], coding),
        ),
        Entries(
            _days(tables["entries"]["on"]),
            _stage(tables["entries"], "stage", coding),
            *_traits(tables["entries"], coding),
        ),
        Moves(
            _days(tables["moves"]["left_on"]),
            _stage(tables["moves"], "stage", coding),
            _stage(tables["moves"], "next_stage", coding),
            _bools(pc.equal(tables["moves"]["exit"], "advanced")),
            _floats(tables["moves"]["n"]),
        ),
        Ends(
            _days(tables["ends"]["closed_on"]),
            _stage(tables["ends"], "stage", coding),
            _floats(tables["ends"]["n"]),
            _floats(tables["ends"]["won"]),
        ),
        _stage_probability(stages, coding),
        first_day(deals),
        int(counts["closed"] or 0),
        int(counts["won"] or 0),
        year_starts,
    )


def _people(deals: ir.Table, changes: ir.Table | None) -> tuple[str, ...]:
    """Give everybody who owns or owned a deal, in order."""
    owners = [deals.select(person=_.owner_id.cast("string"))]
    if changes is not None:
        own = changes.filter(_.field == "owner_id")
        owners += [own.select(person=own[name].cast("string")) for name in ("old", "new")]
    return _names([(ibis.union(*owners) if len(owners) > 1 else owners[0]).distinct().to_pyarrow()["person"]])


def _names(columns: object) -> tuple[str, ...]:
    found = {UNKNOWN}
    for column in columns:  # type: ignore[attr-defined]  # a generator of columns
        found |= {name for name in pc.unique(column).to_pylist() if name is not None}
    return tuple(sorted(found))


def _levels(names: pa.Table, factors: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], Ints]:
    """Code the levels of each factor by name; the rarest of a factor with many levels are one."""
    levels, codes = [], []
    for factor in factors:
        column = names[factor].to_pylist()
        labels = sorted(set(column))
        place = {label: code for code, label in enumerate(labels)}
        code = np.array([place[label] for label in column], dtype=np.int64)
        if len(labels) > LARGEST_FACTOR:
            size = np.bincount(code, minlength=len(labels))
            kept = np.argsort(np.argsort(-size, kind="stable"), kind="stable") < LARGEST_FACTOR - 1
            code = np.where(kept, np.cumsum(kept) - 1, kept.sum())[code]
            labels = [label for label, stays_own in zip(labels, kept, strict=True) if stays_own] + [OTHER]
        levels.append(tuple(labels))
        codes.append(code)
    return tuple(levels), np.stack(codes, axis=1) if codes else np.zeros((names.num_rows, 0), dtype=np.int64)


def _days(column: pa.ChunkedArray) -> Ints:
    out: Ints = column.cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    return out


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _ints(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.to_numpy(), dtype=np.int64)


def _bools(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(column.to_numpy(), dtype=np.bool_)


def _code(column: pa.ChunkedArray, names: Sequence[str]) -> Ints:
    return _ints(pc.index_in(pc.fill_null(column, UNKNOWN), pa.array(names, pa.string())))


def _stage(table: pa.Table, column: str, coding: Coding) -> Ints:
    joined = pc.binary_join_element_wise(table["pipeline"].cast(pa.string()), table[column].cast(pa.string()), "\x1f")
    names = ["\x1f".join(key) for key in coding.stages]
    return _ints(pc.index_in(joined, pa.array(names, pa.string())))


def _traits(table: pa.Table, coding: Coding) -> tuple[Ints, Ints, Ints]:
    return _ints(table["profile"]), _code(table["person"], coding.persons), _code(table["team"], coding.teams)


def _cells(parts: Iterable[pa.Table], numbering: Numbering) -> Cells:
    """Read the cells of `count_cells`, each part in its turn: what is left of it is much smaller."""
    n_eras, n_people = len(numbering.eras), len(numbering.people)
    sizes = numbering.timings, numbering.profiles, n_people
    events = {name: tuple(np.zeros((n_eras, size)) for size in sizes) for name in EXITS}
    pairs, begun, timings, places, eras, days = [], [], [], [], [], []
    small = np.min_scalar_type(n_eras)
    n_rows = n_cells = 0
    for part in parts:
        key, way = _ints(part["key"]), part["way"].to_numpy()
        for place, found in enumerate(events.values(), start=1):
            row, era = np.divmod(key[way == place], n_eras)
            pair, timing = np.divmod(row, numbering.timings)
            groups = timing, pair // n_people, pair % n_people
            for sums, size, group in zip(found, sizes, groups, strict=True):
                here = np.bincount(era * size + group, minlength=n_eras * size)
                np.add(sums, here.reshape(n_eras, size), out=sums)
        cells = np.flatnonzero(np.diff(key, prepend=-1))
        days.append(np.add.reduceat(part["twice"].to_numpy(), cells, dtype=np.int32))
        row, era = np.divmod(key[cells], n_eras)
        pair, timing = np.divmod(row, numbering.timings)
        rows = np.flatnonzero(np.diff(row, prepend=-1))
        begins = np.flatnonzero(np.diff(pair[rows], prepend=-1))
        pairs.append(pair[rows][begins])
        begun.append(begins + n_rows)
        timings.append(timing[rows].astype(np.int32))
        places.append((rows + n_cells).astype(np.int32))
        eras.append(era.astype(small))
        n_rows, n_cells = n_rows + len(rows), n_cells + len(row)
    places.append(np.array([n_cells], dtype=np.int32))
    profile, person = np.divmod(_joined(pairs), n_people)
    return Cells(
        profile,
        person,
        np.append(_joined(begun), n_rows),
        _joined(timings),
        _joined(places),
        _joined(eras),
        _joined(days),
        np.array([day_number(on) for on in numbering.eras], dtype=np.int64),
        events,  # type: ignore[arg-type]  # three tables each
    )


def _joined(parts: list[NDArray[Number]]) -> NDArray[Number]:
    """Join parts into one array and let go of them: together with it they would be held twice."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _standing(table: pa.Table, coding: Coding, place: int) -> Standing:
    rows = table.filter(pc.equal(table["place"], place))
    return Standing(
        rows["deal_id"],
        *_traits(rows, coding),
        _stage(rows, "stage", coding),
        _ints(rows["age"]),
        _floats(rows["amount"]),
        _ints(pc.fill_null(rows["due"], NEVER)),
        _ints(rows["times_pushed"]),
        _floats(rows["probability"]),
        _bools(rows["won"]),
        _floats(rows["won_amount"]),
    )


def _stage_probability(stages: ir.Table | None, coding: Coding) -> Floats:
    out = np.full(len(coding.stages), np.nan)
    if stages is None or "probability" not in stages.columns:
        return out
    latest = ibis.window(
        group_by=["pipeline", "stage"], order_by=[_.valid_from.desc(nulls_first=False), _.probability.asc()]
    )
    rows = stages.mutate(turn=ibis.row_number().over(latest)).filter((_.turn == 0) & _.probability.notnull())
    given = rows.select("pipeline", "stage", "probability").to_pyarrow().to_pylist()
    found = {(row["pipeline"], row["stage"]): float(row["probability"]) for row in given}
    for place, key in enumerate(coding.stages):
        out[place] = found.get(key, np.nan)
    return out
