"""The lake: all facts of a home, written import by import, read as the state at a lake version."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from bokgi.domain.errors import ConflictError, InternalError, NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.facts import delta, ledger, numbers, state
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.locks import Lock
from bokgi.facts.schema import TABLES

LOCK_SECONDS: Final = 60.0


def ledger_files(home: Path) -> tuple[str, ...]:
    """Name the files of the ledger's log, which change with every commit; none before the first.

    Much quicker than opening the lake, so that every request can look whether anything is new.

    >>> ledger_files(Path("no such home"))
    ()
    """
    try:
        return tuple(sorted(path.name for path in delta.log_folder(Lake(home).table_folder("imports")).iterdir()))
    except OSError:
        return ()


class Lake:
    """All facts of one home.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     lake = Lake.open(Path(home), create=True)
    ...     lake.version(), lake.imports()
    (0, ())
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "lake"
        self.states = self.folder / "state"

    @classmethod
    def open(cls, home: Path, *, create: bool = False) -> Lake:
        """Open the lake of a home.

        Raises `NotFoundError` (`home_missing`) when there is none and `create` is not set.
        """
        lake = cls(home)
        if create:
            lake.folder.mkdir(parents=True, exist_ok=True)
            delta.create(lake.table_folder("imports"), TABLES["imports"])
        elif delta.opened(lake.table_folder("imports")) is None:
            raise NotFoundError(
                "home_missing",
                Message(N_("There are no facts in {path} yet."), {"path": str(home)}),
                Message(N_("Import a file first, or name another folder with --home.")),
            )
        return lake

    def table_folder(self, table: str) -> Path:
        """Give the folder of one table."""
        return self.folder / table

    def version(self) -> int:
        """Give the lake version: that of the last row in the ledger; 0 when nothing was ever imported."""
        return max((found.version for found in self.imports()), default=0)

    def version_at(self, moment: datetime) -> int:
        """Give the lake version that was the newest at a moment; 0 where nothing was imported by then."""
        folder = self.table_folder("imports")
        return ledger.version_at(delta.opened(folder), folder, moment)

    def imports(self, version: int | None = None) -> tuple[Import, ...]:
        """List all imports with their status at a lake version (now when None), by import number."""
        folder = self.table_folder("imports")
        return ledger.imports(delta.opened(folder), folder, version)

    def files(self, table: str) -> list[delta.DataFile]:
        """List the data files of a table, with rows of all imports, dead and undone ones too."""
        folder = self.table_folder(table)
        return delta.data_files(delta.opened(folder), folder)

    def state(self, version: int | None = None, *, until: datetime | None = None) -> dict[str, list[Path]]:
        """Give, for each table, the Parquet files of the current state at a lake version (now when None).

        With `until`, as the exports up to that moment left it: what a file exported then is compared with, so that a
        file that arrives late finds its place. Each table has at least one file, without rows if need be. The files
        are derived and may be deleted at any time when nobody reads them. See `bokgi.facts.state`.
        """
        return state.derived(self, version, until=until).files

    def begin(self, *, wait: float = LOCK_SECONDS) -> Writing:
        """Start an import: the ledger is opened now, so judge after this. Use it as a context.

        Another import of the same home is waited for up to `wait` seconds; after that both go on, and who commits
        second gets `ConflictError`.
        """
        lock = Lock(self.folder / "lock")
        lock.acquire(wait)
        try:
            return Writing(self, lock)
        except BaseException:
            lock.release()
            raise

    def exclusive(self, *, wait: float = LOCK_SECONDS) -> Lock:
        """Keep imports away for a block of work on the files.

        Raises `ConflictError` (`lake_busy`) when one is still at work after `wait` seconds.
        """
        lock = Lock(self.folder / "lock")
        if not lock.acquire(wait) or numbers.living(self.folder / "numbers"):
            lock.release()
            raise ConflictError(
                "lake_busy",
                Message(N_("An import is at work.")),
                Message(N_("Try again when it has finished.")),
            )
        return lock


