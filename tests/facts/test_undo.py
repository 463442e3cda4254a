"""Undo: as if the import had never been, later imports replayed, in one commit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import ibis
import pytest

from bokgi.domain.errors import ConflictError, NotFoundError, RefusalError, UsageError
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.read import facts
from bokgi.facts.undo import undo
from tests.cast import rows_of
from tests.facts.lakes import imported, lake_in, moment, read, rows

FILES = {
    1: "d1 | talk | 1\nd2 | talk | 1",
    2: "d1 | offer | 2\nd3 | talk | 3",
    3: "d1 | offer | 2\nd2 | talk | 1\nd3 | talk | 3",
}


def judged(lake: Lake, writing: Writing, text: str) -> tuple[int, int]:
    """Write the deals of a file that differ from what the lake holds; give the numbers of new and known rows."""
    held = rows(facts(ibis.duckdb.connect(), lake).deals, "deal_id", "stage", "amount", "import_no")
    there = {(deal, stage, int(amount)): number for deal, stage, amount, number in held}
    lines = [tuple(cell.strip() for cell in line.split("|")) for line in text.splitlines()]
    new = [line for line in lines if (line[0], line[1], int(line[2])) not in there]
    known = [line for line in lines if line not in new]
    body = "\n".join(" | ".join(line) for line in new)
    writing.write("deals", rows_of("deals", f"deal_id | stage | amount\n{body}").drop_columns(["import_no"]))
    seen = "\n".join(f"{deal} | {there[deal, stage, int(amount)]}" for deal, stage, amount in known)
    writing.write("sightings", rows_of("sightings", f"deal_id | as_in\n{seen}").drop_columns(["import_no"]))
    return len(new), len(known)


def entry_of(number: int, new: int, known: int) -> Entry:
    return Entry(
        kind="file",
        source="crm",
        by="test",
        at=moment(f"2026-01-{number:02}"),
        exported_at=moment(f"2026-01-{number:02}"),
        files=json.dumps([{"name": f"{number}.csv", "sha256": "", "size": 1, "kept": f"{number}.csv"}]),
        read=new + known,
        accepted=new,
        known=known,
    )


def overlapping(lake: Lake, numbers: tuple[int, ...] = (1, 2, 3)) -> None:
    """Import the files, keeping each as a source."""
    for number in numbers:
        with lake.begin() as writing:
            counts = judged(lake, writing, FILES[number])
            kept = lake.home / "sources" / str(writing.import_no) / f"{number}.csv"
            kept.parent.mkdir(parents=True)
            kept.write_text(FILES[number], encoding="utf-8")
            writing.commit(entry_of(number, *counts))


def replay(lake: Lake, old: Import, writing: Writing) -> Entry | None:
    number = int(json.loads(old.files)[0]["name"][0])
    counts = judged(lake, writing, FILES[number])
    return entry_of(number, *counts)


def state(lake: Lake, version: int | None = None) -> list[tuple[object, ...]]:
    return rows(read(lake, version).deals, "deal_id", "stage", "amount", "observed_on", "last_seen_on")


def test_undo_of_the_second_of_three_overlapping_files_is_as_if_it_had_never_been(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "with")
    overlapping(lake)
    before = state(lake)
    done = undo(lake, 2, replay=replay, by="test", at=moment("2026-01-09"), reason="wrong file")

    without = lake_in(tmp_path / "without")
    overlapping(without, (1, 3))
    assert state(lake) == state(without)
    assert [one[:4] for one in state(lake)] != [one[:4] for one in before]
    events = ("deal_id", "stage", "entered_on", "not_before_on")
    assert rows(read(lake).stage_events, *events) == rows(read(without).stage_events, *events)

    assert done.version == lake.version() == 4
    assert done.replays == {3: 4}
    status = {one.import_no: (one.status, one.kind, one.replays, one.reason) for one in lake.imports()}
    assert status == {
        1: ("committed", "file", None, None),
        2: ("undone", "file", None, "wrong file"),
        3: ("undone", "file", None, "follows the undo of import 2"),
        4: ("committed", "replay", 3, None),
    }
    assert state(lake, 3) == before


def test_undo_leaves_nothing_of_its_own_states_behind(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    overlapping(lake)
    undo(lake, 2, replay=replay, by="test", at=moment("2026-01-09"))
    assert [path.name for path in (lake.folder / "state").iterdir() if not path.name.startswith("v")] == []


def test_a_replay_can_be_undone_and_replayed_itself(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    overlapping(lake)
    sources = lake.home / "sources"

    def keeping(view: Lake, old: Import, writing: Writing) -> Entry | None:
        (sources / str(old.import_no)).rename(sources / str(writing.import_no))
        return replay(view, old, writing)

    undo(lake, 2, replay=keeping, by="test", at=moment("2026-01-09"))
    assert undo(lake, 1, replay=keeping, by="test", at=moment("2026-01-10")).replays == {4: 5}
    assert [one[:3] for one in state(lake)] == [("d1", "offer", 2), ("d2", "talk", 1), ("d3", "talk", 3)]
    assert {one.import_no: one.place for one in lake.imports() if one.committed} == {5: 3}


def test_a_replay_without_news_takes_no_place(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    overlapping(lake)
    done = undo(lake, 2, replay=lambda _lake, _old, _writing: None, by="test", at=moment("2026-01-09"))
    assert done.replays == {3: None}
    assert [one.import_no for one in lake.imports() if one.committed] == [1]


def test_a_gone_source_refuses_and_changes_nothing(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    overlapping(lake)
    (lake.home / "sources" / "3" / "3.csv").unlink()
    with pytest.raises(RefusalError) as caught:
        undo(lake, 2, replay=replay, by="test", at=moment("2026-01-09"))
    assert caught.value.code == "source_gone"
    assert lake.version() == 3


def test_unknown_and_undone_imports_cannot_be_undone(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    overlapping(lake)
    with pytest.raises(NotFoundError, match="There are: 1, 2, 3"):
        undo(lake, 9, replay=replay, by="test", at=moment("2026-01-09"))
    undo(lake, 3, replay=replay, by="test", at=moment("2026-01-09"))
    with pytest.raises(UsageError, match="undone already"):
        undo(lake, 3, replay=replay, by="test", at=moment("2026-01-09"))


def test_an_undo_that_loses_the_race_is_done_again(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    overlapping(lake)
    tries: list[int] = []

    def raced(view: Lake, old: Import, writing: Writing) -> Entry | None:
        tries.append(writing.version)
        if len(tries) == 1:
            with lake.begin(wait=0) as other:
                other.commit(replace(entry_of(8, 0, 0), files="[]"))
        return replay(view, old, writing)

    undo(lake, 2, replay=raced, by="test", at=moment("2026-01-09"))
    assert tries == [3, 4]
    assert [one.import_no for one in lake.imports() if one.committed] == [1, 5, 6]

    def always(view: Lake, old: Import, writing: Writing) -> Entry | None:
        with lake.begin(wait=0) as other:
            other.commit(replace(entry_of(8, 0, 0), files="[]"))
        return replay(view, old, writing)

    overlapping_again = lake_in(tmp_path / "again")
    overlapping(overlapping_again)
    lake = overlapping_again
    with pytest.raises(ConflictError):
        undo(lake, 2, replay=always, by="test", at=moment("2026-01-09"))


def test_a_later_release_is_replayed_in_its_place_and_an_earlier_one_is_not(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    for numbers in ((1,), (2,), (3,)):
        released = "quarantined_by | file | row | how\n1 | 1.csv | {} | dismissed"
        overlapping(lake, numbers)
        imported(lake, None, at="2026-01-05", kind="release", releases=released.format(numbers[0]))
    seen: list[int] = []

    def listed(view: Lake, old: Import, writing: Writing) -> Entry | None:
        seen.append(old.import_no)
        if old.kind == "release":
            return None if old.import_no == 6 else replace(entry_of(1, 0, 0), kind="release", files="[]")
        return replay(view, old, writing)

    done = undo(lake, 3, replay=listed, by="test", at=moment("2026-01-09"))
    assert seen == [4, 5, 6]
    assert done.replays == {4: 7, 5: 8, 6: None}
    kinds = {one.import_no: (one.kind, one.place) for one in lake.imports() if one.committed}
    assert kinds == {1: ("file", 1), 2: ("release", 2), 7: ("release", 4), 8: ("replay", 5)}
