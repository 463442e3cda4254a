"""Decompositions as a question: parts add up, schema, words, targets, people, refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ibis
import jsonschema
import pytest

from benchmarks.simulator import Organisation, simulate
from bokgi.domain.errors import NotFoundError, RefusalError, UsageError
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.facts.model import Facts
from bokgi.questions.decompose import decompose
from bokgi.ui.format import money
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world
from tests.cast import CAST, facts_of

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "decompose.schema.json").read_text(encoding="utf-8")
)
AS_OF = date(2025, 12, 31)
SECOND, THIRD = Period.parse("2025-Q2"), Period.parse("2025-Q3")


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give an organisation of two years."""
    return facts_of_world(simulate(Organisation(seed=4, reps=8, deals=1_500)))


def asked(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    found = decompose(facts, as_of=AS_OF, **options)
    jsonschema.validate(found, SCHEMA)
    json.dumps(found)
    if found["parts"]:
        total = sum(Decimal(part["amount"]["amount"]) for part in found["parts"])
        assert total == Decimal(found["whole"]["amount"])
    return found


def text(found: dict[str, Any], lang: str = "en") -> str:
    words = spoken(found, lang)
    return " ".join(part["text"] for name in ("said", "caveats", "would_change") for part in words[name])


def test_two_quarters_are_taken_apart(facts: Facts) -> None:
    found = asked(facts, period=THIRD)
    assert found["before"]["period"] == {"start": "2025-04-01", "end": "2025-07-01"}
    difference = Decimal(found["after"]["won"]["amount"]) - Decimal(found["before"]["won"]["amount"])
    assert Decimal(found["whole"]["amount"]) == difference
    assert "was won in Q3 2025 than in Q2 2025" in text(found)
    assert "2025년 3분기에는" in text(found, "ko")
    assert found["by"] == ["source", "segment"]
    swapped = asked(facts, period=SECOND, against=THIRD)
    assert [part["amount"]["amount"] for part in swapped["parts"]] == [
        str(-Decimal(part["amount"]["amount"])) for part in found["parts"]
    ]


def test_the_quarter_under_way_is_compared_with_as_many_days(facts: Facts) -> None:
    found = decompose(facts, as_of=date(2025, 11, 14))
    jsonschema.validate(found, SCHEMA)
    assert found["after"]["period"] == {"start": "2025-10-01", "end": "2025-11-15"}
    assert found["before"]["period"] == {"start": "2025-07-01", "end": "2025-08-15"}


def test_the_gap_to_the_target_starts_with_its_ambition(facts: Facts) -> None:
    found = asked(facts, period=THIRD, to_target=True, target=Decimal(10_000_000_000))
    assert found["parts"][0]["name"] == "ambition"
    assert Decimal(found["before"]["won"]["amount"]) == Decimal(10_000_000_000)
    assert "short of the target" in text(found)
    easy = asked(facts, period=THIRD, to_target=True, target=Decimal(1))
    assert "above the target" in text(easy)
    part = decompose(facts, as_of=date(2025, 8, 15), period=THIRD, to_target=True, target=Decimal(9_200_000))
    # Half of the days have passed, half of the target should be there.
    assert part["before"]["won"]["amount"] == "4600000"
    assert "by now" in text(part)
    won = Decimal(found["after"]["won"]["amount"])
    met = asked(facts, period=THIRD, to_target=True, target=won)
    assert text(met).startswith(f"{money(Money(won, 'KRW'), 'en')} is won in Q3 2025, just what the target asks for.")


def test_what_a_target_asks_for_is_no_matter_of_chance(facts: Facts) -> None:
    given = {"period": THIRD, "against": Period.parse("2025-Q2"), "to_target": True}
    found = asked(facts, **given, target=Decimal(10_000_000_000))
    measured = found["parts"][1:]
    assert found["parts"][0]["by_chance"] is None
    told = text(found)
    if all(part["by_chance"] for part in measured):
        assert "Of what changed since Q2 2025, no single part is more than chance explains." in told
    assert "No single part of it" not in told


def test_without_a_target_there_is_no_gap(facts: Facts) -> None:
    found = asked(facts, period=THIRD, to_target=True)
    assert (found["reason"], found["parts"], found["whole"]) == ("no_target", [], None)
    assert "no target for Q3 2025" in text(found)


def test_two_people_are_taken_apart_by_key_or_name() -> None:
    year = Period.parse("2025-01-01..2026-01-01")
    named = facts_with_names()
    with pytest.raises(NotFoundError, match="nobody called"):
        decompose(named, as_of=AS_OF, people=("kim", "nobody"), period=year)
    found = asked(named, people=("이준호", "park"), period=year)
    assert (found["person"]["person_id"], found["other"]["name"]) == ("lee", "박민서")
    assert found["parts"][-1]["name"] == "chance"
    assert "이준호" in text(found)
    none = asked(named, people=("lee", "choi"), period=year)
    assert none["reason"] == "person_without_deals"
    assert "최하나 owned no deal" in text(none)
    with pytest.raises(UsageError, match="takes two people"):
        decompose(named, as_of=AS_OF, people=("lee", "이준호"), period=year)


def test_people_who_stand_on_won_deals_only_are_not_taken_apart() -> None:
    year, named = Period.parse("2025-01-01..2026-01-01"), facts_with_names()
    owner = (named.deals.outcome == "lost").ifelse(ibis.null("string"), named.deals.owner_id)
    only_won = replace(named, deals=named.deals.mutate(owner_id=owner))
    found = asked(only_won, people=("lee", "park"), period=year)
    assert (found["reason"], found["parts"]) == ("only_won_cases", [])
    assert "Nobody stands on a lost deal" in text(found)
    assert asked(named, people=("lee", "park"), period=year)["reason"] is None


def test_two_people_without_amounts_are_not_told_to_have_won_as_much() -> None:
    year = Period.parse("2025-01-01..2026-01-01")
    none = asked(facts_with_names({}), people=("lee", "park"), period=year)
    assert (none["reason"], none["whole"], none["parts"]) == ("no_won_amounts", None, [])
    assert "Import the deals with their amounts." in text(none)
    assert "None of the 20 deals won in these periods has an amount." in text(none)
    one = asked(facts_with_names({"lee": "1000"}), people=("lee", "park"), period=year)
    assert one["reason"] is None
    assert "6 of 20 deals won in these periods have no amount" in text(one)


def test_wins_without_an_amount_are_counted_in_the_days_that_are_compared() -> None:
    rows = ["deal_id | owner_id | outcome | created_on | closed_on | amount"]
    days = ("2025-07-20", "2025-08-01", "2025-09-20", "2025-09-21", "2025-10-10", "2025-11-01")
    rows += [f"d{n} | lee | won | 2025-02-01 | {on} | {'' if n in {1, 2, 3} else 1000}" for n, on in enumerate(days)]
    found = decompose(facts_of(None, **CAST, deals="\n".join(rows)), as_of=date(2025, 11, 14))
    assert found["before"]["period"]["end"] == "2025-08-15"
    assert "1 of 4 deals won in these periods has no amount" in text(found)


def facts_with_names(amounts: Mapping[str, str] = MappingProxyType({"lee": "1000", "park": "1000"})) -> Facts:
    rows = ["deal_id | owner_id | outcome | created_on | closed_on | amount | currency | source"]
    for person, wins, losses in (("lee", 14, 6), ("park", 6, 14)):
        for n in range(wins + losses):
            outcome = "won" if n < wins else "lost"
            rows.append(
                f"{person}{n} | {person} | {outcome} | 2025-02-01 | 2025-06-0{n % 9 + 1} | "
                f"{amounts.get(person, '')} | KRW | {'ab'[n % 2]}"
            )
    return facts_of(None, **CAST, deals="\n".join(rows))


def test_columns_are_checked(facts: Facts) -> None:
    with pytest.raises(RefusalError, match="no condition mood"):
        decompose(facts, as_of=AS_OF, by=["mood"])
    with pytest.raises(UsageError, match="At most 3 columns"):
        decompose(facts, as_of=AS_OF, by=["source", "segment", "type", "industry"])
    assert asked(facts, by=["territory"], period=THIRD)["by"] == ["territory"]
    assert asked(facts, by=["product"], period=THIRD)["by"] == []


def test_one_team_alone(facts: Facts) -> None:
    whole, parts = asked(facts, period=THIRD), [asked(facts, period=THIRD, team=f"team{n}") for n in (1, 2, 3)]
    assert sum(part["after"]["n"] for part in parts) <= whole["after"]["n"]
    assert all(part["team"] for part in parts)


def test_no_deals_at_all_is_said() -> None:
    found = asked(facts_of(None, **CAST))
    assert found["reason"] == "no_deals"
    assert text(found) == "No deal could have closed in either period."
