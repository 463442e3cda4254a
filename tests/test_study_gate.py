"""The small study that guards the goals: fixed seeds, and a goal that is missed beyond chance fails.

Each statistic is measured on few organisations, so the interval of what was reached is held against the goal, not the
figure itself: a change that breaks a method moves it far outside, one more or less of chance does not.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from benchmarks.simulator import Organisation, simulate
from benchmarks.simulator.content import Journeys
from benchmarks.simulator.weeks import Weeks
from benchmarks.study import bottleneck, changes, comparison, concentration, decomposition, forecast
from benchmarks.study.content_effect import effects_of
from benchmarks.study.rows import Row, mean_row, share_row

SEED = 20_260_105
row = partial(share_row, "gate")
mean = partial(mean_row, "gate")


def check(*rows: Row) -> None:
    """Fail with the rows whose whole interval lies outside their goal."""
    missed = [
        f"{found.measure}: {found.reached:.3f} ({found.low:.3f} to {found.high:.3f})"
        for found in rows
        if found.surely_missed
    ]
    assert not missed


def test_people_are_compared_as_sure_as_it_is_said() -> None:
    found = comparison.measured({"reps": 24, "deals": 2_000}, 3, SEED)
    check(
        row("90 % intervals cover", found.covered, least=0.87, most=0.93),
        mean("adjusted error ÷ raw error", [a / b for a, b in zip(found.adjusted, found.raw, strict=True)], most=0.95),
    )
    # The mean of ten distances is never 0: three organisations alone make about 0.03.
    assert comparison.calibration(found.pairs) < 0.08


def test_equal_people_are_not_told_apart() -> None:
    told = [
        comparison.compared(Organisation(seed=SEED + each, reps=12, deals=600, noise=True))[0].detectable
        for each in range(4)
    ]
    assert not any(told)


def test_noise_shows_no_bottleneck_and_a_defect_is_found() -> None:
    for each in range(3):
        found = bottleneck.searched(simulate(bottleneck.noise(SEED, each, drivers=each % 2 == 0)))
        assert not any(unit.flagged for unit in found.units)
    world, __, defect = bottleneck.with_defect(SEED, 0, 6_000)
    flags = [unit for unit in bottleneck.searched(world).units if unit.flagged]
    assert flags
    assert all(bottleneck.truly_behind(unit, world, defect) for unit in flags)


def test_the_forecast_beats_the_pace_and_keeps_its_range() -> None:
    series = forecast.replayed(Organisation(seed=SEED, reps=12, deals=2_000), 1)
    inside = [one.low <= one.came <= one.high for one in series.found.origins]
    assert series.ratio("run_rate") < 0.85
    assert abs(series.found.scores["forecast"].bias) < 0.10
    check(row("80 % range holds what came", inside, least=0.75, most=0.85))


def test_luck_is_not_called_concentration() -> None:
    check(concentration._size(25, SEED, "amount"))  # noqa: SLF001 - a part of the study


def test_content_that_does_nothing_is_not_said_to_act() -> None:
    measured = effects_of(Journeys(seed=SEED, randomised=0.30))
    hidden = effects_of(replace(Journeys(seed=SEED), momentum=0.5))
    verdicts = {item.content_id: item.verdict for item in measured.items}
    assert (verdicts["helps"], verdicts["null"], verdicts["by_lot"]) == ("helps", "cannot_tell", "helps")
    assert {item.grade for item in hidden.items} == {"C"}
    for item in measured.items:
        truth = {"helps": 0.30, "null": 0.0, "hurts": -0.10, "by_lot": 0.30}[item.content_id]
        assert item.effect is not None
        assert abs(item.effect.estimate - truth) < 3.5 * (item.effect.high - item.effect.low) / 3.92


def test_changes_are_found_and_calm_weeks_are_left_alone() -> None:
    world = Weeks(seed=SEED, teams=12)
    fallen = replace(world, weeks=68, change=0.6)
    check(
        row("false alarms in a team's week", changes.false_alarms(world), most=0.05),
        row("activities at 60 % found in 8 weeks", changes.found(fallen, 8), least=0.70),
    )


@pytest.mark.parametrize("deals", [400, 3_000])
def test_no_part_of_a_decomposition_is_claimed_by_chance(deals: int) -> None:
    claims = decomposition.false_claims(SEED, 25, deals)
    check(
        row("a part claimed by chance", claims.ravel().tolist(), most=0.05),
        row("any part claimed by chance", (claims.sum(axis=1) > 0).tolist(), most=0.07),
    )
