"""The fair result of a period: credit by day, with and without the largest deal, words, what cannot be told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from benchmarks.simulator import Organisation, simulate
from bokgi.facts.model import Facts
from bokgi.questions.compare import compare
from bokgi.questions.fair_result import _by_stage, fair_results
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world
from tests.cast import CAST, facts_of
from tests.questions.schemas import fits

AS_OF, START, END = date(2026, 11, 24), date(2026, 1, 1), date(2026, 7, 1)


def _deals() -> tuple[str, str]:
    rows = ["deal_id | owner_id | account_id | stage | outcome | amount | created_on | closed_on | source"]
    changes = ["deal_id | field | old | new | changed_on | seq"]
    for person, wins in (("lee", 8), ("park", 5)):
        for number in range(12):
            key, closed = f"{person}-{number}", START + timedelta(days=9 * number)
            outcome = "won" if number < wins else "lost"
            amount = 9_000 if key == "lee-0" else 1_000
            rows.append(f"{key} | {person} | a1 | {outcome} | {outcome} | {amount} | 2025-11-03 | {closed} | web")
    # Jung left in July; what Jung had won stands under Lee since.
    for number in range(4):
        rows.append(f"jung-{number} | lee | a1 | won | won | 2000 | 2025-11-03 | 2026-05-2{number} | web")
        changes.append(f"jung-{number} | owner_id | jung | lee | 2026-07-02 | 1")
    rows.append("before | lee | a1 | won | won | 5000 | 2025-11-03 | 2025-12-31 | web")
    rows.append("after | lee | a1 | won | won | 5000 | 2025-11-03 | 2026-07-01 | web")
    return "\n".join(rows), "\n".join(changes)


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give the cast with deals of half a year, one of them large, one shared, four of somebody who left."""
    deals, changes = _deals()
    shared = "deal_id | person_id | share | valid_from\nlee-1 | choi | 0.4 | 2026-01-01"
    return facts_of(None, **CAST | {"deals": deals, "deal_changes": changes, "deal_people": shared})


@pytest.fixture(scope="module")
def people(facts: Facts) -> dict[str, Any]:
    """Give the rows of the answer by person."""
    found = fits(fair_results(facts, as_of=AS_OF, start=START, end=END), "fair-result")
    return {row["person_id"]: row for row in found["people"]}


def test_deals_of_who_left_stay_with_who_closed_them(people: dict[str, Any]) -> None:
    assert (people["jung"]["win_rate"]["n"], people["jung"]["win_rate"]["raw"]) == (4, 1.0)
    assert (people["lee"]["win_rate"]["n"], people["lee"]["win_rate"]["raw"]) == (12, pytest.approx(8 / 12))
    assert people["jung"]["won"]["amount"]["amount"] == "8000"


def test_amounts_follow_the_shares_of_the_day(people: dict[str, Any]) -> None:
    assert people["lee"]["won"]["amount"]["amount"] == "15600"
    assert people["choi"]["won"] == {
        "deals": 1,
        "split": 1,
        "amount_unknown": 0,
        "amount": {"amount": "400", "currency": "KRW"},
        "largest": {"deal_id": "lee-1", "amount": {"amount": "400", "currency": "KRW"}},
        "without_largest": {"amount": "0", "currency": "KRW"},
        "largest_share": 1.0,
        "last_share": 0.0,
    }


def test_a_windfall_is_shown_with_and_without(people: dict[str, Any]) -> None:
    won = people["lee"]["won"]
    assert (won["largest"]["deal_id"], won["without_largest"]["amount"]) == ("lee-0", "6600")
    assert won["largest_share"] == pytest.approx(9000 / 15600)


def test_the_last_sixth_of_the_period_is_looked_at_by_itself(people: dict[str, Any]) -> None:
    assert people["jung"]["won"]["last_share"] == 0.0
    assert people["lee"]["won"]["last_share"] == 0.0


def test_the_period_includes_its_start_and_excludes_its_end(people: dict[str, Any]) -> None:
    assert people["lee"]["won"]["deals"] == 8


def test_who_is_new_and_who_has_nothing_is_said_so(people: dict[str, Any]) -> None:
    assert not people["lee"]["still_new"]
    assert people["kim"]["win_rate"] is None
    assert people["kim"]["said"][0]["message"].startswith("No deal ended in the period")
    assert "choi" in people
    later = {row["person_id"]: row for row in fair_results(
        facts_of(None, **CAST | {"deals": _deals()[0]}), as_of=AS_OF, start=date(2026, 7, 1), end=date(2026, 12, 31)
    )["people"]}  # fmt: skip
    assert later["choi"]["still_new"]


def test_the_same_question_gives_the_same_rate_everywhere(facts: Facts, people: dict[str, Any]) -> None:
    rows = {row["person_id"]: row for row in compare(facts, as_of=AS_OF, start=START, end=END)["people"]}
    for person, row in rows.items():
        told = people[person]["win_rate"]
        assert (told["n"], told["raw"]) == (row["n"], row["raw"])
        assert told["expected"] == pytest.approx(row["expected"], abs=1e-9)
        assert told["ratio"]["low"] <= told["ratio"]["estimate"] <= told["ratio"]["high"]


def test_equal_people_are_coloured_by_nobody_and_told_so_in_both_languages() -> None:
    world = facts_of_world(simulate(Organisation(seed=9, reps=8, deals=900).plain()))
    found = fits(
        fair_results(world, as_of=date(2025, 12, 31), start=date(2025, 1, 1), end=date(2026, 1, 1)), "fair-result"
    )
    rows = [row["win_rate"] for row in found["people"] if row["win_rate"]]
    assert {row["verdict"] for row in rows} == {"cannot_tell"}
    for lang, words in (("en", "cannot tell"), ("ko", "구분되지 않습니다")):
        told = spoken(found, lang)["people"]
        assert all(words in person["said"][0]["text"] for person in told if person["win_rate"])


def test_people_are_told_apart_at_a_stage_only_where_they_are_among_all_stages_looked_at() -> None:
    people = [{"person_id": "lee"}, {"person_id": "park"}]

    def at(*ps: float | None) -> list[bool]:
        found = [
            (f"s{place}", f"S{place}", {"people": people if p is not None else [], "heterogeneity": {"p": p}})
            for place, p in enumerate(ps)
        ]
        return [one.detectable for one in _by_stage(found)]

    assert at(0.009) == [True]
    assert at(0.009, 0.5) == [False, False]
    assert at(0.004, 0.5) == [True, False]
    # A stage at which nothing can be compared is no look at anything.
    assert at(0.009, None) == [True]
    assert at(None) == []


def test_the_ratio_is_near_one_for_an_average_person_and_covers_the_truth() -> None:
    world = simulate(Organisation(seed=4, reps=12, deals=2_400, person_sd=0.7))
    rows = compare(facts_of_world(world), as_of=date(2025, 12, 31))["people"]
    assert 0.8 < sum(row["ratio"]["estimate"] for row in rows) / len(rows) < 1.2
    by_result = sorted(rows, key=lambda row: row["adjusted"])
    assert by_result[0]["ratio"]["high"] < by_result[-1]["ratio"]["low"]
