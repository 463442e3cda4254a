"""Facts as they had happened by the end of a day, and nothing of the future in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bokgi.facts.as_of import as_of
from bokgi.facts.lake import Lake
from bokgi.facts.model import Facts, Setting, Settings
from tests.cast import CAST, facts_of
from tests.facts.lakes import imported, lake_in, read, rows

ON = date(2026, 2, 15)
FUTURE = "2026-11-23"


def deals_on(facts: Facts, on: date = ON, *columns: str) -> list[tuple[Any, ...]]:
    return rows(as_of(facts, on).deals, "deal_id", *columns)


def test_a_deal_that_closed_later_is_open() -> None:
    facts = facts_of(
        deals="""
        deal_id | created_on | outcome | closed_on  | lost_reason | stage
        d1      | 2026-01-01 | lost    | 2026-02-16 | price       | lost
        d2      | 2026-01-01 | lost    | 2026-02-15 | price       | lost
        """,
    )
    assert deals_on(facts, ON, "outcome", "closed_on", "lost_reason", "stage") == [
        ("d1", "open", None, None, None),
        ("d2", "lost", "2026-02-15", "price", "lost"),
    ]


def test_a_deal_exists_from_its_creation_or_from_when_something_shows_it() -> None:
    facts = facts_of(
        deals="""
        deal_id  | created_on | first_seen_on
        then     | 2026-02-15 | 2026-11-23
        later    | 2026-02-16 | 2026-11-23
        seen     |            | 2026-02-15
        moved    |            | 2026-11-23
        changed  |            | 2026-11-23
        unknown  |            | 2026-11-23
        """,
        stage_events="deal_id | entered_on\nmoved | 2026-02-15\nunknown | 2026-02-16",
        deal_changes="deal_id | changed_on | new\nchanged | 2026-02-15 | 1",
    )
    assert deals_on(facts) == [("changed",), ("moved",), ("seen",), ("then",)]


def test_the_stage_is_the_last_one_entered_by_then() -> None:
    facts = facts_of(
        deals="deal_id | created_on | stage\nd1 | 2026-01-01 | won\nd2 | 2026-01-01 | proposal",
        stages=CAST["stages"],
        stage_events="""
        deal_id | entered_on | entered_at          | seq | stage
        d1      | 2026-02-01 |                     | 1   | qualified
        d1      | 2026-02-15 | 2026-02-15 01:00:00 | 1   | proposal
        d1      | 2026-02-15 | 2026-02-15 02:00:00 | 1   | negotiation
        d1      | 2026-02-15 |                     | 9   | prospecting
        d1      | 2026-02-16 |                     | 1   | proposal
        """,
    )
    assert deals_on(facts, ON, "stage") == [("d1", "negotiation"), ("d2", None)]


def test_a_deal_opened_again_was_closed_in_between() -> None:
    facts = facts_of(
        deals="deal_id | created_on | stage\nd1 | 2026-01-01 | proposal\nd2 | 2026-01-01 | proposal",
        stages=CAST["stages"],
        stage_events="""
        deal_id | entered_on | stage
        d1      | 2026-02-01 | lost
        d1      | 2026-03-01 | proposal
        """,
        deal_changes="""
        deal_id | field     | changed_on | new
        d2      | outcome   | 2026-02-10 | no_decision
        d2      | closed_on | 2026-02-10 | 2026-02-09
        d2      | outcome   | 2026-03-10 | open
        """,
    )
    assert deals_on(facts, ON, "outcome", "closed_on") == [
        ("d1", "lost", "2026-02-01"),
        ("d2", "no_decision", "2026-02-09"),
    ]
    assert deals_on(facts, date(2026, 3, 31), "outcome") == [("d1", "open"), ("d2", "open")]


KNOWN = """
    deal_id  | created_on | owner_id | amount | currency | outcome | closed_on  | known_at_creation | first_seen_on
    never    | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-11-23
    declared | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,owner_id,        | 2026-11-23
    seen     | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-02-15
    closed   | 2026-01-01 | lee      | 10     | KRW      | won     | 2026-02-15 | ,                 | 2026-11-23
    recorded | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-11-23
    emptied  | 2026-01-01 | lee      | 10     | KRW      | open    |            | ,                 | 2026-11-23
