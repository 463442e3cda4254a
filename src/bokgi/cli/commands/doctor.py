"""bokgi doctor: whether this machine is as needed, and whether the facts are sound."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bokgi.cli.database import has_database
from bokgi.cli.faults import EXIT_CODES
from bokgi.cli.registry import Answer, command
from bokgi.cli.session import TIME_ZONE, Session
from bokgi.domain.errors import BokgiError, SetupError
from bokgi.domain.messages import N_, Message

_PACKAGES: Final = (
    "altair",
    "babel",
    "deltalake",
    "duckdb",
    "ibis-framework",
    "jinja2",
    "koreanize-matplotlib",
    "numpy",
    "pyarrow",
    "python-calamine",
    "rich",
    "scipy",
    "typer",
    "typst",
    "vl-convert-python",
)
_LEAST_FREE: Final = 1_000_000_000
_OLDEST: Final = (3, 11)
_SIGNS: Final = {"ok": ("✓", "green"), "info": ("·", "dim"), "warning": ("△", "yellow"), "error": ("✗", "red")}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `ok`, `info`, `warning` or `error`, and a sentence."""

    code: str
    state: str
    message: Message


@command("doctor", N_("Check the machine and the facts; says what to mend."), order=90)
def doctor(session: Session) -> Answer:
    """Look at everything; the exit code is that of a set-up fault when something is broken."""
    with session.progress() as show:
        show(session.text(Message(N_("checking"))), None)
        checks = [*_machine(), *_home(session.home)]
    bad = any(check.state == "error" for check in checks)
    data = {
        "ok": not bad,
        "checks": [
            {"code": check.code, "state": check.state, "message": session.text(check.message)} for check in checks
        ],
    }
    return Answer(data, lambda shown: _show(shown, checks), exit_code=EXIT_CODES["setup"] if bad else 0)


def _show(session: Session, checks: list[Check]) -> None:
    from rich.text import Text

    for check in checks:
        sign, style = _SIGNS[check.state]
        session.out.print(Text.assemble((f"{sign} ", style), session.text(check.message)))


def _machine() -> Iterator[Check]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    fits = sys.version_info >= _OLDEST
    yield Check("python", "ok" if fits else "error", Message(N_("Python {version}"), {"version": python}))
    missing = []
    for name in _PACKAGES:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    yield (
        Check("packages", "error", Message(N_("Packages are missing: {names}"), {"names": ", ".join(missing)}))
        if missing
        else Check("packages", "ok", Message(N_("All {n} {n:package is|packages are} there."), {"n": len(_PACKAGES)}))
    )
    yield _zone()
    yield _type()


def _zone() -> Check:
    try:
        ZoneInfo(TIME_ZONE)
    except ZoneInfoNotFoundError:
        return Check("time_zones", "error", Message(N_("Time zones are missing: install the package tzdata.")))
    return Check("time_zones", "ok", Message(N_("Time zones are there.")))


def _type() -> Check:
    from bokgi.ui.fonts import font_folder

    try:
        font_folder()
    except BokgiError as error:
        return Check(error.code, "error", error.message)
    return Check("font", "ok", Message(N_("The Korean type is there.")))


def _home(home: Path) -> Iterator[Check]:
    there = home if home.exists() else home.absolute().parent
    values = {"path": str(home.absolute())}
    if not os.access(there, os.W_OK):
        yield Check("home_locked", "error", Message(N_("{path} cannot be written to."), values))
        return
    free = shutil.disk_usage(there).free
    space = Message(N_("{free} GB are free on the disk."), {"free": round(free / 1e9, 1)})
    yield Check("disk", "ok" if free > _LEAST_FREE else "warning", space)
    if (home / "keys" / "notes-key").is_file():
        yield Check(
            "notes_key",
            "info",
            Message(
                N_("Private notes open with {path} only: keep a copy apart from the back-ups."),
                {"path": str((home / "keys" / "notes-key").absolute())},
            ),
        )
    yield from _private_texts(home)
    if not (home / "lake").is_dir():
        yield Check("home_empty", "info", Message(N_("There are no facts in {path} yet."), values))
        return
    yield from _facts(home)


def _private_texts(home: Path) -> Iterator[Check]:
    """Look whether every sealed text of the database opens; nothing of it is read out, and nothing is changed."""
    if not has_database(home):
        return
    from bokgi.project.processes import set_up

    set_up(home)
    from django.db import DatabaseError

    from bokgi.apps.access.sealing import opened

    try:
        texts, closed = opened()
    except DatabaseError as error:
        told = N_("The database does not answer: {error}")
        yield Check("database_silent", "error", Message(told, {"error": str(error).strip().splitlines()[0]}))
        return
    except BokgiError as error:
        yield Check(error.code, "error", error.message)
        return
    if closed:
        told = N_(
            "{n} of {all} private {all:text does|texts do} not open: their key is gone, or they were changed. "
            "Put the key back from its copy: notes-key into the folder keys, or BOKGI_NOTES_KEY."
        )
        yield Check("notes_closed", "warning", Message(told, {"n": closed, "all": texts}))
    elif texts:
        yield Check(
            "notes_open",
            "ok",
            Message(N_("All {n} private {n:text opens|texts open} with the keys there are."), {"n": texts}),
        )


def _facts(home: Path) -> Iterator[Check]:
    from bokgi.facts.checks import check
    from bokgi.facts.lake import Lake

    try:
        lake = Lake.open(home)
        done = [found for found in lake.imports() if found.committed]
        values = {"n": len(done), "path": str(home)}
        yield Check("imports", "ok", Message(N_("{n} {n:import is|imports are} in {path}."), values))
        findings = check(lake)
    except SetupError as error:
        yield Check(error.code, "error", error.message)
        return
    if not findings:
        yield Check("facts", "ok", Message(N_("The facts are sound.")))
    for finding in findings:
        yield Check(finding.code, finding.severity.value, finding.message)
