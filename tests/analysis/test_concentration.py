"""Concentration beside luck: sizes of tests on equal teams, coverage of the rates, resilience, invariances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from benchmarks.simulator import Organisation, simulate
from benchmarks.study.concentration import equal_team, uneven_team
from bokgi.analysis.concentration import (
    BARELY_ESTIMABLE,
    TOO_FEW_PEOPLE,
    TOO_FEW_WINS,
    Concentration,
    concentration,
    gini,
    people_time,
    resilience,
)
from bokgi.analysis.concentration.luck import ALONE, SIZE
from bokgi.domain.period import Period
from tests.analysis.tables import facts

Floats = NDArray[np.float64]
QUARTER = Period(date(2026, 1, 1), date(2026, 4, 1))


def deals(owners: Sequence[str | None], amounts: Sequence[float | None] | Floats) -> ibis.Table:
    """Won deals of the quarter."""
    money = pa.array([None if a is None else Decimal(str(round(a, 2))) for a in amounts], pa.decimal128(18, 2))
    day = [QUARTER.start + timedelta(days=i % 90) for i in range(len(owners))]
    columns = {"owner_id": pa.array(owners, pa.string()), "closed_on": day, "outcome": ["won"] * len(owners)}
    return ibis.memtable(pa.table(columns | {"amount": money}))


def times(**days: float) -> ibis.Table:
    return ibis.memtable(pa.table({"person_id": list(days), "days": list(days.values())}))


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12).filter(lambda values: sum(values) > 0.001))
def test_gini_is_half_the_mean_absolute_difference_over_the_mean(values: list[float]) -> None:
    x = np.array(values)
    slow = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert float(gini(x)) == pytest.approx(slow, abs=1e-9)


def test_twelve_equal_people_with_eight_wins_each_show_a_gini_of_a_quarter() -> None:
    rng = np.random.default_rng(3)
    totals = np.array([[rng.lognormal(0, 0.9, rng.poisson(8)).sum() for _ in range(12)] for _ in range(300)])
    assert gini(totals).mean() == pytest.approx(0.26, abs=0.02)
    assert gini(rng.poisson(8, (2_000, 12)).astype(float)).mean() == pytest.approx(0.18, abs=0.01)


def test_the_luck_band_is_that_of_the_same_deals_dealt_out_anew() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.lognormal(0, 1, 60).round(2)
    owners = ["a"] * 30 + ["b"] * 15 + ["c"] * 15
    found = concentration(deals(owners, sizes), times(a=90, b=90, c=45), period=QUARTER, worlds=4_000)
    assert found.gini is not None
    assert found.top_share is not None
    slow = np.array([np.bincount(rng.choice(3, 60, p=[0.4, 0.4, 0.2]), sizes, 3) for _ in range(4_000)])
    share = slow.max(axis=1) / slow.sum(axis=1)
    assert (found.gini.low, found.gini.high) == pytest.approx(np.quantile(gini(slow), [0.05, 0.95]), abs=0.02)
    assert (found.top_share.low, found.top_share.high) == pytest.approx(np.quantile(share, [0.05, 0.95]), abs=0.02)
    assert found.gini.expected == pytest.approx(gini(slow).mean(), abs=0.01)


def test_many_deals_dealt_out_in_groups_give_the_band_of_dealing_one_by_one() -> None:
    rng = np.random.default_rng(6)
    sizes = rng.lognormal(0, 1.2, 4_000).round(2)
    owners = [f"p{i % 6}" for i in range(4_000)]
    found = concentration(deals(owners, sizes), times(**{f"p{i}": 90 for i in range(6)}), period=QUARTER)
    assert found.gini is not None
    slow = np.array([np.bincount(rng.integers(0, 6, 4_000), sizes, 6) for _ in range(1_000)])
    assert (found.gini.low, found.gini.high) == pytest.approx(np.quantile(gini(slow), [0.05, 0.95]), abs=0.005)


@pytest.mark.parametrize("measure", ["amount", "count"])
def test_equal_teams_are_hardly_ever_called_concentrated(measure: str) -> None:
    false = 0
    for seed in range(120):
        won, time = equal_team(seed)
        found = concentration(won, time, period=QUARTER, measure=measure, worlds=400)  # type: ignore[arg-type]  # a text
        assert found.gini is not None
        assert found.top_share is not None
        false += found.gini.more_than_luck or found.top_share.more_than_luck
    # With 120 teams and a true rate of 0.4 % more than 3 come up in fewer than 1 of 500.
    assert false <= 3


def test_inequality_alone_takes_more_to_stand_out() -> None:
    # Two share the lead: the first is within luck, all together are not.
    owners = ["a", "b"] * 20 + [f"p{i}" for i in range(6)] * 5
    time = times(a=90, b=90, **{f"p{i}": 90.0 for i in range(6)})
    alone = 0
    for seed in range(40):
        kept = np.random.default_rng(seed).permutation(len(owners))[:24]
        found = concentration(deals([owners[i] for i in kept], [1.0] * 24), time, period=QUARTER)
        assert found.gini is not None
        assert found.top_share is not None
        limit = SIZE if found.top_share.p < SIZE else ALONE
        assert found.gini.more_than_luck == (found.gini.p < limit)
        alone += limit <= found.gini.p < SIZE
    assert alone > 0


def test_a_plain_organisation_is_not_concentrated_given_the_deals_that_were_handed_out() -> None:
    false = 0
    for seed in range(15):
        world = simulate(Organisation(seed=700 + seed, reps=12, deals=900, weeks=52).plain())
        table = ibis.memtable(world.tables["deals"])
        handed = table.group_by(person_id="owner_id").agg(days=table.count().cast("float64"))
        year = Period(date(2025, 1, 1), date(2026, 1, 1))
        found = concentration(table, handed, period=year, worlds=400)
        assert found.gini is not None
        false += found.gini.more_than_luck
    assert false <= 3


def test_a_star_is_seen_and_named() -> None:
    rng = np.random.default_rng(8)
    owners = ["star"] * 40 + [f"p{i}" for i in range(8) for _ in range(6)]
    time = times(star=90, **{f"p{i}": 90.0 for i in range(8)})
    found = concentration(deals(owners, rng.lognormal(0, 0.5, len(owners))), time, period=QUARTER)
    assert found.top_person == "star"
    assert found.top_share is not None
    assert found.gini is not None
    assert found.rate_gini is not None
    assert found.top_share.more_than_luck
    assert found.top_share.observed > found.top_share.high
    assert found.gini.more_than_luck
    assert found.rate_gini.low > 0.2


def test_the_interval_of_the_rates_covers_the_true_gini() -> None:
    covered, missed = [], []
    for seed in range(60):
        won, time, truth = uneven_team(seed, spread=0.4)
        found = concentration(won, time, period=QUARTER, worlds=500)
        assert found.rate_gini is not None
        covered.append(found.rate_gini.low <= truth <= found.rate_gini.high)
        missed.append(found.rate_gini.estimate - truth)
    assert 0.80 <= np.mean(covered) <= 1.0
    assert abs(np.mean(missed)) < 0.03


def test_the_gini_of_rates_takes_the_luck_out() -> None:
    rng = np.random.default_rng(9)
    raw, clean = [], []
    for _ in range(20):
        wins = rng.poisson(8, 12)
        owners = [f"p{i:02d}" for i, count in enumerate(wins) for _ in range(count)]
        time = times(**{f"p{i:02d}": 90.0 for i in range(12)})
        found = concentration(deals(owners, [1.0] * len(owners)), time, period=QUARTER, worlds=500, measure="count")
        assert found.gini is not None
        assert found.rate_gini is not None
        raw.append(found.gini.observed)
        clean.append(found.rate_gini.estimate)
    assert np.mean(raw) > 0.15
    assert np.mean(clean) < 0.12


def test_people_without_a_win_count() -> None:
    without = concentration(deals(["a"] * 5 + ["b"] * 5, [1] * 10), times(a=90, b=90), period=QUARTER)
    beside = concentration(deals(["a"] * 5 + ["b"] * 5, [1] * 10), times(a=90, b=90, c=90, d=90), period=QUARTER)
    assert without.gini is not None
    assert beside.gini is not None
    assert without.gini.observed == 0.0
    assert beside.gini.observed == pytest.approx(0.5)
    assert beside.people == 4


def test_a_winner_without_time_gets_the_least_time_of_anybody() -> None:
    found = concentration(deals(["a"] * 5 + ["x"] * 5, [1] * 10), times(a=90, b=30), period=QUARTER)
    same = concentration(deals(["a"] * 5 + ["x"] * 5, [1] * 10), times(a=90, b=30, x=30), period=QUARTER)
    assert found == same


def test_what_is_left_out_is_counted() -> None:
    won = deals(["a", "b", None, "a", "b", "a", "b", "a"], [1, 2, 3, None, 0, 4, 5, 6])
    by_amount = concentration(won, times(a=90, b=90), period=QUARTER)
    assert (by_amount.n, by_amount.left_out) == (5, 3)
    by_count = concentration(won, times(a=90, b=90), period=QUARTER, measure="count")
    assert (by_count.n, by_count.left_out) == (7, 1)


def test_other_periods_and_outcomes_do_not_count() -> None:
    rows = [
        {"deal_id": str(i), "owner_id": "ab"[i % 2], "outcome": outcome, "closed_on": on, "amount": Decimal(1)}
        for i, (outcome, on) in enumerate(
            [("won", date(2026, 1, 5))] * 6 + [("lost", date(2026, 1, 5)), ("won", QUARTER.end), ("open", None)]
        )
    ]
    found = concentration(facts(deals=rows).deals, times(a=90, b=90), period=QUARTER)
    assert (found.n, found.left_out) == (6, 0)


@pytest.mark.parametrize(
    ("owners", "time", "reason"),
    [
        (["a"] * 9, {"a": 90.0}, TOO_FEW_PEOPLE),
        (["a", "b", "a", "b"], {"a": 90.0, "b": 90.0}, TOO_FEW_WINS),
        ([], {}, TOO_FEW_PEOPLE),
    ],
)
def test_where_nothing_may_be_said_there_is_a_reason(owners: list[str], time: dict[str, float], reason: str) -> None:
    table = times(**time) if time else times(x=1.0).filter(ibis._.days > 5)
    found = concentration(deals(owners, [1.0] * len(owners)), table, period=QUARTER)
    assert found.reason == reason
    assert (found.top_person, found.top_share, found.gini, found.rate_gini) == (None, None, None, None)


@settings(max_examples=8)
@given(order=st.permutations(range(20)), factor=st.integers(2, 1000))
def test_order_of_rows_and_the_unit_of_money_do_not_matter(order: list[int], factor: int) -> None:
    owners, amounts = ["a"] * 9 + ["b"] * 6 + ["c"] * 5, [float(i % 7 + 1) for i in range(20)]
    time = times(a=90, b=90, c=60)
    before = concentration(deals(owners, amounts), time, period=QUARTER, worlds=200)
    shuffled = deals([owners[i] for i in order], [factor * amounts[i] for i in order])
    after = concentration(shuffled, time, period=QUARTER, worlds=200)
    assert figures(after) == pytest.approx(figures(before))


def figures(found: Concentration) -> list[float]:
    assert found.top_share is not None
    assert found.gini is not None
    assert found.rate_gini is not None
    parts = (found.top_share, found.gini)
    return [value for part in parts for value in (part.observed, part.low, part.high, part.p)] + [
        found.rate_gini.estimate,
        found.rate_gini.low,
        found.rate_gini.high,
    ]


def test_time_is_cut_to_the_period_and_to_the_stay_in_the_company() -> None:
    given_facts = facts(
        memberships="""
        person_id | team | role | share | valid_from | valid_to   | started_on | left_on
        lee       | 1팀  | AE   | 1     | 2025-06-01 | 2026-01-11 | 2025-06-01 |
        lee       | 2팀  | AE   | 0.5   | 2026-01-11 |            | 2025-06-01 | 2026-01-31
        park      | 1팀  | AE   | 1     |            |            | 2026-03-22 |
        gone      | 1팀  | AE   | 1     |            | 2025-12-31 |            |
        """
    )
    found = people_time(given_facts.memberships, period=QUARTER).to_pyarrow().to_pylist()
    assert found == [{"person_id": "lee", "days": 20.0}, {"person_id": "park", "days": 10.0}]


def test_without_the_top_person_the_chance_is_that_of_the_others() -> None:
    """With many wins of one size the chance is that of a Poisson variable at the observed rate."""
    owners = ["star"] * 400 + [f"p{i}" for i in range(6) for _ in range(200)]
    time = times(star=90, **{f"p{i}": 90.0 for i in range(6)})
    found = resilience(deals(owners, [1.0] * len(owners)), time, period=QUARTER, target=Decimal(1_180))
    assert found.everybody is not None
    assert found.without_top is not None
    assert found.everybody.low > 0.99
    assert found.without_top.low < stats.poisson.sf(1_179, 1_200) < found.without_top.high
    replaced = resilience(
        deals(owners, [1.0] * len(owners)), time, period=QUARTER, target=Decimal(1_180), taken_over=1.0
    )
    assert replaced.without_top is not None
    assert replaced.without_top.low > 0.99


def test_from_one_quarter_the_chance_is_barely_estimable() -> None:
    rng = np.random.default_rng(2)
    owners = [f"p{i}" for i in range(6) for _ in range(7)]
    time = times(**{f"p{i}": 90.0 for i in range(6)})
    sizes = rng.lognormal(0, 0.8, len(owners))
    target = Decimal(str(round(sizes.sum() * 5 / 6, 2)))
    found = resilience(deals(owners, sizes), time, period=QUARTER, target=target)
    assert found.reason == BARELY_ESTIMABLE
    assert found.without_top is not None
    assert found.without_top.high - found.without_top.low > 0.5


def test_half_the_days_halve_what_can_be_reached() -> None:
    owners = [f"p{i}" for i in range(5) for _ in range(200)]
    time = times(**{f"p{i}": 90.0 for i in range(5)})
    won = deals(owners, [1.0] * 1_000)
    whole = resilience(won, time, period=QUARTER, target=Decimal(700))
    half = resilience(won, time, period=QUARTER, target=Decimal(700), days=45)
    assert whole.without_top is not None
    assert half.without_top is not None
    assert whole.without_top.estimate > 0.95
    assert half.without_top.estimate < 0.05


def test_too_few_wins_of_the_others_give_no_chance() -> None:
    found = resilience(deals(["a"] * 20 + ["b"] * 9, [1.0] * 29), times(a=90, b=90), period=QUARTER, target=Decimal(10))
    assert (found.reason, found.top_person, found.n_others) == (TOO_FEW_WINS, "a", 9)
    assert found.without_top is None
    nobody = resilience(deals([], []), times(a=90), period=QUARTER, target=Decimal(10))
    assert (nobody.reason, nobody.top_person) == (TOO_FEW_PEOPLE, None)
