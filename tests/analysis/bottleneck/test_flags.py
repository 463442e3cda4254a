"""Bottlenecks on organisations with known truth: defects found, equal units left alone, gains near the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy import special, stats

from benchmarks.simulator import Defect, Organisation, World, simulate
from bokgi.analysis.bottleneck import Bottlenecks, GainInDeals, Unit, bottlenecks
from bokgi.analysis.bottleneck.flags import GATE, _flag
from bokgi.analysis.bottleneck.gains import Least
from bokgi.analysis.progressions import progressions
from bokgi.analysis.visits import visits
from tests.analysis.worlds import told_deals

CONDITIONS = ("source", "lead_grade", "segment", "industry", "type")
VIEWS = ("stage", "team", "team:past", "segment", "source", "owner_id")
Run = Callable[..., Bottlenecks]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the analysis on a simulated world, from Parquet as in a home."""

    def _run(world: World, **options: object) -> Bottlenecks:
        connection = ibis.duckdb.connect()
        tables = {}
        for name, table in world.tables.items():
            pq.write_table(table, tmp_path / f"{name}.parquet")
            tables[name] = connection.read_parquet(str(tmp_path / f"{name}.parquet"))
        deals = tables["deals"].mutate(last_seen_on=ibis.null("date"))
        told = visits(deals, tables["stage_events"], tables["stages"]).cache()
        traits = told_deals(tables).drop("attributes").cache()
        as_of = world.organisation.end - timedelta(days=1)
        asked = {"by": VIEWS, "conditions": CONDITIONS} | options
        return bottlenecks(progressions(told).cache(), told, traits, as_of=as_of, **asked)  # type: ignore[arg-type]  # options of several types

    return _run


def flagged(found: Bottlenecks) -> list[tuple[str, str, str]]:
    return [(unit.by, unit.stage, unit.unit) for unit in found.units if unit.flagged]


def unit_of(found: Bottlenecks, by: str, stage: str, name: str) -> Unit:
    return next(unit for unit in found.units if (unit.by, unit.stage, unit.unit) == (by, stage, name))


def test_a_flag_is_as_sure_that_it_costs_as_that_it_is_low(run: Run) -> None:
    """With half of the flags allowed to be false, many a unit is low by chance; none is flagged without a cost."""
    found = run(
        simulate(Organisation(seed=2015, reps=12, deals=6_000, defects=(Defect(1, -1.5, person=3),))),
        fdr=0.5,
        min_gain=0.0,
    )
    unsure = [unit for unit in found.units if unit.reason == "gain_not_sure"]
    assert flagged(found)
    assert unsure
    assert not any(unit.flagged for unit in unsure)
    assert all(unit.gain is not None and unit.gain.low <= 0 and unit.conversion < unit.expected for unit in unsure)
    assert all(unit.gain is not None and unit.gain.low > 0 for unit in found.units if unit.flagged)
    gains = [(unit.arrivals, unit.gain) for unit in found.units if unit.gain is not None]
    assert any(0.90 < gain.p_positive < 0.95 for __, gain in gains)
    for arrivals, gain in gains:
        # Nine of ten draws lie in the interval, one of twenty below it.
        assert (gain.low > 0.0) == (gain.p_positive > 0.95)
        assert gain.arrivals == pytest.approx(arrivals / 364 * 365.25 / 12, rel=0.05)


def test_a_persons_defect_is_found_sized_and_shown_with_its_deals(run: Run) -> None:
    world = simulate(
        Organisation(
            seed=2007, reps=30, deals=20_000, person_sd=0, territory_sd=0, defects=(Defect(2, -1.5, person=7),)
        )
    )
    found = run(world)
    assert ("owner_id", "proposal", "p007") in flagged(found)
    unit = unit_of(found, "owner_id", "proposal", "p007")
    assert unit.gain is not None
    assert unit.gain.p_positive > 0.99
    assert 0 < unit.gain.low < unit.gain.amount < unit.gain.high
    assert unit.gain.arrivals == pytest.approx(unit.arrivals / 12, rel=0.1)
    assert 0 < unit.gain.chance < unit.expected - unit.conversion
    assert unit.gain.arrivals * unit.gain.chance * unit.gain.value == pytest.approx(unit.gain.amount)
    deals = world.tables["deals"].to_pylist()
    there = {
        row["deal_id"]
        for row in deals
        if (row["owner_id"], row["stage"], row["outcome"]) == ("p007", "proposal", "open")
    }
    assert set(unit.deals) <= there
    assert len(unit.deals) == min(20, len(there))
    team = unit_of(found, "team", "proposal", "team2")
    assert not team.flagged


