"""Compaction: small files become few, and what nobody can see any more goes.

History lives in rows, so an old lake version still reads afterwards. What goes: rows of imports that died (their
number can never come into the ledger), rows of imports undone longer ago than the retention (the ledger says `purged`
before they go, and a lake version that saw them is refused from then on), rows that imports before the retention
refused, and files that no table names any more.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

from deltalake import DeltaTable

from bokgi.domain.retention import RETENTION_DAYS
from bokgi.facts import delta, ledger, numbers
from bokgi.facts.delta import DataFile
from bokgi.facts.engine import columns_of, connect, literal, parquet
from bokgi.facts.lake import LOCK_SECONDS, Lake
from bokgi.facts.schema import TABLES, Table

SMALL: Final = 32 * 1024 * 1024
"""Files below this size in bytes are put together."""


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: files before and after, rows dropped, imports purged, files deleted from the disk."""

    files_before: int
    files_after: int
    rows_dropped: int
    purged: tuple[int, ...]
    deleted: int


def compact(
    lake: Lake,
    *,
    at: datetime,
    retention_days: int = RETENTION_DAYS,
    vacuum_hours: int = delta.DELETED_FILE_RETENTION_HOURS,
    small: int = SMALL,
    wait: float = LOCK_SECONDS,
) -> Compacted:
    """Put small files together, drop what can never be seen again or was refused long ago, and vacuum.

    Rows of an import undone since stay for `retention_days`, so that versions that saw it still
    read, and so do refused rows.

    Files that a compaction replaced stay on the disk for `vacuum_hours`, for whoever is reading them now. Raises
    `ConflictError` (`lake_busy`) when an import is at work.
    """
    with lake.exclusive(wait=wait):
        # Whoever spills here holds the same lock: what is there was left by a process that has ended.
        for left in lake.folder.glob("spill-*"):
            shutil.rmtree(left, ignore_errors=True)
        purged = _purge(lake, at - timedelta(days=retention_days))
        imports = lake.imports()
        gone = {found.import_no for found in imports if found.status == "purged"} | dead(lake)
        old = {found.import_no for found in imports if found.at < at - timedelta(days=retention_days)}
        drop = dict.fromkeys(TABLES, gone) | {"imports": set(), "quarantine": gone | old}
        before = after = dropped = deleted = 0
        for name, table in TABLES.items():
            files = lake.files(name)
            before += len(files)
            dropped += _rewrite(lake, table, files, drop[name], small)
            after += len(lake.files(name))
            deleted += vacuum(lake, name, vacuum_hours)
        return Compacted(before, after, dropped, purged, deleted)


def dead(lake: Lake) -> set[int]:
    """Give the numbers of imports that ended without a commit."""
    folder = lake.folder / "numbers"
    living = numbers.living(folder)
    return set(numbers.reserved(folder)) - living - {found.import_no for found in lake.imports()}


def rewritten(lake: Lake, table: Table, old: Sequence[DataFile], query: str) -> int:
    """Replace data files by the rows of a query, in one commit of the table's log; give the number of rows dropped."""
    folder = lake.table_folder(table.name)
    path = folder / f"c-{uuid4().hex}.parquet"
    with TemporaryDirectory(dir=lake.folder, prefix="spill-") as spill, connect(Path(spill)) as connection:
        connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet)")
    opened = delta.create(folder, table)
    version = opened.version()
    rows = delta.row_count(path)
    added = [delta.checked(path, table, data_change=False)] if rows else []
    delta.sync([path])
    delta.add(opened, table, added, removed=delta.removals(old, path))
    delta.sync(delta.log_files(folder, version))
    if not rows:
        path.unlink()
    return sum(file.rows for file in old) - rows


def vacuum(lake: Lake, name: str, hours: int) -> int:
    """Delete the files of a table that were replaced more than `hours` ago, and those of dead imports."""
    folder = lake.table_folder(name)
    table = delta.opened(folder)
    if table is None:
        return 0
    deleted = table.vacuum(retention_hours=hours, dry_run=False, enforce_retention_duration=False)
    active = {file.path for file in lake.files(name)}
    ended = dead(lake)
    orphans = [path for path in folder.glob("*.parquet") if path not in active and _import_of(path) in ended]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(deleted) + len(orphans)


def _purge(lake: Lake, before: datetime) -> tuple[int, ...]:
    """Say in the ledger which imports were undone long ago; their rows go after that."""
    folder = lake.table_folder("imports")
    table: DeltaTable = delta.create(folder, TABLES["imports"])
    imports = ledger.imports(table, folder)
    old = [found for found in imports if found.status == "undone" and found.at < before]
    if old:
        ledger.append(table, folder, [replace(found, status="purged") for found in old])
    return tuple(found.import_no for found in old)


def _rewrite(lake: Lake, table: Table, files: Sequence[DataFile], gone: set[int], small: int) -> int:
    """Put the small files of a table together, and rewrite those that hold rows to drop."""
    holding = {file for file in files if _holds(file, gone)}
    touched = [file for file in files if file.size < small or file in holding]
    if not holding and len(touched) <= 1:
        return 0
    paths = [file.path for file in touched]
    kept = f"WHERE import_no NOT IN ({', '.join(map(str, sorted(gone)))})" if gone else ""
    return rewritten(lake, table, touched, f"SELECT {columns_of(table, paths)} FROM {parquet(paths)} {kept}")


def _holds(file: DataFile, gone: set[int]) -> bool:
    """Tell whether a file holds rows of imports that are gone."""
    if file.single:
        return file.first_import in gone
    if not any(file.first_import <= number <= file.last_import for number in gone):
        return False
    with connect() as connection:
        rows = connection.execute(f"SELECT DISTINCT import_no FROM {parquet([file.path])}").fetchall()
    return any(row[0] in gone for row in rows)


def _import_of(path: Path) -> int | None:
    number = path.name.split("-", 1)[0]
    return int(number) if number.isdigit() else None
