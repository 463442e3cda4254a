"""The ledger: which imports there are and which of them count.

It is the Delta table `imports`, append-only: one row for each change of an import's status, and the last row of an
`import_no` counts. A row carries the lake version that it made, so an old version is read by leaving out what came
later, whatever compaction and vacuum did to the files. It is written by compare-and-swap only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from bokgi.domain.errors import ConflictError
from bokgi.domain.messages import N_, Message
from bokgi.facts import delta
from bokgi.facts.schema import SCHEMA_VERSION, TABLES

_TABLE = TABLES["imports"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an import says of itself when it is committed; the columns of `imports` that the importer knows.

    `files` is a JSON list of {name, sha256, size, kept}, `findings` a JSON list, `mapping` the TOML used.
    """

    kind: str
    source: str
    by: str
    at: datetime
    files: str = "[]"
    exported_at: datetime | None = None
    exported_at_origin: str | None = None
    complete: bool = False
    mapping: str = ""
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    known: int = 0
    findings: str = "[]"
    replays: int | None = None


@dataclass(frozen=True, kw_only=True)
class Import(Entry):
    """The current state of one import. `tables` counts the rows written by table; `place` is its place among imports.

    `version` is the lake version that made the status. A replay keeps the place of the import it replaces.
    """

    import_no: int
    version: int
    status: str
    tables: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    schema_version: int = SCHEMA_VERSION
    place: int = 0

    @property
    def committed(self) -> bool:
        """Tell whether its rows are visible."""
        return self.status == "committed"

    @property
    def effective_at(self) -> datetime:
        """Moment for which its rows speak: the export, or the writing where nothing was exported."""
        return self.at if self.exported_at is None else self.exported_at

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Order in which state rows replace each other."""
        return (self.effective_at, self.place, self.import_no)


def imports(table: DeltaTable | None, folder: Path, version: int | None = None) -> tuple[Import, ...]:
    """Read the status of each import at a lake version (now when None), by import number."""
    rows = [row for file in delta.data_files(table, folder) for row in _rows(file.path)]
    return latest(row for row in rows if version is None or row.version <= version)


def version_at(table: DeltaTable | None, folder: Path, moment: datetime) -> int:
    """Give the lake version that was the newest at a moment; 0 where nothing was imported by then.

    That old imports were cleared away made no version that anybody could have read.
    """
    rows = [row for file in delta.data_files(table, folder) for row in _rows(file.path)]
    return max((row.version for row in rows if row.at <= moment and row.status != "purged"), default=0)


@lru_cache(maxsize=4096)
def _rows(path: Path) -> tuple[Import, ...]:
    """Read one file of the ledger; a file never changes, and its name is never used again."""
    rows = pq.ParquetFile(path).read()
    # Instants leave Arrow as numbers: as moments they would load pandas, which takes longer than all the rest.
    instants = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    for name in instants:
        micros = rows[name].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        rows = rows.set_column(rows.schema.get_field_index(name), name, micros)
    return tuple(_import(row | {name: _moment(row[name]) for name in instants}) for row in rows.to_pylist())


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def latest(rows: Iterable[Import]) -> tuple[Import, ...]:
    """Keep the last row of each import and give each its place.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 23, tzinfo=UTC)
    >>> first = Import(kind="file", source="maven", by="cli", at=at, import_no=1, version=1, status="committed")
    >>> [(found.status, found.place) for found in latest([first, replace(first, version=2, status="undone")])]
    [('undone', 1)]
    """
    last: dict[int, Import] = {}
    for row in sorted(rows, key=lambda found: found.version):
        last[row.import_no] = row

    def place(found: Import) -> int:
        before = None if found.replays is None else last.get(found.replays)
        return found.import_no if before is None else place(before)

    return tuple(replace(last[number], place=place(last[number])) for number in sorted(last))


def append(table: DeltaTable, folder: Path, rows: Sequence[Import]) -> int:
    """Add rows as the next lake version, if nothing was added since `table` was opened; give that version.

    Raises `ConflictError` with the code `ledger_moved` when somebody else was first: judge again and try again.
    """
    version = table.version() + 1
    path = _written(folder, [replace(row, version=version) for row in rows])
    if not delta.add(table, _TABLE, [delta.checked(path, _TABLE)], retries=0):
        path.unlink(missing_ok=True)
        raise ConflictError(
            "ledger_moved",
            Message(N_("Somebody else imported at the same time.")),
            Message(N_("Try again.")),
        )
    delta.sync(delta.log_files(folder, version))
    return version


def rewrite(folder: Path, change: Callable[[Import], Import]) -> bool:
    """Change the words of rows, keeping version and status; tell whether any changed."""
    table = delta.create(folder, _TABLE)
    files = delta.data_files(table, folder)
    rows = [row for file in files for row in _rows(file.path)]
    changed = [change(row) for row in rows]
    if changed == rows:
        return False
    path = _written(folder, changed)
    version = table.version()
    delta.add(table, _TABLE, [delta.checked(path, _TABLE, data_change=False)], removed=delta.removals(files, path))
    delta.sync(delta.log_files(folder, version))
    return True


def _written(folder: Path, rows: Sequence[Import]) -> Path:
    path = folder / f"v{rows[0].version}-{uuid4().hex}.parquet"
    names = _TABLE.arrow().names
    records = [{**asdict(row), "tables": json.dumps(dict(row.tables), sort_keys=True)} for row in rows]
    table = pa.Table.from_pylist([{name: row[name] for name in names} for row in records], schema=_TABLE.arrow())
    pq.write_table(table, path)
    delta.sync([path])
    return path


def _import(row: dict[str, object]) -> Import:
    known = {item.name for item in fields(Import)}
    values = {name: value for name, value in row.items() if name in known}
    values["tables"] = json.loads(str(row["tables"]))
    return Import(**values)  # type: ignore[arg-type] # the types are the schema's
