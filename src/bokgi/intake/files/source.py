"""The bytes of one file: what is known before they are understood, and one pass over all of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bokgi.intake.files.encoding import BLOCK
from bokgi.intake.files.structure import Structure


@dataclass(frozen=True)
class Source:
    """A file to be staged: where it is, its size, when it was last changed (UTC)."""

    path: Path
    size: int
    modified_at: datetime

    @classmethod
    def of(cls, path: Path) -> Source:
        """Look a file up."""
        status = path.stat()
        return cls(path, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

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
