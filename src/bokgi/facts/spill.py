"""Folders that an engine spills into: each belongs to one process, and goes when that has ended, however it ended."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from bokgi.facts.locks import Lock

_PREFIX: Final = "spill-"
_LOCK: Final = ".lock"
_TRIES: Final = 8
"""After so many the file system knows no locks: nobody sweeps there, either."""


class Spill:
    """A folder of this process, held by a lock beside it until the process ends or lets it go.

    Folders whose processes have ended are deleted first.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as under:
    ...     mine, other = Spill(Path(under)), Spill(Path(under))
    ...     mine.folder.is_dir(), other.folder.is_dir()
    ...     mine.release()
    ...     sorted(path.suffix for path in Path(under).iterdir())
    (True, True)
    ['', '.lock']
    """

    def __init__(self, under: Path) -> None:
        under.mkdir(parents=True, exist_ok=True)
        sweep(under)
        self.folder, self._lock = _locked(under)
        self.folder.mkdir()

    @property
    def held(self) -> bool:
        """Tell whether the folder is held still."""
        return self._lock.held

    def release(self) -> None:
        """Delete the folder and let it go."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _drop(self._lock)


def sweep(under: Path) -> None:
    """Delete the folders, in a folder, of processes that have ended; those of other users stay."""
    for path in under.glob(f"{_PREFIX}*{_LOCK}"):
        lock = Lock(path)
        with suppress(OSError):
            if lock.acquire():
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                _drop(lock)


def _locked(under: Path) -> tuple[Path, Lock]:
    """Name a folder that is not there yet, and hold its lock: a sweep finds folders by their locks."""
    folder, lock = _named(under)
    for _attempt in range(_TRIES):
        # A sweep that came between making the file and locking it has taken it away.
        if lock.acquire() and lock.path.exists():
            break
        lock.release()
        folder, lock = _named(under)
    return folder, lock


def _named(under: Path) -> tuple[Path, Lock]:
    folder = under / f"{_PREFIX}{uuid4().hex}"
    return folder, Lock(folder.with_suffix(_LOCK))


def _drop(lock: Lock) -> None:
    """Delete the file of a lock that is held, and let it go. Windows deletes no file that is open."""
    with suppress(PermissionError):
        lock.path.unlink(missing_ok=True)
    lock.release()
    with suppress(PermissionError):
        lock.path.unlink(missing_ok=True)
