"""Reading: kept states, days rebuilt once, older files, other engines."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import CommitFailedError

from bokgi.domain.errors import InternalError
from bokgi.facts import delta, numbers, state
from bokgi.facts.as_of import deals_from
from bokgi.facts.deriving import DERIVATION
from bokgi.facts.engine import connect
from bokgi.facts.lake import Lake
from bokgi.facts.locks import Lock
from bokgi.facts.model import Facts
from bokgi.facts.read import facts, facts_on
from bokgi.facts.schema import TABLES, Column
from tests.cast import facts_of, rows_of
from tests.facts.lakes import imported, lake_in, read, rows


def two_weeks(folder: Path) -> Lake:
    lake = lake_in(folder)
    imported(lake, "2026-01-05", deals="deal_id | created_on | stage\nd1 | 2026-01-01 | talk")
    imported(lake, "2026-01-12", deals="deal_id | created_on | stage\nd1 | 2026-01-01 | offer")
    return lake


def test_deals_of_a_day_are_rebuilt_once_and_kept_beside_the_state(tmp_path: Path) -> None:
    lake = two_weeks(tmp_path)
    for _ in range(2):
        then = facts(ibis.duckdb.connect(), lake, as_of=date(2026, 1, 6))
        assert rows(then.deals, "deal_id", "stage") == [("d1", "talk")]
        assert then.as_of == date(2026, 1, 6)
    kept = [path.name for path in (lake.folder / "state" / "v2").glob("deals-*")]
    assert [name.rpartition("-")[0] for name in kept] == ["deals-2026-01-06"]


def test_deals_of_a_day_are_rebuilt_from_those_of_the_nearest_day_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = two_weeks(tmp_path)
    for on in (date(2026, 1, 6), date(2026, 1, 13)):
        facts(ibis.duckdb.connect(), lake, as_of=on)
    from_days: list[date] = []

    def noted(found: Facts, on: date, deals: ir.Table, other: date) -> ir.Table:
        from_days.append(other)
        return deals_from(found, on, deals, other)

    monkeypatch.setattr("bokgi.facts.read.deals_from", noted)
    found = read(lake)
    then = facts_on(found, date(2026, 1, 8))
    assert from_days == [date(2026, 1, 6)]
    assert rows(then.deals, "deal_id", "stage") == [("d1", "talk")]
    changed = replace(found, deals=found.deals.limit(0))
    assert rows(facts_on(changed, date(2026, 1, 9)).deals, "deal_id") == []
    assert from_days == [date(2026, 1, 6)]


def test_only_what_follows_from_facts_as_they_were_read_is_kept(tmp_path: Path) -> None:
    read_facts = facts(ibis.duckdb.connect(), two_weeks(tmp_path))
    first = read_facts.kept("half", lambda: read_facts.deals.limit(0))
    assert read_facts.kept("half", lambda: read_facts.deals).count().to_pyarrow().as_py() == 0
    changed = replace(read_facts, deals=read_facts.deals.filter(read_facts.deals.deal_id == "d1"))
    assert changed.kept("half", lambda: changed.deals).count().to_pyarrow().as_py() == 1
    assert first.columns == read_facts.deals.columns


def test_rows_are_kept_and_let_go(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", deals="deal_id | outcome\nd1 | open")
    before = pa.total_allocated_bytes()
    made = [pa.table({"n": pc.add(pa.array(range(1_000_000)), 1)})]
    kept = read(lake)
    assert kept.kept("numbers", made.pop).n.max().to_pyarrow().as_py() == 1_000_000
    assert pa.total_allocated_bytes() < before + 4_000_000
    # Nothing is made again.
    assert kept.kept("numbers", made.pop).count().to_pyarrow().as_py() == 1_000_000


def test_a_sum_of_whole_numbers_is_kept_whole(tmp_path: Path) -> None:
    read_facts = facts(ibis.duckdb.connect(), two_weeks(tmp_path))
    numbered = read_facts.stage_events.group_by("stage").agg(number=lambda events: events.seq.sum())
    kept = read_facts.kept("numbered", lambda: numbered)
    assert kept.schema() == numbered.schema()
    assert {type(row["number"]) for row in kept.to_pyarrow().to_pylist()} == {int}


def test_the_month_of_a_day_is_kept_as_a_day(tmp_path: Path) -> None:
    read_facts = facts(ibis.duckdb.connect(), two_weeks(tmp_path))
    monthly = read_facts.stage_events.select(month=read_facts.stage_events.entered_on.truncate("M").cast("date"))
    kept = read_facts.kept("monthly", lambda: monthly)
    assert kept.schema() == monthly.schema()
    assert {type(row["month"]) for row in kept.to_pyarrow().to_pylist()} == {date}


def test_a_day_is_cut_once_and_a_table_tells_once_what_is_asked_of_it(tmp_path: Path) -> None:
    read_facts = facts(ibis.duckdb.connect(), two_weeks(tmp_path))
    day = date(2026, 1, 6)
    then = facts_on(read_facts, day)
    assert facts_on(read_facts, day) is then
    changed = replace(read_facts, deals=read_facts.deals.limit(0))
    assert facts_on(changed, day).deals.count().to_pyarrow().as_py() == 0

    def told(found: Facts) -> list[int]:
        return found.once("how many", found.deals, lambda: [found.deals.count().to_pyarrow().as_py()])

    assert told(read_facts) is told(read_facts)
    assert told(then) is told(then)
    assert (told(read_facts), told(changed)) == ([1], [0])
    assert told(changed) is not told(changed)


def test_only_the_days_asked_last_are_kept(tmp_path: Path) -> None:
    lake = two_weeks(tmp_path)
    derived = state.derived(lake)
    known = derived.folder / "deals-known.parquet"
    known.touch()
    os.utime(known, (0, 0))
    days = [date(2026, 1, 6) + timedelta(days=day) for day in range(state.KEPT_DAYS + 3)]
    for on in days:
        state.kept(derived, f"deals-{on}", lambda path: pq.write_table(pa.table({"a": [1]}), path))
    assert len(list(derived.folder.glob("deals-2*"))) == state.KEPT_DAYS
    assert all(path.exists() for paths in derived.files.values() for path in paths)
    assert known.exists()
    assert (derived.folder / f"deals-{days[-1]}.parquet").exists()
    assert rows(read(lake).deals, "stage") == [("offer",)]


def test_a_day_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    derived = state.derived(two_weeks(tmp_path))

    def fails(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - the error is the test's own
        state.kept(derived, "deals-2026-01-06", fails)
    assert list(derived.folder.glob("*2026*")) == list(derived.folder.glob("making*")) == []


def test_an_engine_without_its_own_reader_of_lists_reads_the_same(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", responses="response_id | happened_on\nr1 | 2026-01-01")
    imported(
        lake,
        "2026-01-06",
        responses="response_id | happened_on\nr2 | 2026-01-01",
        deals="deal_id | created_on\nd1 | 2026-01-01",
    )

    class OneFile:
        """A backend that is not DuckDB by name and reads one file at a time."""

        name = "another"

        def __init__(self) -> None:
            self.read_parquet = ibis.duckdb.connect().read_parquet

    found = facts(OneFile(), lake, as_of=date(2026, 1, 6))
    assert rows(found.responses, "response_id") == [("r1",), ("r2",)]
    assert rows(found.deals, "deal_id") == [("d1",)]


def test_a_column_that_older_files_lack_is_null(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_in(tmp_path)
    imported(lake, "2026-01-05", rates="currency | month | rate\nUSD | 2026-01-01 | 1400")
    rates = TABLES["rates"]
    more = replace(rates, own_columns=(*rates.own_columns, Column("bank", "string", "who said so", "not said")))
    monkeypatch.setitem(TABLES, "rates", more)
    assert rows(read(lake).rates, "currency", "bank") == [("USD", None)]
    imported(lake, "2026-01-06", rates="currency | month | rate | bank\nJPY | 2026-01-01 | 9 | BOK")
    assert rows(read(lake).rates, "currency", "bank") == [("JPY", "BOK"), ("USD", None)]


def test_a_state_derived_in_another_way_is_derived_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = two_weeks(tmp_path)
    manifest = state.derived(lake).folder / "manifest.json"
    before = manifest.read_text(encoding="utf-8")
    monkeypatch.setattr(state, "DERIVATION", DERIVATION + 1)
    manifest.write_text(before.replace(f'"derivation": {DERIVATION}', '"derivation": 0'), encoding="utf-8")
    with pytest.raises(AssertionError):
        state.derived(lake)
    monkeypatch.undo()
    assert state.derived(lake).files["deals"] == [manifest.parent / "deals.parquet"]


def test_two_processes_that_derive_one_state_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = two_weeks(tmp_path)
    build = state.build
    raced: list[Path] = []

    def slower(*given: object) -> None:
        if not raced:
            raced.append(lake.folder / "state" / "v2")
            build(*given)  # type: ignore[arg-type] # handed on as it came
        build(*given)  # type: ignore[arg-type] # as above

    monkeypatch.setattr(state, "build", slower)
    assert state.derived(lake).folder == raced[0]
    assert sorted(path.name for path in (lake.folder / "state").iterdir()) == ["v2"]


def test_a_state_that_another_finished_while_ours_was_moved_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = two_weeks(tmp_path)
    first = state.derived(lake).folder
    reads = iter([None, None])
    monkeypatch.setattr(state, "_read", lambda *given: next(reads, read_state(*given)))
    monkeypatch.setattr("shutil.rmtree", lambda *_given, **_more: None)
    assert state.derived(lake).folder == first


read_state = state._read  # noqa: SLF001 - the test stands in for it for a moment


def test_a_number_taken_meanwhile_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, lock = numbers.reserve(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(numbers, "reserved", lambda _folder: [])
        second, other = numbers.reserve(tmp_path)
    assert (first, second) == (1, 2)
    lock.release()
    other.release()


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    with Lock(tmp_path / "lock") as held:
        assert held.acquire()
        assert held.held
        assert not Lock(tmp_path / "lock").acquire(0.1)
    assert not held.held


def test_a_failing_log_is_no_lost_race(tmp_path: Path) -> None:
    table = TABLES["rates"]
    opened = delta.create(tmp_path / "rates", table)
    path = delta.written(
        tmp_path / "rates" / "1-1.parquet", rows_of("rates", "currency | month | rate\nUSD | 2026-01-01 | 1"), table
    )
    action = delta.checked(path, table)

    class Broken:
        def update_incremental(self) -> None:
            pass

        def create_write_transaction(self, *_given: object, **_more: object) -> None:
            raise CommitFailedError

    with pytest.raises(CommitFailedError):
        delta.add(Broken(), table, [action])  # type: ignore[arg-type] # stands in for a table
    assert not delta.add(Broken(), table, [action], retries=0)  # type: ignore[arg-type] # as above
    assert delta.add(opened, table, [action])


def test_a_file_whose_footer_counts_no_nulls_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "1-1.parquet"
    pq.write_table(rows_of("rates", "currency | month | rate\nUSD | 2026-01-01 | 1"), path, write_statistics=False)
    with pytest.raises(InternalError, match="null"):
        delta.checked(path, TABLES["rates"])


def test_an_engine_keeps_to_its_limits(tmp_path: Path) -> None:
    with connect(tmp_path, memory_limit="100MB") as connection:
        found = connection.execute(
            "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
        ).fetchone()
        with pytest.raises(duckdb.Error):
            connection.execute("INSTALL spatial FROM 'http://localhost:1'")
    assert found is not None
    assert found[1] == str(tmp_path)
    assert found[0].startswith("95.3")


def test_columns_and_tables_are_what_the_schema_says() -> None:
    facts_ = facts_of()
    assert set(facts_.tables) == set(TABLES) - {"imports", "settings"}
    assert TABLES["deals"].column("amount").type == "amount"
    assert [column.null for column in TABLES["rates"].columns] == ["", "", "", ""]
