"""Trends end where the KPI stands, count each deal in its window, and say nothing of before the records begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import ibis
import pytest

from bokgi.domain.errors import NotFoundError
from bokgi.facts.model import Facts
from bokgi.questions.kpis import ask_kpis
from bokgi.questions.trends import ask_trends
from tests.cast import CAST, facts_of
from tests.questions.schemas import fits

AS_OF = date(2026, 11, 24)
BEGAN = AS_OF - timedelta(days=91 * 5 - 1)


def deals() -> Iterator[str]:
    """Write one deal every three days since records began, closed after 30 days; every third of lee is won."""
    yield "deal_id | owner_id | outcome | amount | type | created_on | closed_on"
    for number in range((AS_OF - BEGAN).days // 3 + 1):
        created = BEGAN + timedelta(days=3 * number)
        closed = created + timedelta(days=30 + number % 7)
        ended = closed <= AS_OF
        outcome = "open" if not ended else "won" if number % 3 == 0 else "lost"
        owner = "lee" if number % 2 else "park"
        yield f"d{number} | {owner} | {outcome} | 10 | new | {created} | {closed if ended else ''}"
    yield f"renewed | lee | won | 10 | renewal | {AS_OF - timedelta(days=40)} | {AS_OF - timedelta(days=3)}"


@pytest.fixture(scope="module")
def facts() -> Facts:
    calls = [f"a{back} | call | {AS_OF - timedelta(days=back)} | false" for back in range(100)]
    return facts_of(
        None,
        **CAST,
        deals="\n".join(deals()),
        activities="\n".join(["activity_id | kind | happened_on | automatic", *calls]),
        activity_people="activity_id | person_id\n" + "\n".join(f"a{back} | lee" for back in range(0, 100, 2)),
    )


def points(answer: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(one["points"] for one in answer["series"] if one["key"] == key)
    return found


@pytest.mark.parametrize("person", [None, "lee"])
def test_the_last_point_is_what_the_kpi_stands_at(facts: Facts, person: str | None) -> None:
    answer = fits(ask_trends(facts, as_of=AS_OF, person_id=person), "trends")
    standing = {row["key"]: row for row in ask_kpis(facts, as_of=AS_OF, person=person)["kpis"]}
    for key in ("win-rate", "sales-cycle", "activity"):
        last = points(answer, key)[-1]
        assert last == {name: standing[key][name] for name in ("value", "low", "high", "n", "reason")}
        assert person or last["value"] is not None


def test_each_window_counts_what_closed_in_it(facts: Facts) -> None:
    answer = ask_trends(facts, as_of=AS_OF)
    rows = [line.split(" | ") for line in list(deals())[1:]]
    for window, point in zip(answer["windows"], points(answer, "win-rate"), strict=True):
        inside = [row for row in rows if row[6] and window["start"] <= row[6] < window["end"] and row[4] == "new"]
        assert point["n"] == len(inside)
        if point["value"] is not None:
            assert point["value"] == pytest.approx(sum(row[2] == "won" for row in inside) / len(inside))
            assert point["low"] < point["value"] < point["high"]


def test_nothing_is_said_of_windows_that_records_do_not_reach(facts: Facts) -> None:
    answer = ask_trends(facts, as_of=AS_OF)
    reasons = [point["reason"] for point in points(answer, "win-rate")]
    assert reasons == ["unknown"] * 4 + [None] * 4
    assert [point["reason"] for point in points(answer, "cohort-close-rate")][:3] == ["unknown"] * 3
    assert [point["value"] is None for point in points(answer, "activity")] == [True] * 7 + [False]
    undated = facts.deals.mutate(closed_on=ibis.null("date"))
    silent = replace(facts, activities=facts.activities.limit(0), deals=undated)
    answer = ask_trends(silent, as_of=AS_OF)
    assert {point["reason"] for point in points(answer, "activity")} == {"unknown"}
    standing = {kpi["key"]: kpi for kpi in ask_kpis(silent, as_of=AS_OF)["kpis"]}
    untouched = standing["untouched"]
    assert (untouched["value"], untouched["reason"], untouched["n"] > 0) == (None, "unknown", True)
    # Of many deals created it is not said that they are too few: too few are known to have ended.
    cohort = points(answer, "cohort-close-rate")[-1]
    assert (cohort["reason"], cohort["n"] > 10, standing["cohort-close-rate"]["reason"]) == (
        "few_ended",
        True,
        "few_ended",
    )


def test_a_person_has_the_deals_and_activities_of_the_own(facts: Facts) -> None:
    answer = fits(ask_trends(facts, as_of=AS_OF, person_id="lee"), "trends")
    whole = ask_trends(facts, as_of=AS_OF)
    own, others = (
        [point["n"] for point in points(ask_trends(facts, as_of=AS_OF, person_id=who), "win-rate")]
        for who in ("lee", "park")
    )
    both = [one + other for one, other in zip(own, others, strict=True)]
    assert both == [point["n"] for point in points(whole, "win-rate")]
    assert points(answer, "activity")[-1]["n"] == 46
    assert [one["key"] for one in answer["series"]] == ["win-rate", "created", "sales-cycle", "activity"]
    # What everybody's rows are kept as does not depend on a team.
    assert ask_trends(facts, as_of=AS_OF, team="1팀", person_id="lee")["series"] == answer["series"]


def test_an_unknown_team_is_not_found(facts: Facts) -> None:
    with pytest.raises(NotFoundError, match="team"):
        ask_trends(facts, as_of=AS_OF, team="nobody's")
