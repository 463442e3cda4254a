"""What a deal held before its first recorded change: known where a history is complete, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bokgi.facts.as_of import as_of
from bokgi.facts.lake import Lake
from bokgi.facts.undo import undo
from tests.facts.lakes import imported, lake_in, moment, read, rows

ON = date(2026, 2, 15)
EXPORTED = "2026-03-31"
DEALS = """
    deal_id | created_on | amount | currency | owner_id | outcome | closed_on
    older   | 2025-12-01 | 30     | KRW      | lee      | open    |
    idle    | 2025-12-01 | 40     | KRW      | lee      | open    |
    young   | 2026-01-20 | 50     | KRW      | park     | open    |
    quiet   | 2026-01-20 | 60     | KRW      | park     | open    |
    gone    | 2025-11-01 | 70     | KRW      | park     | won     | 2025-12-20
    ended   | 2025-11-01 | 80     | KRW      | park     | lost    | 2026-02-20
"""
CHANGES = """
    deal_id | field  | changed_on | old | new | origin
    gone    | amount | 2026-01-10 | 69  | 70  | recorded
    older   | amount | 2026-02-20 | 10  | 20  | recorded
    older   | amount | 2026-03-01 | 20  | 30  | recorded
    young   | amount | 2026-02-16 | 45  | 50  | recorded