"""
OBSERVED = """
    deal_id  | created_on | owner_id | amount | currency | outcome | observed_on | first_seen_on
    observed | 2026-01-01 | lee      | 10     | KRW      | open    | 2026-02-15  | 2026-01-05
    after    | 2026-01-01 | lee      | 10     | KRW      | open    | 2026-02-01  | 2026-01-05
"""
CHANGES = """
    deal_id  | field  | changed_on | old | new
    never    | amount | 2026-02-16 | 7   | 10
    recorded | amount | 2026-02-01 | 3   | 5
    recorded | amount | 2026-02-15 | 5   | 7.5
    recorded | amount | 2026-02-16 | 7.5 | 10
    emptied  | amount | 2026-02-15 | 7   |
    observed | amount | 2026-02-10 | 1   | 3
    after    | amount | 2026-02-10 | 10  | 12
"""


def test_values_are_those_known_then_and_the_rest_is_unknown() -> None:
    facts = facts_of(deals=OBSERVED, deal_changes=CHANGES)
    assert deals_on(facts, ON, "owner_id", "amount", "currency") == [
        ("after", "lee", 12, "KRW"),
        ("observed", "lee", 10, "KRW"),
    ]
    facts = facts_of(deals=KNOWN, deal_changes=CHANGES)
    assert deals_on(facts, ON, "owner_id", "amount", "currency") == [
        ("closed", "lee", 10, "KRW"),
        ("declared", "lee", None, None),
        ("emptied", None, None, "KRW"),
        ("never", None, None, None),
        ("recorded", None, 7.5, "KRW"),
        ("seen", "lee", 10, "KRW"),
    ]


def test_open_deals_with_a_value_unknown_then_are_counted() -> None:
    found = as_of(facts_of(deals=KNOWN, deal_changes=CHANGES), ON)
    assert found.unknown_then("amount") == 2
    assert found.unknown_then("owner_id") == 3
    assert facts_of(deals=KNOWN, deal_changes=CHANGES).unknown_then("amount") == 0


def test_every_kind_of_value_comes_back_from_its_text() -> None:
    facts = facts_of(
        deals="deal_id | created_on\nd1 | 2026-01-01",
        deal_changes="""
        deal_id | field             | changed_on | new
        d1      | amount            | 2026-02-01 | 1234567.89
        d1      | probability       | 2026-02-01 | 0.35
        d1      | has_next_step     | 2026-02-01 | true
        d1      | expected_close_on | 2026-02-01 | 2026-06-30
        d1      | assigned_on       | 2026-02-01 | 2026-01-07
        d1      | owner_id          | 2026-02-01 | lee
        d1      | stage             | 2026-02-01 | nothing of ours
        """,
    )
    columns = ["amount", "probability", "has_next_step", "expected_close_on", "assigned_on", "owner_id"]
    found = as_of(facts, ON).deals
    assert rows(found, *columns) == [(Decimal("1234567.89"), 0.35, True, "2026-06-30", "2026-01-07", "lee")]
    assert found.schema() == facts.deals.schema()


def test_events_after_the_day_are_left_out_and_announced_activities_stay() -> None:
    facts = facts_of(
        activities="""
        activity_id | happened_on | first_seen_on
        past        | 2026-02-15  | 2026-11-23
        announced   | 2026-02-20  | 2026-02-15
        future      | 2026-02-16  | 2026-02-16
        """,
        stage_events="deal_id | entered_on\nd1 | 2026-02-15\nd1 | 2026-02-16",
        content_events="event_id | content_id | happened_on\ne1 | c | 2026-02-15\ne2 | c | 2026-02-16",
        responses="response_id | happened_on\nr1 | 2026-02-15\nr2 | 2026-02-16",
        rates="currency | month | rate\nUSD | 2026-02-01 | 1\nUSD | 2026-03-01 | 2",
        texts="kind | key | text | observed_on\nnext_step | a | x | 2026-02-16\nnote | b | x | 2026-02-16",
    )
    found = as_of(facts, ON)
    assert rows(found.activities, "activity_id") == [("announced",), ("past",)]
    assert rows(found.content_events, "event_id") == [("e1",)]
    assert rows(found.responses, "response_id") == [("r1",)]
    assert rows(found.rates, "month") == [("2026-02-01",)]
    assert rows(found.texts, "key") == [("b",)]
    assert found.stage_events.count().execute() == 1


def test_definitions_hold_as_of_then() -> None:
    facts = facts_of(
        memberships="""
        person_id | team | role | valid_from | valid_to   | left_on
        lee       | a    | AE   |            | 2026-02-15 |
        lee       | b    | AE   | 2026-02-15 | 2026-07-01 | 2026-07-01
        lee       | c    | AE   | 2026-07-01 |            |
        """
    )
    assert rows(as_of(facts, ON).memberships, "team", "valid_to", "left_on") == [
        ("a", "2026-02-15", None),
        ("b", None, None),
    ]


def test_settings_hold_as_of_then() -> None:
    history = (
        Setting(date.min, "minimum_n", "5", date(2026, 2, 16)),
        Setting(date(2026, 2, 16), "minimum_n", "20", date.max),
    )
    facts = replace(facts_of(), settings=Settings(history=history).on(None))
    assert (facts.settings.minimum_n, as_of(facts, ON).settings.minimum_n) == (20, 5)


def test_a_lead_is_converted_once_its_deal_exists() -> None:
    facts = facts_of(
        deals="deal_id | created_on\nd1 | 2026-02-15\nd2 | 2026-02-16",
        leads="""
        lead_id | created_on | assigned_on | owner_id | converted_deal_id | outcome      | observed_on | first_seen_on
        l1      | 2026-01-01 | 2026-02-15  | lee      | d1                | converted    | 2026-11-23  | 2026-11-23
        l2      | 2026-01-01 | 2026-02-16  | lee      | d2                | converted    | 2026-11-23  | 2026-11-23
        l3      | 2026-01-01 | 2026-01-01  | lee      |                   | disqualified | 2026-02-15  | 2026-02-15
        l4      |            |             |          |                   | open         | 2026-11-23  | 2026-11-23
        """,
    )
    assert rows(as_of(facts, ON).leads, "lead_id", "owner_id", "converted_deal_id", "outcome") == [
        ("l1", "lee", "d1", "converted"),
        ("l2", None, None, None),
        ("l3", "lee", None, "disqualified"),
    ]


def contents(facts: Facts) -> dict[str, list[tuple[Any, ...]]]:
    """Give every table that has dates, without the numbers of imports."""
    names = ["deals", "stage_events", "deal_changes", "activities"]
    return {
        name: rows(facts.tables[name], *(c for c in facts.tables[name].columns if c not in {"import_no", "attributes"}))
        for name in names
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


@settings(max_examples=4, deadline=None, phases=[Phase.generate])
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
            roll, choice = generator.random(), generator.integers(6)
            was_closed = deal["outcome"] != "open"
            if roll > 0.25 or (was_closed and name in self.late):
                continue
            if was_closed:
                deal |= {"outcome": "open", "closed_on": None, "stage": "qualified", "lost_reason": None}
            elif choice == 0:
                deal["amount"] = int(generator.integers(1, 9))
            elif choice == 1:
                deal["owner_id"] = ["lee", "park", "choi"][generator.integers(3)]
            elif choice == 2:
                deal["stage"] = ["prospecting", "qualified", "proposal"][generator.integers(3)]
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
            "probability",
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


@settings(max_examples=4, deadline=None, phases=[Phase.generate])
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


@settings(max_examples=4, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_today_looks_like_the_current_state(seed: int) -> None:
    with TemporaryDirectory() as folder:
        lake = lake_in(Path(folder))
        World(seed, 1).live(lake)
        current = read(lake)
        today = as_of(current, ON + timedelta(days=30))
        columns = [
            c for c in current.deals.columns if not c.endswith("_seen_on") and c not in {"observed_on", "attributes"}
        ]
        assert rows(today.deals, *columns) == rows(current.deals, *columns)
