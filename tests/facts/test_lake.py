"""The lake: nothing half-written is ever visible, nobody overwrites another, old versions read."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from bokgi.domain.errors import ConflictError, InternalError, NotFoundError
from bokgi.facts import delta
from bokgi.facts.engine import connect, literal
from bokgi.facts.lake import Lake
from bokgi.facts.schema import STATE_COLUMNS, TABLES
from tests.cast import rows_of
from tests.facts.lakes import imported, lake_in, read, rows
from tests.facts.worker import ROWS, entry, write
from tests.unmeasured import unmeasured

ROOT = Path(__file__).resolve().parents[2]


def worker(task: str, home: Path) -> subprocess.Popen[str]:
    """Start a process that imports; those that do not come to their own end are not measured."""
    environment = unmeasured() if task in ("between", "forever") else None
    command = [sys.executable, "-m", "tests.facts.worker", task, str(home)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def counted(lake: Lake) -> dict[int, tuple[int, int]]:
    """Count the visible deals and stage events of each import."""
    found = read(lake)
    deals = dict(rows(found.deals.group_by("import_no").agg(n=found.deals.count()), "import_no", "n"))
    recorded = found.stage_events.filter(found.stage_events.origin == "recorded")
    events = dict(rows(recorded.group_by("import_no").agg(n=recorded.count()), "import_no", "n"))
    return {number: (deals.get(number, 0), events.get(number, 0)) for number in deals | events}


def test_a_home_without_facts_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Lake.open(tmp_path)
    assert caught.value.code == "home_missing"
    assert Lake.open(lake_in(tmp_path).home).version() == 0


def test_an_import_that_was_not_committed_leaves_nothing(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with lake.begin() as writing:
        write(writing, "lost")
        writing.register()
    imported(lake, "2026-01-05", deals="deal_id | stage\nd1 | talk")
    assert rows(read(lake).deals, "deal_id", "import_no") == [("d1", 2)]
    assert [found.import_no for found in lake.imports()] == [2]


def test_a_crash_between_two_tables_followed_by_another_import(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with worker("between", tmp_path) as process:
        assert process.wait(60) == 9
    assert sum(file.rows for name in ("deals", "stage_events") for file in lake.files(name)) == ROWS
    imported(
        lake, "2026-01-06", deals="deal_id | stage\nd1 | talk", stage_events="deal_id | entered_on\nd1 | 2026-01-06"
    )
    assert counted(lake) == {2: (1, 1)}


@pytest.mark.slow
def test_killed_at_random_points_an_import_is_there_wholly_or_not_at_all(tmp_path: Path) -> None:
    generator = np.random.default_rng(20261123)
    lake = lake_in(tmp_path)
    for _ in range(4):
        process = worker("forever", tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(float(generator.uniform(0, 0.3)))
        process.kill()
        process.wait(30)
        process.stdout.close()
        committed = [found.import_no for found in lake.imports() if found.committed]
        assert counted(lake) == dict.fromkeys(committed, (ROWS, ROWS))
    with lake.begin() as writing:
        write(writing, "after")
        writing.commit(entry())
    assert counted(lake)[writing.import_no] == (ROWS, ROWS)


def test_of_two_processes_with_the_same_file_one_judges_again(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    both = [worker(name, tmp_path) for name in ("one", "two")]
    said = sorted(line.split()[1] for process in both for line in process.communicate(timeout=120)[0].splitlines())
    assert said == ["committed", "known", "ledger_moved"]
    assert list(counted(lake).values()) == [(ROWS, ROWS)]
    assert lake.version() == 1


def test_rows_reach_a_table_that_was_made_twice_at_once(tmp_path: Path) -> None:
    """The second making lands between the first one's and its rows, and reads as a change of what the table is."""
    table = TABLES["deals"]
    first = delta.create(tmp_path / "deals", table)
    DeltaTable.create(str(tmp_path / "deals"), table.arrow(), mode="overwrite")
    rows = AddAction("1-1.parquet", 10, {}, 0, data_change=True, stats='{"numRecords": 1}')
    assert delta.add(first, table, [rows])
    again = delta.opened(tmp_path / "deals")
    assert again is not None
    assert [Path(name).name for name in again.file_uris()] == ["1-1.parquet"]


