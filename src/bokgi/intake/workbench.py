"""The engine that an import works on: one DuckDB with a folder to spill into, both gone at the end."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import duckdb
from deltalake.exceptions import DeltaError

from bokgi.domain.errors import BokgiError, SetupError, errno_of
from bokgi.domain.messages import N_, Message
from bokgi.facts.engine import DICTIONARY, connect, memory_given, out_of_space
from bokgi.intake.files.faults import SIZE_LIMITED, size_limited
from bokgi.intake.sql import literal

MEMORY_LIMIT: Final = "1400MB"
"""What DuckDB may hold where nobody says otherwise: with interpreter and writers an import stays well below 2 GiB."""


class Workbench:
    """One DuckDB and one temporary folder. Use it as a context: the folder goes when the block ends.

    >>> with Workbench() as bench:
    ...     bench.rows("SELECT 40 + 2"), bench.folder.exists()
    ([(42,)], True)
    """

    def __init__(self, under: Path | None = None) -> None:
        with told_apart():
            if under is not None:
                under.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix="bokgi-", dir=under))
        self.connection = connect(self.folder / "spill", memory_limit=memory_given() or MEMORY_LIMIT)
        self.connection.execute("SET preserve_insertion_order = false")

    def run(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement."""
        with told_apart():
            self.connection.execute(sql, list(parameters))

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a query and fetch its few rows."""
        with told_apart():
            return self.connection.execute(sql, list(parameters)).fetchall()

    def number(self, sql: str) -> int:
        """Run a query that gives one number."""
        return int(self.rows(sql)[0][0])

    def copy(self, query: str, path: Path) -> None:
        """Write what a query gives as a Parquet file. A column of many different texts gets no dictionary."""
        self.run(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, DICTIONARY_SIZE_LIMIT {DICTIONARY})")

    def close(self) -> None:
        """Close the engine and delete the folder."""
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Work in a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close at the end of the block."""
        self.close()


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what the machine refuses (no space, no permission) into errors that a person can act on."""
    try:
        yield
    except (OSError, DeltaError) as error:
        refused = _of_system(error)
        if refused is None:
            raise
        raise refused from error
    except duckdb.OutOfMemoryException as error:
        raise SetupError(
            "memory_short",
            Message(N_("The memory and the space for temporary files do not suffice for this import.")),
            Message(N_("Free disk space in the folder for temporary files, or import fewer files at once.")),
        ) from error
    except duckdb.IOException as error:
        text = str(error)
        if out_of_space(error):
            raise _disk_full() from error
        if SIZE_LIMITED in text:
            raise size_limited() from error
        if "Permission denied" in text or "Read-only file system" in text:
            raise _not_permitted(None) from error
        raise


_DONE: Final = {
    "import": (
        N_("Import {number} is in, but the disk is full: what reports and pages read could not be prepared."),
        N_("Free some space. The next command or page prepares it; nothing has to be imported again."),
    ),
    "undo": (
        N_("Import {number} was taken back, but the disk is full: what reports and pages read could not be prepared."),
        N_("Free some space. The next command or page prepares it; nothing has to be taken back again."),
    ),
    "change": (
        N_("The change is saved, but the disk is full: what reports and pages read could not be prepared."),
        N_("Free some space. The next command or page prepares it; nothing has to be done again."),
    ),
}
"""What was committed → how a disk that fills up afterwards is told."""


@contextmanager
def after_commit(import_no: int, done: Literal["import", "undo", "change"] = "import") -> Iterator[None]:
    """Say of a full disk what is done for all that: what follows the commit can be made again at any time."""
    try:
        yield
    except (OSError, DeltaError, duckdb.Error, SetupError) as error:
        if not out_of_space(error) and getattr(error, "code", None) != "disk_full":
            raise
        text, hint = _DONE[done]
        raise SetupError(f"disk_full_after_{done}", Message(text, {"number": import_no}), Message(hint)) from error


def _of_system(error: OSError | DeltaError) -> BokgiError | None:
    number, path = errno_of(error), getattr(error, "filename", None)
    if out_of_space(error):
        return _disk_full()
    if number == errno.EFBIG:
        return size_limited()
    if number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return _not_permitted(path)
    if number in {errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP}:
        return SetupError(
            "home_no_folder",
            Message(N_("{path} cannot be a folder; nothing was imported."), {"path": path or "–"}),
            Message(N_("Name another folder with --home.")),
        )
    return None


def _disk_full() -> SetupError:
    return SetupError(
        "disk_full",
        Message(N_("The disk is full; nothing was imported.")),
        Message(N_("Free some space and import again.")),
    )


def _not_permitted(path: object) -> SetupError:
    return SetupError(
        "home_not_writable",
        Message(N_("Writing is not permitted in {path}; nothing was imported."), {"path": path or "–"}),
        Message(N_("Check the owner and the permissions of the folder.")),
    )
