"""Integrity checks find what they are for, and nothing in a sound lake."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bokgi.domain.errors import SetupError
from bokgi.domain.findings import Severity
from bokgi.facts import delta, ledger
from bokgi.facts.checks import check
from bokgi.facts.compaction import compact
from bokgi.facts.lake import Lake
from bokgi.facts.schema import TABLES
from tests.facts.lakes import imported, lake_in, moment
from tests.facts.worker import entry, write


def sound(folder: Path) -> Lake:
    lake = lake_in(folder)
    imported(
        lake,
        "2026-01-05",
        people="person_id\np1",
        accounts="account_id\na1",
        deals="deal_id | owner_id | account_id\nd1 | p1 | a1\nd2 | p1 |",
        stage_events="deal_id | entered_on\nd1 | 2026-01-01",
    )
    imported(lake, "2026-01-12", deals="deal_id | owner_id\nd1 | p1", sightings="deal_id | as_in\nd2 | 1")
    return lake


def unregister(lake: Lake) -> None:
    """Take a committed file out of a table's log, as a broken tool would."""
    folder = lake.table_folder("deals")
    table = delta.create(folder, TABLES["deals"])
    file = lake.files("deals")[0]
    delta.add(table, TABLES["deals"], [], removed=delta.removals([file], file.path))


def die(lake: Lake) -> None:
    with lake.begin() as writing:
        write(writing, "dead", 3)
        writing.register()


def lose(lake: Lake) -> None:
    lake.files("accounts")[0].path.unlink()


def cut(lake: Lake) -> None:
    path = lake.files("deals")[0].path
    path.write_bytes(path.read_bytes()[:-20])


def repeat(lake: Lake) -> None:
    imported(lake, "2026-01-19", accounts="account_id\na2\na2")


def dangle(lake: Lake) -> None:
    imported(lake, "2026-01-19", deals="deal_id | owner_id\nd7 | p8\nd8 | p8\nd9 | p9")


def come_from_later(lake: Lake) -> None:
    with lake.begin() as writing:
        row = ledger.Import(**vars(entry(0)), import_no=writing.import_no, version=0, status="committed")
        writing.commit_rows([replace(row, schema_version=99)])


def test_a_sound_lake_has_no_findings_also_after_compaction(tmp_path: Path) -> None:
    lake = sound(tmp_path)
    assert check(lake) == []
    compact(lake, at=moment("2026-06-01"), vacuum_hours=0)
    assert check(lake) == []


@pytest.mark.parametrize(
    ("damage", "code", "severity", "count", "text"),
    [
        (unregister, "rows_missing", Severity.ERROR, 2, "Import 1 should have 2 rows in deals, but has 0."),
        (die, "imports_died", Severity.INFO, 1, "1 import ended without a commit"),
        (lose, "file_missing", Severity.ERROR, 1, "1 file of the table accounts is gone or cannot be read."),
        (cut, "file_missing", Severity.ERROR, 1, "1 file of the table deals is gone or cannot be read."),
        (repeat, "keys_repeated", Severity.ERROR, 1, "1 key of accounts stands there more than once."),
        (dangle, "links_broken", Severity.WARNING, 3, "3 rows of deals name in owner_id what people does not hold."),
        (come_from_later, "schema_newer", Severity.ERROR, 1, "schema 99"),
    ],
)
def test_damage_is_found(
    tmp_path: Path, damage: Callable[[Lake], None], code: str, severity: Severity, count: int, text: str
) -> None:
    lake = sound(tmp_path)
    damage(lake)
    found = next(finding for finding in check(lake) if finding.code == code)
    assert (found.severity, found.count) == (severity, count)
    assert text in found.message.text("en")


def break_log(lake: Lake) -> None:
    log = max(delta.log_folder(lake.table_folder("imports")).glob("*.json"))
    log.write_bytes(log.read_bytes()[:40])


@pytest.mark.parametrize(("damage", "table"), [(lose, "accounts"), (cut, "deals"), (break_log, "imports")])
def test_a_damaged_lake_says_what_is_damaged_and_what_to_do(
    tmp_path: Path, damage: Callable[[Lake], None], table: str
) -> None:
    home = sound(tmp_path).home
    shutil.rmtree(Lake.open(home).folder / "state", ignore_errors=True)
    damage(Lake.open(home))
    with pytest.raises(SetupError) as refused:
        Lake.open(home).state()
    assert (refused.value.code, refused.value.message.values["table"]) == ("table_damaged", table)
    assert refused.value.hint is not None


def test_a_file_that_may_not_be_read_now_is_not_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_given: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    files = sound(tmp_path).files("deals")
    monkeypatch.setattr(pq, "read_metadata", refused)
    assert delta.unreadable(files) == []


def test_a_home_that_may_only_be_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = sound(tmp_path)
    there = lake.state()

    def refused(*_given: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "utime", refused)
    assert lake.state() == there


def test_links_are_shown_by_example(tmp_path: Path) -> None:
    lake = sound(tmp_path)
    dangle(lake)
    (found,) = check(lake)
    assert [(example.file, example.value) for example in found.examples] == [
        ("deals.owner_id", "p8"),
        ("deals.owner_id", "p9"),
    ]


def test_a_mixed_file_that_lost_rows_is_found(tmp_path: Path) -> None:
    lake = sound(tmp_path)
    compact(lake, at=moment("2026-06-01"), vacuum_hours=0)
    unregister(lake)
    assert [finding.code for finding in check(lake) if finding.severity is Severity.ERROR] == ["rows_missing"] * 2
