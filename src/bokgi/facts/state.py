"""The derived current state: for one lake version, the Parquet files that analyses read.

- Rows of imports that are not committed at that version are left out.
- State tables and definitions keep the latest row of each key: that of the latest export, then of the latest import.
  For deals a sighting counts, too: the row that the latest snapshot saw.
- Event tables get the differences between snapshots (`bokgi.facts.snapshots`).
- Identities that are one person appear under one person_id everywhere but in people, identities and person_links.

Where a data file of the lake already says the same, the state names that file and copies nothing. What is written is
derived: it can be deleted, and is written again when it is asked for. The manifest comes last, with the folder's name.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb
import pyarrow as pa

from bokgi.domain.errors import NotFoundError, RefusalError, SetupError
from bokgi.domain.messages import N_, Message
from bokgi.facts import delta
from bokgi.facts.deriving import DERIVATION, SET_APART, Before, Derivation, Readable
from bokgi.facts.engine import connect, out_of_space
from bokgi.facts.ledger import Import
from bokgi.facts.schema import TABLES

KEPT: Final = 4
"""How many derived states stay; those used least lately go first."""

KEPT_DAYS: Final = 8
"""How many tables of a kind that hold for a day, such as its deals, stay beside a derived state."""

_OF_CODE: Final = re.compile(r"-([0-9a-f]{8})\.parquet$")
"""How the name of a kept table ends: a digest of the code that made it."""

_MARK: Final = b"PAR1"
"""How every Parquet file ends."""

_UNUSED_SECONDS: Final = 24 * 3600.0

_MAKING: Final = "making-"
"""How the name of what is not finished yet begins."""


@dataclass(frozen=True)
class Derived:
    """A derived state: its files by table, the imports visible in it, the civil date for which each of them speaks."""

    version: int
    folder: Path
    files: dict[str, list[Path]]
    observed_on: dict[int, date]
    imports: tuple[Import, ...] = ()


def derived(lake: Readable, version: int | None = None, *, until: datetime | None = None) -> Derived:
    """Give the state at a lake version, deriving it when it is not there.

    With `until`, only of exports up to that moment: what a file exported then is compared with.
    Raises `NotFoundError` for a version that was never, `RefusalError` for one whose rows are gone.
    """
    now = lake.imports()
    newest = max((found.version for found in now), default=0)
    asked = newest if version is None else version
    if not 0 <= asked <= newest:
        raise NotFoundError(
            "version_unknown",
            Message(N_("There is no version {version}; the newest is {newest}."), {"version": asked, "newest": newest}),
        )
    then = [found for found in (now if asked == newest else lake.imports(asked)) if found.committed]
    _refuse_purged(then, now, asked)
    counted = [found for found in then if until is None or found.effective_at <= until]
    name = f"v{asked}" if len(counted) == len(then) else f"v{asked}-{max((i.order for i in counted), default=None)}"
    folder = lake.states / "".join(sign if sign.isalnum() else "-" for sign in name)
    found = _read(lake, folder)
    if found is None:
        build(lake, asked, counted, folder)
        _prune(folder)
        found = _read(lake, folder)
        assert found is not None, folder  # noqa: S101 - just written
    return replace(found, imports=tuple(counted))


def _refuse_purged(then: Iterable[Import], now: Iterable[Import], version: int) -> None:
    purged = {found.import_no for found in now if found.status == "purged"}
    gone = sorted(found.import_no for found in then if found.import_no in purged)
    if gone:
        raise RefusalError(
            "version_purged",
            Message(
                N_("Version {version} held import {import_no}, which was undone long ago; its rows are gone."),
                {"version": version, "import_no": gone[0]},
            ),
        )


def build(lake: Readable, version: int, imports: Sequence[Import], folder: Path) -> None:
    """Derive the state of a set of imports into a folder; somebody else may be doing the same at once.

    Raises `SetupError` where the disk is full; the facts are complete then, and are asked for again. Raises it, too,
    where a data file is gone or cannot be read (`table_damaged`).
    """
    try:
        _build_from_what_is_there(lake, version, imports, folder)
    except (OSError, duckdb.Error, pa.ArrowInvalid) as error:
        if not out_of_space(error):
            for name in TABLES:
                if lost := delta.unreadable(lake.files(name)):
                    raise delta.damaged(name, lost) from error
            raise
        raise SetupError(
            "disk_full",
            Message(
                N_("The disk is full: what follows from the facts could not be worked out. The facts are complete.")
            ),
            Message(N_("Free some space and do it again; nothing that was imported is lost.")),
        ) from error


def _build_from_what_is_there(lake: Readable, version: int, imports: Sequence[Import], folder: Path) -> None:
    before = _before(lake, imports)
    try:
        _build(lake, version, imports, folder, before)
    except FileNotFoundError:
        if before is None:
            raise
        # Somebody deleted the state that this one starts from.
        _build(lake, version, imports, folder, None)


def _build(lake: Readable, version: int, imports: Sequence[Import], folder: Path, before: Before | None) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = folder.parent / f"{_MAKING}{uuid4().hex}"
    work.mkdir()
    try:
        with connect(work / "spill") as connection:
            manifest = Derivation(lake, connection, imports, work).manifest(version, before)
        shutil.rmtree(work / "spill", ignore_errors=True)
        (work / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        if _read(lake, folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
            try:
                work.rename(folder)
            except OSError:
                if not (folder / "manifest.json").exists():
                    raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _before(lake: Readable, imports: Sequence[Import]) -> Before | None:
    """Find a state from which these imports differ only by what was set apart: of most of them, the latest."""
    tables = {found.import_no: frozenset(found.tables) for found in imports}
    complete = {found.import_no for found in imports if found.complete}
    found: list[tuple[int, float, Before]] = []
    for folder in lake.states.iterdir() if lake.states.exists() else ():
        state = None if folder.name.startswith(_MAKING) else _told(lake, folder)
        if state is None or not set(state.observed_on) <= set(tables):
            continue
        since = set(tables) - set(state.observed_on)
        changed = frozenset().union(*(tables[number] for number in since))
        if changed <= SET_APART and not since & complete:
            of = Before(state.folder, state.files, state.observed_on, changed)
            found.append((len(state.observed_on), (folder / "manifest.json").stat().st_mtime, of))
    return max(found, key=lambda one: one[:2])[2] if found else None


def _read(lake: Readable, folder: Path) -> Derived | None:
    """Read a derived state, which is used by that; None where it, or a file that it names, is gone or cut short."""
    found = _told(lake, folder)
    if found is not None:
        try:
            os.utime(folder / "manifest.json")
        except OSError as error:
            # A home that may only be read is read; nothing is tidied up in it either.
            if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
                raise
    return found


def _told(lake: Readable, folder: Path) -> Derived | None:
    """Look a derived state up as `_read` does, without using it."""
    manifest = folder / "manifest.json"
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        if content["derivation"] != DERIVATION:
            return None
        files = {
            name: [folder / path[2:] if path.startswith("./") else lake.folder / path for path in paths]
            for name, paths in content["files"].items()
        }
        observed = {int(number): date.fromisoformat(on) for number, on in content["observed_on"].items()}
        version = int(content["version"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    there = (is_whole(path) if path.parent == folder else path.exists() for paths in files.values() for path in paths)
    return Derived(version, folder, files, observed) if all(there) else None


def is_whole(path: Path) -> bool:
    """Tell whether a Parquet file is there up to its last bytes: what a fault of the disk cut short is made anew.

    >>> is_whole(Path("no such file"))
    False
    """
    try:
        with path.open("rb") as file:
            file.seek(-len(_MARK), os.SEEK_END)
            return file.read() == _MARK
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EINVAL}:
            return False
        raise


_CODE: Final = frozenset({".py", ".jinja", ".mo"})
"""How the names of files end that decide what an answer says."""


@cache
def code_digest(*parts: str) -> str:
    """Give a digest of the code in folders of the package, with templates and messages: another may answer otherwise.

    >>> len(code_digest("facts")), code_digest("facts") == code_digest("domain")
    (64, False)
    """
    whole = hashlib.sha256()
    root = Path(str(files("bokgi")))
    for path in sorted(path for part in parts for path in (root / part).rglob("*.*") if path.suffix in _CODE):
        whole.update(str(path.relative_to(root)).encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def kept(derived_state: Derived, name: str, write: Callable[[Path], None]) -> Path:
    """Give a Parquet file derived from a state, writing it when it is not there."""
    path = derived_state.folder / f"{name}.parquet"
    # Another process may drop it at any moment.
    with suppress(FileNotFoundError):
        os.utime(path)
        if is_whole(path):
            return path
    work = path.with_name(f"{_MAKING}{uuid4().hex}")
    try:
        write(work)
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)
    _drop_old_code(path)
    # Days only: the state itself may have a file `deals-known`.
    kind = name.partition("-")[0]
    others: list[tuple[float, Path]] = []
    for other in path.parent.glob(f"{kind}-[0-9]*.parquet"):
        with suppress(FileNotFoundError):
            others += [] if other == path else [(other.stat().st_mtime, other)]
    for _, other in sorted(others, reverse=True)[KEPT_DAYS - 1 :]:
        other.unlink(missing_ok=True)
    return path


def _drop_old_code(kept: Path) -> None:
    """Delete tables that other code kept beside this one, unless they were used in the day before it was made."""
    code = _OF_CODE.search(kept.name)
    unused = kept.stat().st_mtime - _UNUSED_SECONDS
    for other in kept.parent.iterdir() if code else ():
        found = _OF_CODE.search(other.name)
        with suppress(FileNotFoundError):
            if found and found[1] != (code and code[1]) and other.stat().st_mtime < unused:
                other.unlink()


def _prune(kept: Path) -> None:
    """Delete the derived states used least lately, and what processes that died left of others."""
    states = [folder for folder in kept.parent.iterdir() if (folder / "manifest.json").exists() and folder != kept]
    states.sort(key=lambda folder: (folder / "manifest.json").stat().st_mtime, reverse=True)
    unused = (kept / "manifest.json").stat().st_mtime - _UNUSED_SECONDS
    dead = [folder for folder in kept.parent.glob(f"{_MAKING}*") if folder.stat().st_mtime < unused]
    for folder in (*states[KEPT - 1 :], *dead):
        shutil.rmtree(folder, ignore_errors=True)