def test_without_amounts_the_same_rule_goes_by_deals(run: Run) -> None:
    world = simulate(
        Organisation(seed=3, reps=10, deals=5_000, person_sd=0, territory_sd=0, defects=(Defect(2, -2.0, person=4),))
    )
    deals = world.tables["deals"]
    nothing = pa.nulls(deals.num_rows, deals.schema.field("amount").type)
    bare = deals.set_column(deals.column_names.index("amount"), "amount", nothing)
    found, without = run(world), run(replace(world, tables={**world.tables, "deals": bare}))
    assert flagged(without) == flagged(found) == [("owner_id", "proposal", "p004")]
    assert all(unit.gain is None for unit in without.units)
    first = without.units[0].gain_in_deals
    assert first is not None
    assert 0 < first.low < first.n < first.high
    assert first.n == pytest.approx(first.arrivals * first.chance)
    assert (first.p_positive > 0.95, without.units[0].reason) == (True, None)
    # In deals the gain is what it is in money, less what a deal is worth.
    beside = found.units[0]
    assert beside.gain_in_deals is not None
    assert beside.gain_in_deals.n == pytest.approx(first.n, rel=0.03)
    assert beside.gain is not None
    assert beside.gain.amount / beside.gain.value == pytest.approx(first.n, rel=0.05)
    # What a flag must promise in money cannot be held against it.
    asked = run(replace(world, tables={**world.tables, "deals": bare}), min_gain=1.0)
    assert flagged(asked) == []
    assert {unit.unit for unit in asked.units if unit.reason == "amounts_unknown"} == {"team2", "p004"}
    assert flagged(run(replace(world, tables={**world.tables, "deals": bare}), min_gain=0.0)) == flagged(found)
    dear = run(world, min_gain=1e15)
    assert flagged(dear) == []
    assert unit_of(dear, "owner_id", "proposal", "p004").reason == "gain_too_small"


def test_so_many_more_cases_reach_the_next_place(run: Run) -> None:
    """A score grows with the root of its cases: with `more_cases` more it is as unlikely as it has to be."""
    found = run(simulate(Organisation(seed=2007, reps=12, deals=3_000).plain()))
    asked = [unit for unit in found.units if unit.more_cases is not None]
    assert not found.passed
    assert len(asked) > 3
    for view in {unit.by for unit in asked}:
        judged = sum(unit.z is not None for unit in found.units if unit.by == view)
        for unit in asked:
            if unit.by == view and unit.z is not None and unit.more_cases is not None:
                then = unit.z * np.sqrt(1.0 + unit.more_cases / unit.n)
                # The gate is shut: each must pass it by itself.
                assert special.ndtr(then) == pytest.approx(GATE / judged, rel=0.2)


def test_a_view_among_several_keeps_its_share_of_the_false_flags() -> None:
    """The q-values of a view in which something shows are divided by the share of such views among all."""
    unit = Unit(
        pipeline="p",
        stage="talk",
        stage_order=1,
        by="owner_id",
        unit="kim",
        n=50,
        conversion=0.5,
        expected=0.6,
        arrivals=10,
        z=-1.0,
        q_value=None,
        flagged=False,
        gain=None,
        gain_in_deals=GainInDeals(1.0, 0.5, 1.5, 0.99, 10.0, 0.1),
        more_cases=None,
        deals=(),
        reason=None,
    )
    z = [-4.0, -2.9, -2.6, -1.0, 0.0, 0.7, 1.2]
    units = [replace(unit, unit=str(place), z=one) for place, one in enumerate(z)]
    least = Least(0.0, 0.0)
    alone, third = (_flag(units, passed=True, fdr=0.015, share=share, least=least) for share in (1.0, 1.0 / 3.0))
    q = stats.false_discovery_control(special.ndtr(z))
    assert [one.q_value for one in alone] == pytest.approx(q)
    assert [one.q_value for one in third] == pytest.approx(np.minimum(3.0 * q, 1.0))
    assert [sum(one.flagged for one in told) for told in (alone, third)] == [3, 1]


def test_a_teams_defect_is_the_teams(run: Run) -> None:
    found = run(
        simulate(
            Organisation(seed=11, reps=18, deals=8_000, person_sd=0, territory_sd=0, defects=(Defect(1, -1.0, team=0),))
        )
    )
    assert ("team", "solution_fit", "team1") in flagged(found)
    assert not [who for by, stage, who in flagged(found) if by == "owner_id" and stage == "solution_fit"]


