"""The gap between two people: exact, shrunken, and silent where chance explains it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pytest

from benchmarks.simulator import Defect, Organisation, simulate
from bokgi.analysis.decomposition import Decomposition, person_gap
from bokgi.analysis.decomposition.people import _drawn_amounts, _won_deals
from bokgi.analysis.decomposition.pool import Window, count_pools
from bokgi.analysis.visits import visits
from bokgi.domain.errors import RefusalError
from bokgi.domain.period import Period
from tests.analysis.worlds import told_deals

HALF = Period(date(2025, 1, 1), date(2025, 7, 1))
AS_OF = date(2025, 12, 31)
GIVEN = {"volume", "mix", "head_start", "chance"}


@dataclass(frozen=True)
class Tables:
    """The tables of one organisation."""

    deals: ibis.Table
    visits: ibis.Table
    changes: ibis.Table

    def gap(self, person: str, other: str, **asked: Any) -> Decomposition:  # noqa: ANN401 - options of several types
        """Decompose the gap of two people."""
        options: dict[str, Any] = {"period": HALF, "as_of": AS_OF} | asked
        return person_gap(self.deals, self.visits, self.changes, person=person, other=other, **options)


def tables(organisation: Organisation) -> Tables:
    world = {name: ibis.memtable(table) for name, table in simulate(organisation).tables.items()}
    stays = visits(world["deals"].mutate(last_seen_on=ibis.null("date")), world["stage_events"], world["stages"])
    return Tables(told_deals(world).cache(), stays.cache(), world["deal_changes"])


@pytest.fixture(scope="module")
def equal() -> Tables:
    """Give an organisation in which all people are equal."""
    return tables(Organisation(seed=21, reps=6, deals=1_200).plain())


def test_the_parts_add_up_exactly_and_the_other_way_round_is_the_same_turned(equal: Tables) -> None:
    there, back = equal.gap("p001", "p004"), equal.gap("p004", "p001")
    assert sum((part.amount for part in there.parts), Decimal(0)) == there.whole == there.won_after - there.won_before
    assert there.whole == -back.whole
    for a, b in zip(there.parts, back.parts, strict=True):
        assert a.name == b.name
        assert abs(a.amount + b.amount) <= Decimal("0.01")
    won = equal.deals.filter((equal.deals.outcome == "won") & (equal.deals.owner_id == "p001")).to_pyarrow().to_pylist()
    assert there.won_after == sum(row["amount"] for row in won if row["closed_on"] in HALF)


def test_between_equal_people_only_what_they_were_handed_is_claimed(equal: Tables) -> None:
    claimed = []
    for other in range(1, 5):
        found = equal.gap("p000", f"p{other:03d}")
        claimed += [part.by_chance is False for part in found.parts if part.name not in GIVEN]
        parts = {part.name: part for part in found.parts}
        assert parts["chance"].low is None
        assert parts["volume"].by_chance is (found.n_after == found.n_before)
    assert np.mean(claimed) <= 0.1


def test_a_planted_fault_at_a_stage_is_the_part_that_is_claimed() -> None:
    made = tables(
        Organisation(
            seed=22,
            reps=6,
            deals=6_000,
            person_sd=0.0,
            territory_sd=0.0,
            intercept=0.3,
            defects=(Defect(2, -1.8, person=1),),
        )
    )
    found = made.gap("p001", "p003", by=["segment"])
    stages = {part.stage: part for part in found.parts if part.name == "conversion"}
    assert stages["proposal"].by_chance is False
    assert stages["proposal"].high is not None
    assert stages["proposal"].high < 0
    assert sum(part.by_chance is False for part in stages.values()) <= 2
    assert stages["proposal"].amount == min(part.amount for part in stages.values())


def test_one_win_rate_without_stages_and_one_factor_without_history(equal: Tables) -> None:
    bare = Tables(equal.deals, equal.visits, equal.changes.filter(equal.changes.deal_id == "none"))
    found = person_gap(
        bare.deals, None, bare.changes, person="p000", other="p002", period=HALF, as_of=AS_OF, by=["source"]
    )
    assert not found.close_dates_known
    parts = {part.name: part for part in found.parts}
    assert parts["close_dates"].amount == 0
    assert [part.stage for part in found.parts if part.name == "conversion"] == [None]
    assert sum((part.amount for part in found.parts), Decimal(0)) == found.whole


def test_few_wins_leave_the_gap_to_what_was_handed_and_to_chance(equal: Tables) -> None:
    early = Period(date(2024, 1, 8), date(2024, 2, 12))
    found = equal.gap("p001", "p004", period=early, as_of=early.last)
    assert sum((part.amount for part in found.parts), Decimal(0)) == found.whole
    assert all(part.by_chance for part in found.parts if part.name not in GIVEN)


def test_somebody_without_deals_is_refused(equal: Tables) -> None:
    with pytest.raises(RefusalError, match="p999 owned no deal") as caught:
        equal.gap("p000", "p999")
    assert caught.value.code == "person_without_deals"


def test_the_mean_amount_of_a_cell_is_drawn_to_that_of_all_as_by_three_more_wins(equal: Tables) -> None:
    window, by = Window(HALF, AS_OF), ["source"]
    pools = count_pools(equal.deals, equal.visits, None, [window], by=by, person="owner_id")
    drawn = _drawn_amounts(pools, _won_deals(equal.deals, HALF, AS_OF), (0, 1), by=by, owner="owner_id", seed=1)
    told = pools.names[0]
    won = equal.deals.filter(equal.deals.outcome == "won").to_pyarrow().to_pylist()
    # Wins of the period by source, of all people; a deal that came before counts in the source's other cells, too.
    sums = {
        name: [float(row["amount"]) for row in won if row["closed_on"] in HALF and row["source"] == name]
        for name in told
    }
    every = [amount for amounts in sums.values() for amount in amounts]
    expected = {name: (sum(amounts) + 3.0 * np.mean(every)) / (len(amounts) + 3.0) for name, amounts in sums.items()}
    assert min(map(len, sums.values())) < 30
    of_cell = [expected[told[place]] for place in pools.combination]
    # What the two people are known for is one factor of all their cells: it goes out of the ratio to the first.
    ratio = drawn / drawn[:, :, :1]
    assert ratio == pytest.approx(np.broadcast_to(np.array(of_cell) / of_cell[0], drawn.shape), rel=1e-9)
