"""Days at risk as arrays, by condition, person, stage, time in stage, part of the quarter and era; moves of deals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from bokgi.analysis.forecast.coding import Coding, bools_of, days_of, floats_of, ints_of, stages_of
from bokgi.analysis.forecast.counting import AGE_DAYS, EXITS
from bokgi.analysis.forecast.days_at_risk import Numbering
from bokgi.analysis.forecast.windows import PHASES, day_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Number = TypeVar("Number", bound=np.number[Any])

_ROWS_AT_ONCE: Final = 500_000
"""Rows of days at risk that are weighed at once."""


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
class Moves:
    """How often deals went from a stage to another on a day; `forward` or back."""

    on: Ints
    stage: Ints
    to: Ints
    forward: NDArray[np.bool_]
    n: Floats


def moves_of(table: pa.Table, coding: Coding) -> Moves:
    """Read the moves of `counting.moves`."""
    return Moves(
        days_of(table["left_on"]),
        stages_of(table, "stage", coding),
        stages_of(table, "next_stage", coding),
        bools_of(pc.equal(table["exit"], "advanced")),
        floats_of(table["n"]),
    )


def cells_of(parts: Iterable[pa.Table], numbering: Numbering) -> Cells:
    """Read the cells of `count_cells`, each part in its turn: what is left of it is much smaller."""
    n_eras, n_people = len(numbering.eras), len(numbering.people)
    sizes = numbering.timings, numbering.profiles, n_people
    events = {name: tuple(np.zeros((n_eras, size)) for size in sizes) for name in EXITS}
    pairs, begun, timings, places, eras, days = [], [], [], [], [], []
    small = np.min_scalar_type(n_eras)
    n_rows = n_cells = 0
    for part in parts:
        key, way = ints_of(part["key"]), part["way"].to_numpy()
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
