"""The bytes of one file: what is known before they are understood, and one pass over all of them."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bokgi.domain.errors import InputError
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.encoding import BLOCK
from bokgi.intake.files.structure import Structure

_SETTLED: Final = 2_000_000_000
"""Nanoseconds after which another change of a file shows in its times, on any file system in use."""


@dataclass(frozen=True)
class Source:
    """A file to be staged: where it is, its size, when it was last changed (UTC).

    `stamp` is what the file system says of its content: as long as it stays, so does the content. A file that was
    written to a moment ago has none, for another change in the same moment would not show.
    """

    path: Path
    size: int
    modified_at: datetime
    stamp: tuple[int, ...] | None

    @classmethod
    def of(cls, path: Path) -> Source:
        """Look a file up. Raises `InputError` (`file_not_ordinary`) for what can be read only once, or for ever."""
        # Not when anything happened: only how long ago the file was last written to.
        begun = time.time_ns()
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            message = Message(N_("{file} is no ordinary file: it is a pipe or a device."), {"file": str(path)})
            raise InputError(
                "file_not_ordinary", message, Message(N_("Save what it gives as a file, and import that."))
            )
        settled = max(status.st_mtime_ns, status.st_ctime_ns) + _SETTLED < begun
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
        return cls(path, status.st_size, modified_at, stamp if settled else None)

    def head(self, size: int) -> bytes:
        """Read the first bytes."""
        with self.path.open("rb") as stream:
            return stream.read(size)


def examine(
    path: Path, structure: Structure | None, *, digest: bool, advance: Callable[[int], object] | None = None
) -> str:
    """Read a file once: its SHA-256 (empty when not asked for), and its structure fed along the way."""
    digester, done = hashlib.sha256(), 0
    buffer = bytearray(BLOCK)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as stream:
        while (size := stream.readinto(buffer)) > 0:
            block = view[:size]
            if digest:
                digester.update(block)
            if structure is not None:
                structure.feed(block)
            done += size
            if advance is not None:
                advance(done)
    if structure is not None:
        structure.close()
    return digester.hexdigest() if digest else ""


def free_name(folder: Path, stem: str, suffix: str) -> Path:
    """Find a name in a folder that no file has yet; keeps letters and digits of the stem."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = "".join(letter if letter.isalnum() else "_" for letter in stem)[:60]
    number = 1
    while True:
        path = folder / f"{plain}-{number}{suffix}"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            number += 1
        else:
            return path
