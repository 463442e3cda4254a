"""A home as one file, and back: nothing half-written, no keys, and erasures stay erased."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from bokgi.domain.errors import ConflictError, InputError, NotFoundError, SetupError
from bokgi.domain.messages import N_, Message
from bokgi.facts.delta import DAMAGED
from bokgi.facts.erasure import erase_again, erased
from bokgi.facts.lake import Lake
from bokgi.project import TURN

DATABASE: Final = "db.sqlite3"
MARK: Final = "bokgi-backup.json"
_LEFT_OUT: Final = ("keys", "work", DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", TURN)
_DERIVED: Final = "lake/state"


@dataclass(frozen=True)
class BackedUp:
    """What a back-up holds: lake version, files, bytes, and whether the database of the application is in it."""

    version: int
    files: int
    size: int
    database: bool


@dataclass(frozen=True)
class Restored:
    """What a restore did; `before` is where the home that stood there was put, null where there was none.

    `erased_again` is null where the home that stood there is damaged, so that nobody knows who was erased since.
    """

    version: int
    erased_again: int | None
    before: Path | None


def back_up(home: Path, target: Path, *, at: datetime, keys: bool = False) -> BackedUp:
    """Write a home into one file, imports kept away meanwhile; what stood there stays until the new one is whole.

    What is derived is left out, and `keys/` unless asked for. The database is copied as of one moment. Raises
    `NotFoundError` where there is no home, `ConflictError` (`lake_busy`) while an import is at work, `InputError`
    where the file would lie inside the home.
    """
    lake = Lake.open(home)
    if home.resolve() in target.resolve().parents:
        raise InputError(
            "backup_inside", Message(N_("A back-up does not lie inside the home.")), Message(N_("Name another place."))
        )
    work = target.with_name(f".{target.name}.{uuid4().hex}.part")
    copied = work.with_suffix(".sqlite3")
    try:
        with lake.exclusive(), tarfile.open(work, "w:gz", compresslevel=1) as archive:
            files = 0
            for path in _files(home, keys=keys):
                archive.add(path, f"home/{path.relative_to(home).as_posix()}", recursive=False)
                files += 1
            database = (home / DATABASE).exists()
            if database:
                with closing(sqlite3.connect(home / DATABASE)) as source, closing(sqlite3.connect(copied)) as copy:
                    source.backup(copy)
                archive.add(copied, f"home/{DATABASE}")
            version = lake.version()
            # The mark comes last: a file without it was cut off.
            copied.write_text(json.dumps({"version": version, "at": at.isoformat()}), encoding="utf-8")
            archive.add(copied, MARK)
        _put(work, target)
    finally:
        work.unlink(missing_ok=True)
        copied.unlink(missing_ok=True)
    return BackedUp(version, files, target.stat().st_size, database)


def _put(made: Path, target: Path) -> None:
    made.replace(target)


def _files(home: Path, *, keys: bool) -> Iterator[Path]:
    left = set(_LEFT_OUT) - ({"keys"} if keys else set())
    for path in sorted(home.rglob("*")):
        place = path.relative_to(home).as_posix()
        hidden = place.split("/")[0] in left or place == _DERIVED or place.startswith(f"{_DERIVED}/")
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path


def restore(home: Path, source: Path, *, at: datetime, by: str) -> Restored:
    """Put a home back as a file holds it; who was erased since stays erased, and the keys that are there stay.

    The new home is made whole beside the old one and takes its place at the end; the old one is kept beside it. Stopped
    in the middle, the old one stands where it stood. Raises `InputError` for what is no back-up or was cut off.
    """
    people = _erased(home)
    made = home.with_name(f".{home.name}.{uuid4().hex}.part")
    try:
        version = _unpack(source, made)
        if (home / "keys").is_dir() and not (made / "keys").exists():
            shutil.copytree(home / "keys", made / "keys")
        again = None if people is None else _erase_again(made, people, by=by, at=at)
        before = None
        if home.exists():
            before = home.with_name(f"{home.name}.before-{at:%Y%m%d-%H%M%S}")
            home.rename(before)
        made.rename(home)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Restored(version, again, before)


def _erased(home: Path) -> list[tuple[str, str]] | None:
    """List who was erased in a home; null where its ledger cannot be read, which is why it is restored."""
    try:
        return erased(Lake.open(home))
    except NotFoundError:
        return []
    except SetupError as error:
        if error.code != DAMAGED:
            raise
        return None


def _unpack(source: Path, made: Path) -> int:
    """Unpack a back-up and give its lake version."""
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(made, filter="data")
        mark = json.loads((made / MARK).read_text(encoding="utf-8"))
        inside = made / "home"
        for path in inside.iterdir():
            path.rename(made / path.name)
        inside.rmdir()
        (made / MARK).unlink()
    except FileNotFoundError as error:
        if not source.exists():
            raise NotFoundError(
                "file_missing", Message(N_("There is no file {file}."), {"file": str(source)})
            ) from error
        raise _unreadable(source) from error
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise _unreadable(source) from error
    return int(mark["version"])


def _unreadable(source: Path) -> InputError:
    return InputError(
        "backup_unreadable",
        Message(N_("{file} is no whole back-up."), {"file": source.name}),
        Message(N_("Nothing was changed. Take another one.")),
    )


def _erase_again(home: Path, people: list[tuple[str, str]], *, by: str, at: datetime) -> int:
    """Erase again whom the back-up brought back, in the facts and in the database."""
    lake = Lake.open(home)
    fresh = [one for one in people if one not in erased(lake)]
    if fresh and (home / DATABASE).exists():
        _erase_in_database(home, lake, fresh)
    try:
        return len(erase_again(lake, fresh, by=by, at=at))
    except ConflictError as error:
        raise _unreadable(home) from error


def _erase_in_database(home: Path, lake: Lake, people: list[tuple[str, str]]) -> None:
    from bokgi.facts.erasure import traces_of  # noqa: PLC0415 - only a restore needs it
    from bokgi.project import processes  # noqa: PLC0415 - as above

    processes.set_up(home)
    processes.prepare()
    from bokgi.apps.access.erasing import person_erase, space_free  # noqa: PLC0415 - needs Django set up

    for kind, key in people:
        try:
            keys, words, traces = traces_of(lake, kind, key)
        except NotFoundError:
            continue
        for one in keys if kind == "person" else [""]:
            person_erase(person_id=one, words=words, label=traces.label)
    space_free()
    from django.db import connections  # noqa: PLC0415 - as above

    connections.close_all()