"""
COMPLETE = "source | field | complete\ncrm | amount | true"


def lake_with(folder: Path, *, deals: str = DEALS, changes: str = CHANGES, recorded: str = COMPLETE) -> Lake:
    lake = lake_in(folder)
    imported(lake, EXPORTED, deals=deals, deal_changes=changes, recorded_fields=recorded)
    return lake


def amounts(lake: Lake, on: date = ON) -> dict[str, Decimal | str | None]:
    """Give the amount of every deal on a day; `unknown` where it is not known then."""
    found = rows(as_of(read(lake), on).deals, "deal_id", "amount", "unknown_then")
    return {deal: "unknown" if ",amount," in unknown else amount for deal, amount, unknown in found}


def test_before_its_first_change_a_deal_held_the_old_value(tmp_path: Path) -> None:
    lake = lake_with(tmp_path)
    assert amounts(lake)["older"] == 10
    assert amounts(lake)["young"] == 45
    assert amounts(lake, date(2026, 2, 20))["older"] == 20
    assert amounts(lake, date(2026, 3, 1))["older"] == 30


def test_without_a_change_it_held_what_it_has(tmp_path: Path) -> None:
    assert {name: amounts(lake_with(tmp_path))[name] for name in ("idle", "quiet", "ended")} == {
        "idle": 40,
        "quiet": 60,
        "ended": 80,
    }


def test_before_the_oldest_entry_nobody_recorded_anything(tmp_path: Path) -> None:
    lake = lake_with(tmp_path)
    assert amounts(lake, date(2026, 1, 9)) == {
        "older": "unknown",
        "idle": "unknown",
        "gone": 70,
        "ended": "unknown",
    }
    assert amounts(lake, date(2026, 1, 10))["idle"] == 40


def test_a_history_that_is_not_declared_complete_tells_only_its_changes(tmp_path: Path) -> None:
    for number, recorded in enumerate(("", "source | field | complete\ncrm | amount | false")):
        lake = lake_with(tmp_path / str(number), recorded=recorded)
        assert set(amounts(lake).values()) == {"unknown", 70}
        assert amounts(lake, date(2026, 2, 20))["older"] == 20


def test_a_history_of_another_source_says_nothing_about_a_deal(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, recorded="source | field | complete\nother | amount | true")
    assert amounts(lake)["older"] == "unknown"


def test_entries_that_contradict_each_other_are_no_complete_history(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, changes=CHANGES.replace("2026-03-01 | 20 ", "2026-03-01 | 25 "))
    assert amounts(lake)["older"] == "unknown"
    assert amounts(lake)["young"] == 45


def test_a_value_that_no_entry_tells_shows_that_the_history_is_not_complete(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, deals=DEALS.replace("2026-01-20 | 50 ", "2026-01-20 | 55 "))
    assert amounts(lake)["young"] == "unknown"
    assert amounts(lake)["older"] == 10


def test_a_change_after_the_last_history_takes_nothing_away(tmp_path: Path) -> None:
    lake = lake_with(tmp_path)
    later = """
        deal_id | created_on | amount | currency | owner_id | outcome
        quiet   | 2026-01-20 | 99     | KRW      | park     | open
        young   | 2026-01-20 | 77     | KRW      | park     | open
        new     | 2026-04-05 | 5      | KRW      | park     | open
    """
    imported(lake, "2026-04-30", deals=later)
    assert amounts(lake)["quiet"] == 60
    assert amounts(lake)["young"] == 45
    assert amounts(lake, date(2026, 4, 29))["new"] == "unknown"


def test_a_history_that_arrives_after_its_deals_counts_from_then_on_and_undo_takes_it_back(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    imported(lake, EXPORTED, deals=DEALS)
    assert amounts(lake)["quiet"] == "unknown"
    number = imported(lake, EXPORTED, at="2026-04-01", deal_changes=CHANGES, recorded_fields=COMPLETE)
    assert [amounts(lake)[name] for name in ("quiet", "older")] == [60, 10]
    undo(lake, number, by="test", at=moment("2026-04-02"), replay=lambda *_: None)
    assert amounts(lake)["quiet"] == "unknown"


def test_a_first_value_is_no_change(tmp_path: Path) -> None:
    facts = read(lake_with(tmp_path))
    first = facts.deal_changes.filter(facts.deal_changes.seq == 0)
    assert rows(first, "deal_id", "changed_on", "old", "new") == [
        ("ended", "2026-01-10", None, "80"),
        ("idle", "2026-01-10", None, "40"),
        ("older", "2026-01-10", None, "10"),
        ("young", "2026-01-20", None, "45"),
    ]


class Recorded:
    """Deals whose every change a CRM writes down; the days up to ON are the same for every `future`."""

    FIRST = ON - timedelta(days=40)
    FIELDS = ("amount", "owner_id", "expected_close_on")

    def __init__(self, seed: int, future: int) -> None:
        past, later = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1, future])
        self.now: dict[str, dict[str, Any]] = {}
        self.days: list[dict[str, dict[str, Any]]] = []
        self.changes: list[Sequence[Any]] = []
        for day in range(81):
            on = self.FIRST + timedelta(days=day)
            self._pass(on, past if on <= ON else later)
            self.days.append({name: dict(deal) for name, deal in self.now.items()})

    def _pass(self, on: date, generator: np.random.Generator) -> None:
        if generator.random() < 0.3:
            values = [self._value(field, on, generator) for field in self.FIELDS]
            self.now[f"d{len(self.now)}"] = {"created_on": on, **dict(zip(self.FIELDS, values, strict=True))}
        for name, deal in self.now.items():
            roll, which = generator.random(), generator.integers(len(self.FIELDS))
            field = self.FIELDS[which]
            value = self._value(field, on, generator)
            if roll < 0.1 and deal["created_on"] < on and value != deal[field]:
                self.changes.append((name, field, on, deal[field], value, "recorded"))
                deal[field] = value

    def _value(self, field: str, on: date, generator: np.random.Generator) -> object:
        empty, number = generator.random() < 0.2, int(generator.integers(1, 60))
        values = {
            "amount": str(number),
            "owner_id": f"p{number % 3}",
            "expected_close_on": on + timedelta(days=number),
        }
        return None if empty else values[field]

    def put(self, lake: Lake) -> None:
        """Export everything on the last day."""
        columns = ("created_on", *self.FIELDS)
        deals = [(name, *(deal[column] for column in columns)) for name, deal in self.now.items()]
        imported(
            lake,
            (self.FIRST + timedelta(days=80)).isoformat(),
            deals=_table(("deal_id", *columns), deals),
            deal_changes=_table(("deal_id", "field", "changed_on", "old", "new", "origin"), self.changes),
            recorded_fields=_table(("source", "field", "complete"), [("crm", name, "true") for name in self.FIELDS]),
        )


def _table(header: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    cells = [["" if cell is None else str(cell) for cell in line] for line in lines]
    return "\n".join(" | ".join(line) for line in [list(header), *cells])


@settings(max_examples=2, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_every_day_looks_as_it_was(seed: int) -> None:
    world = Recorded(seed, 1)
    begins = {field: min((c[2] for c in world.changes if c[1] == field), default=None) for field in world.FIELDS}
    with TemporaryDirectory() as folder:
        lake = lake_in(Path(folder))
        world.put(lake)
        facts = read(lake)
        for day in range(0, 81, 16):
            on = world.FIRST + timedelta(days=day)
            then = rows(as_of(facts, on).deals, "deal_id", *world.FIELDS, "unknown_then")
            truth = world.days[day]
            assert {row[0] for row in then} == set(truth)
            for name, amount, owner, due, unknown in then:
                shown = {"amount": amount, "owner_id": owner, "expected_close_on": due}
                for field, start in begins.items():
                    covered = start is not None and on >= start
                    assert (f",{field}," not in unknown) == covered
                    if covered:
                        value = truth[name][field]
                        known = Decimal(value) if field == "amount" and value else value
                        assert (str(shown[field]) if field == "expected_close_on" else shown[field]) == (
                            str(known) if field == "expected_close_on" else known
                        )


@settings(max_examples=2, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
def test_another_future_changes_nothing_about_the_past(seed: int) -> None:
    found = []
    for future in (1, 2):
        with TemporaryDirectory() as folder:
            lake = lake_in(Path(folder))
            Recorded(seed, future).put(lake)
            facts = as_of(read(lake), ON)
            columns = ("deal_id", "created_on", *Recorded.FIELDS, "unknown_then", "known_at_creation")
            changes = ("deal_id", "field", "changed_on", "seq", "old", "new")
            found.append((rows(facts.deals, *columns), rows(facts.deal_changes, *changes)))
    assert found[0] == found[1]
