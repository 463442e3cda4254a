"""One person's year, and search by a part of a name."""

from __future__ import annotations

import pytest

from bokgi.facts.model import Facts
from bokgi.questions.person import ask_won_by_month, tell_person
from bokgi.questions.search import search
from bokgi.ui.spoken import spoken
from tests.cast import facts_of
from tests.questions.schemas import fits
from tests.questions.test_deals import AS_OF, TABLES


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give the cast with five deals."""
    return facts_of(None, **TABLES)


def test_a_year_has_twelve_months_and_its_deals_in_them(facts: Facts) -> None:
    found = fits(tell_person(facts, as_of=AS_OF, person_id="lee"), "person")
    assert (found["name"], found["team"], found["since"]) == ("이준호", "1팀", "2021-01-04")
    assert [row["month"] for row in found["months"]][::11] == ["2025-12-01", "2026-11-01"]
    november = found["months"][-1]
    assert (november["won"], november["won_amount"]) == (1, {"amount": "700", "currency": "KRW"})
    assert found["months"][-2]["activities"] == {"meeting": 1}
    assert [deal["deal_id"] for deal in found["open"]["deals"]] == ["d1", "d5"]


def test_what_everybody_won_by_month_is_what_their_own_years_say(facts: Facts) -> None:
    found = ask_won_by_month(facts, as_of=AS_OF)
    won = {row["person_id"]: row["won"] for row in found["people"]}
    assert sum(map(sum, won.values())) > 0
    for person_id in ("lee", "park", "choi"):
        months = tell_person(facts, as_of=AS_OF, person_id=person_id)["months"]
        assert found["months"] == [row["month"] for row in months]
        assert won.get(person_id, [0] * 12) == [row["won"] for row in months]


def test_too_few_closed_deals_have_no_win_rate_and_say_so(facts: Facts) -> None:
    found = tell_person(facts, as_of=AS_OF, person_id="lee")
    assert (found["year"]["n"], found["year"]["win_rate"], found["year"]["reason"]) == (1, None, "too_few")
    assert "too few" in spoken(found, "en")["said"][0]["text"]


def test_enough_closed_deals_have_a_rate_with_its_interval() -> None:
    rows = [f"w{i} | lee | won | 10 | 2026-05-01 | 2026-06-{i + 1:02d}" for i in range(6)]
    rows += [f"l{i} | lee | lost | 10 | 2026-05-01 | 2026-07-{i + 1:02d}" for i in range(6)]
    deals = "deal_id | owner_id | outcome | amount | created_on | closed_on\n" + "\n".join(rows)
    found = fits(tell_person(facts_of(None, **TABLES | {"deals": deals}), as_of=AS_OF, person_id="lee"), "person")
    rate = found["year"]["win_rate"]
    assert (rate["estimate"], rate["n"]) == (0.5, 12)
    assert rate["low"] < 0.5 < rate["high"]
    assert found["year_before"]["reason"] == "too_few"
    assert "Renewals" not in str(found["caveats"])
    renewed = deals.replace("closed_on\n", "closed_on | type\n").replace("2026-06-01", "2026-06-01 | renewal")
    counted = tell_person(facts_of(None, **TABLES | {"deals": renewed}), as_of=AS_OF, person_id="lee")
    assert counted["year"]["n"] == 12
    assert "Renewals and expansions count here, too" in str(counted["caveats"])


def test_a_deal_counts_for_who_owned_it_when_it_began_and_when_it_ended() -> None:
    tables = TABLES | {
        "deals": """
            deal_id | owner_id | outcome | amount | created_on | closed_on
            after   | park     | won     | 10     | 2026-05-01 | 2026-06-10
            before  | park     | won     | 20     | 2026-05-01 | 2026-06-10
        """,
        "deal_changes": """
            deal_id | field    | seq | old | new  | changed_on
            after   | owner_id | 1   | lee | park | 2026-07-01
            before  | owner_id | 1   | lee | park | 2026-05-20
        """,
    }
    lee, park = (tell_person(facts_of(None, **tables), as_of=AS_OF, person_id=who) for who in ("lee", "park"))
    counts = [
        {row["month"]: (row["created"], row["won"], row["won_amount"]["amount"]) for row in found["months"]}
        for found in (lee, park)
    ]
    assert [found["2026-05-01"] for found in counts] == [(2, 0, "0"), (0, 0, "0")]
    assert [found["2026-06-01"] for found in counts] == [(0, 1, "10"), (0, 1, "20")]
    assert [found["year"]["n"] for found in (lee, park)] == [1, 1]


def test_somebody_without_deals_has_an_empty_year(facts: Facts) -> None:
    found = fits(tell_person(facts, as_of=AS_OF, person_id="choi"), "person")
    assert {row["created"] + row["won"] for row in found["months"]} == {0}
    assert found["open"]["deals"] == []


@pytest.mark.parametrize(
    ("words", "deals", "accounts", "people"),
    [
        ("ㅎㅂ", ["d3", "d1"], ["a1"], []),
        ("서울", ["d5", "d2"], ["a2"], []),
        ("이준", [], [], ["lee"]),
        ("ㅂㅁㅅ", [], [], ["park"]),
        ("d4", ["d4"], [], []),
        ("  ", [], [], []),
        ("(", [], [], []),
    ],
)
def test_a_part_of_a_name_finds(
    facts: Facts, words: str, deals: list[str], accounts: list[str], people: list[str]
) -> None:
    found = fits(search(facts, words=words), "search")
    assert [row["deal_id"] for row in found["deals"]] == deals
    assert [row["account_id"] for row in found["accounts"]] == accounts
    assert [row["person_id"] for row in found["people"]] == people


def test_who_may_see_own_deals_only_finds_no_others(facts: Facts) -> None:
    found = search(facts, words="서울", owners=("park",))
    assert (found["deals"], found["accounts"]) == ([], [])
