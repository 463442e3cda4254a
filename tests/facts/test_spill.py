"""What a process leaves behind when it is killed goes; what a living one uses stays."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bokgi.facts import state
from bokgi.facts.compaction import compact
from bokgi.facts.lake import Lake
from bokgi.facts.locks import Lock
from bokgi.facts.spill import Spill, sweep
from bokgi.questions.answers import Answers

_HOLDING = """
import sys
from pathlib import Path
from bokgi.facts.spill import Spill
spill = Spill(Path(sys.argv[1]))
(spill.folder / "spilled").write_text("x")
print(spill.folder, flush=True)
sys.stdin.read()
"""


def holding(under: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDING, str(under)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_the_folder_of_a_killed_process_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    killed, of_killed = holding(tmp_path)
    living, of_living = holding(tmp_path)
    try:
        assert (of_killed / "spilled").exists()
        killed.kill()
        killed.communicate()

        mine = Spill(tmp_path)

        assert not of_killed.exists()
        assert not of_killed.with_suffix(".lock").exists()
        assert (of_living / "spilled").exists()
        assert mine.folder.is_dir()
        mine.release()
    finally:
        living.communicate("")


def test_a_folder_whose_lock_a_sweep_took_away_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acquire = Lock.acquire
    swept: list[Path] = []

    def after_a_sweep(self: Lock, seconds: float = 0) -> bool:
        if not swept:
            swept.append(self.path)
            self.path.touch()
            sweep(tmp_path)
            assert not self.path.exists()
            done = acquire(self, seconds)
            self.path.unlink()
            return done
        return acquire(self, seconds)

    monkeypatch.setattr(Lock, "acquire", after_a_sweep)
    mine = Spill(tmp_path)

    assert mine.folder.with_suffix(".lock") != swept[0]
    assert mine.folder.with_suffix(".lock").exists()
    mine.release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_cannot_be_opened_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "spill-theirs.lock"
    theirs.touch()
    acquire = Lock.acquire

    def not_theirs(self: Lock, seconds: float = 0) -> bool:
        if self.path == theirs:
            raise PermissionError
        return acquire(self, seconds)

    monkeypatch.setattr(Lock, "acquire", not_theirs)

    assert Spill(tmp_path).folder.is_dir()
    assert theirs.exists()


def test_a_lock_that_cannot_be_deleted_while_it_is_open_goes_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Spill(tmp_path)
    unlink = Path.unlink

    def as_on_windows(path: Path, *, missing_ok: bool = False) -> None:
        if mine.held:
            raise PermissionError
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", as_on_windows)
    mine.release()

    assert list(tmp_path.iterdir()) == []


def test_answers_clear_away_what_was_left(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path, create=True)
    lake.state()
    killed, of_killed = holding(lake.states)
    killed.kill()
    killed.communicate()

    answers = Answers(tmp_path)
    assert answers.facts().settings.currency == "KRW"

    assert not of_killed.exists()
    assert len(list(lake.states.glob("spill-*.lock"))) == 1


def test_compaction_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path, create=True)
    left = lake.folder / "spill-abc"
    left.mkdir()

    compact(lake, at=datetime(2026, 11, 23, tzinfo=UTC))

    assert not left.exists()


def test_tables_that_older_code_kept_go_a_day_after_their_last_use(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path, create=True)
    derived = state.derived(lake)
    names = ("moves-0123abcd", "moves-1123abcd", "deals-known")
    old, used, other = (derived.folder / f"{name}.parquet" for name in names)
    for path in (old, used, other):
        path.write_bytes(b"")
    long_ago = (derived.folder / "manifest.json").stat().st_mtime - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))

    state.kept(derived, "moves-ffffabcd", Path.touch)

    assert [path.exists() for path in (old, used, other)] == [False, True, True]


def test_a_kept_table_that_another_process_drops_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    derived = state.derived(Lake.open(tmp_path, create=True))
    path = state.kept(derived, "moves-ffffabcd", Path.touch)
    utime = os.utime

    def dropped_before(where: Path) -> None:
        monkeypatch.setattr(os, "utime", utime)
        where.unlink()
        utime(where)

    monkeypatch.setattr(os, "utime", dropped_before)

    assert state.kept(derived, "moves-ffffabcd", Path.touch) == path
    assert path.exists()