def test_who_commits_second_is_told_to_judge_again(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with lake.begin() as first, lake.begin(wait=0) as second:
        write(first, "first")
        write(second, "second")
        assert second.commit(entry()) == 1
        with pytest.raises(ConflictError) as caught:
            first.commit(entry())
    assert caught.value.code == "ledger_moved"
    assert list(counted(lake)) == [2]


def test_an_import_waits_for_the_one_before_it(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with lake.begin(), pytest.raises(ConflictError, match="at work"):
        lake.exclusive(wait=0)
    lake.exclusive(wait=0).release()


def test_each_lake_version_reads_as_it_was(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", deals="deal_id | stage\nd1 | talk")
    imported(lake, "2026-01-12", deals="deal_id | stage\nd1 | offer\nd2 | talk")
    assert rows(read(lake, 0).deals, "deal_id") == []
    assert rows(read(lake, 1).deals, "deal_id", "stage") == [("d1", "talk")]
    assert rows(read(lake, 2).deals, "deal_id", "stage") == [("d1", "offer"), ("d2", "talk")]
    with pytest.raises(NotFoundError, match="the newest is 2"):
        lake.state(3)


def test_a_derived_state_can_be_deleted_and_comes_back(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    for day in range(1, 9):
        imported(lake, f"2026-01-{day:02}", deals=f"deal_id | stage\nd1 | s{day}")
    before = rows(read(lake).deals, "deal_id", "stage")
    for version in range(1, 9):
        lake.state(version)
    states = sorted(path.name for path in (lake.folder / "state").iterdir())
    assert states == ["v5", "v6", "v7", "v8"]
    (lake.folder / "state" / "v8" / "deals.parquet").unlink()
    assert rows(read(lake).deals, "deal_id", "stage") == before == [("d1", "s8")]


def test_the_first_import_is_not_copied(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", deals="deal_id | stage\nd1 | talk")
    assert lake.state()["deals"] == [lake.folder / "deals" / "1-1.parquet"]


def test_files_written_by_an_engine_are_taken_as_they_are(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    table = TABLES["deals"]
    text = "deal_id | amount | created_at | attributes\nd1 | 12.5 | 2026-01-05 01:00:00 | a=b; c=d\nd2 | | |"
    with lake.begin() as writing:
        given = rows_of("deals", text).set_column(0, table.arrow().field(0), pa.array([writing.import_no] * 2))
        with connect() as connection:
            connection.register("given", given)
            path = writing.path("deals")
            connection.execute(f"COPY given TO {literal(str(path))} (FORMAT parquet)")
        assert writing.write("deals", path) == 2
        elsewhere = tmp_path / "elsewhere.parquet"
        pq.write_table(
            rows_of("rates", "currency | month | rate\nUSD | 2026-01-01 | 1400").replace_schema_metadata(), elsewhere
        )
        writing.write("rates", elsewhere)
        writing.commit(entry(2))
    opened = delta.opened(lake.table_folder("deals"))
    assert opened is not None
    back = opened.to_pyarrow_table()
    expected = given.to_pylist()
    assert [dict(row, attributes=row["attributes"]) for row in back.to_pylist()] == expected
    assert [field.nullable for field in back.schema] == [field.nullable for field in table.arrow()]
    assert (
        read(lake).deals.drop(*(column.name for column in STATE_COLUMNS["deals"])).to_pyarrow().to_pylist() == expected
    )
    assert lake.imports()[0].tables == {"deals": 2, "rates": 1}


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        ("rates", {"currency": pa.array([None], pa.string())}),
        ("rates", {"rate": pa.array([1.5], pa.float64())}),
        ("rates", {"more": pa.array([1], pa.int64())}),
        ("rates", {"import_no": pa.array([7], pa.int64())}),
        ("deals", {"attributes": pa.array(["a=b"], pa.string())}),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(tmp_path: Path, table: str, broken: dict[str, pa.Array]) -> None:
    lake = lake_in(tmp_path)
    text = {"rates": "currency | month | rate\nUSD | 2026-01-01 | 1400", "deals": "deal_id\nd1"}[table]
    with lake.begin() as writing:
        given = rows_of(table, text)
        columns = {name: given[name] for name in given.column_names} | broken
        path = tmp_path / "given.parquet"
        pq.write_table(pa.table(columns), path)
        with pytest.raises(InternalError, match=table):
            writing.write(table, path)


def test_arrow_rows_with_a_null_where_none_is_allowed_are_refused(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with lake.begin() as writing, pytest.raises((InternalError, pa.ArrowInvalid, ValueError)):
        writing.write("sightings", pa.table({"deal_id": ["d1"], "as_in": pa.array([None], pa.int64())}))
    with lake.begin() as writing, pytest.raises(InternalError, match="as_in"):
        writing.write("sightings", pa.table({"deal_id": ["d1"]}))


def test_no_row_is_no_file(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    with lake.begin() as writing:
        assert writing.write("deals", rows_of("deals", "").drop_columns(["import_no"])) == 0
        writing.commit(entry(0))
    assert lake.files("deals") == []
    assert lake.imports()[0].tables == {}


def test_settings_are_those_last_set(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, None, at="2026-01-05", kind="setup", settings="name | setting\ncurrency | KRW\nminimum_n | 5")
    imported(
        lake,
        None,
        at="2026-01-06",
        kind="setup",
        settings="name | setting | valid_from\ncurrency | USD |\ntime_zone | America/New_York | 2026-06-01",
    )
    found = read(lake).settings
    assert (found.currency, found.minimum_n, found.time_zone, found.language) == ("USD", 5, "America/New_York", "ko")
    assert found.on(date(2026, 5, 31)).time_zone == "Asia/Seoul"


def test_linked_identities_are_one_person_everywhere(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(
        lake,
        "2026-01-05",
        person_links="person_id | same_as\np3 | p2\np2 | p1",
        people="person_id | source\np1 | crm\np2 | crm\np3 | crm",
        memberships="person_id | manager_id | share\np9 | p3 | 1",
        deals="deal_id | owner_id | type\nd1 | p3 | p3",
        stage_events="deal_id | entered_on | by_id\nd1 | 2026-01-01 | p2",
        deal_changes="""
        deal_id | field    | old | new | changed_on
        d1      | owner_id | p9  | p2  | 2026-01-01
        d1      | type     | p2  | p3  | 2026-01-01
        """,
        activity_people="activity_id | person_id\na1 | p3",
        targets="""
        subject_kind | subject_id | period_start | period_end | amount
        person       | p3         | 2026-01-01   | 2026-02-01 | 1
        team         | p3         | 2026-01-01   | 2026-02-01 | 2
        """,
    )
    found = read(lake)
    assert rows(found.people, "person_id") == [("p1",), ("p2",), ("p3",)]
    assert rows(found.memberships, "person_id", "manager_id") == [("p9", "p1")]
    assert rows(found.deals, "owner_id") == [("p1",)]
    assert rows(found.stage_events, "by_id") == [("p1",)]
    assert rows(found.deal_changes, "field", "old", "new") == [("owner_id", "p9", "p1"), ("type", "p2", "p3")]
    assert rows(found.activity_people, "person_id") == [("p1",)]
    assert rows(found.targets, "subject_kind", "subject_id") == [("person", "p1"), ("team", "p3")]


def test_definitions_keep_the_latest_row_of_each_key_also_where_a_part_of_it_is_null(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    header = "pipeline | stage | label | stage_order | valid_from"
    imported(lake, "2026-01-05", stages=f"{header}\np | a | A | 1 |\np | b | B | 2 |\np | b | B | 3 | 2026-01-01")
    imported(lake, "2026-01-12", stages=f"{header}\np | b | BB | 2 |")
    assert rows(read(lake).stages, "stage", "label", "valid_from") == [
        ("a", "A", None),
        ("b", "B", "2026-01-01"),
        ("b", "BB", None),
    ]


def test_exports_up_to_a_moment_are_what_a_late_file_is_compared_with(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", deals="deal_id | stage\nd1 | talk")
    imported(lake, "2026-01-19", deals="deal_id | stage\nd1 | offer")
    late = lake.imports()[0].effective_at
    with connect() as connection:
        paths = lake.state(until=late)["deals"]
        found = connection.execute(f"SELECT stage FROM read_parquet('{paths[0]}')").fetchall()
    assert (len(paths), found) == (1, [("talk",)])
    assert rows(read(lake).deals, "stage") == [("offer",)]
