"""What goes wrong between us and the disk, as errors that a person can act on."""

from __future__ import annotations

import errno
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bokgi.domain.errors import BokgiError, InputError, SetupError
from bokgi.domain.messages import N_, Message
from bokgi.facts.engine import out_of_space

SIZE_LIMITED = "File too large"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the faults of the system and of DuckDB into ours while `path` is being read and staged.

    >>> with reading(Path("no-such-file.csv")):
    ...     Path("no-such-file.csv").read_bytes()
    Traceback (most recent call last):
    bokgi.domain.errors.InputError: There is no file no-such-file.csv.
    """
    try:
        yield
    except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise damaged(path) from error
    except OSError as error:
        raise _of_system(error, path) from error
    except duckdb.OutOfMemoryException as error:
        if out_of_space(error):
            raise disk_full(path) from error
        message = Message(N_("{file} needs more memory than is allowed."), {"file": path.name})
        hint = Message(N_("Allow more by the variable {setting}, or split the file."), {"setting": "BOKGI_MEMORY"})
        raise SetupError("memory_short", message, hint) from error
    except duckdb.IOException as error:
        if out_of_space(error):
            raise disk_full(path) from error
        if SIZE_LIMITED in str(error):
            raise size_limited() from error
        message = Message(N_("{file} could not be staged: {reason}"), {"file": path.name, "reason": _first_line(error)})
        raise InputError("file_unreadable", message) from error


def disk_full(path: Path) -> SetupError:
    """Say that the disk is full."""
    message = Message(N_("The disk is full; {file} could not be read in."), {"file": path.name})
    hint = Message(N_("A file needs about its own size for a while. Nothing was imported."))
    return SetupError("disk_full", message, hint)


def size_limited() -> SetupError:
    """Say that the system lets no file grow as far as one needs to here."""
    return SetupError(
        "file_size_limited",
        Message(N_("The system allows no file of the size needed; nothing was imported.")),
        Message(N_("Raise the limit on file sizes (ulimit -f), or use a folder on another disk.")),
    )


def of_empty_lines(path: Path) -> InputError:
    """Say that a file has lines and nothing in them."""
    message = Message(N_("{file} consists of empty lines."), {"file": path.name})
    return InputError("file_of_empty_lines", message, Message(N_("Export it again, or leave it out.")))


def empty(path: Path) -> InputError:
    """Say that there is nothing in a file."""
    message = Message(N_("{file} is empty."), {"file": path.name})
    return InputError("file_empty", message, Message(N_("Export it again, or leave it out.")))


def damaged(path: Path) -> InputError:
    """Say that a workbook or archive is damaged."""
    message = Message(N_("{file} is damaged, or was cut off."), {"file": path.name})
    return InputError("file_damaged", message, Message(N_("Export it again, or save it anew in Excel.")))


def _of_system(error: OSError, path: Path) -> BokgiError:
    file = {"file": str(error.filename or path)}
    if isinstance(error, FileNotFoundError):
        return InputError("file_missing", Message(N_("There is no file {file}."), file))
    if isinstance(error, IsADirectoryError):
        return InputError("file_is_folder", Message(N_("{file} is a folder, not a file."), file))
    if isinstance(error, PermissionError):
        message = Message(N_("There is no permission for {file}."), file)
        return InputError(
            "file_forbidden", message, Message(N_("Close it in other programs, or change who may read it."))
        )
    if out_of_space(error):
        return disk_full(path)
    if error.errno == errno.EFBIG:
        return size_limited()
    message = Message(N_("{file} could not be read: {reason}"), {**file, "reason": error.strerror or str(error)})
    return InputError("file_unreadable", message)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
