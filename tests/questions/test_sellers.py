"""Whose sums the sums of teams and pipelines are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.sellers import ask_sellers
from tests.cast import CAST

TODAY = date(2026, 11, 24)
MEMBERS = """
    person_id | team | role | manager_id | share | valid_from | valid_to
    lee       | 1팀  | AE   | kim        | 1     | 2024-01-01 |
    park      | 1팀  | AE   | kim        | 1     | 2024-01-01 | 2026-11-01
    park      | 2팀  | AE   | jung       | 1     | 2026-11-01 |
"""
DEALS = """
    deal_id | owner_id | pipeline | stage    | outcome | created_on | closed_on
    a       | lee      | default  | proposal | open    | 2026-03-01 |
    b       | park     | default  | proposal | open    | 2026-03-01 |
    c       | lee      | renewal  | won      | won     | 2026-03-01 | 2026-06-01
    d       |          | renewal  | proposal | open    | 2026-03-01 |
    e       | choi     | default  | proposal | open    | 2026-11-20 |
"""
CHANGES = """
    deal_id | field    | old  | new  | changed_on
    e       | owner_id |      | park | 2026-11-20
    e       | owner_id | park | choi | 2026-11-22
"""


def whose(rows: list[dict[str, Any]]) -> set[tuple[str, str | None, str]]:
    return {(row["pipeline"], row["team"], person) for row in rows for person in row["people"]}


def test_who_has_deals_now_ever_on_a_day_and_in_a_period(facts_of: Callable[..., Facts]) -> None:
    tables = CAST | {"memberships": MEMBERS, "deals": DEALS, "deal_changes": CHANGES}
    also = (date(2026, 10, 1), date(2026, 11, 21), Period(date(2026, 6, 1), date(2026, 7, 1)))
    found = ask_sellers(facts_of(**tables), as_of=TODAY, also=also)
    assert found["pipelines"] == ["default", "renewal"]
    assert [*map(tuple, found["managers"])] == [("lee", "kim"), ("park", "jung"), ("park", "kim")]
    assert found["ever"] == {"default": ["choi", "lee", "park"], "renewal": ["lee"]}
    now, before, later, june = map(whose, found["moments"])
    assert now == {("default", "1팀", "lee"), ("default", "2팀", "park"), ("default", None, "choi")}
    # Before the transfer both were of the first team; who owned their deals then is not known, and counts as now.
    assert before == {("default", "1팀", "lee"), ("default", "1팀", "park")}
    # The new deal was park's on that day.
    assert later == {("default", "1팀", "lee"), ("default", "2팀", "park")}
    assert june == {("default", "1팀", "lee"), ("default", "2팀", "park"), ("renewal", "1팀", "lee")}
