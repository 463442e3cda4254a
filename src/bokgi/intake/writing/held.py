"""What the lake holds already, as relations for the engine of an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq

from bokgi.facts import state
from bokgi.facts.engine import parquet
from bokgi.facts.lake import Lake
from bokgi.facts.schema import FACT_TABLES

_AS_OF_THE_EXPORT = frozenset(
    {"deals", "accounts", "contacts", "deal_contacts", "leads", "activities", "activity_people", "content", "texts"}
)


@dataclass(frozen=True)
class Held:
    """Rows of the lake by table. A table that holds nothing stands in none of the dictionaries.

    - `now`: the current state; `then`: the state that a file exported at that moment is compared with;
    - `ever`: all rows physically there, of undone and dead imports too (surrogates are found again in them);
    - `observed_on`: import → civil date of its export.
    """

    now: dict[str, str]
    then: dict[str, str]
    ever: dict[str, str]
    observed_on: Mapping[int, date | None]
    late: bool
    entered: tuple[int, ...] = ()
    """Imports that people entered by hand up to that moment."""
    places: Mapping[int, int] = field(default_factory=dict)
    """Import → its place, of those that speak of that moment or an earlier one."""

    @classmethod
    def of(cls, lake: Lake, exported_at: datetime | None) -> Held:
        """Look the newest lake version up; the state is derived where it is not there yet."""
        ever = _relations({name: [file.path for file in lake.files(name)] for name in FACT_TABLES})
        imports = [found for found in lake.imports() if found.committed]
        if not imports:
            return cls({}, {}, ever, {}, late=False)
        now = state.derived(lake)
        late = exported_at is not None and any(found.effective_at > exported_at for found in imports)
        then = state.derived(lake, until=exported_at) if late else now
        current = _relations(now.files)
        before = _relations(then.files)
        compared = {
            name: before[name] if name in _AS_OF_THE_EXPORT else current[name]
            for name in FACT_TABLES
            if name in (before if name in _AS_OF_THE_EXPORT else current)
        }
        spoken = [found for found in imports if exported_at is None or found.effective_at <= exported_at]
        entered = tuple(found.import_no for found in spoken if found.kind == "entered")
        places = {found.import_no: found.place for found in spoken}
        return cls(current, compared, ever, now.observed_on, late, entered, places)

    @classmethod
    def nothing(cls) -> Held:
        """Give an empty lake."""
        return cls({}, {}, {}, {}, late=False)


def _relations(files: dict[str, list[Path]]) -> dict[str, str]:
    return {name: parquet(paths) for name, paths in files.items() if paths and _rows(paths)}


def _rows(paths: Sequence[Path]) -> int:
    return sum(pq.read_metadata(path).num_rows for path in paths)
