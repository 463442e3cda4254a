"""Delta tables in a folder: opening them, listing their data files, adding files that are already written.

Data files are plain Parquet, written by an engine or from Arrow, and added to the table's log by `add`. The log holds
counts, dates and numbers of a file and never a text, so that no name can stand in it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from bokgi.domain.errors import InternalError, SetupError, errno_of
from bokgi.domain.messages import N_, Message
from bokgi.facts.schema import Table

DELETED_FILE_RETENTION_HOURS: Final = 7 * 24
DAMAGED: Final = "table_damaged"
"""Code of the error that says that facts are gone or cannot be read."""
_CONFIGURATION: Final = {
    "delta.deletedFileRetentionDuration": f"interval {DELETED_FILE_RETENTION_HOURS} hours",
    "delta.logRetentionDuration": "interval 30 days",
    "delta.enableExpiredLogCleanup": "true",
    "delta.checkpointInterval": "20",
    "delta.dataSkippingStatsColumns": "import_no",
}


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table: where it lies, how many rows, which imports they come from (first to last)."""

    path: Path
    rows: int
    first_import: int
    last_import: int
    size: int

    @property
    def single(self) -> bool:
        """Tell whether all rows come from one import."""
        return self.first_import == self.last_import


def create(folder: Path, table: Table) -> DeltaTable:
    """Open the table in a folder, making it when there is none. Two may make it at once.

    Raises `SetupError` (`table_damaged`) where its log cannot be read, as `opened` does.
    """
    try:
        return _opened(folder)
    except TableNotFoundError:
        return DeltaTable.create(str(folder), table.arrow(), mode="ignore", configuration=_CONFIGURATION)


def opened(folder: Path) -> DeltaTable | None:
    """Open the table in a folder; None when there is none."""
    try:
        return _opened(folder)
    except TableNotFoundError:
        return None


def _opened(folder: Path) -> DeltaTable:
    try:
        return DeltaTable(str(folder))
    except TableNotFoundError:
        raise
    except DeltaError as error:
        if errno_of(error) is not None:
            raise
        raise damaged(folder.name, [log_folder(folder)]) from error


def damaged(table: str, paths: Sequence[Path]) -> SetupError:
    """Say that the facts are damaged: what of a table is gone or cannot be read."""
    return SetupError(
        DAMAGED,
        Message(
            N_("The facts are damaged: of the table {table} {path} is gone or cannot be read."),
            {"table": table, "path": str(paths[0])},
        ),
        Message(
            N_("Put a back-up back with bokgi restore; bokgi doctor looks whether it is sound. Nothing was changed.")
        ),
    )


def unreadable(files: Iterable[DataFile]) -> list[Path]:
    """Give the data files that are gone, or are no Parquet any more; one that may not be read now is neither."""
    bad = []
    for file in files:
        try:
            pq.read_metadata(file.path)
        except (OSError, pa.ArrowInvalid) as error:
            if errno_of(error) in {None, errno.ENOENT, errno.EIO}:
                bad.append(file.path)
    return bad


def data_files(table: DeltaTable | None, folder: Path) -> list[DataFile]:
    """List the active files of a table, oldest import first."""
    if table is None:
        return []
    # As a stream: pa.table would load pandas, which takes longer than all the rest.
    rows = pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all().to_pylist()
    files = [
        DataFile(
            path=folder / row["path"],
            rows=row["num_records"],
            first_import=row["min.import_no"],
            last_import=row["max.import_no"],
            size=row["size_bytes"],
        )
        for row in rows
    ]
    return sorted(files, key=lambda file: (file.first_import, file.path.name))


def written(path: Path, rows: pa.Table | pa.RecordBatchReader, table: Table) -> Path:
    """Write Arrow rows as a data file with the columns and types of the table."""
    schema = table.arrow()
    reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for batch in reader:
            writer.write_table(pa.Table.from_batches([batch]).select(schema.names).cast(schema))
    return path


def read(paths: Iterable[Path], table: Table) -> pa.Table:
    """Read data files as one Arrow table with the columns and types of the table; what older files lack is null.

    Files of one table differ in which columns they say can be null: engines that write them go by what stands there.
    """
    schema = table.arrow()
    parts = [schema.empty_table(), *(pq.ParquetFile(path).read() for path in paths)]
    return pa.concat_tables(parts, promote_options="default").select(schema.names).cast(schema)


