"""Days at risk as arrays, by condition, person, stage and the days a stay lasted; moves of deals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from bokgi.analysis.forecast.coding import Coding, bools_of, days_of, floats_of, ints_of, numbered, stages_of
from bokgi.analysis.forecast.counting import EXITS
from bokgi.analysis.forecast.days_at_risk import Numbering
from bokgi.analysis.forecast.spans import Cut, Spans
from bokgi.analysis.forecast.windows import day_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Number = TypeVar("Number", bound=np.number[Any])


@dataclass(frozen=True)
class Cells:
    """Days at risk by condition and person, and within those by stage and the span of days that a stay lasted.

    `profile` and `person` are those of each pair; the cells of pair `p` are `first[p]` up to `first[p + 1]`, each with
    its `kind` (span × `stages` + stage; ascending) and the number `n` of stays that are alike in all of this. `times`:
    number of times in stage × parts of the quarter. An era ends on a day of `marks`: the first origin (or the day of
    the facts) that has seen it. `events` counts how stays ended, by era and timing ((stage × times in stage + time) ×
    parts of the quarter + part), era and profile, era and person.
    """

    profile: Ints
    person: Ints
    first: Ints
    kind: Codes
    n: NDArray[np.unsignedinteger[Any]]
    spans: Spans
    stages: int
    times: int
    marks: Ints
    events: Mapping[str, tuple[Floats, Floats, Floats]]

    def weighed(self, weight: Floats, on: int) -> Exposure:
        """Give the days that had passed by the end of day `on`, an era's by its weight.

        Pairs of which nothing had begun by then are left out. In each pair what began first comes first, so that the
        rest of it goes.
        """
        spans = self.spans
        some = int(np.searchsorted(spans.entered, on, side="right"))
        kind, n, first, pairs = self.kind, self.n, self.first, np.arange(len(self.profile))
        if some < len(spans):
            begun = kind < some * self.stages
            first = np.append(0, np.cumsum(begun))[first]
            kind, n = kind[begun], n[begun]
            pairs = np.flatnonzero(np.diff(first))
            first = np.append(0, first[pairs + 1])
        part = slice(0, spans.first[some])
        days = spans.twice[part] * weight[spans.era[part]] / 2.0
        return Exposure(
            self.profile[pairs],
            self.person[pairs],
            sparse.csr_array((n.astype(np.float64), kind, first), shape=(len(pairs), some * self.stages)),
            sparse.csr_array((days, spans.time[part], spans.first[: some + 1]), shape=(some, self.times)),
            self.stages,
        )


@dataclass(frozen=True)
class Exposure:
    """Days at risk by pair of condition and person (`profile`, `person`) and by timing, as a product of two tables.

    `stays`: how often a pair stayed for a span in a stage. `days`: how many days of a span lie at which time in stage
    and part of the quarter.
    """

    profile: Ints
    person: Ints
    stays: sparse.csr_array
    days: sparse.csr_array
    stages: int

    def matvec(self, of_timing: Floats) -> Floats:
        """Sum each pair's days, those of a timing times its number."""
        of_stage = np.ascontiguousarray(of_timing.reshape(self.stages, -1).T)
        out: Floats = self.stays @ (self.days @ of_stage).ravel()
        return out

    def rmatvec(self, of_pair: Floats) -> Floats:
        """Sum the days of each timing, those of a pair times its number."""
        by_span = (self.stays.T @ of_pair).reshape(-1, self.stages)
        out: Floats = (self.days.T @ by_span).T.ravel()
        return out


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


def cells_of(parts: Iterable[pa.Table], numbering: Numbering, cut: Cut) -> Cells:
    """Read the stays of `read_stays`, each part in its turn: what is left of it is smaller."""
    n_eras, n_people, n_stages = len(numbering.eras), len(numbering.people), len(numbering.stages)
    sizes = numbering.timings, numbering.profiles, n_people
    events = {name: tuple(np.zeros((n_eras, size)) for size in sizes) for name in EXITS}
    pairs, firsts, kinds, numbers, codes = [], [np.zeros(1, dtype=np.int64)], [], [], []
    n_cells = 0
    for part in parts:
        days = (days_of(part[name]) for name in ("entered_on", "until_on", "from_on", "to_on"))
        code, pair, stage, way = cut.codes(*days), ints_of(part["pair"]), ints_of(part["stage"]), part["way"].to_numpy()
        if (code < 0).any():
            code, pair, stage, way = (column[code >= 0] for column in (code, pair, stage, way))
        found, span = numbered(code)
        spans = cut.spans(found)
        for place, sums in enumerate(events.values(), start=1):
            left = np.flatnonzero((way == place) & (spans.ends[span] >= 0))
            end = spans.ends[span[left]]
            groups = stage[left] * numbering.times + spans.time[end], *np.divmod(pair[left], n_people)
            for total, size, group in zip(sums, sizes, groups, strict=True):
                here = np.bincount(spans.era[end] * size + group, minlength=n_eras * size)
                np.add(total, here.reshape(n_eras, size), out=total)
        key = (pair * len(found) + span) * n_stages + stage
        key.sort()
        cells = np.flatnonzero(np.diff(key, prepend=-1))
        numbers.append(np.diff(cells, append=len(key)))
        pair, kind = np.divmod(key[cells], len(found) * n_stages)
        begins = np.flatnonzero(np.diff(pair, prepend=-1))
        pairs.append(pair[begins])
        firsts.append(np.append(begins, len(pair))[1:] + n_cells)
        n_cells += len(pair)
        kinds.append(kind)
        codes.append(found)
    every = np.unique(np.concatenate(codes))
    for place, (found, kind) in enumerate(zip(codes, kinds, strict=True)):
        span, stage = np.divmod(kind, n_stages)
        kinds[place] = (every.searchsorted(found)[span] * n_stages + stage).astype(np.int32)
    profile, person = np.divmod(_joined(pairs), n_people)
    most = max((int(n.max(initial=1)) for n in numbers), default=1)
    return Cells(
        profile,
        person,
        _joined(firsts),
        _joined(kinds),
        _joined([n.astype(np.min_scalar_type(most)) for n in numbers]),
        cut.spans(every),
        n_stages,
        numbering.times,
        np.array([day_number(on) for on in numbering.eras], dtype=np.int64),
        events,  # type: ignore[arg-type]  # three tables each
    )


def _joined(parts: list[NDArray[Number]]) -> NDArray[Number]:
    """Join parts into one array and let go of them: together with it they would be held twice."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole
