"""Kept source files: what was imported stays, so that an import can be undone and a row can be looked at again."""

from __future__ import annotations

import hashlib
import json
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bokgi.domain.errors import InputError, NotFoundError
from bokgi.domain.messages import N_, Message, translate
from bokgi.domain.retention import RETENTION_DAYS
from bokgi.facts import numbers
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Import
from bokgi.intake.files import StagedFile
from bokgi.intake.files.source import Source
from bokgi.intake.workbench import told_apart

KINDS: Final = {
    "file": N_("Files"),
    "entered": N_("Entered on screen"),
    "release": N_("Released"),
    "erasure": N_("Erasure"),
}
FOLDER: Final = "sources"


def named(kind: str, source: str, lang: str) -> str:
    """Name where an import of the ledger came from: files, or what somebody did; a CRM as its preset is called.

    >>> named("release", "quarantine", "en"), named("replay", "file", "en"), named("file", "hubspot", "en")
    ('Released', 'Files', 'hubspot')
    """
    return translate(KINDS.get(source if kind in {"file", "replay"} else kind, source), lang)


@dataclass(frozen=True)
class Kept:
    """One source file as the ledger names it; `kept` is its name in the folder of the import, null once expired."""

    name: str
    sha256: str
    size: int
    kept: str | None
    encoding: str | None = None
    """Encoding of a delimited text, so that it is read again as it was."""

    def as_json(self) -> dict[str, Any]:
        """Give the entry for the ledger."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "size": self.size,
            "kept": self.kept,
            "encoding": self.encoding,
        }


def of_import(found: Import) -> list[Kept]:
    """Read which files an import brought."""
    return [Kept(**entry) for entry in json.loads(found.files)]


def folder(lake: Lake, import_no: int) -> Path:
    """Give the folder that keeps the files of an import."""
    return lake.home / FOLDER / str(import_no)


def keep(lake: Lake, import_no: int, files: Iterable[StagedFile]) -> list[Kept]:
    """Copy the source files of an import, each once, and check that they are what was read.

    Raises `InputError` (`file_changed`) when a file changed since it was staged.
    """
    there = folder(lake, import_no)
    kept: list[Kept] = []
    with told_apart():
        there.mkdir(parents=True, exist_ok=True)
        each = {file.path: file for file in files}
        for name, staged in zip(names(each), each.values(), strict=True):
            if not _copied(staged, there / name):
                raise InputError(
                    "file_changed",
                    Message(N_("{file} changed while it was imported."), {"file": staged.path.name}),
                    Message(N_("Import it again when it is no longer written to.")),
                )
            encoding = staged.encoding if staged.delimiter is not None else None
            kept.append(Kept(staged.path.name, staged.sha256, staged.size, name, encoding))
    return kept


def names(paths: Iterable[Path]) -> list[str]:
    """Give each path a file name of its own, in their order.

    >>> names([Path("a/deals.csv"), Path("b/deals.csv")])
    ['deals.csv', 'deals-2.csv']
    """
    taken: list[str] = []
    for path in paths:
        name, number = unicodedata.normalize("NFC", path.name), 1
        stem, dot, ending = name.partition(".")
        while name in taken:
            number += 1
            name = f"{stem}-{number}{dot}{ending}"
        taken.append(name)
    return taken


def labels(files: Sequence[StagedFile]) -> list[str]:
    """Name the tables of an import as quarantine and counts do: a file name of its own, the sheet after '#'."""
    paths = list(dict.fromkeys(file.path for file in files))
    called = dict(zip(paths, names(paths), strict=True))
    sheets = ["" if file.sheet is None else f"#{unicodedata.normalize('NFC', file.sheet)}" for file in files]
    return [f"{called[file.path]}{sheet}" for file, sheet in zip(files, sheets, strict=True)]


def _copied(staged: StagedFile, target: Path) -> bool:
    """Copy a file and tell whether the copy is what was read; read it again only where the file system cannot say."""
    shutil.copyfile(staged.path, target)
    same = staged.stamp is not None and Source.of(staged.path).stamp == staged.stamp
    return same or _digest(target) == staged.sha256


def drop(lake: Lake, import_no: int) -> None:
    """Delete the files kept for an import that came to nothing."""
    shutil.rmtree(folder(lake, import_no), ignore_errors=True)


def found(lake: Lake, of: Import) -> list[Path]:
    """Give the kept files of an import, checked against the ledger.

    Raises `NotFoundError` (`source_gone`) when one expired, was erased or is no longer what was imported.
    """
    paths = []
    for kept in of_import(of):
        path = folder(lake, of.import_no) / (kept.kept or kept.name)
        if kept.kept is None or not path.exists() or _digest(path) != kept.sha256:
            raise NotFoundError(
                "source_gone",
                Message(
                    N_("The source file {file} of import {import_no} is no longer kept."),
                    {"file": kept.name, "import_no": of.import_no},
                ),
                Message(
                    N_("Source files are kept {days} {days:day|days} unless it was set otherwise."),
                    {"days": RETENTION_DAYS},
                ),
            )
        paths.append(path)
    return paths


def _digest(path: Path) -> str:
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


def purge(lake: Lake, *, at: datetime, days: int = RETENTION_DAYS) -> list[int]:
    """Delete kept files of imports older than `days`, and of imports that never came to anything; name the imports."""
    there = lake.home / FOLDER
    if not there.is_dir():
        return []
    imports = {one.import_no: one for one in lake.imports()}
    alive = numbers.living(lake.folder / "numbers")
    gone = []
    for path in sorted(there.iterdir()):
        if not path.name.isdigit() or int(path.name) in alive:
            continue
        one = imports.get(int(path.name))
        if one is None or one.at < at - timedelta(days=days):
            shutil.rmtree(path, ignore_errors=True)
            gone.append(int(path.name))
    return gone
