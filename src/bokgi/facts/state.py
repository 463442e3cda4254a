"""The derived current state: for one lake version, the Parquet files that analyses read.

- Rows of imports that are not committed at that version are left out.
- State tables and definitions keep the latest row of each key: that of the latest export, then of the latest import.
  For deals a sighting counts, too: the row that the latest snapshot saw.
- Event tables get the differences between snapshots (`bokgi.facts.snapshots`).
- Identities that are one person appear under one person_id everywhere but in people, identities and person_links.

Where a data file of the lake already says the same, the state names that file and copies nothing. What is written is
derived: it can be deleted, and is written again when it is asked for. The manifest comes last, with the folder's name.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.domain.errors import NotFoundError, RefusalError
from bokgi.domain.messages import N_, Message
from bokgi.facts import snapshots
from bokgi.facts.delta import DataFile
from bokgi.facts.engine import columns_of, connect, literal, parquet, quoted
from bokgi.facts.ledger import Import
from bokgi.facts.model import DEFAULT_TIME_ZONE
from bokgi.facts.schema import FACT_TABLES, STATE_COLUMNS, TABLES, Grain, Table

DERIVATION: Final = 1
"""Number of the way in which states are derived; one derived in another way is derived again."""

KEPT: Final = 4
"""How many derived states stay; those used least lately go first."""

KEPT_DAYS: Final = 8
"""How many days, for which deals were rebuilt, stay beside a derived state."""

_UNLINKED: Final = frozenset({"people", "identities", "person_links"})
_PERSON_COLUMNS: Final = frozenset({"person_id", "owner_id", "by_id", "manager_id"})
_DIFFERENCES: Final = {"stage_events": snapshots.stage_events, "deal_changes": snapshots.deal_changes}


class _Lake(Protocol):
    folder: Path
    states: Path

    def imports(self, version: int | None = None) -> tuple[Import, ...]: ...

    def files(self, table: str) -> list[DataFile]: ...


@dataclass(frozen=True)
class Derived:
    """A derived state: its files by table, and the civil date for which each visible import speaks."""

    version: int
    folder: Path
    files: dict[str, list[Path]]
    observed_on: dict[int, date]


def derived(lake: _Lake, version: int | None = None, *, until: datetime | None = None) -> Derived:
    """Give the state at a lake version, deriving it when it is not there.

    With `until`, only of exports up to that moment: what a file exported then is compared with.
    Raises `NotFoundError` for a version that was never, `RefusalError` for one whose rows are gone.
    """
    now = lake.imports()
    newest = max((found.version for found in now), default=0)
    asked = newest if version is None else version
    if not 0 <= asked <= newest:
        raise NotFoundError(
            "version_unknown",
            Message(N_("There is no version {version}; the newest is {newest}."), {"version": asked, "newest": newest}),
        )
    then = [found for found in (now if asked == newest else lake.imports(asked)) if found.committed]
    _refuse_purged(then, now, asked)
    counted = [found for found in then if until is None or found.effective_at <= until]
    name = f"v{asked}" if len(counted) == len(then) else f"v{asked}-{max((i.order for i in counted), default=None)}"
    folder = lake.states / "".join(sign if sign.isalnum() else "-" for sign in name)
    found = _read(lake, folder)
    if found is None:
        build(lake, asked, counted, folder)
        _prune(folder)
        found = _read(lake, folder)
        assert found is not None, folder  # noqa: S101 - just written
    return found


def _refuse_purged(then: Iterable[Import], now: Iterable[Import], version: int) -> None:
    purged = {found.import_no for found in now if found.status == "purged"}
    gone = sorted(found.import_no for found in then if found.import_no in purged)
    if gone:
        raise RefusalError(
            "version_purged",
            Message(
                N_("Version {version} held import {import_no}, which was undone long ago; its rows are gone."),
                {"version": version, "import_no": gone[0]},
            ),
        )


def build(lake: _Lake, version: int, imports: Sequence[Import], folder: Path) -> None:
    """Derive the state of a set of imports into a folder; somebody else may be doing the same at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = folder.parent / f"making-{uuid4().hex}"
    work.mkdir()
    try:
        with connect(work / "spill") as connection:
            manifest = _Build(lake, connection, imports, work).manifest(version)
        shutil.rmtree(work / "spill", ignore_errors=True)
        (work / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        if _read(lake, folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
            try:
                work.rename(folder)
            except OSError:
                if not (folder / "manifest.json").exists():
                    raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Build:
    """One derivation: an engine, the visible imports, the tables done so far."""

    def __init__(
        self, lake: _Lake, connection: duckdb.DuckDBPyConnection, imports: Sequence[Import], work: Path
    ) -> None:
        self.lake = lake
        self.connection = connection
        self.imports = sorted(imports, key=lambda found: found.order)
        self.visible = {found.import_no for found in imports}
        self.work = work
        self.raw: dict[str, list[Path]] = {}
        self.done: dict[str, list[Path]] = {}

    def manifest(self, version: int) -> dict[str, object]:
        for name in FACT_TABLES:
            self.raw[name] = self._visible(name)
        observed = self._observed()
        self._load_imports(observed)
        links = self._links()
        for name in FACT_TABLES:
            self._define(name, links)
        for name in FACT_TABLES:
            self.done[name] = self._derive(name, linked=bool(links))
        return {
            "version": version,
            "derivation": DERIVATION,
            "files": {name: [self._named(path) for path in paths] for name, paths in self.done.items()},
            "observed_on": {str(number): on.isoformat() for number, on in observed.items()},
        }

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
                "SELECT person_id, arg_max(same_as, rank) FROM links_raw JOIN visible_imports USING (import_no) GROUP BY ALL"
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
        dates = "i.effective_on AS observed_on, coalesce(k.first_seen_on, i.effective_on) AS first_seen_on"
        added = f", {dates}" if table.name in STATE_COLUMNS else ""
        return f"""
            SELECT r.*{added} FROM {quoted(table.name)} AS r JOIN visible_imports AS i USING (import_no)
            LEFT JOIN repeated AS k ON {same}
            WHERE k.rank IS NULL OR k.rank = i.rank
        """


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


def _read(lake: _Lake, folder: Path) -> Derived | None:
    """Read a derived state; None when it is not there or a file that it names is gone."""
    manifest = folder / "manifest.json"
    try:
        text = manifest.read_text(encoding="utf-8")
    except OSError:
        return None
    content = json.loads(text)
    if content["derivation"] != DERIVATION:
        return None
    files = {
        name: [folder / path[2:] if path.startswith("./") else lake.folder / path for path in paths]
        for name, paths in content["files"].items()
    }
    if not all(path.exists() for paths in files.values() for path in paths):
        return None
    os.utime(manifest)
    observed = {int(number): date.fromisoformat(on) for number, on in content["observed_on"].items()}
    return Derived(content["version"], folder, files, observed)


def kept(derived_state: Derived, name: str, write: Callable[[Path], None]) -> Path:
    """Give a Parquet file derived from a state, writing it when it is not there."""
    path = derived_state.folder / f"{name}.parquet"
    if path.exists():
        os.utime(path)
        return path
    work = path.with_name(f"making-{uuid4().hex}")
    try:
        write(work)
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)
    others = [other for other in path.parent.glob("deals-*.parquet") if other != path]
    others.sort(key=lambda other: other.stat().st_mtime, reverse=True)
    for other in others[KEPT_DAYS - 1 :]:
        other.unlink(missing_ok=True)
    return path


def _prune(kept: Path) -> None:
    """Delete the derived states used least lately."""
    states = [folder for folder in kept.parent.iterdir() if (folder / "manifest.json").exists() and folder != kept]
    states.sort(key=lambda folder: (folder / "manifest.json").stat().st_mtime, reverse=True)
    for folder in states[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
