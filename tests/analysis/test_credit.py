"""Who gets the credit of a closed deal: owners by day, splits by day."""

from __future__ import annotations

import ibis
import pytest

from bokgi.analysis.credit import credited, owner_at_close
from tests.cast import rows_of

DEALS = """
    deal_id | owner_id | outcome | created_on | closed_on
    stayed  | lee      | won     | 2026-01-05 | 2026-03-01
    left    | park     | won     | 2026-01-05 | 2026-03-01
    taken   | park     | won     | 2026-01-05 | 2026-03-01
    twice   | choi     | won     | 2026-01-05 | 2026-03-01
    open    | park     | open    | 2026-01-05 |
    nobody  |          | lost    | 2026-01-05 | 2026-03-01
"""
CHANGES = """
    deal_id | field    | old  | new  | changed_on | seq
    left    | owner_id | jung | park | 2026-04-01 | 1
    taken   | owner_id | jung | park | 2026-02-01 | 1
    twice   | owner_id | jung | lee  | 2026-02-01 | 1
    twice   | owner_id | lee  | park | 2026-05-01 | 1
    twice   | owner_id | park | choi | 2026-06-01 | 1
    open    | owner_id | jung | park | 2026-04-01 | 1
    stayed  | amount   | 1    | 2    | 2026-04-01 | 1
"""
PEOPLE = """
    deal_id | person_id | share | valid_from | valid_to
    stayed  | park      | 0.4   | 2026-01-01 |
    left    | park      | 0.5   | 2026-03-15 |
    taken   | jung      | 0.75  |            | 2026-03-02
    taken   | choi      | 0.75  |            |
    nobody  | lee       | 0.5   |            |
"""


def table(name: str, text: str) -> ibis.Table:
    return ibis.memtable(rows_of(name, text))


@pytest.fixture
def owned() -> ibis.Table:
    """Give the deals with the owners of the day they closed."""
    return owner_at_close(table("deals", DEALS), table("deal_changes", CHANGES))


def test_a_closed_deal_is_its_owners_of_that_day(owned: ibis.Table) -> None:
    rows = {row["deal_id"]: row["owner_id"] for row in owned.to_pyarrow().to_pylist()}
    assert rows == {"stayed": "lee", "left": "jung", "taken": "park", "twice": "lee", "open": "park", "nobody": None}


def test_rows_and_columns_stay(owned: ibis.Table) -> None:
    assert owned.columns == table("deals", DEALS).columns
    assert owned.count().to_pyarrow().as_py() == 6


def test_shares_of_the_day_count_and_add_up_to_one(owned: ibis.Table) -> None:
    rows = credited(owned, table("deal_people", PEOPLE)).to_pyarrow().to_pylist()
    found = {(row["deal_id"], row["person_id"]): pytest.approx(row["share"]) for row in rows}
    assert found == {
        ("stayed", "lee"): 0.6,
        ("stayed", "park"): 0.4,
        ("left", "jung"): 1.0,
        ("taken", "jung"): 0.5,
        ("taken", "choi"): 0.5,
        ("twice", "lee"): 1.0,
        ("nobody", "lee"): 0.5,
    }
