"""Undo of an import: as if it had never been, in one commit of the ledger.

What later imports found known may have been known only because of it. So every later import that came from kept files
is replayed without it: judged again, in the old order, each under a new number that takes the place of the old one.
So is every later release of refused rows, whose mended cells may rest on it as those of a file do, and every later
correction of a deal that the undone import wrote: what it copied came from there, too.
Nothing is visible before the one commit in which all of it counts. Judging is intake's matter and is handed in.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from bokgi.domain.errors import ConflictError, NotFoundError, RefusalError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.facts.engine import connect, parquet
from bokgi.facts.lake import LOCK_SECONDS, Lake, Writing
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.schema import CONTACT

ATTEMPTS: Final = 3
CORRECTIONS: Final = "corrections"
"""Source of imports that hold corrections of deals."""
RELEASE: Final = "release"
"""Kind of imports that took rows out of quarantine, mended or dismissed."""
_FOLLOWS: Final = "follows the undo of import "


class LakeWithout(Lake):
    """A lake as it would be if other imports counted; read only. Its derived states are its own."""

    def __init__(self, lake: Lake, imports: Sequence[Import], states: Path) -> None:
        super().__init__(lake.home)
        self._imports = tuple(imports)
        self.states = states

    def imports(self, version: int | None = None) -> tuple[Import, ...]:
        """List the imports that it is about, whatever the version."""
        del version
        return self._imports


Replay = Callable[[Lake, Import, Writing], Entry | None]
"""Judge the kept files of an import, its corrections or its mended rows, again.

