"""By which columns of the source deals can be split."""

from __future__ import annotations

from datetime import date

from bokgi.questions.attributes import MOST_LEVELS, ask_attributes
from tests.cast import CAST, facts_of

AS_OF = date(2026, 11, 22)


def answer(*attributes: str) -> list[tuple[str, int]]:
    head = "deal_id | owner_id | stage | outcome | created_on | known_at_creation | attributes"
    rows = [
        f"d{place} | lee | proposal | open | 2026-09-01 | ,attributes, | {given}"
        for place, given in enumerate(attributes)
    ]
    found = ask_attributes(facts_of(None, **CAST | {"deals": "\n".join([head, *rows])}), as_of=AS_OF)
    return [(one["name"], one["levels"]) for one in found["attributes"]]


def test_what_has_a_few_levels_can_split_deals() -> None:
    assert answer("등급=A;국가=KR;메모=1", "등급=B;국가=KR;메모=2", "등급=A") == [("등급", 2), ("메모", 2)]


def test_what_nearly_every_deal_has_for_itself_cannot() -> None:
    rows = [f"메모={number};등급={number % MOST_LEVELS}" for number in range(MOST_LEVELS + 1)]
    assert answer(*rows) == [("등급", MOST_LEVELS)]


def test_deals_without_further_columns_have_none() -> None:
    assert answer("", "") == []
