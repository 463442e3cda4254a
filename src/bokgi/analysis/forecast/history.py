"""What a forecast learns from, as arrays: deals that stood open, wins, entries, how deals ended."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bokgi.analysis.forecast.coding import Coding
from bokgi.analysis.forecast.counting import UNKNOWN

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_UNOWNED: Final = 0.1
"""With more of the open deals owned by nobody knows whom, a person's cannot be told apart."""
NEVER: Final = 10**6
"""Days until something of which nobody knows when it is due."""


@dataclass(frozen=True)
class Scope:
    """Whose deals a forecast adds up: of a team, a pipeline, a person, or of several of these at once; null: any."""

    team: str | None = None
    pipeline: str | None = None
    person: str | None = None


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
    pipeline: Ints
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
class Ends:
    """How many of the deals that had reached a stage ended on a day, and how many of them were won."""

    on: Ints
    stage: Ints
    n: Floats
    won: Floats


@dataclass(frozen=True)
class History:
    """All of it, with the chance that the CRM gives each stage (NaN: none) and the first day of the history.

    `year_starts`: the first month of the fiscal year; entries are told apart by part of its quarters. `part`: whose
    deals count; `whole`: the history that this is a part of (null: it is the whole).
    """

    coding: Coding
    standing: tuple[Standing, ...]
    wins: Wins
    entries: Entries
    ends: Ends
    stage_probability: Floats
    first: date | None
    closed: int
    won: int
    year_starts: int = 1
    part: Scope = Scope()
    whole: History | None = None

    def of(self, part: Scope) -> History:
        """Give the history whose open deals, wins and entries are those of a part; hazards stay everybody's.

        What was won of the open deals is what the part won of them, not what somebody else did who took a deal over.
        """
        if part == Scope():
            return self
        wins = _only(self.wins, self._inside(part, self.wins, self.wins.pipeline))
        of_stage = self.coding.pipeline_of_stage
        return replace(
            self,
            standing=tuple(
                _won_by(_only(one, self._inside(part, one, of_stage[one.stage])), wins) for one in self.standing
            ),
            wins=wins,
            entries=_only(self.entries, self._inside(part, self.entries, of_stage[self.entries.stage])),
            part=part,
            whole=self,
        )

    def owners_known(self, place: int) -> bool:
        """Tell whether it is known who had the deals that stood open at an origin; matters for a person's part only."""
        if self.part.person is None or self.whole is None:
            return True
        person = self.whole.standing[place].person
        return int((person == self.coding.persons.index(UNKNOWN)).sum()) <= _MOST_UNOWNED * len(person)

    def _inside(self, part: Scope, rows: Rows, pipeline: Ints) -> NDArray[np.bool_]:
        coding, inside = self.coding, np.ones(len(pipeline), dtype=bool)
        for code, names, wanted in (
            (rows.team, coding.teams, part.team),
            (pipeline, coding.pipelines, part.pipeline),
            (rows.person, coding.persons, part.person),
        ):
            if wanted is not None:
                inside &= (code == names.index(wanted)) if wanted in names else False
        return inside


Rows = TypeVar("Rows", Standing, Wins, Entries)


def _won_by(standing: Standing, wins: Wins) -> Standing:
    """Keep as won what is among some wins."""
    theirs = pc.is_in(standing.deal_id, wins.deal_id.combine_chunks()).to_numpy()
    return replace(standing, won=standing.won & theirs.astype(bool))


def _only(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    columns = {field.name: getattr(rows, field.name) for field in fields(rows)}
    return replace(
        rows,
        **{
            name: column.filter(pa.array(kept)) if isinstance(column, pa.ChunkedArray) else column[kept]
            for name, column in columns.items()
        },
    )
