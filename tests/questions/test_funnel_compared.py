"""Two periods of the funnel: the figures are the funnel's own, chance is not taken for change, a change is found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from benchmarks.simulator import Organisation, simulate
from bokgi.analysis.proportions import difference
from bokgi.domain.errors import NotFoundError, UsageError
from bokgi.domain.measures import Between, Days
from bokgi.domain.messages import Message
from bokgi.facts.model import Facts
from bokgi.questions.funnel import ask_funnel
from bokgi.questions.funnel_compared import MODES, _ends, compare_funnel
from bokgi.ui.spoken import spoken
from tests.analysis.worlds import facts_of_world
from tests.cast import CAST, facts_of
from tests.questions.schemas import fits

AS_OF = date(2025, 12, 31)
NOW = {"start": date(2025, 5, 1), "end": date(2025, 8, 1)}
BEFORE = {"past_start": date(2025, 1, 1), "past_end": date(2025, 4, 1)}


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give a small organisation in which nothing changes from period to period."""
    return facts_of_world(simulate(Organisation(seed=4, reps=6, deals=800)))


def compared(facts: Facts, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of several kinds
    return fits(compare_funnel(facts, **({"as_of": AS_OF} | NOW | BEFORE | options)), "funnel-compared")


@pytest.mark.parametrize("mode", MODES)
def test_both_sides_are_the_funnels_own_figures(facts: Facts, mode: str) -> None:
    found = compared(facts, mode=mode)
    funnels = [
        {stage["stage"]: stage for stage in ask_funnel(facts, as_of=AS_OF, mode=mode, start=start, end=end)["stages"]}
        for start, end in ((NOW["start"], NOW["end"]), (BEFORE["past_start"], BEFORE["past_end"]))
    ]
    told = 0
    for stage in found["stages"]:
        alone = [funnel[stage["stage"]] for funnel in funnels]
        for one, whole in zip((stage["time"]["now"], stage["time"]["before"]), alone, strict=True):
            assert (one and one["median"]) == (whole["time"] and whole["time"]["median"])
        shares = [
            (one["estimate"], whole["conversion"]["estimate"])
            for one, whole in zip((stage["conversion"]["now"], stage["conversion"]["before"]), alone, strict=True)
            if one is not None and whole["conversion"] is not None
        ]
        # Read on the day that both have seen: one side is its own last day, the other may have gone on.
        assert all(here <= there + 1e-12 for here, there in shares)
        assert len(shares) < len(alone) or any(here == pytest.approx(there) for here, there in shares)
        gap = stage["conversion"]["difference"]
        if gap is not None and gap["low"] is not None and gap["high"] is not None:
            now, before = stage["conversion"]["now"], stage["conversion"]["before"]
            ends = ((one["low"], one["high"]) for one in (now, before))
            one_ends, other_ends = ends
            expected = difference(now["estimate"], one_ends, before["estimate"], other_ends)
            assert (gap["low"], gap["high"]) == pytest.approx(expected)
            told += 1
    assert told
    assert found["comparisons"] >= told


def test_where_nothing_changed_nothing_is_told(facts: Facts) -> None:
    found = compared(facts)
    gaps = [stage[name]["difference"] for stage in found["stages"] for name in ("conversion", "time")]
    verdicts = [gap["verdict"] for gap in gaps if gap is not None]
    assert verdicts
    assert set(verdicts) == {"cannot_tell"}


def test_the_periods_turned_around_turn_the_difference(facts: Facts) -> None:
    there = compared(facts)
    back = compared(
        facts, start=BEFORE["past_start"], end=BEFORE["past_end"], past_start=NOW["start"], past_end=NOW["end"]
    )
    for one, other in zip(there["stages"], back["stages"], strict=True):
        gap, turned = one["conversion"]["difference"], other["conversion"]["difference"]
        if gap is not None:
            assert gap["estimate"] == pytest.approx(-turned["estimate"])
            assert gap["low"] is None or gap["low"] == pytest.approx(-turned["high"])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"mode": "snapshot"}, "mode_not_compared"),
        ({"past_end": date(2025, 5, 2)}, "periods_overlap"),
        ({"start": AS_OF + timedelta(days=1), "end": AS_OF + timedelta(days=9)}, "period_not_begun"),
        ({"past_end": date(2024, 1, 1)}, "period_reversed"),
    ],
)
def test_what_cannot_be_compared_is_refused(facts: Facts, options: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as refused:
        compared(facts, **options)
    assert refused.value.code == code


def course(name: str, begun: date, moved: bool, days: int) -> tuple[str, str]:  # noqa: FBT001 - one of two fates
    """Write a deal that moved on to the next stage, or was lost, after some days: its row and its events."""
    went = begun + timedelta(days=days)
    if moved:
        deal = f"{name} | lee | qualified | {begun} | open | {begun} |"
        return deal, f"{name} | prospecting | {begun}\n{name} | qualified | {went}"
    return f"{name} | lee | prospecting | {begun} | lost | {begun} | {went}", f"{name} | prospecting | {begun}"


def test_a_change_is_found_and_named() -> None:
    told = [
        *(course(f"a{place}", date(2025, 1, 6), place % 6 != 0, 5 + place % 3) for place in range(60)),
        *(course(f"b{place}", date(2025, 5, 5), place % 4 == 0, 25 + place % 3) for place in range(60)),
    ]
    deals = "deal_id | owner_id | stage | created_on | outcome | observed_on | closed_on\n"
    events = "deal_id | stage | entered_on\n"
    facts = facts_of(
        None,
        **CAST,
        deals=deals + "\n".join(deal for deal, _moves in told),
        stage_events=events + "\n".join(moves for _deal, moves in told),
    )
    found = compared(facts)
    first = found["stages"][0]
    assert first["stage"] == "prospecting"
    assert first["conversion"]["now"]["estimate"] == pytest.approx(15 / 60)
    assert first["conversion"]["difference"]["verdict"] == "lower"
    assert first["time"]["difference"]["estimate"] == 20
    assert first["time"]["difference"]["verdict"] == "higher"
    said = [sentence["text"] for sentence in spoken(found, "en")["said"]]
    ends = first["conversion"]["difference"]
    interval = f"−{-100 * ends['low']:.0f} to −{-100 * ends['high']:.0f}"
    (fewer,) = [sentence for sentence in said if "fewer move on than before" in sentence]
    assert f"(90% interval {interval}" in fewer
    (longer,) = [sentence for sentence in said if "20 days at the median (90% interval " in sentence]
    assert "(90% interval 20 days)" in longer, "both ends are what was planted"


def test_a_difference_of_medians_whose_other_end_is_not_known_yet_says_at_least() -> None:
    assert _ends({"low": 12.0, "high": None}, Days) == Message("{low} or more", {"low": Days(12.0)})
    assert _ends({"low": None, "high": -3.0}, Days) == Message("{high} or less", {"high": Days(-3.0)})
    assert _ends({"low": 2.0, "high": 5.0}, Days) == Between(Days(2.0), Days(5.0))


def test_a_team_that_is_not_there_is_refused(facts: Facts) -> None:
    with pytest.raises(NotFoundError):
        compared(facts, team="no such team")


def test_an_empty_period_is_too_few_and_no_zero(facts: Facts) -> None:
    found = compared(facts, past_start=date(1999, 1, 1), past_end=date(1999, 2, 1))
    assert found["stages"]
    assert all(stage["conversion"]["before"] is None is stage["conversion"]["difference"] for stage in found["stages"])
