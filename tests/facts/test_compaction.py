"""Compaction and vacuum: fewer files, and every version still reads."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bokgi.domain.errors import ConflictError, RefusalError
from bokgi.facts import delta
from bokgi.facts.compaction import compact
from bokgi.facts.lake import Lake
from bokgi.facts.undo import undo
from tests.facts.lakes import imported, lake_in, moment, read, rows
from tests.facts.worker import entry, write

NOW = moment("2026-06-01")


def deals(lake: Lake, version: int | None = None) -> list[tuple[object, ...]]:
    return rows(read(lake, version).deals, "deal_id", "stage")


@pytest.mark.slow
def test_after_300_commits_compaction_and_vacuum_the_first_state_still_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta, "sync", lambda _paths: None)  # waiting for the disk is not what is tested
    lake = lake_in(tmp_path)
    for number in range(1, 301):
        imported(lake, "2026-01-05", at="2026-01-05", deals=f"deal_id | stage\nd{number % 7} | s{number}")
    first, middle, last = deals(lake, 1), deals(lake, 150), deals(lake)
    done = compact(lake, at=NOW, vacuum_hours=0)
    assert (done.files_before, done.files_after, done.rows_dropped) == (600, 2, 0)
    assert done.deleted >= 600
    assert (deals(lake, 1), deals(lake, 150), deals(lake)) == (first, middle, last)
    assert first == [("d1", "s1")]
    assert lake.version() == 300
    imported(lake, "2026-01-06", deals="deal_id | stage\nd1 | later")
    assert ("d1", "later") in deals(lake)
    assert deals(lake, 1) == first


def test_a_second_compaction_finds_nothing_to_do(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    for number in range(3):
        imported(lake, "2026-01-05", deals=f"deal_id\nd{number}")
    compact(lake, at=NOW)
    before = {name: [file.path for file in lake.files(name)] for name in ("deals", "imports")}
    compact(lake, at=NOW)
    assert {name: [file.path for file in lake.files(name)] for name in ("deals", "imports")} == before


def test_replaced_files_stay_for_whoever_reads_them_now(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    for number in range(3):
        imported(lake, "2026-01-05", deals=f"deal_id\nd{number}")
    held = read(lake)
    compact(lake, at=NOW)
    assert rows(held.deals, "deal_id") == [("d0",), ("d1",), ("d2",)]


def test_rows_of_a_dead_import_go_and_its_unregistered_files_too(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with lake.begin() as writing:
        write(writing, "dead", 5)
        writing.register()
    with lake.begin() as writing:
        write(writing, "unregistered", 5)
    imported(lake, "2026-01-05", deals="deal_id | stage\nd1 | talk")
    done = compact(lake, at=NOW, vacuum_hours=0)
    assert done.rows_dropped == 10
    assert [path.name for path in lake.table_folder("stage_events").glob("*.parquet")] == []
    assert [path.name for path in lake.table_folder("deals").glob("[12]-*.parquet")] == []
    assert deals(lake) == [("d1", "talk")]


def test_an_import_at_work_is_not_touched(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", deals="deal_id\nd1")
    with lake.begin() as writing:
        write(writing, "alive", 5)
        with pytest.raises(ConflictError) as caught:
            compact(lake, at=NOW, vacuum_hours=0, wait=0)
        assert caught.value.code == "lake_busy"
        writing.commit(entry(5))
    assert len(deals(lake)) == 6


def test_rows_of_an_undone_import_stay_for_the_retention_and_then_go(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", deals="deal_id | stage\nd1 | talk")
    imported(lake, "2026-01-12", deals="deal_id | stage\nd1 | offer")
    undo(lake, 2, replay=lambda *_: None, by="test", at=NOW)
    compact(lake, at=NOW + timedelta(days=30), vacuum_hours=0)
    assert (deals(lake, 1), deals(lake, 2), deals(lake, 3)) == (
        [("d1", "talk")],
        [("d1", "offer")],
        [("d1", "talk")],
    )
    done = compact(lake, at=NOW + timedelta(days=91), vacuum_hours=0)
    assert (done.purged, done.rows_dropped) == ((2,), 1)
    assert (deals(lake, 1), deals(lake, 3), deals(lake)) == ([("d1", "talk")],) * 3
    with pytest.raises(RefusalError) as caught:
        lake.state(2)
    assert caught.value.code == "version_purged"
