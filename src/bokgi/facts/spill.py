"""Folders that an engine spills into: each belongs to one process, and goes when that has ended, however it ended."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final
from uuid import uuid4

from bokgi.facts.locks import Lock

_PREFIX: Final = "spill-"
_LOCK: Final = ".lock"
_SECONDS: Final = 5.0


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
        self.folder = under / f"{_PREFIX}{uuid4().hex}"
        # Locked before there is anything to delete: a sweep finds folders by their locks.
        self._lock = Lock(self.folder.with_suffix(_LOCK))
        self._lock.acquire(_SECONDS)
        self.folder.mkdir()

    def release(self) -> None:
        """Delete the folder and let it go."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.path.unlink(missing_ok=True)
        self._lock.release()


def sweep(under: Path) -> None:
    """Delete the folders, in a folder, of processes that have ended."""
    for path in under.glob(f"{_PREFIX}*{_LOCK}"):
        lock = Lock(path)
        if lock.acquire():
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
            lock.release()
