"""The forecast as a function: what may not change it, what it refuses, and data that mislead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import bokgi
from benchmarks.simulator import Organisation, World, simulate
from benchmarks.study.forecast import replayed
from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.forecast import Forecast
from bokgi.analysis.visits import visits
from bokgi.domain.errors import RefusalError
from bokgi.domain.period import Period

AS_OF = date(2025, 12, 31)
MONTH = Period(date(2026, 1, 1), date(2026, 2, 1))


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(Organisation(seed=11, reps=4, deals=600))


@pytest.fixture(scope="module")
def plain(world: World) -> Forecast:
    return made(world.tables)


def made(tables: dict[str, pa.Table], **options: Any) -> Forecast:  # noqa: ANN401 - options of several kinds
    connection = ibis.duckdb.connect()
    given = {name: connection.create_table(name, rows) for name, rows in tables.items()}
    deals = deal_traits(given["deals"], given["accounts"], given["memberships"], on=AS_OF)
    told = visits(given["deals"].mutate(last_seen_on=ibis.null("date")), given["stage_events"], given["stages"])
    asked: dict[str, Any] = {"as_of": AS_OF, "period": MONTH, "paths": 500, "factors": ("source", "segment")} | options
    return bokgi.forecast(deals.cache(), told.cache(), changes=given["deal_changes"], stages=given["stages"], **asked)


def shuffled(table: pa.Table) -> pa.Table:
    return table.take(pa.array(np.random.default_rng(3).permutation(table.num_rows)))


def test_the_order_of_rows_changes_nothing(world: World, plain: Forecast) -> None:
    again = made({name: shuffled(table) for name, table in world.tables.items()})
    assert np.array_equal(again.draws, plain.draws)
    assert again.people == plain.people
    assert again.change == plain.change


def test_another_unit_scales_every_amount(world: World, plain: Forecast) -> None:
    deals = world.tables["deals"]
    place = deals.column_names.index("amount")
    thousandth = pc.divide(deals["amount"].cast(pa.float64()), 1e3).cast(pa.decimal128(18, 2))
    small = made(world.tables | {"deals": deals.set_column(place, "amount", thousandth)})
    assert small.mean == pytest.approx((plain.mean or 0.0) / 1e3, rel=1e-4)
    assert small.draws == pytest.approx(plain.draws / 1e3, rel=1e-3)


def test_a_part_of_the_change_names_whose_deals_it_is_of(world: World, plain: Forecast) -> None:
    assert plain.change is not None
    deals = world.tables["deals"].to_pylist()
    late = [row for row in deals if row["closed_on"] is not None and plain.change.since < row["closed_on"] <= AS_OF]
    whose = {part.code: {person for person, _team in part.people} for part in plain.change.parts}
    # Who had a deal a week ago and gave it away before it ended has part in it, too.
    for outcome in ("won", "lost"):
        assert whose.get(outcome, set()) >= {row["owner_id"] for row in late if row["outcome"] == outcome}
    assert all(0 < len(part.people) <= 2 * part.n for part in plain.change.parts if part.n)
    assert not whose.get("to_come")


def test_parts_add_up_and_the_range_holds_the_mean(plain: Forecast) -> None:
    assert plain.mean is not None
    assert plain.open is not None
    assert plain.new is not None
    assert plain.won_so_far + plain.open.mean + plain.new.mean == pytest.approx(plain.mean)
    for shares in (plain.people, plain.teams):
        assert sum(share.mean for share in shares) == pytest.approx(plain.mean)
    assert plain.change is not None
    assert sum(part.amount for part in plain.change.parts) == pytest.approx(plain.change.now - plain.change.before)
    assert plain.quantiles[0.1] < plain.mean < plain.quantiles[0.9]
    assert plain.probability_of(plain.quantiles[0.5]) == pytest.approx(0.5, abs=0.01)
    assert plain.probability_of(plain.won_so_far) == 1.0
    assert plain.probability_of(1e18) == pytest.approx(1 / 501)


def test_one_more_deal_without_hope_hardly_matters(world: World, plain: Forecast) -> None:
    deals = world.tables["deals"]
    old = pc.and_(pc.equal(deals["outcome"], "open"), pc.less(deals["created_on"], pa.scalar(date(2025, 3, 1))))
    assert pc.sum(old).as_py() > 0
    hopeless = [deal for deal in plain.range_deals if deal.stands_long]
    assert all(deal.chance < 0.5 for deal in hopeless)


def test_one_mistyped_amount_is_not_the_forecast(world: World, plain: Forecast) -> None:
    deals = world.tables["deals"]
    place = next(i for i, outcome in enumerate(deals["outcome"].to_pylist()) if outcome == "open")
    amounts = deals["amount"].to_pylist()
    amounts[place] *= 10_000
    column = deals.column_names.index("amount")
    typed = deals.set_column(column, deals.schema.field(column), pa.array(amounts, deals.schema.field(column).type))
    found = made(world.tables | {"deals": typed})
    won = pc.max(deals.filter(pc.equal(deals["outcome"], "won"))["amount"].cast(pa.float64())).as_py()
    assert (plain.outsized, found.outsized) == (0, 1)
    assert plain.mean is not None
    assert found.mean is not None
    assert found.mean <= plain.mean + 2.0 * won


def test_a_bound_that_moved_is_no_changed_amount(world: World, plain: Forecast) -> None:
    """The largest win so far came this week: what an outsized deal may count for has doubled, not its amount."""
    assert plain.change is not None
    deals = world.tables["deals"]
    rows = deals.to_pylist()
    largest = max(row["amount"] for row in rows if row["outcome"] == "won")
    place = next(i for i, row in enumerate(rows) if row["outcome"] == "open" and row["created_on"] < plain.change.since)
    late = next(i for i, row in enumerate(rows) if row["outcome"] == "won" and row["closed_on"] > plain.change.since)
    amounts = deals["amount"].to_pylist()
    amounts[place], amounts[late] = largest * 50, largest * 5
    column = deals.column_names.index("amount")
    typed = deals.set_column(column, deals.schema.field(column), pa.array(amounts, deals.schema.field(column).type))
    found = made(world.tables | {"deals": typed})
    counted = [{part.code: part.n for part in one.change.parts} for one in (found, plain) if one.change]
    assert found.outsized == 1
    assert counted[0].get("amount", 0) == counted[1].get("amount", 0)


def test_a_month_of_all_certain_deals_is_certain() -> None:
    """Every deal is won for 100 exactly 30 days after it was created, one a day."""
    first = date(2025, 1, 1)
    created = [first + timedelta(days=n) for n in range(360)]
    closed = [day + timedelta(days=30) for day in created]
    done = [day <= date(2025, 12, 26) for day in closed]
    rows: dict[str, Any] = {
        "deal_id": [f"d{n:03d}" for n in range(360)],
        "owner_id": ["kim"] * 360,
        "outcome": ["won" if over else "open" for over in done],
        "created_on": created,
        "closed_on": [day if over else None for day, over in zip(closed, done, strict=True)],
        "amount": [100.0] * 360,
    }
    lost = {name: [values[0]] * 12 for name, values in rows.items()} | {
        "deal_id": [f"x{n}" for n in range(12)],
        "outcome": ["lost"] * 12,
        "closed_on": [first] * 12,
    }
    table = ibis.memtable(pa.concat_tables([pa.table(rows), pa.table(lost)]))
    columns: dict[str, str] = {"visit": "int64", "stage_order": "int64", "entered_on": "date", "left_on": "date"}
    columns["first"] = "bool"
    columns |= dict.fromkeys(("deal_id", "pipeline", "stage", "exit", "next_stage"), "string")
    none = ibis.memtable([], schema=columns)
    found = bokgi.forecast(table, none, as_of=date(2025, 12, 26), period=Period(date(2025, 12, 27), date(2026, 1, 23)))
    assert found.mean == pytest.approx(2_700.0, rel=0.08)
    assert found.calibration.crps_ratio is not None


def test_what_is_dated_after_the_day_is_refused(world: World) -> None:
    with pytest.raises(RefusalError, match="after 2025-06-30"):
        made(world.tables, as_of=date(2025, 6, 30))


def test_several_currencies_are_refused(world: World) -> None:
    deals = world.tables["deals"]
    place = deals.column_names.index("currency")
    mixed = pa.array(["KRW", "USD"] * (deals.num_rows // 2))
    with pytest.raises(RefusalError, match="KRW, USD"):
        made(world.tables | {"deals": deals.set_column(place, "currency", mixed)})


def test_outcomes_known_for_won_deals_only_leave_the_run_rate(world: World) -> None:
    deals = world.tables["deals"].filter(pc.is_in(world.tables["deals"]["outcome"], pa.array(["won", "open"])))
    found = made(world.tables | {"deals": deals})
    assert found.reason == "only_won_deals"
    assert found.open is None
    assert found.mean is not None
    assert found.mean > 0


def test_amounts_known_on_won_deals_only_are_drawn_from_won_deals(world: World) -> None:
    deals = world.tables["deals"]
    amount = pc.if_else(pc.equal(deals["outcome"], "won"), deals["amount"], pa.scalar(None, deals["amount"].type))
    known = pa.array([","] * deals.num_rows)
    place, other = deals.column_names.index("amount"), deals.column_names.index("known_at_creation")
    bare = deals.set_column(place, "amount", amount).set_column(other, "known_at_creation", known)
    found = made(world.tables | {"deals": bare})
    assert found.unknown_amounts == found.open_deals > 0
    won = deals.filter(pc.equal(deals["outcome"], "won"))
    usual = pc.mean(won["amount"].cast(pa.float64())).as_py()
    assert found.open is not None
    assert 0.5 * usual < found.open.mean / found.open.n < 2.0 * usual


def test_deals_that_never_close_lose_their_hope() -> None:
    stale = simulate(Organisation(seed=5, reps=6, deals=1_200, never_close=0.4))
    found = bokgi_backtest(stale)
    assert abs(found.scores["stage_model"].bias) < 0.15
    assert found.scores["forecast"].crps < found.scores["run_rate"].crps


def bokgi_backtest(world: World) -> Any:  # noqa: ANN401 - loaded lazily
    connection = ibis.duckdb.connect()
    given = {name: connection.create_table(name, rows) for name, rows in world.tables.items()}
    deals = deal_traits(given["deals"], given["accounts"], given["memberships"], on=AS_OF)
    told = visits(given["deals"].mutate(last_seen_on=ibis.null("date")), given["stage_events"], given["stages"])
    return bokgi.backtest(
        deals.cache(),
        told.cache(),
        as_of=AS_OF,
        changes=given["deal_changes"],
        stages=given["stages"],
        factors=("source", "segment"),
        most=12,
        paths=400,
    )


def test_a_small_study_beats_the_run_rate_and_is_honest_about_its_range() -> None:
    """The study's organisations of twelve people, three of them; the whole study has twenty of each size."""
    found = [replayed(Organisation(seed=seed, reps=12, deals=3_000), 1) for seed in (100, 101, 102)]
    inside = [one.low <= one.came <= one.high for series in found for one in series.found.origins]
    assert np.mean([series.ratio("run_rate") for series in found]) < 0.8
    assert np.mean([series.ratio("best_simple") for series in found]) < 0.8
    assert 0.65 <= np.mean(inside) <= 0.95
    assert abs(np.mean([series.found.scores["forecast"].bias for series in found])) < 0.1


def test_a_backtest_without_history_says_so(world: World) -> None:
    deals = world.tables["deals"]
    late = pc.greater(deals["created_on"], pa.scalar(date(2025, 10, 1)))
    found = bokgi_backtest(replace(world, tables=world.tables | {"deals": deals.filter(late)}))
    assert (found.reason, found.origins, found.scores) == ("too_little_history", (), {})


def test_what_is_kept_is_read_for_another_team_and_changes_nothing(world: World, plain: Forecast) -> None:
    kept: dict[str, pa.Table] = {}

    def keep(name: str, make: Callable[[], pa.Table]) -> pa.Table:
        if name not in kept:
            kept[name] = make()
        return kept[name]

    def only_kept(name: str, _make: Callable[[], pa.Table]) -> pa.Table:
        return kept[name]

    team = plain.teams[0].key
    first = made(world.tables, keep=keep)
    assert replace(first, draws=plain.draws) == plain
    again, alone = made(world.tables, keep=only_kept, team=team), made(world.tables, team=team)
    assert np.array_equal(again.draws, alone.draws)
    assert replace(again, draws=alone.draws) == alone
    assert again.mean is not None
    assert plain.mean is not None
    assert again.mean < plain.mean