class Writing:
    """One import at work: a reserved number, the rows written so far, and the ledger as it was at the start.

    Leaving the context without `commit` leaves nothing visible.
    """

    def __init__(self, lake: Lake, lock: Lock | None, opened: DeltaTable | None = None) -> None:
        self.lake = lake
        self._lock = lock
        self._ledger = opened or delta.create(lake.table_folder("imports"), TABLES["imports"])
        self.version = max((found.version for found in self.imports()), default=0)
        self.import_no, self._alive = numbers.reserve(lake.folder / "numbers")
        self._written: dict[str, list[tuple[Path, AddAction, int]]] = {}
        self._paths = 0

    def imports(self) -> tuple[Import, ...]:
        """List all imports as the ledger held them at the start."""
        return ledger.imports(self._ledger, self.lake.table_folder("imports"))

    def another(self) -> Writing:
        """Start another import on the same ledger, for a commit of several at once."""
        return Writing(self.lake, None, self._ledger)

    def path(self, table: str) -> Path:
        """Give a fresh path for a data file of a table, for `COPY … TO` of an engine; then hand it to `write`."""
        folder = self.lake.table_folder(table)
        folder.mkdir(parents=True, exist_ok=True)
        self._paths += 1
        return folder / f"{self.import_no}-{self._paths}.parquet"

    def write(self, table: str, rows: Path | Sequence[Path] | pa.Table | pa.RecordBatchReader) -> int:
        """Take rows for a table and give their number: Parquet files or Arrow, with all columns of the schema.

        Files that do not lie in the table's folder are moved there. In Arrow rows `import_no` may be left out. Raises
        `InternalError` for a column, type, null or import number that the schema does not allow.
        """
        if isinstance(rows, Path):
            rows = [rows]
        if isinstance(rows, (pa.Table, pa.RecordBatchReader)):
            rows = [delta.written(self.path(table), self._numbered(rows, table), TABLES[table])]
        count = 0
        for path in rows:
            placed = self._placed(table, path)
            action = delta.checked(placed, TABLES[table], imports=[self.import_no])
            here = delta.row_count(placed)
            if here == 0:
                placed.unlink()
                continue
            self._written.setdefault(table, []).append((placed, action, here))
            count += here
        return count

    @property
    def tables(self) -> dict[str, int]:
        """Rows written so far, by table."""
        return {table: sum(rows for _, _, rows in files) for table, files in self._written.items()}

    def commit(self, entry: Entry) -> int:
        """Make everything written visible at once and give the new lake version.

        Raises `ConflictError` (`ledger_moved`) when another import was committed since `begin`: judge again, in a new
        Writing.
        """
        return self.commit_rows([self.row(entry)])

    def row(self, entry: Entry, *, place: int | None = None) -> Import:
        """Register what was written and give the row with which the ledger makes it visible, for `commit_rows`.

        `place` is that of the import it replaces; None where it replaces none.
        """
        self.register()
        return Import(
            **asdict(entry),
            import_no=self.import_no,
            version=self.version,
            status="committed",
            tables=self.tables,
            place=self.import_no if place is None else place,
        )

    def commit_rows(self, rows: Sequence[Import]) -> int:
        """Write rows of the ledger, as `commit` does; for changes of several imports that belong together."""
        version = ledger.append(self._ledger, self.lake.table_folder("imports"), rows)
        self.close()
        return version

    def register(self) -> None:
        """Add the files to the tables' logs. Nothing is visible by that."""
        for name, files in self._written.items():
            folder = self.lake.table_folder(name)
            delta.sync(path for path, _, _ in files)
            table = delta.create(folder, TABLES[name])
            before = table.version()
            delta.add(table, TABLES[name], [action for _, action, _ in files])
            delta.sync(delta.log_files(folder, before))

    def close(self) -> None:
        """End the import and give its locks back."""
        self._alive.release()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        """Work on the import in a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the import; what was not committed stays invisible."""
        self.close()

    def _numbered(self, rows: pa.Table | pa.RecordBatchReader, table: str) -> pa.Table | pa.RecordBatchReader:
        names = TABLES[table].arrow().names
        if "import_no" in rows.schema.names:
            return rows
        field = TABLES[table].arrow().field("import_no")
        schema = pa.schema([field, *rows.schema])

        def batches() -> Iterable[pa.RecordBatch]:
            for batch in rows.to_reader() if isinstance(rows, pa.Table) else rows:
                number = pa.array([self.import_no], field.type).take(pa.array([0] * batch.num_rows, pa.int64()))
                yield pa.RecordBatch.from_arrays([number, *batch.columns], schema=schema)

        if not set(names) <= set(schema.names):
            message = f"{table}: no columns {sorted(set(names) - set(schema.names))}"
            raise InternalError(message)
        return pa.RecordBatchReader.from_batches(schema, batches())

    def _placed(self, table: str, path: Path) -> Path:
        if path.parent == self.lake.table_folder(table):
            return path
        placed = self.path(table)
        shutil.move(path, placed)
        return placed