def test_a_team_that_fell_behind_its_own_past_is_found(run: Run) -> None:
    """The stage converts as it did before for everybody else; the deals of one team stop there since half a year."""
    world = simulate(Organisation(seed=13, reps=12, deals=9_000, person_sd=0, territory_sd=0))
    broken = simulate(Organisation(**{**world.organisation.__dict__, "defects": (Defect(2, -1.5, team=1),)}))
    since = world.organisation.end - timedelta(days=182)
    old = world.tables["deals"]["created_on"].to_pylist()
    ids = {row for row, day in zip(world.tables["deals"]["deal_id"].to_pylist(), old, strict=True) if day < since}
    mixed = {}
    for name, table in world.tables.items():
        if "deal_id" in table.column_names:
            before = pc.is_in(table["deal_id"], pa.array(sorted(ids)))
            after = pc.invert(pc.is_in(broken.tables[name]["deal_id"], pa.array(sorted(ids))))
            table = pa.concat_tables([table.filter(before), broken.tables[name].filter(after)])  # noqa: PLW2901 - replaced
        mixed[name] = table
    found = run(replace(world, tables=mixed), by=("team:past", "team"))
    assert ("team:past", "proposal", "team2") in flagged(found)
    assert not [who for by, stage, who in flagged(found) if by == "team:past" and who != "team2"]


def test_noise_shows_next_to_nothing(run: Run) -> None:
    shown = [
        bool(flagged(run(simulate(Organisation(seed=500 + seed, reps=12, deals=1_200).plain())))) for seed in range(15)
    ]
    assert sum(shown) <= 1


def test_gains_cover_the_truth(run: Run) -> None:
    covered = []
    for seed in range(4):
        person, stage = seed * 3, 1 + seed % 3
        organisation = Organisation(seed=600 + seed, reps=20, deals=10_000, person_sd=0, territory_sd=0)
        world = simulate(Organisation(**{**organisation.__dict__, "defects": (Defect(stage, -1.5, person=person),)}))
        healthy = simulate(organisation)
        unit = unit_of(run(world), "owner_id", world.tables["stages"]["stage"][stage].as_py(), f"p{person:03d}")
        assert unit.gain is not None
        own = world.owner == person
        lost = (healthy.truth.p_win - world.truth.p_win)[own]
        amount = world.tables["deals"]["amount"].to_numpy().astype(float)[own]
        # Deals are created evenly enough over two years; a year holds half of them.
        truth = float((lost * amount).sum()) / 24
        covered.append(unit.gain.low <= truth <= unit.gain.high)
    assert np.mean(covered) >= 0.75


def test_order_of_rows_and_the_unit_of_money_do_not_matter(run: Run) -> None:
    world = simulate(Organisation(seed=31, reps=8, deals=1_500, defects=(Defect(1, -1.5, person=3),)))
    place = np.random.default_rng(2)
    mixed = {name: rows.take(pa.array(place.permutation(rows.num_rows))) for name, rows in world.tables.items()}
    deals = mixed["deals"]
    column = deals.column_names.index("amount")
    field = deals.schema.field(column)
    thousand = pa.array([None if a is None else a * 1_000 for a in deals["amount"].to_pylist()], field.type)
    mixed["deals"] = deals.set_column(column, field, thousand)
    plain, other = run(world), run(replace(world, tables=mixed))
    assert flagged(other) == flagged(plain)
    assert other.gate_p == plain.gate_p
    for one in plain.units:
        twin = unit_of(other, one.by, one.stage, one.unit)
        assert (twin.n, twin.z is None) == (one.n, one.z is None)
        if one.z is not None and one.gain is not None and twin.gain is not None:
            assert twin.z == pytest.approx(one.z, abs=1e-6)
            assert twin.gain.amount == pytest.approx(1_000 * one.gain.amount, rel=1e-6, abs=1.0)


def test_without_cases_there_are_no_units(run: Run) -> None:
    world = simulate(Organisation(seed=1, reps=4, deals=60))
    found = run(world, days=1)
    assert not found.passed
    assert all(unit.gain is None for unit in found.units)


def test_views_named_like_nothing_in_the_data_are_refused_by_the_engine(run: Run) -> None:
    with pytest.raises(Exception, match="mood"):
        run(simulate(Organisation(seed=1, reps=4, deals=60)), by=("mood",))
