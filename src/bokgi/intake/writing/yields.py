"""What the rows of a file yield for one table: columns as SQL over the file's kept rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bokgi.facts.schema import TABLES, Grain, Table
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import ATTRIBUTES


@dataclass(frozen=True)
class Yield:
    """Rows of one table, from one file.

    - `place`: the file; `rows`: the relation to read from, with `_row`.
    - `said`: column → SQL, what the file says. A later file that says it differently changes the row.
    - `otherwise`: column → SQL, only for a key that was not there before. Columns in neither are null there.
    - `sticky`: columns in `said` whose null says nothing: the earlier value stays.
    - `where`: rows that yield anything.
    - `repeating`: several rows may have the same key; the first counts.
    - `attributes`: header → SQL of the text, for the column `attributes`; `blank_headers`: of columns without any text.
    - `event_id`: for events, the column that holds the source's id.
    - `filled`: of texts, the condition that there is any, where it costs less than to look at the text itself.
    - `words`: column → the only texts that it may hold.
    - `main`: every kept row of the file yields exactly one row.
    - `full`: of pairs, a key that the file lists at all is listed with everything that belongs to it.
    """

    table: str
    place: int
    rows: str
    said: Mapping[str, str]
    otherwise: Mapping[str, str] = field(default_factory=dict)
    sticky: frozenset[str] = frozenset()
    where: str = "true"
    repeating: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    blank_headers: tuple[str, ...] = ()
    event_id: str | None = None
    filled: str | None = None
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    main: bool = False
    full: bool = False

    @property
    def schema(self) -> Table:
        """The table's schema."""
        return TABLES[self.table]

    @property
    def is_event(self) -> bool:
        """Tell whether rows stay beside each other instead of replacing each other."""
        return self.schema.grain is Grain.EVENT


def attributes_of(reading: Reading) -> dict[str, Any]:
    """Give the attribute columns of a file, as arguments of a yield whose rows carry the staged columns."""
    headers = [column.column for column in reading.mapping.all_of(ATTRIBUTES)]
    filled = [header for header in headers if reading.staged.column(header).filled]
    return {
        "attributes": {header: reading.raw(header) for header in filled},
        "blank_headers": tuple(header for header in headers if header not in filled),
    }
