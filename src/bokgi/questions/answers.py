"""Answers kept beside the facts: a question asked again of the same facts is read, not computed.

An answer is language-neutral JSON. It is kept under what it depends on: the lake version (which holds the definitions,
too), the question and its parameters (its scope is one of them), and the code. It lies in the folder of the derived
state of its version and goes with it: by age, by an erasure, by hand. Who may see what of it is decided afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import duckdb
import ibis

from bokgi.facts import state
from bokgi.facts.engine import connect, memory_given, shortage
from bokgi.facts.lake import Lake, ledger_files
from bokgi.facts.model import Facts
from bokgi.facts.read import facts
from bokgi.facts.spill import Spill
from bokgi.questions.asked import Json

ENGINE_MEMORY: Final = "1GB"
"""What DuckDB may hold where nobody says otherwise; beyond it, it writes to disk. A million deals fit."""
KEPT: Final = 2000
"""How many answers stay for one lake version; the oldest go first."""

_CODE: Final = ("domain", "facts", "analysis", "ui", "questions", "apps", "locale")

Question = Callable[..., Json]


def code_version() -> str:
    """Give a digest of the code that answers: another code may answer otherwise."""
    return state.code_digest(*_CODE)


@dataclass
class _Engine:
    """One DuckDB for one lake version, read by a cursor of each thread."""

    derived: state.Derived
    connection: duckdb.DuckDBPyConnection
    of_thread: threading.local = field(default_factory=threading.local)


_LOCK: Final = threading.Lock()
_COMPUTING: Final[dict[Path, threading.Lock]] = {}
"""What threads of this process compute just now."""


def ask_of(facts: Facts, question: Question, /, **parameters: Any) -> Json:  # noqa: ANN401 - whatever the question takes
    """Give the answer to a question of these facts, kept beside them where they are as they were read.

    `question(facts, **parameters)` is a function of `bokgi.questions`; its parameters are plain values. Two threads
    that ask the same at once wait for one computation. Errors of the question are raised and not kept.
    """
    return answer_of(facts, question, parameters, lambda: question(facts, **parameters))


def answer_of(facts: Facts, question: Question, parameters: Mapping[str, Any], make: Callable[[], Json]) -> Json:
    """Give the answer that is kept for a question and its parameters; where there is none, `make` it and keep it.

    As `ask_of`, for what is at work on the question already: `make` must hang on nothing but the facts and parameters.
    """
    if facts.keeping is None or not facts.as_read:
        return make()
    path = _place(facts.keeping.folder, question, parameters)
    with _LOCK:
        computing = _COMPUTING.setdefault(path, threading.Lock())
    try:
        with computing:
            found = _read(path)
            if found is None:
                text = json.dumps(make(), ensure_ascii=False, default=str)
                _keep(path, text)
                found = json.loads(text)
    finally:
        with _LOCK:
            _COMPUTING.pop(path, None)
    told: Json = found
    return told


class Answers:
    """Ask questions of the facts of one home, from any number of threads.

    `memory_limit` is DuckDB's, for instance `2GB`; without it that which `BOKGI_MEMORY` sets, or `ENGINE_MEMORY`. What
    does not fit lies beside the derived state meanwhile.

    >>> import tempfile
    >>> from datetime import date
    >>> def ask_currency(facts: Facts, *, as_of: date) -> Json:
    ...     return {"as_of": as_of, "currency": facts.settings.currency}
    >>> with tempfile.TemporaryDirectory() as home:
    ...     _ = Lake.open(Path(home), create=True)
    ...     Answers(Path(home)).ask(ask_currency, as_of=date(2026, 11, 24))
    {'as_of': '2026-11-24', 'currency': 'KRW'}
    """

    def __init__(self, home: Path, *, memory_limit: str | None = None) -> None:
        self._home = home
        self._memory_limit = memory_limit or memory_given() or ENGINE_MEMORY
        self._lock = threading.Lock()
        self._engine: _Engine | None = None
        self._seen: tuple[str, ...] = ()
        self._spill: Spill | None = None

    def version(self) -> int:
        """Give the newest lake version. Raises `NotFoundError` (`home_missing`) when there are no facts yet."""
        return self._current().derived.version

    def ask(self, question: Question, /, **parameters: Any) -> Json:  # noqa: ANN401 - whatever the question takes
        """Give the answer to a question of the facts as they are now; see `ask_of`.

        Raises `SetupError` (`memory_short`, `disk_full`) where memory, or the disk that helps out, does not suffice.
        """
        engine = self._current()
        found = _read(_place(engine.derived.folder, question, parameters))
        if found is not None:
            return found
        try:
            return ask_of(self._facts(engine), question, **parameters)
        except (MemoryError, OSError, duckdb.Error) as error:
            if (short := shortage(error)) is None:
                raise
            raise short from error

    def kept(self, question: Question, /, **parameters: Any) -> Json | None:  # noqa: ANN401 - as above
        """Give the answer where it is kept; null where it would have to be computed."""
        return _read(_place(self._current().derived.folder, question, parameters))

    def facts(self) -> Facts:
        """Give the facts as they are now, for this thread only."""
        return self._facts(self._current())

    def _facts(self, engine: _Engine) -> Facts:
        found: Facts | None = getattr(engine.of_thread, "facts", None)
        if found is None:
            backend = ibis.duckdb.from_connection(engine.connection.cursor())
            found = facts(backend, Lake.open(self._home), version=engine.derived.version)
            engine.of_thread.facts = found
        return found

    def _current(self) -> _Engine:
        """Give the engine of the newest version; a new version gets a new one, the old goes with its last reader."""
        seen = ledger_files(self._home)
        with self._lock:
            engine = self._engine
            if engine is None or seen != self._seen or not (engine.derived.folder / "manifest.json").exists():
                derived = state.derived(Lake.open(self._home))
                if engine is None or engine.derived.folder != derived.folder or seen != self._seen:
                    if self._spill is None or not self._spill.folder.is_dir():
                        self._spill = Spill(derived.folder.parent)
                    # A folder of its own: engines that share one would overwrite each other's files.
                    spill = self._spill.folder / uuid4().hex
                    engine = _Engine(derived, connect(spill, memory_limit=self._memory_limit))
                self._engine, self._seen = engine, seen
        return engine


def _place(state_folder: Path, question: Question, parameters: Mapping[str, Any]) -> Path:
    return state_folder / "answers" / f"{_key(question, parameters)}.json"


def _key(question: Question, parameters: Mapping[str, Any]) -> str:
    usual = signature(question).parameters.values()
    told = {one.name: one.default for one in usual if one.default is not one.empty} | dict(parameters)
    asked = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    name = f"{question.__module__}.{question.__qualname__}"
    return hashlib.sha256(f"{code_version()}\n{name}\n{asked}".encode()).hexdigest()


def _read(path: Path) -> Json | None:
    try:
        found: Json = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _keep(path: Path, text: str) -> None:
    """Write an answer whole or not at all; where the state has gone meanwhile (an erasure), not at all."""
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        work = path.with_name(f"making-{uuid4().hex}")
        work.write_text(text, encoding="utf-8")
        work.replace(path)
        there = [(entry.stat().st_mtime, entry.path) for entry in os.scandir(path.parent)]
        for _, old in sorted(there)[: max(0, len(there) - KEPT)]:
            Path(old).unlink(missing_ok=True)
