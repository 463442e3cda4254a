"""How a state is derived: which rows are visible, which is the latest of each key, and what snapshots add."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.facts import first_values, snapshots
from bokgi.facts.delta import DataFile
from bokgi.facts.engine import columns_of, literal, parquet, quoted
from bokgi.facts.ledger import Import
from bokgi.facts.schema import FACT_TABLES, HISTORY, STATE_COLUMNS, TABLES, Column, Grain, Table
from bokgi.facts.settings import DEFAULT_TIME_ZONE

DERIVATION: Final = 9
"""Number of the way in which states are derived; one derived in another way is derived again."""

_UNLINKED: Final = frozenset({"people", "identities", "person_links"})
_PERSON_COLUMNS: Final = frozenset({"person_id", "owner_id", "by_id", "manager_id"})
_DIFFERENCES: Final = {"stage_events": snapshots.stage_events, "deal_changes": snapshots.deal_changes}


class Readable(Protocol):
    """What a derivation needs to know of a lake."""

    folder: Path
    states: Path

    def imports(self, version: int | None = None) -> tuple[Import, ...]:
        """List all imports at a version."""
        ...

    def files(self, table: str) -> list[DataFile]:
        """List the data files of a table."""
        ...


SET_APART: Final = frozenset({"stages", "targets", "standards", "memberships", "calendar", "rates", "settings"})
"""Tables on which the state of the others hangs little or not at all; what is set on screen stands in them."""


@dataclass(frozen=True)
class Before:
    """A state that is there already, of all imports but some that wrote into the tables `changed` only.

    `files` and `observed_on` are those of the state, which lies in `folder`.
    """

    folder: Path
    files: Mapping[str, Sequence[Path]]
    observed_on: Mapping[int, date]
    changed: frozenset[str]


class Derivation:
    """One derivation: a lake, an engine of its own, the imports that count, a folder for what is written."""

    def __init__(
        self, lake: Readable, connection: duckdb.DuckDBPyConnection, imports: Sequence[Import], work: Path
    ) -> None:
        self.lake = lake
        self.connection = connection
        self.imports = sorted(imports, key=lambda found: found.order)
        self.visible = {found.import_no for found in imports}
        self.work = work
        self.raw: dict[str, list[Path]] = {}
        self.done: dict[str, list[Path]] = {}

    def manifest(self, version: int, before: Before | None = None) -> dict[str, object]:
        """Derive everything and say which files hold which table.

        Where what came after a state `before` bears on no other tables, those are taken over from it.
        """
        first = {"settings", "person_links", *(before.changed if before else ())}
        for name in sorted(first):
            self.raw[name] = self._visible(name)
        observed = self._observed()
        self._load_imports(observed)
        links = self._links()
        for name in sorted(first):
            self._define(name, links)
        if before is not None and self._leaves_alone(before, observed):
            same = set(FACT_TABLES) - before.changed
            self.done = {name: [self._taken_over(path, before.folder) for path in before.files[name]] for name in same}
        else:
            same = set()
        for name in sorted(set(FACT_TABLES) - first - same):
            self.raw[name] = self._visible(name)
            self._define(name, links)
        for name in FACT_TABLES:
            if name not in same:
                self.done[name] = self._derive(name, linked=bool(links))
        if not same:
            self._add_first_values()
        return {
            "version": version,
            "derivation": DERIVATION,
            "files": {name: [self._named(path) for path in paths] for name, paths in self.done.items()},
            "observed_on": {str(number): on.isoformat() for number, on in observed.items()},
        }

    def _leaves_alone(self, before: Before, observed: Mapping[int, date]) -> bool:
        """Tell whether what came after a state bears on the tables it did not write into.

        The days of exports follow from the time zone, and what snapshots say of stages from which of them end a deal.
        """
        if any(observed[number] != on for number, on in before.observed_on.items()):
            return False
        if "stages" not in before.changed:
            return True
        known = ", ".join(str(number) for number in before.observed_on) or "NULL"
        ending = f"SELECT DISTINCT pipeline, stage FROM stages WHERE kind IN {snapshots.CLOSED} AND import_no"
        told = f"SELECT count(*) FROM ({ending} NOT IN ({known}) EXCEPT {ending} IN ({known}))"
        return self.connection.execute(told).fetchone() == (0,)

    def _taken_over(self, path: Path, folder: Path) -> Path:
        """Give a file of the state before: a data file of the lake as it is, one of its own under this state, too."""
        if path.parent != folder:
            return path
        here = self.work / path.name
        try:
            os.link(path, here)
        except OSError:
            shutil.copyfile(path, here)
        return here

    def _named(self, path: Path) -> str:
        return f"./{path.name}" if path.parent == self.work else path.relative_to(self.lake.folder).as_posix()

    def _visible(self, name: str) -> list[Path]:
        """Give files with the visible rows of a table only; a file that holds others as well is copied without them."""
        clean: list[Path] = []
        mixed: list[Path] = []
        columns = TABLES[name].arrow().names
        for file in self.lake.files(name):
            if file.single and file.first_import not in self.visible:
                continue
            if not file.single:
                there = self._imports_in(file.path)
                if not there & self.visible:
                    continue
                if not there <= self.visible:
                    mixed.append(file.path)
                    continue
            (clean if _same_columns(file.path, columns) else mixed).append(file.path)
        if mixed:
            numbers = ", ".join(str(number) for number in sorted(self.visible))
            copied = self._copy(
                f"{name}-visible",
                f"SELECT {columns_of(TABLES[name], mixed)} FROM {parquet(mixed)} WHERE import_no IN ({numbers})",
            )
            clean.append(copied)
        return clean

    def _imports_in(self, path: Path) -> set[int]:
        rows = self.connection.execute(f"SELECT DISTINCT import_no FROM {parquet([path])}").fetchall()
        return {row[0] for row in rows}

    def _copy(self, stem: str, query: str) -> Path:
        path = self.work / f"{stem}.parquet"
        self.connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet)")
        return path

    def _observed(self) -> dict[int, date]:
        zone = ZoneInfo(self._setting("time_zone") or DEFAULT_TIME_ZONE)
        return {found.import_no: found.effective_at.astimezone(zone).date() for found in self.imports}

    def _setting(self, setting: str) -> str | None:
        if not self.raw["settings"]:
            return None
        numbers = [found.import_no for found in self.imports]
        rows = self.connection.execute(
            f"SELECT import_no, setting FROM {parquet(self.raw['settings'])} WHERE name = ? AND valid_to IS NULL",
            [setting],
        ).fetchall()
        last = max(rows, key=lambda row: numbers.index(row[0]), default=None)
        return None if last is None else str(last[1])

    def _load_imports(self, observed: dict[int, date]) -> None:
        table = pa.table(
            {
                "import_no": pa.array([found.import_no for found in self.imports], pa.int64()),
                "rank": pa.array(range(1, len(self.imports) + 1), pa.int64()),
                "system": pa.array([found.source for found in self.imports], pa.string()),
                "exported": pa.array([found.exported_at is not None for found in self.imports], pa.bool_()),
                "complete": pa.array([found.complete for found in self.imports], pa.bool_()),
                "effective_at": pa.array([found.effective_at for found in self.imports], pa.timestamp("us", "UTC")),
                "effective_on": pa.array([observed[found.import_no] for found in self.imports], pa.date32()),
            }
        )
        self.connection.register("imports_arrow", table)
        self.connection.execute("CREATE TABLE visible_imports AS FROM imports_arrow")
        self.connection.unregister("imports_arrow")

    def _links(self) -> dict[str, str]:
        """Give, for each identity that counts as another, the person_id at the end of the chain."""
        if not self.raw["person_links"]:
            return {}
        self.connection.execute(f"CREATE VIEW links_raw AS FROM {parquet(self.raw['person_links'])}")
        pairs: dict[str, str] = dict(
            self.connection.execute(
                """SELECT person_id, arg_max(same_as, rank) FROM links_raw JOIN visible_imports USING (import_no)
                GROUP BY ALL"""
            ).fetchall()
        )
        links = resolved(pairs)
        if links:
            table = pa.table({"alias": list(links), "person": list(links.values())})
            self.connection.register("links_arrow", table)
            self.connection.execute("CREATE TABLE links AS FROM links_arrow")
            self.connection.unregister("links_arrow")
        return links

    def _define(self, name: str, links: dict[str, str]) -> None:
        """Make a view of the visible rows of a table, with linked identities replaced."""
        table = TABLES[name]
        paths = self.raw[name] or [self._empty(name)]
        columns = [_linked(table, column.name) if links else quoted(column.name) for column in table.columns]
        self.connection.execute(
            f"CREATE VIEW {quoted(name)} AS SELECT {', '.join(columns)} FROM {parquet(paths)} AS rows_of_table"
        )

    def _empty(self, name: str) -> Path:
        path = self.work / f"{name}-empty.parquet"
        if not path.exists():
            pq.write_table(TABLES[name].arrow().empty_table(), path)
        return path

    def _derive(self, name: str, *, linked: bool) -> list[Path]:
        table = TABLES[name]
        if name == "deals":
            snapshots.observe(self.connection)
            found = snapshots.deals(self.connection, self.work)
            if found is not None:
                return [found]
        elif table.grain in {Grain.STATE, Grain.DEFINITION}:
            query = self._latest(table)
            if query is not None:
                return [self._copy(name, query)]
        paths = list(self.raw[name])
        if paths and linked and name not in _UNLINKED and any(_is_person(table, c.name) for c in table.columns):
            paths = [self._copy(name, f"FROM {quoted(name)}")]
        if name in _DIFFERENCES:
            added = _DIFFERENCES[name](self.connection, self.work)
            paths += [] if added is None else [added]
        return paths or [self._empty(name)]

    def _add_first_values(self) -> None:
        """Say what columns held before their first change, where their history is taken as complete."""
        if not self.raw["recorded_fields"] or not self.raw["deal_changes"]:
            return
        added = first_values.add(
            self.connection,
            self.work,
            deals=self.done["deals"],
            changes=self.done["deal_changes"],
            recorded=self.done["recorded_fields"],
        )
        if added is not None:
            known, first = added
            self.done["deals"] = [known]
            self.done["deal_changes"] += [] if first is None else [first]

    def _latest(self, table: Table) -> str | None:
        """Give the query for the latest row of each key; None when no key has rows of two imports."""
        counts = self.connection.execute(
            f"SELECT import_no, count(*) AS n FROM {quoted(table.name)} GROUP BY ALL ORDER BY n DESC"
        ).fetchall()
        if len(counts) <= 1:
            return None
        key = ", ".join(quoted(column) for column in table.key)
        same = " AND ".join(f"k.{quoted(column)} IS NOT DISTINCT FROM r.{quoted(column)}" for column in table.key)
        self.connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE repeated AS
            WITH elsewhere AS (SELECT DISTINCT {key} FROM {quoted(table.name)} WHERE import_no <> {counts[0][0]})
            SELECT {", ".join(f"r.{quoted(c)}" for c in table.key)}, max(i.rank) AS rank,
                min(i.effective_on) AS first_seen_on
            FROM {quoted(table.name)} AS r JOIN visible_imports AS i USING (import_no)
            SEMI JOIN elsewhere AS k ON {same}
            GROUP BY ALL HAVING count(*) > 1
            """
        )
        if self.connection.execute("SELECT count(*) FROM repeated").fetchone() == (0,):
            return None
        extra = {column.name: column for column in STATE_COLUMNS.get(table.name, ())}
        dates = ", i.effective_on AS observed_on, coalesce(k.first_seen_on, i.effective_on) AS first_seen_on"
        added = dates if "observed_on" in extra else ""
        seen = ""
        for column in extra.values():
            if column.type.startswith(HISTORY):
                added += f", p.{column.name}"
                seen = f"LEFT JOIN ({_history(table, column)}) AS p ON {same.replace('k.', 'p.')}"
        return f"""
            SELECT r.*{added} FROM {quoted(table.name)} AS r JOIN visible_imports AS i USING (import_no)
            LEFT JOIN repeated AS k ON {same} {seen}
            WHERE k.rank IS NULL OR k.rank = i.rank
        """


