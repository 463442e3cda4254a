"""A flag is shown when it was there a week before, too, or when it is clear at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from benchmarks.simulator import Organisation, simulate
from bokgi.analysis.bottleneck import Bottlenecks, GainInDeals, Unit
from bokgi.apps.reviews.pack import bottleneck
from bokgi.apps.reviews.pack.scope import scope
from bokgi.domain.period import Period
from bokgi.domain.sentences import decoded
from bokgi.questions.bottlenecks import more_deals
from bokgi.ui.format import show
from tests.analysis.worlds import facts_of_world

WEEK = Period.week("2025-W50")
AS_OF = WEEK.last


def unit(*, q: float, flagged: bool) -> Unit:
    return Unit(
        "default", "proposal", 3, "stage", "proposal", 90, 0.5, 0.7, 90, -3.0, q, flagged, None, None, None, (), None
    )


def searched(
    monkeypatch: pytest.MonkeyPatch, *, now: Sequence[Unit], week_before: Sequence[Unit]
) -> tuple[bottleneck.Search, list[date]]:
    """Search with an analysis that finds what the test says, and note the days it was asked for."""
    days: list[date] = []

    def found(*_tables: object, as_of: date, **_options: Any) -> Bottlenecks:  # noqa: ANN401 - as the analysis
        days.append(as_of)
        units = tuple(now if as_of == AS_OF else week_before)
        return Bottlenecks(units, 0.001, passed=True, start=as_of, end=as_of, level=0.9)

    monkeypatch.setattr(bottleneck, "bottlenecks", found)
    facts = facts_of_world(simulate(Organisation(seed=1, reps=4, deals=120)))
    with scope(facts, period=WEEK, as_of=AS_OF, team=None) as here:
        return bottleneck.search(here, bottleneck.ask(here)), days


def test_a_flag_that_is_clear_needs_no_second_week(monkeypatch: pytest.MonkeyPatch) -> None:
    clear = unit(q=0.005, flagged=True)
    found, days = searched(monkeypatch, now=[clear], week_before=[])
    assert (found.shown, found.first_time) == ((clear,), ())
    assert days == [AS_OF]


def test_a_flag_that_held_last_week_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    again = unit(q=0.05, flagged=True)
    found, days = searched(monkeypatch, now=[again], week_before=[unit(q=0.08, flagged=True)])
    assert found.shown == (again,)
    assert days == [AS_OF, date(2025, 12, 7)]


@pytest.mark.parametrize("before", [[], [unit(q=0.3, flagged=False)]])
def test_a_flag_of_one_week_waits(monkeypatch: pytest.MonkeyPatch, before: list[Unit]) -> None:
    new = unit(q=0.05, flagged=True)
    found, __ = searched(monkeypatch, now=[new], week_before=before)
    assert (found.shown, found.first_time) == ((), (new,))
    stages = [{"stage": "proposal", "label": "Proposal"}]
    said = [message.text("en") for message in bottleneck.said(found, [], [], stages)]
    assert said == ["Proposal stands out for the first time; it counts as a bottleneck if it does so next week, too."]


def test_without_amounts_a_flag_is_told_in_deals(monkeypatch: pytest.MonkeyPatch) -> None:
    gain = GainInDeals(1.24, 0.31, 2.4, 0.98, 30.0, 0.041)
    clear = replace(unit(q=0.005, flagged=True), gain_in_deals=gain)
    found, _days = searched(monkeypatch, now=[clear], week_before=[])
    facts = facts_of_world(simulate(Organisation(seed=1, reps=4, deals=120)))
    with scope(facts, period=WEEK, as_of=AS_OF, team=None) as here:
        stages = [{"pipeline": "default", "stage": "proposal", "label": "Proposal", "key": "proposal"}]
        told = bottleneck.found_json(found, stages, here)[0]
    assert told["gain"] is None
    assert told["gain_in_deals"] == {"n": 1.24, "low": 0.31, "high": 2.4, "level": 0.9}
    sentence = decoded(told["evidence"][0])
    assert sentence.text("en", show) == "At that level, 1.2 deals more a month would be won (90% interval 0.3–2.4)."
    assert sentence.text("ko", show) == "그 수준이면 한 달에 1.2건을 더 수주할 수 있습니다(90% 구간 0.3~2.4건)."


def test_a_gain_of_few_deals_is_more_than_none() -> None:
    said = more_deals(GainInDeals(0.034, 0.0042, 0.081, 0.98, 0.8, 0.041), 0.9)
    assert said.text("en", show) == "At that level, 0.03 deals more a month would be won (90% interval 0.004–0.08)."
    assert said.text("ko", show) == "그 수준이면 한 달에 0.03건을 더 수주할 수 있습니다(90% 구간 0.004~0.08건)."


def test_what_was_looked_at_is_said_where_nothing_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    units = [unit(q=0.4, flagged=False), replace(unit(q=0.4, flagged=False), by="team:past", unit="1팀")]
    few = replace(units[0], by="owner_id", unit="p1", n=3, z=None, q_value=None, reason="too_few_cases")
    units.append(few)
    found, _days = searched(monkeypatch, now=units, week_before=[])
    told = bottleneck.said(found, [], [], [])[0]
    text = "No stage differs from what could be expected by more than chance (looked at: all deals together, team)."
    assert told.text("en") == text
    left = [{"moved": 40, "ended": 0}, {"moved": 0, "ended": 0}]
    told = bottleneck.said(replace(found, units=()), [], [], left)[0]
    assert told.text("en") == "Every deal that left a stage moved on. Import the deals that were lost, too."
    left[1]["ended"] = 1
    assert bottleneck.said(replace(found, units=()), [], [], left)[0].text("en").startswith("There are too few")
    moved = replace(few, n=40, conversion=1.0, reason="none_stopped")
    told = bottleneck.said(replace(found, units=(moved,)), [], [], [])[0]
    assert told.text("ko") == "단계를 떠난 기회가 모두 다음으로 갔습니다. 실주한 기회도 함께 가져오세요."


def test_a_stage_below_whose_cost_is_not_sure_or_small_is_no_stage_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for reason, cost in (
        ("gain_not_sure", "whether that costs anything is not sure"),
        ("gain_too_small", "that costs too little to call it a bottleneck"),
    ):
        now = [replace(unit(q=0.02, flagged=False), reason=reason)]
        found, _days = searched(monkeypatch, now=now, week_before=[])
        told = [message.text("en") for message in bottleneck.said(found, [], [], [])]
        assert told == [f"Deals stop more than could be expected, but {cost}."]