def checked(path: Path, table: Table, *, imports: Iterable[int] | None = None, data_change: bool = True) -> AddAction:
    """Read a data file's footer, refuse what the table does not allow, and describe the file for the log.

    Refused with `InternalError`, because judging comes before: a column that is missing, foreign or of another type, a
    null where the schema allows none, a row of another import than `imports`.
    """
    metadata = pq.read_metadata(path)
    _check_columns(path, metadata.schema.to_arrow_schema(), table)
    stats = _statistics(metadata)
    for column in table.columns:
        nulls = stats[column.name].nulls
        if not column.nullable and nulls != 0:
            message = f"{table.name}.{column.name}: {nulls} null values in {path.name}"
            raise InternalError(message)
    number = stats["import_no"]
    allowed = None if imports is None else set(imports)
    if metadata.num_rows and allowed is not None and not {number.least, number.greatest} <= allowed:
        message = f"{table.name}: rows of imports {number.least} to {number.greatest} in {path.name}"
        raise InternalError(message)
    ranged = {
        column.name: stats[column.name]
        for column in table.columns
        if column.type in {"integer", "date"} and stats[column.name].least is not None
    }
    described = {
        "numRecords": metadata.num_rows,
        "minValues": {name: _plain(found.least) for name, found in ranged.items()},
        "maxValues": {name: _plain(found.greatest) for name, found in ranged.items()},
        "nullCount": {
            column.name: stats[column.name].nulls
            for column in table.columns
            if column.type != "map" and stats[column.name].nulls is not None
        },
    }
    status = path.stat()
    return AddAction(path.name, status.st_size, {}, int(status.st_mtime * 1000), data_change, json.dumps(described))


def add(
    opened_table: DeltaTable,
    table: Table,
    added: Sequence[AddAction],
    *,
    removed: Sequence[RemoveAction] = (),
    retries: int | None = None,
) -> bool:
    """Write one commit to the table's log; False when somebody else's commit came first (only with `retries=0`)."""
    properties = CommitProperties() if retries is None else CommitProperties(max_commit_retries=retries)
    changes: list[AddAction | RemoveAction] = [*added, *removed]
    try:
        opened_table.create_write_transaction(changes, "append", table.arrow(), commit_properties=properties)
    except CommitFailedError:
        if retries == 0:
            return False
        # Two made the table at once: the second making reads as a change of what the table is.
        opened_table.update_incremental()
        opened_table.create_write_transaction(changes, "append", table.arrow(), commit_properties=properties)
    return True


def removals(files: Iterable[DataFile], replaced_by: Path) -> list[RemoveAction]:
    """Say that files are replaced by another one, from the moment when that was written."""
    now = int(replaced_by.stat().st_mtime * 1000)
    return [RemoveAction(file.path.name, data_change=False, deletion_timestamp=now, size=file.size) for file in files]


def row_count(path: Path) -> int:
    """Count the rows of a data file by its footer."""
    return int(pq.read_metadata(path).num_rows)


def sync(paths: Iterable[Path]) -> None:
    """Bring files, and the folders that name them, onto the disk."""
    files = list(paths)
    for path in [*files, *sorted({path.parent for path in files})]:
        if path.is_dir() and os.name == "nt":
            continue
        handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def log_folder(folder: Path) -> Path:
    """Give the folder of a table's log."""
    return folder / "_delta_log"


def log_files(folder: Path, after: int) -> list[Path]:
    """List the log entries of a table from version `after` on."""
    return [path for path in log_folder(folder).glob("*.json") if path.stem.isdigit() and int(path.stem) >= after]


@dataclass
class _Found:
    nulls: int | None = 0
    least: Any = None
    greatest: Any = None


def _statistics(metadata: pq.FileMetaData) -> dict[str, _Found]:
    """Sum up the footer's statistics by top-level column; nulls are None where the footer does not say."""
    found: dict[str, _Found] = {}
    names = [metadata.schema.column(place).path.split(".")[0] for place in range(metadata.num_columns)]
    for name in names:
        found[name] = _Found()
    for group in range(metadata.num_row_groups):
        for place, name in enumerate(names):
            statistics = metadata.row_group(group).column(place).statistics
            column = found[name]
            if statistics is None or not statistics.has_null_count:
                column.nulls = None
                continue
            if column.nulls is not None:
                column.nulls += statistics.null_count
            if statistics.has_min_max:
                column.least = statistics.min if column.least is None else min(column.least, statistics.min)
                column.greatest = statistics.max if column.greatest is None else max(column.greatest, statistics.max)
    return found


def _check_columns(path: Path, there: pa.Schema, table: Table) -> None:
    wanted = table.arrow()
    if set(there.names) != set(wanted.names):
        different = sorted(set(there.names) ^ set(wanted.names))
        message = f"{table.name}: {path.name} has too many or too few columns: {different}"
        raise InternalError(message)
    for field in wanted:
        kind = there.field(field.name).type
        same = (
            pa.types.is_map(kind) and pa.types.is_map(field.type) if pa.types.is_map(field.type) else kind == field.type
        )
        if not same:
            message = f"{table.name}.{field.name}: {kind} in {path.name} instead of {field.type}"
            raise InternalError(message)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