def _history(table: Table, column: Column) -> str:
    """Give the query for what each row that several imports hold (`repeated`) was, day by day.

    Of a lasting row what the first told has no day: it held before. What nobody had told by then held, too: who imports
    accounts after deals does not say that they had changed.
    """
    key = ", ".join(quoted(name) for name in table.key)
    names = [part.name for part in column.arrow().type.value_type][1:]
    told = ", ".join(f"'{name}': {quoted(name)}" for name in names)
    parts = ", ".join(f"'{name}': {_held(table, key, name)}" for name in names)
    since = f"nullif(day, min(day) OVER (PARTITION BY {key}))" if table.lasting else "day"
    return f"""
        WITH last_of_day AS (
            SELECT {key}, effective_on AS day, arg_max({{{told}}}, rank) AS told
            FROM {quoted(table.name)} JOIN visible_imports USING (import_no) SEMI JOIN repeated USING ({key})
            GROUP BY ALL
        ), dated AS (SELECT {key}, day, {{'from_on': {since}, {parts}}} AS entry FROM last_of_day)
        SELECT {key}, list(entry ORDER BY day) AS {column.name} FROM dated GROUP BY ALL
    """


def _held(table: Table, key: str, name: str) -> str:
    """Give the SQL of a part of what a row was; of a lasting one what was told first where nothing was told by then."""
    told = f"told.{quoted(name)}"
    if not table.lasting:
        return told
    every = f"PARTITION BY {key} ORDER BY day"
    first = f"first_value({told} IGNORE NULLS) OVER ({every} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    return f"CASE WHEN count({told}) OVER ({every}) = 0 THEN {first} ELSE {told} END"


