"""Nothing of the future stands in facts as of a day: whatever happens later, they are the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from unittest.mock import Mock

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bokgi.facts.as_of import as_of, deals_as_of, deals_from
from bokgi.facts.lake import Lake
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.facts.schema import TRACKED_COLUMNS
from bokgi.facts.undo import undo
from tests.cast import CAST, facts_of
from tests.facts.lakes import imported, lake_in, moment, read, rows

ON = date(2026, 2, 15)


def contents(facts: Facts) -> dict[str, list[tuple[Any, ...]]]:
    """Give every table that has dates, without the numbers of imports."""
    names = ["deals", "stage_events", "deal_changes", "activities"]
    return {
        name: rows(facts.tables[name], *(c for c in facts.tables[name].columns if c != "import_no")) for name in names
    }


def random_tables(generator: np.random.Generator, n: int) -> dict[str, pa.Table]:
    """Give tables with dates on both sides of ON, everything that may vary drawn at random."""

    def days(size: int) -> list[date]:
        return [ON + timedelta(days=int(day)) for day in generator.integers(-40, 40, size)]

    def some(values: list[Any], size: int) -> list[Any]:
        return [None if generator.random() < 0.2 else values[generator.integers(len(values))] for _ in range(size)]

    ids = [f"d{number}" for number in range(n)]
    outcomes = [["open", "won", "lost"][generator.integers(3)] for _ in ids]
    deals = {
        "deal_id": ids,
        "created_on": some(days(n), n),
        "owner_id": some(["lee", "park"], n),
        "amount": some(list(range(9)), n),
        "type": some(["new", "renewal"], n),
        "stage": some(["qualified", "won"], n),
        "outcome": outcomes,
        "closed_on": [None if outcome == "open" else day for outcome, day in zip(outcomes, days(n), strict=True)],
        "lost_reason": some(["price"], n),
        "known_at_creation": [[",", ",type,"][generator.integers(2)] for _ in ids],
        "observed_on": days(n),
    }
    deals["first_seen_on"] = [day - timedelta(days=int(generator.integers(0, 30))) for day in deals["observed_on"]]
    events = {
        "deal_id": some(ids, 4 * n),
        "entered_on": days(4 * n),
        "stage": some(["qualified", "won", "lost"], 4 * n),
    }
    fields = ["amount", "owner_id", "type", "outcome", "closed_on"]
    values = {"amount": "5", "owner_id": "choi", "type": "new", "outcome": "won", "closed_on": "2026-01-20"}
    changed = [fields[generator.integers(len(fields))] for _ in range(4 * n)]
    changes = {
        "deal_id": some(ids, 4 * n),
        "field": changed,
        "changed_on": days(4 * n),
        "new": [values[field] for field in changed],
    }
    activities = {"activity_id": [f"a{k}" for k in range(n)], "deal_id": some(ids, n), "happened_on": days(n)}
    return {
        "deals": pa.table(deals),
        "stage_events": pa.table(events).filter(pa.compute.is_valid(pa.table(events)["deal_id"])),
        "deal_changes": pa.table(changes).filter(pa.compute.is_valid(pa.table(changes)["deal_id"])),
        "activities": pa.table(activities),
    }


def shuffled(generator: np.random.Generator, rows_: list[dict[str, Any]], late: list[bool], columns: list[str]) -> None:
    """Exchange the values of some columns among the rows that are dated after ON."""
    places = [place for place, is_late in enumerate(late) if is_late]
    for column in columns:
        values = [rows_[place][column] for place in places]
        for place, source in zip(places, generator.permutation(len(places)), strict=True):
            rows_[place][column] = values[source]


def facts_from(tables: dict[str, pa.Table]) -> Facts:
    empty = facts_of(stages=CAST["stages"])
    connection = ibis.duckdb.connect()
    read_tables = {}
    for name in empty.tables:
        schema = empty.tables[name].schema().to_pyarrow()
        given_rows = tables[name].to_pylist() if name in tables else empty.tables[name].to_pyarrow().to_pylist()
        plain = {"pipeline": "default", "origin": "recorded", "seq": 1, "import_no": 1, "unknown_then": ","}
        whole = [{column: row.get(column, plain.get(column)) for column in schema.names} for row in given_rows]
        connection.con.register(name, pa.Table.from_pylist(whole, schema=schema))
        read_tables[name] = connection.table(name)
    return replace(empty, **read_tables)


@settings(max_examples=4, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_shuffling_everything_dated_after_the_day_changes_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    tables = random_tables(generator, 12)
    before = contents(as_of(facts_from(tables), ON))

    deals = tables["deals"].to_pylist()
    closed_later = [row["closed_on"] is not None and row["closed_on"] > ON for row in deals]
    shuffled(generator, deals, closed_later, ["outcome", "closed_on", "lost_reason"])
    by_then = [row["closed_on"] is not None and row["closed_on"] <= ON for row in deals]
    unseen = [row["first_seen_on"] > ON and not known for row, known in zip(deals, by_then, strict=True)]
    shuffled(generator, deals, unseen, ["owner_id", "amount", "stage"])
    undeclared = [late and ",type," not in row["known_at_creation"] for late, row in zip(unseen, deals, strict=True)]
    shuffled(generator, deals, undeclared, ["type"])
    created_later = [row["created_on"] is not None and row["created_on"] > ON for row in deals]
    shuffled(
        generator, deals, created_later, ["created_on", "owner_id", "amount", "known_at_creation", "first_seen_on"]
    )
    again = {"deals": pa.Table.from_pylist(deals, schema=tables["deals"].schema)}
    for name, column in (("stage_events", "entered_on"), ("deal_changes", "changed_on"), ("activities", "happened_on")):
        events = tables[name].to_pylist()
        late = [row[column] > ON for row in events]
        shuffled(generator, events, late, [other for other in tables[name].column_names if other != "activity_id"])
        again[name] = pa.Table.from_pylist(events, schema=tables[name].schema)

    assert contents(as_of(facts_from(again), ON)) == before


class World:
    """Deals that change day by day; the days up to ON are the same for every `future`."""

    FIRST = ON - timedelta(days=30)
    PAST_EXPORTS = (6, 17, 30)
    LATER_EXPORTS = (41, 60)
    VALUES: ClassVar = {
        1: ("owner_id", ["lee", "park", "choi"]),
        2: ("stage", ["prospecting", "qualified", "proposal"]),
        5: ("attributes", ["Region=north", "Region=south", "Tier=1; Region=south"]),
    }

    def __init__(self, seed: int, future: int) -> None:
        self.past = np.random.default_rng([seed, 0])
        self.future = np.random.default_rng([seed, 1, future])
        self.deals: dict[str, dict[str, Any]] = {}
        self.late = {f"d{number}" for number in range(8) if self.past.random() < 0.3}
        self.written: dict[str, tuple[dict[str, Any], int]] = {}

    def live(self, lake: Lake) -> None:
        """Let two months pass, with their exports."""
        for day in range(61):
            generator = self.past if day <= 30 else self.future
            self._change(day, generator)
            if day in self.PAST_EXPORTS:
                self._export(lake, day, {name for name in self.deals if name not in self.late})
            if day in self.LATER_EXPORTS:
                self._export(lake, day, set(self.deals))

    def _change(self, day: int, generator: np.random.Generator) -> None:
        on = self.FIRST + timedelta(days=day)
        if len(self.deals) < 8 and generator.random() < 0.4:
            self.deals[f"d{len(self.deals)}"] = {"created_on": on, "stage": "qualified", "outcome": "open"}
        for name, deal in self.deals.items():
            roll, choice = generator.random(), generator.integers(7)
            was_closed = deal["outcome"] != "open"
            if roll > 0.25 or (was_closed and name in self.late):
                continue
            if was_closed:
                deal |= {"outcome": "open", "closed_on": None, "stage": "qualified", "lost_reason": None}
            elif choice == 0:
                deal["amount"] = int(generator.integers(1, 9))
            elif choice in self.VALUES:
                column, values = self.VALUES[int(choice)]
                deal[column] = values[generator.integers(3)]
            elif choice == 3:
                deal["expected_close_on"] = on + timedelta(days=int(generator.integers(90)))
            elif choice == 4:
                deal["probability"] = float(generator.integers(10)) / 10
            else:
                outcome = ["won", "lost"][generator.integers(2)]
                reason = "price" if outcome == "lost" else None
                deal |= {"outcome": outcome, "closed_on": on, "stage": outcome, "lost_reason": reason}

    def _export(self, lake: Lake, day: int, names: set[str]) -> None:
        number = len(lake.imports()) + 1
        columns = [
            "created_on", "stage", "outcome", "closed_on", "lost_reason", "amount", "owner_id", "expected_close_on",
            "probability", "attributes",
        ]  # fmt: skip
        new, known = [], []
        for name in sorted(names):
            deal = dict(self.deals[name])
            if name in self.written and self.written[name][0] == deal:
                known.append(f"{name} | {self.written[name][1]}")
            else:
                self.written[name] = (deal, number)
                cells = ["" if deal.get(column) is None else str(deal[column]) for column in columns]
                new.append(" | ".join([name, *cells]))
        imported(
            lake,
            (self.FIRST + timedelta(days=day)).isoformat(),
            deals="\n".join([" | ".join(["deal_id", *columns]), *new]),
            sightings="\n".join(["deal_id | as_in", *known]),
            stages=CAST["stages"] if number == 1 else "",
        )


@settings(max_examples=4, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_two_futures_of_one_past_look_the_same_from_then(seed: int) -> None:
    found = []
    for future in (1, 2):
        with TemporaryDirectory() as folder:
            lake = lake_in(Path(folder))
            World(seed, future).live(lake)
            then = contents(as_of(read(lake), ON))
            found.append({name: then[name] for name in ("deals", "stage_events")})
    assert found[0] == found[1]


def test_attributes_are_those_that_the_last_export_by_then_held(tmp_path: Path) -> None:
    def world(name: str, *later: str) -> list[tuple[Any, ...]]:
        lake = lake_in(tmp_path / name)
        head = "deal_id | created_on | outcome | amount | attributes"
        for day, deal in (
            ("2026-01-20", "d1 | 2026-01-10 | open | 5 | Region=north"),
            ("2026-02-14", "d1 | 2026-01-10 | open | 5 | Region=south; Tier=1"),
        ):
            imported(lake, day, deals=f"{head}\n{deal}")
        for number, deal in enumerate(later):
            imported(lake, f"2026-03-{number + 1:02}", deals=f"{head}\n{deal}")
        facts = read(lake)
        days = (date(2026, 1, 19), date(2026, 2, 13), ON)
        return [row for on in days for row in rows(as_of(facts, on).deals, "attributes", "unknown_then")]

    tracked = ",".join(name for name in TRACKED_COLUMNS if name not in {"outcome", "closed_on", "lost_reason"})
    was = [
        (None, f",{tracked},attributes,"),
        ([("Region", "north")], ","),
        ([("Region", "south"), ("Tier", "1")], ","),
    ]
    assert world("unchanged") == was
    assert world("amount", "d1 | 2026-01-10 | open | 9 | Region=south; Tier=1") == was
    assert world("attributes", "d1 | 2026-01-10 | open | 5 | Region=west") == was
    assert world("none", "d1 | 2026-01-10 | open | 5 |") == was
    assert world("back", "d1 | 2026-01-10 | open | 5 | Region=north", "d1 | 2026-01-10 | open | 7 | Region=west") == was


@settings(max_examples=4, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_today_looks_like_the_current_state(seed: int) -> None:
    with TemporaryDirectory() as folder:
        lake = lake_in(Path(folder))
        World(seed, 1).live(lake)
        current = read(lake)
        today = as_of(current, ON + timedelta(days=30))
        ours = {"observed_on", "first_seen_on", "last_seen_on", "attributes_seen"}
        columns = [c for c in current.deals.columns if c not in ours]
        assert rows(today.deals, *columns) == rows(current.deals, *columns)


@settings(max_examples=3, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_deals_rebuilt_from_those_of_a_day_nearby_are_those_of_the_day(seed: int) -> None:
    generator = np.random.default_rng(seed)
    facts = facts_from(random_tables(generator, 40))
    # The changes of closing days that `random_tables` makes tell of the first of these days.
    for on in (date(2026, 1, 20), ON + timedelta(days=int(generator.integers(-20, 20)))):
        days = [on, on - timedelta(days=1)]
        for to, other in (days, reversed(days)):
            then = deals_as_of(facts, to)
            from_other = deals_from(facts, to, deals_as_of(facts, other), other)
            assert rows(from_other, *then.columns) == rows(then, *then.columns)


def test_deals_follow_from_those_of_any_other_day_across_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bokgi.facts.as_of._FEW", 0)
    lake = lake_in(tmp_path)
    head = "deal_id | created_on | amount | attributes"
    imported(lake, "2026-01-05", deals=f"{head}\nd1 | 2026-01-02 | 1 | Region=north\ngone | 2026-01-02 | 2 |")
    undone = imported(lake, "2026-01-08", deals=f"{head}\nd1 | 2026-01-02 | 7 | Region=west\nnever | 2026-01-06 | 7 |")
    before = facts_on(read(lake), date(2026, 1, 10))
    assert rows(before.deals, "deal_id", "amount")[0] == ("d1", Decimal("7.00"))
    undo(lake, undone, replay=Mock(side_effect=AssertionError), by="test", at=moment("2026-01-10"))
    imported(lake, "2026-01-12", deals=f"{head}\nd1 | 2026-01-02 | 1 | Region=south\nnew | | 3 |")
    imported(lake, "2026-01-20", deals=f"{head}\nd1 | 2026-01-02 | 1 | Tier=1\nnew | | 4 |")
    imported(
        lake,
        "2026-01-09",
        at="2026-01-22",
        deals=f"{head}\nlate | 2026-01-04 | 5 |",
        deal_changes="deal_id | field | changed_on | old | new\nlate | amount | 2026-01-06 | 4 | 5",
    )
    found = read(lake)
    days = [date(2026, 1, day) for day in (5, 6, 10, 15)]
    then = {day: deals_as_of(found, day) for day in days}
    whole = {day: rows(deals, *deals.columns) for day, deals in then.items()}
    # Each day is kept, and is made from the nearest one that is.
    for day in (days[2], days[1], days[0], days[3]):
        kept = facts_on(found, day).deals
        assert kept.schema() == then[day].schema()
        assert rows(kept, *kept.columns) == whole[day]
    assert [deal for deal, *_ in rows(then[date(2026, 1, 10)], "deal_id")] == ["d1", "gone", "late"]


def test_only_deals_of_which_something_is_dated_in_between_are_rebuilt() -> None:
    columns = ["created_on", "first_seen_on", "observed_on", "closed_on", "assigned_on"]
    moved = {column.removesuffix("_on"): column for column in columns}
    names = [*moved, "event", "change", "closing", *(f"quiet{number}" for number in range(17))]
    day = "2026-02-14"
    deals = [[name, *("2026-01-02" if moved.get(name) != column else day for column in columns)] for name in names]
    facts = facts_of(
        deals="\n".join(" | ".join(row) for row in [["deal_id", *columns], *deals]),
        stage_events=f"deal_id | entered_on | stage\nevent | {day} | qualified",
        deal_changes=f"""
        deal_id | field     | changed_on | new
        change  | amount    | {day}      | 5
        closing | closed_on | 2026-01-03 | {day}
        """,
    )
    kept = deals_as_of(facts, date(2026, 2, 13)).mutate(source=ibis.literal("kept"))
    later = deals_from(facts, ON, kept, date(2026, 2, 13))
    anew = {deal for deal, source in rows(later, "deal_id", "source") if source != "kept"}
    assert anew == {*moved, "event", "change", "closing"}
    stages = facts_of(stages="pipeline | stage | kind | valid_from\np | won | won | 2026-02-14").stages
    changed = deals_from(replace(facts, stages=stages), ON, kept, date(2026, 2, 13))
    assert all(source != "kept" for _, source in rows(changed, "deal_id", "source"))


def test_a_target_is_what_the_last_export_or_entry_by_then_said(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    head = "subject_kind | subject_id | period_start | period_end | amount | currency"

    def told(day: str, *targets: str, kind: str = "file") -> None:
        imported(lake, None if kind == "entered" else day, at=day, kind=kind, targets="\n".join([head, *targets]))

    told(
        "2026-01-20", "team | a | 2026-01-01 | 2026-04-01 | 100 | KRW", "team | b | 2026-01-01 | 2026-04-01 | 70 | KRW"
    )
    told("2026-02-16", "team | a | 2026-01-01 | 2026-03-01 | 200 | USD", kind="entered")
    told("2026-03-02", "team | a | 2026-01-01 | 2026-04-01 | 300 | KRW", "team | c | 2026-01-01 | 2026-04-01 | 5 | KRW")
    told("2026-03-02", "team | a | 2026-01-01 | 2026-04-01 | 301 | KRW")
    found = read(lake)

    def standing(on: date) -> list[tuple[Any, ...]]:
        then = as_of(found, on).targets
        assert then.schema() == found.targets.schema()
        return rows(then, "subject_id", "period_end", "amount", "currency")

    other = [("b", "2026-04-01", Decimal(70), "KRW"), ("c", "2026-04-01", Decimal(5), "KRW")]
    first = ("a", "2026-04-01", Decimal(100), "KRW")
    # What was told first counts before, too; C was told late.
    assert standing(date(2026, 1, 1)) == [first, *other]
    assert standing(ON) == [first, *other]
    assert standing(date(2026, 2, 16)) == [("a", "2026-03-01", Decimal(200), "USD"), *other]
    assert standing(date(2026, 3, 2)) == [("a", "2026-04-01", Decimal(301), "KRW"), *other]
    assert (Decimal(301),) in rows(found.targets, "amount")
    undo(lake, 2, replay=Mock(side_effect=AssertionError), by="test", at=moment("2026-03-03"))
    assert rows(as_of(read(lake), date(2026, 2, 16)).targets, "subject_id", "amount")[0] == ("a", Decimal(100))


def test_an_account_is_what_exports_by_then_said_and_what_nobody_told_before_held(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    head = "account_id | name | industry | segment | employees"
    imported(lake, "2026-01-19", accounts=f"{head}\na | A | IT | | \nb | B | Food | |")
    imported(lake, "2026-02-16", accounts=f"{head}\na | A | IT | Large | 90")
    imported(lake, "2026-03-02", accounts=f"{head}\na | A2 | Bank | | 120")
    found = read(lake)

    def standing(on: date) -> list[tuple[Any, ...]]:
        then = as_of(found, on).accounts
        assert then.schema() == found.accounts.schema()
        return rows(then, "account_id", "name", "industry", "segment", "employees")

    # What was told first counts before, too; the segment and the number were not told before.
    assert standing(date(2025, 6, 1)) == [("a", "A2", "IT", "Large", 90), ("b", "B", "Food", None, None)]
    assert standing(date(2026, 2, 20))[0] == ("a", "A2", "IT", "Large", 90)
    assert standing(date(2026, 3, 2))[0] == ("a", "A2", "Bank", None, 120)


def test_what_exports_by_then_told_stands_whatever_later_ones_tell(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    activity = "activity_id | happened_on | done | outcome"
    lead = "lead_id | created_on | owner_id | assigned_on | outcome"
    text = "kind | key | text"
    imported(
        lake,
        "2026-02-10",
        activities=f"{activity}\nheld | 2026-02-20 | false |\noff | 2026-02-20 | false |\nmoved | 2026-02-20 | false |"
        "\ndone | 2026-02-12 | false |",
        leads=f"{lead}\nmoved | 2026-02-01 | lee | 2026-02-02 | open\nours | 2026-02-01 | lee | | open",
        texts=f"{text}\nnext_step | d1 | 제안\ndeal_name | d1 | 가나",
    )
    imported(
        lake,
        "2026-02-25",
        activities=f"{activity}\nheld | 2026-02-20 | true | held\noff | 2026-02-20 | | cancelled\n"
        "moved | 2026-03-20 | false |\ndone | 2026-02-12 | true | held",
        leads=f"{lead}\nmoved | 2026-02-01 | park | 2026-02-20 | disqualified\n"
        "ours | 2026-02-01 | lee | 2026-02-11 | open",
        texts=f"{text}\nnext_step | d1 | 계약\ndeal_name | d1 | 다라\nnext_step | d2 | 전화",
    )
    then = as_of(read(lake), ON)
    assert rows(then.activities, "activity_id", "happened_on", "done", "outcome") == [
        # What is told later of a day that had passed by then did happen.
        ("done", "2026-02-12", True, "held"),
        ("held", "2026-02-20", False, None),
        ("moved", "2026-02-20", False, None),
        ("off", "2026-02-20", False, None),
    ]
    assert rows(then.leads, "lead_id", "owner_id", "assigned_on", "outcome") == [
        ("moved", "lee", "2026-02-02", "open"),
        ("ours", "lee", "2026-02-11", "open"),
    ]
    assert rows(then.texts, "kind", "text") == [("deal_name", "가나"), ("next_step", "제안")]


def test_what_an_export_showed_first_is_told_as_a_change_only_once_one_has_come(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    head = "deal_id | created_on | amount"
    for day, amount in (("2026-02-10", 5), ("2026-02-25", 7)):
        imported(lake, day, deals=f"{head}\nd1 | 2026-02-01 | {amount}")
    found = read(lake)
    assert rows(as_of(found, ON).deal_changes, "field") == []
    assert rows(as_of(found, ON).deals, "amount") == [(Decimal(5),)]
    later = as_of(found, date(2026, 2, 25)).deal_changes
    assert rows(later, "changed_on", "old", "new") == [("2026-02-10", None, "5"), ("2026-02-25", "5", "7")]
