"""Concentration as a question: schema, words in both languages, thin data, targets, teams."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.facts.model import Facts
from bokgi.questions.concentration import ask_concentration
from bokgi.ui.spoken import spoken
from tests.cast import CAST, facts_of

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "reference" / "concentration.schema.json").read_text(encoding="utf-8")
)
AS_OF = date(2025, 12, 31)
STAR = [("lee", 30), ("park", 6), ("choi", 6)]


def asked(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    found = ask_concentration(facts, as_of=AS_OF, **options)
    jsonschema.validate(found, SCHEMA)
    json.dumps(found)
    return found


def won(counts: list[tuple[str, int]], currency: str = "KRW") -> str:
    rows = ["deal_id | owner_id | outcome | created_on | closed_on | amount | currency"]
    for person, count in counts:
        rows += [
            f"{person}{n} | {person} | won | 2025-01-02 | 2025-{n % 12 + 1:02d}-05 | {1000 + n} | {currency}"
            for n in range(count)
        ]
    return "\n".join(rows)


def test_a_star_is_named_with_what_luck_alone_gives() -> None:
    found = asked(facts_of(None, **CAST, deals=won(STAR)))
    assert found["top_person"] == {"person_id": "lee", "name": "이준호"}
    assert found["top_share"] > found["top_share_luck_band"]["high"]
    assert found["luck_band"]["low"] < found["luck_band"]["high"] < found["gini"]
    english, korean = (spoken(found, lang) for lang in ("en", "ko"))
    assert english["said"][0]["text"].startswith("이준호 has 72% of what was won, more than luck explains")
    assert korean["said"][0]["text"].startswith("이준호가 수주의 72%를 차지해")
    assert found["resilience"]["reason"] == "no_target"
    assert found["method"] == "concentration"


def test_equal_people_hang_on_nobody_and_nobody_is_named() -> None:
    found = asked(facts_of(None, **CAST, deals=won([("lee", 12), ("park", 11), ("jung", 10)])))
    said = spoken(found, "en")["said"][0]["text"]
    assert said.startswith("Results hang on nobody more than luck explains")
    assert "이준호" not in said


def test_with_a_target_it_says_what_would_be_without_the_first() -> None:
    given = facts_of(None, **CAST, deals=won([("lee", 40), ("park", 20), ("choi", 20)]))
    found = asked(given, target=Decimal(15_000))
    assert found["resilience"]["target"] == {"amount": "15000", "currency": "KRW"}
    assert found["resilience"]["without_top"]["estimate"] < found["resilience"]["everybody"]["estimate"]
    assert "without 이준호" in spoken(found, "en")["said"][1]["text"]


def test_a_chance_that_all_drawn_worlds_agree_on_is_neither_nothing_nor_certain() -> None:
    given = facts_of(None, **CAST, deals=won([("lee", 40), ("park", 20), ("choi", 20)]))
    never, sure = (asked(given, target=target) for target in (Decimal(10**9), Decimal(1_500)))
    assert never["resilience"]["everybody"]["high"] == 0.0
    told = {lang: spoken(never, lang)["said"][1]["text"] for lang in ("en", "ko")}
    assert "in a quarter is less than 1%; without 이준호 it is less than 1%." in told["en"]
    assert "확률은 1% 미만이고, 이준호 없이는 1% 미만입니다" in told["ko"]
    assert "in a quarter is more than 99%;" in spoken(sure, "en")["said"][1]["text"]


def test_recorded_targets_of_teams_are_added_up() -> None:
    targets = """
        subject_kind | subject_id | metric     | period_start | period_end | amount | currency
        team         | 1팀        | won_amount | 2025-10-01   | 2026-01-01 | 9000   | KRW
        team         | 2팀        | won_amount | 2025-10-01   | 2026-01-01 | 1000   | KRW
    """
    found = asked(facts_of(None, **CAST, deals=won([("lee", 40), ("park", 20)]), targets=targets))
    assert found["resilience"]["target"]["amount"] == "10000"
    assert found["resilience"]["period"] == {"start": "2025-10-01", "end": "2026-01-01"}
    alone = asked(facts_of(None, **CAST, deals=won([("lee", 40), ("park", 20)]), targets=targets), team="1팀")
    assert alone["resilience"]["target"]["amount"] == "9000"


def test_managers_who_own_no_deals_are_no_equals() -> None:
    found = asked(facts_of(None, **CAST, deals=won([("lee", 12), ("park", 11), ("choi", 5)])))
    # Lee, Park, Jung and Choi sell; Kim manages.
    assert found["people"] == 4


@pytest.mark.parametrize(
    ("counts", "reason"),
    [([], "too_few_people"), ([("lee", 9)], "too_few_people"), ([("lee", 2), ("park", 1)], "too_few_wins")],
)
def test_thin_data_are_said_to_be_thin(counts: list[tuple[str, int]], reason: str) -> None:
    found = asked(facts_of(None, **CAST, **({"deals": won(counts)} if counts else {})))
    assert found["reason"] == reason
    assert found["top_share"] is found["luck_band"] is found["rate_gini"] is None
    assert ("too few to say" if counts else "No deal was won") in spoken(found, "en")["said"][0]["text"]
    assert "needed" in spoken(found, "en")["would_change"][0]["text"]


def test_deals_without_a_rate_stay_out_and_are_counted() -> None:
    found = asked(facts_of(None, **CAST, deals=won(STAR, currency="USD")))
    assert (found["n"], found["left_out"]) == (0, 42)
    assert "42 deals in USD have no exchange rate" in " ".join(m["text"] for m in spoken(found, "en")["caveats"])
    assert "left out" not in " ".join(m["text"] for m in spoken(found, "en")["caveats"])
    assert spoken(found, "en")["would_change"][0]["text"].startswith("Set the exchange rates; by number")
    assert asked(facts_of(None, **CAST, deals=won(STAR, currency="USD")), measure="count")["n"] == 42


def test_without_amounts_it_is_said_that_numbers_can_be_asked_for() -> None:
    bare = facts_of(None, **CAST, deals="\n".join(line.rsplit("|", 2)[0] for line in won(STAR).splitlines()))
    found = asked(bare)
    assert (found["n"], found["left_out"], found["caveats"]) == (0, 42, [])
    assert "--measure count" in spoken(found, "en")["would_change"][0]["text"]
    assert asked(bare, measure="count")["n"] == 42


def test_what_cannot_be_asked_is_said() -> None:
    facts = facts_of(None, **CAST, deals=won(STAR))
    with pytest.raises(UsageError, match="--measure"):
        ask_concentration(facts, as_of=AS_OF, measure="mood")
    with pytest.raises(NotFoundError, match="no team"):
        ask_concentration(facts, as_of=AS_OF, team="9팀")
