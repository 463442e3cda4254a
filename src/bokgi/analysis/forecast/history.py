"""What a forecast learns from, as arrays: deals that stood open, wins, entries, how deals ended."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bokgi.analysis.forecast.coding import Coding

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEVER: Final = 10**6
"""Days until something of which nobody knows when it is due."""


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
class Ends:
    """How many of the deals that had reached a stage ended on a day, and how many of them were won."""

    on: Ints
    stage: Ints
    n: Floats
    won: Floats


@dataclass(frozen=True)
class History:
    """All of it, with the chance that the CRM gives each stage (NaN: none) and the first day of the history.

    `year_starts`: the first month of the fiscal year; entries are told apart by part of its quarters.
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

    def of_team(self, team: str) -> History:
        """Give the history whose open deals, wins and entries are one team's; hazards stay everybody's."""
        code = self.coding.teams.index(team) if team in self.coding.teams else -1
        return replace(
            self,
            standing=tuple(_only(one, one.team == code) for one in self.standing),
            wins=_only(self.wins, self.wins.team == code),
            entries=_only(self.entries, self.entries.team == code),
        )


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