def resolved(pairs: dict[str, str]) -> dict[str, str]:
    """Follow links to their end. Links in a circle count as the smallest of the circle.

    >>> resolved({"p3": "p2", "p2": "p1", "p5": "p4", "p4": "p5"})
    {'p3': 'p1', 'p2': 'p1', 'p5': 'p4'}
    """
    found = {}
    for start in pairs:
        walked = [start]
        while walked[-1] in pairs and pairs[walked[-1]] not in walked:
            walked.append(pairs[walked[-1]])
        last = walked[-1]
        if last in pairs:
            last = min(walked[walked.index(pairs[last]) :])
        if last != start:
            found[start] = last
    return found


def _is_person(table: Table, column: str) -> bool:
    return column in _PERSON_COLUMNS or (table.name, column) in {
        ("targets", "subject_id"),
        ("deal_changes", "old"),
        ("deal_changes", "new"),
    }


def _linked(table: Table, column: str) -> str:
    """Give the SQL of a column with linked identities replaced."""
    name = quoted(column)
    if table.name in _UNLINKED or not _is_person(table, column):
        return name
    linked = f"coalesce((SELECT person FROM links WHERE alias = rows_of_table.{name}), {name})"
    if table.name == "targets":
        linked = f"CASE WHEN subject_kind = 'person' THEN {linked} ELSE {name} END"
    if table.name == "deal_changes" and column in {"old", "new"}:
        linked = f"CASE WHEN field = 'owner_id' THEN {linked} ELSE {name} END"
    return f"{linked} AS {name}"


def _same_columns(path: Path, columns: Sequence[str]) -> bool:
    return set(pq.read_schema(path).names) == set(columns)
