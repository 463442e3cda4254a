"""Files that a fault of the disk cut short or overwrote: what can be made anew is, and of what cannot it is said."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Final

import duckdb
import pyarrow as pa
import pytest

from bokgi.cli.program import run
from bokgi.domain.errors import SetupError
from bokgi.facts import state
from bokgi.facts.damage import damage_behind
from bokgi.facts.lake import Lake
from tests.facts.lakes import imported, lake_in, read, rows

DEALS: Final = "deal_id | created_on | amount | stage\n"


def two_weeks(folder: Path) -> Lake:
    lake = lake_in(folder)
    imported(lake, "2026-01-05", deals=DEALS + "d1 | 2026-01-01 | 100 | talk")
    imported(lake, "2026-01-12", deals=DEALS + "d1 | 2026-01-01 | 200 | offer")
    return lake


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def of_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def overwritten(path: Path) -> None:
    """Leave head and end of a file as they are."""
    whole = path.read_bytes()
    at = len(whole) // 3
    path.write_bytes(whole[:8] + b"\xff" * (at - 8) + whole[at:])


@pytest.mark.parametrize("name", ["manifest.json", "deals.parquet", "stage_events-snapshots.parquet"])
@pytest.mark.parametrize("spoilt", [cut, emptied, of_zeros])
def test_a_derived_state_that_was_cut_short_is_derived_anew(
    tmp_path: Path, name: str, spoilt: Callable[[Path], None]
) -> None:
    lake = two_weeks(tmp_path)
    before = rows(read(lake).stage_events, "stage", "entered_on")
    spoilt(state.derived(lake).folder / name)
    assert rows(read(lake).stage_events, "stage", "entered_on") == before
    assert rows(read(lake).deals, "stage") == [("offer",)]


@pytest.mark.parametrize("spoilt", [cut, emptied, of_zeros])
def test_a_kept_table_that_was_cut_short_is_made_anew(tmp_path: Path, spoilt: Callable[[Path], None]) -> None:
    lake = two_weeks(tmp_path)

    def asked() -> list[tuple[object, ...]]:
        found = read(lake)
        return rows(found.kept("numbers", lambda: pa.table({"n": [1, 2]})), "n")

    assert asked() == [(1,), (2,)]
    [path] = state.derived(lake).folder.glob("numbers*.parquet")
    spoilt(path)
    assert asked() == [(1,), (2,)]


def test_a_derived_file_that_was_overwritten_is_deleted_once_somebody_stumbles_over_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = two_weeks(tmp_path)
    folder = state.derived(lake).folder
    overwritten(folder / "stage_events-snapshots.parquet")
    asked = ["pipeline", "--as-of", "2026-01-12", "--home", str(tmp_path), "--lang", "en"]
    assert run(asked) == 8
    assert "What is worked out from the facts was damaged, and is deleted now." in capsys.readouterr().err
    assert not folder.exists()
    assert run(asked) == 0


def test_a_data_file_that_was_overwritten_is_named(tmp_path: Path) -> None:
    lake = two_weeks(tmp_path)
    overwritten(lake.files("deals")[0].path)
    found = damage_behind(duckdb.IOException("whatever the engine says"), tmp_path)
    assert isinstance(found, SetupError)
    assert (found.code, found.message.values["table"]) == ("table_damaged", "deals")


def test_an_error_of_the_engine_over_sound_files_is_no_damage(tmp_path: Path) -> None:
    lake = two_weeks(tmp_path)
    folder = state.derived(lake).folder
    assert damage_behind(duckdb.BinderException("no such column"), tmp_path) is None
    assert folder.exists()


_KEEPS: Final = """
import sys, time
from pathlib import Path
from bokgi.facts import state
from bokgi.facts.lake import Lake

def write(work):
    work.write_bytes(b"PAR1 half of it")
    Path(sys.argv[1], "begun").touch()
    time.sleep(60)

state.kept(state.derived(Lake.open(Path(sys.argv[1]))), "numbers", write)
"""


def test_who_is_killed_while_writing_leaves_nothing_that_is_read(tmp_path: Path) -> None:
    lake = two_weeks(tmp_path)
    with subprocess.Popen([sys.executable, "-c", _KEEPS, str(tmp_path)]) as writer:
        while not (tmp_path / "begun").exists():
            sleep(0.05)
        writer.kill()
    assert writer.returncode == -signal.SIGKILL
    assert list(state.derived(lake).folder.glob("numbers*")) == []