Called with the lake as it would be at that point, the import to replay and a `Writing` that takes the rows and names
the lake version. Gives the entry for the ledger; None when nothing in it is new.
"""


@dataclass(frozen=True)
class Undone:
    """What an undo did: the new lake version, and the number that took the place of each replayed import.

    A replayed import in which nothing was new any more has None.
    """

    version: int
    replays: dict[int, int | None]


def undo(
    lake: Lake,
    import_no: int,
    *,
    replay: Replay,
    by: str,
    at: datetime,
    reason: str | None = None,
    wait: float = LOCK_SECONDS,
) -> Undone:
    """Undo an import and replay the later ones.

    Raises `NotFoundError` (`import_unknown`), `UsageError` (`import_not_committed`) when it is undone already,
    `RefusalError` (`source_gone`) when the kept files of a later import are gone, and `ConflictError` when others keep
    committing first.
    """
    for number in range(ATTEMPTS):
        try:
            return _undone(lake, import_no, replay, by, at, reason, wait)
        except ConflictError:
            if number == ATTEMPTS - 1:
                raise
    raise AssertionError


def later(imports: Sequence[Import], import_no: int) -> list[Import]:
    """List the imports from files, and the releases, that were committed after another one, in their order."""
    target = next(found for found in imports if found.import_no == import_no)
    after = [one for one in imports if one.committed and one.place > target.place]
    return sorted((one for one in after if one.kind == RELEASE or json.loads(one.files)), key=lambda one: one.place)


def _resting_on(lake: Lake, imports: Sequence[Import], target: Import) -> list[Import]:
    """List the corrections, of deals and parts of contacts that an import wrote, made after it or what it speaks of."""
    made = [one for one in imports if one.committed and one.source == CORRECTIONS]
    corrections = [one for one in made if one.place > target.place or one.order > target.order]
    brought = {name: condition for name, condition in _BROUGHT.items() if name in target.tables}
    if not corrections or not brought:
        return []
    numbers = ", ".join(str(one.import_no) for one in corrections)
    tables = {name: parquet([file.path for file in lake.files(name)]) for name in ("deal_changes", *brought)}
    among = " OR ".join(brought.values()).format(**tables, number=target.import_no)
    with connect() as engine:
        rows = engine.execute(
            f"""SELECT DISTINCT import_no FROM {tables["deal_changes"]}
            WHERE import_no IN ({numbers}) AND ({among})"""
        ).fetchall()
    found = {number for (number,) in rows}
    return [one for one in corrections if one.import_no in found]


_BROUGHT: Final[Mapping[str, str]] = {
    "deals": "deal_id IN (SELECT deal_id FROM {deals} WHERE import_no = {number})",
    "contacts": f"field IN (SELECT '{CONTACT}' || contact_id FROM {{contacts}} WHERE import_no = {{number}})",
}
"""Which corrections copied something that an import brought; a pair deal × contact is copied from nowhere."""


def followed(one: Import) -> int | None:
    """Give the import whose undo took this one out, too; null for one that was taken back itself."""
    number = (one.reason or "").removeprefix(_FOLLOWS)
    return int(number) if one.reason != number and number.isdecimal() else None


def _undone(
    lake: Lake, import_no: int, replay: Replay, by: str, at: datetime, reason: str | None, wait: float
) -> Undone:
    states = lake.states / f"undo-{uuid4().hex}"
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, states, ignore_errors=True)
        first = stack.enter_context(lake.begin(wait=wait))
        imports = first.imports()
        target = undoable(imports, import_no)
        replaced = [*later(imports, import_no), *_resting_on(lake, imports, target)]
        replaced.sort(key=lambda one: one.place)
        _refuse_gone(lake, replaced)
        out = {import_no, *(one.import_no for one in replaced)}
        standing = [one for one in imports if one.import_no not in out]
        rows = [replace(target, status="undone", by=by, at=at, reason=reason)]
        because = f"{_FOLLOWS}{import_no}"
        replays: dict[int, int | None] = {}
        for place, old in enumerate(replaced):
            writing = first if place == 0 else stack.enter_context(first.another())
            entry = replay(LakeWithout(lake, standing, states / str(place)), old, writing)
            rows.append(replace(old, status="undone", by=by, at=at, reason=because))
            replays[old.import_no] = None
            if entry is None:
                continue
            again = _in_place_of(old, entry, writing)
            standing.append(again)
            rows.append(again)
            replays[old.import_no] = writing.import_no
        return Undone(first.commit_rows(rows), replays)


def _in_place_of(old: Import, entry: Entry, writing: Writing) -> Import:
    kind = "replay" if json.loads(old.files) else old.kind
    return writing.row(replace(entry, kind=kind, replays=old.import_no), place=old.place)


def corrected_again(writing: Writing, late: Import, replay: Replay) -> list[Import]:
    """Replay the corrections of deals that a late file shows as they stood before; gives the rows for the ledger.

    `late` is the row of the file that `writing` wrote. Whoever calls commits all rows at once.
    """
    lake, imports = writing.lake, writing.imports()
    resting = _resting_on(lake, imports, late)
    out = {one.import_no for one in resting}
    standing = [late, *(one for one in imports if one.import_no not in out)]
    states = lake.states / f"late-{uuid4().hex}"
    because = f"follows the late import {late.import_no}"
    rows = []
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, states, ignore_errors=True)
        for place, old in enumerate(sorted(resting, key=lambda one: one.order)):
            again = stack.enter_context(writing.another())
            entry = replay(LakeWithout(lake, standing, states / str(place)), old, again)
            rows.append(replace(old, status="undone", by=late.by, at=late.at, reason=because))
            if entry is not None:
                standing.append(_in_place_of(old, entry, again))
                rows.append(standing[-1])
    return rows


def undoable(imports: Sequence[Import], import_no: int) -> Import:
    """Find the import that is to be undone.

    Raises `NotFoundError` (`import_unknown`) where there is none of that number, `UsageError`
    (`import_not_committed`) where it is undone already.
    """
    target = next((one for one in imports if one.import_no == import_no), None)
    if target is None:
        there = ", ".join(str(one.import_no) for one in imports if one.committed)
        raise NotFoundError(
            "import_unknown",
            Message(N_("There is no import {import_no}."), {"import_no": import_no}),
            Message(N_("There are: {imports}."), {"imports": there}),
        )
    if not target.committed:
        raise UsageError(
            "import_not_committed", Message(N_("Import {import_no} is undone already."), {"import_no": import_no})
        )
    return target


def _refuse_gone(lake: Lake, imports: Sequence[Import]) -> None:
    for one in imports:
        for file in json.loads(one.files):
            kept = file.get("kept")
            if kept is None or not (lake.home / "sources" / str(one.import_no) / kept).exists():
                raise RefusalError(
                    "source_gone",
                    Message(
                        N_("Import {import_no} would have to be replayed, but its file {file} is no longer kept."),
                        {"import_no": one.import_no, "file": file["name"]},
                    ),
                    Message(N_("Import the file again as a new snapshot instead of undoing.")),
                )
