"""The effect of content on deals with known truth, and what must never count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from benchmarks.simulator.content import RANDOMISED, Journeys
from benchmarks.study.content_effect import effects_of
from bokgi.analysis.content_effect import ContentEffects, Interval, ItemEffect, content_effect, deal_weeks, items
from bokgi.analysis.content_effect.effects import _judged
from bokgi.analysis.content_effect.items import expected_exposure, exposed
from bokgi.analysis.content_effect.panel import DealWeeks, Exposures, read, read_exposures
from bokgi.domain.errors import UsageError
from tests.cast import CAST, facts_of

MONDAY = date(2026, 11, 2)
WORLD = Journeys(seed=12, deals=3_000)


@pytest.fixture(scope="module")
def found() -> ContentEffects:
    """What is found where all that decides who is sent what is measured, and one item is given by lot."""
    return effects_of(replace(WORLD, randomised=0.30))


def test_known_effects_are_recovered(found: ContentEffects) -> None:
    truth = dict(WORLD.effects) | {RANDOMISED: 0.30}
    assert {item.content_id: item.grade for item in found.items} == {
        "helps": "B",
        "hurts": "B",
        "null": "B",
        RANDOMISED: "A",
    }
    for item in found.items:
        assert item.effect is not None
        assert item.effect.estimate == pytest.approx(truth[item.content_id], abs=0.11)  # three standard errors
    verdicts = {item.content_id: item.verdict for item in found.items}
    assert (verdicts["helps"], verdicts[RANDOMISED], verdicts["null"]) == ("helps", "helps", "cannot_tell")


def test_hidden_momentum_is_caught() -> None:
    found = effects_of(replace(WORLD, momentum=0.5))
    assert {item.grade for item in found.items} == {"C"}
    assert all(item.effect is None and item.association is not None and item.verdict is None for item in found.items)
    assert found.control_z is not None
    assert found.control_z > 1.96


@pytest.mark.parametrize(("ahead", "grade"), [(54, "B"), (56, "C")])
def test_the_control_must_pass_for_all_items_together(monkeypatch: pytest.MonkeyPatch, ahead: int, grade: str) -> None:
    """Three items whose controls lie a little above 0 by themselves lie the root of three times as far together."""

    def control(weeks: DealWeeks, _seen: Exposures, item: int, _moving: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.zeros(len(weeks.ids))
        sums[100 * item : 100 * (item + 1)] = np.repeat([1.0, -1.0], [ahead, 100 - ahead])
        return sums

    monkeypatch.setattr(items, "control", control)
    found = effects_of(replace(WORLD, deals=1_200))
    z = (2 * ahead - 100) / 10
    assert [item.control_z for item in found.items] == pytest.approx([z] * 3)
    assert found.control_z == pytest.approx(z * np.sqrt(3.0))
    assert {item.grade for item in found.items} == {grade}


@pytest.mark.parametrize("seed", range(5))
def test_what_stands_out_among_all_effects_is_what_holm_rejects(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z, se = rng.normal(0.0, 2.2, 9), rng.uniform(0.05, 0.3, 9)
    reach = stats.norm.ppf(0.975) * se
    figures = [Interval(middle, middle - away, middle + away) for middle, away in zip(z * se, reach, strict=True)]
    given = [ItemEffect(f"c{n}", "B", one, None, 0.0, 50, 40, 40, None, None) for n, one in enumerate(figures)]
    clear = multipletests(2.0 * stats.norm.sf(np.abs(z)), alpha=0.05, method="holm")[0]
    told = [item.verdict for item in _judged(given)]
    assert 0 < clear.sum() < 9
    assert told == [
        ("helps" if up > 0 else "hurts") if one else "cannot_tell" for one, up in zip(clear, z, strict=True)
    ]


def test_little_data_give_no_figure() -> None:
    found = effects_of(replace(WORLD, deals=60, weeks=20))
    assert {item.grade for item in found.items} == {"D"}
    assert all(item.effect is None and item.association is None for item in found.items)


def test_a_lag_below_one_week_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one week"):
        content_effect(ibis.memtable(pa.table({"deal_id": []})), content=ibis.memtable(pa.table({"x": []})), lag=0)


def test_what_is_seen_counts_from_the_week_after_on() -> None:
    weeks = [MONDAY + timedelta(weeks=week) for week in range(4)]
    rows = {"deal_id": ["d"] * 4, "week": weeks, "pipeline": ["p"] * 4, "stage": ["talk"] * 4, "moved": [False] * 4}
    rows |= {name: [0] * 4 for name in ("weeks_in_stage", "weeks_open", "acted_1", "acted_2", "acted_before")}
    rows |= {name: ["x"] * 4 for name in ("owner_id", "segment", "industry", "source", "lead_grade", "type")}
    panel = read(ibis.memtable(pa.table(rows)))
    seen = pa.table({"deal_id": ["d", "gone"], "content_id": ["c", "c"], "week": [weeks[1], weeks[0]]})
    exposures = read_exposures(ibis.memtable(seen), panel)
    assert exposed(panel, exposures.week[:, 0], 1).tolist() == [False, False, True, True]
    assert exposed(panel, exposures.week[:, 0], 2).tolist() == [False, False, False, True]
    assert panel.following.tolist() == [1, 2, 3, -1]
    assert panel.at(panel.week - np.array(1)).tolist() == [-1, 0, 1, 2]


def test_expected_exposure_is_one_minus_the_chances_to_be_spared() -> None:
    """Deals alike in all: before the first week 2 of 20 saw it, then 3 of the 18 left in each of the weeks 1 and 2."""
    weeks = [MONDAY + timedelta(weeks=week) for week in range(1, 4)]
    names = [f"d{number:02d}" for number in range(20)]
    rows = {"deal_id": [name for name in names for _ in weeks], "week": weeks * 20}
    rows |= {"pipeline": ["p"] * 60, "stage": ["talk"] * 60, "moved": [False] * 60}
    rows |= {name: [0] * 60 for name in ("weeks_in_stage", "weeks_open", "acted_1", "acted_2", "acted_before")}
    rows |= {name: ["x"] * 60 for name in ("owner_id", "segment", "industry", "source", "lead_grade", "type")}
    panel = read(ibis.memtable(pa.table(rows)))
    seen = {"deal_id": names[:8], "content_id": ["c"] * 8, "week": [MONDAY] * 2 + [weeks[0]] * 3 + [weeks[1]] * 3}
    exposures = read_exposures(ibis.memtable(pa.table(seen)), panel)
    # At risk 18, 15 and 12 deals in the three weeks, 6 of whose 45 deal-weeks brought it.
    spared, before = 1 - 6 / 45, 1 - 2 / 20
    expected = [1 - before, 1 - before * spared, 1 - before * spared**2]
    told = expected_exposure(panel, exposures, 0, 1).reshape(20, 3)
    np.testing.assert_allclose(told, np.tile(expected, (20, 1)), atol=1e-6)
    late = expected_exposure(panel, exposures, 0, 2).reshape(20, 3)
    np.testing.assert_allclose(late[0, 1:], expected[:2], atol=1e-6)


def test_automatic_activities_and_quick_stages_do_not_count() -> None:
    facts = facts_of(
        None,
        **CAST,
        calendar="day | working | week_start\n"
        + "\n".join(f"2026-11-{day:02d} | true | 2026-11-{day - (day - 2) % 7:02d}" for day in range(2, 30)),
        activities="""
            activity_id | kind    | deal_id | happened_on | automatic | done
            a1          | email   | d       | 2026-11-10  | true      | true
            a2          | call    | d       | 2026-11-04  | false     | true
            a3          | meeting | d       | 2026-11-18  | false     | true
        """,
    )
    stays = pa.table(
        {
            "deal_id": ["d", "d", "d"],
            "pipeline": ["default"] * 3,
            "stage": ["prospecting", "qualified", "proposal"],
            "entered_on": [date(2026, 11, 3), date(2026, 11, 17), date(2026, 11, 19)],
            "left_on": [date(2026, 11, 17), date(2026, 11, 19), None],
            "exit": ["advanced", "advanced", "open"],
        }
    )
    deals = pa.table({name: ["d"] for name in ("deal_id", "owner_id", "segment", "industry", "source", "type")})
    deals = deals.append_column("lead_grade", pa.array(["A"]))
    told = deal_weeks(
        ibis.memtable(deals), ibis.memtable(stays), facts.activities, facts.calendar, as_of=date(2026, 11, 29)
    )
    rows = told.order_by("week").select("week", "stage", "moved", "acted_1", "acted_2", "weeks_open").to_pyarrow()
    assert [tuple(row.values()) for row in rows.to_pylist()] == [
        (date(2026, 11, 9), "prospecting", False, 1, 0, 0),
        (date(2026, 11, 16), "prospecting", True, 0, 1, 1),
        (date(2026, 11, 23), "proposal", False, 2, 0, 2),
    ]
