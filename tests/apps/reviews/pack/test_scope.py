"""What a review is narrowed to, and what it leaves out because it cannot matter."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pytest

from benchmarks.simulator import Organisation, simulate
from bokgi.apps.reviews.pack.scope import Scope, scope
from bokgi.domain.period import Period
from bokgi.facts.read import facts
from bokgi.questions.asked import Json
from bokgi.questions.pipeline import Bridge
from tests.analysis.worlds import facts_of_world
from tests.questions.test_asked import COMPANY, written

WEEK = Period.week("2026-W44")
AS_OF = date(2026, 11, 1)
STATES = COMPANY | {
    "deals": """
        deal_id   | owner_id | created_on | outcome | closed_on  | pipeline | stage | amount | known_at_creation
        open      | kim      | 2026-09-01 | open    |            | p        | talk  | 100    | ,amount,
        old       | kim      | 2026-01-01 | won     | 2026-02-01 | p        | won   | 200    | ,amount,
        won       | kim      | 2026-09-01 | won     | 2026-10-28 | p        | won   | 300    | ,amount,
        undated   | kim      |            | lost    | 2026-02-01 | p        | talk  | 400    | ,amount,
        backdated | kim      | 2026-09-01 | lost    |            | p        | talk  | 500    | ,amount,
        reopened  | kim      | 2026-01-01 | open    |            | p        | talk  | 600    | ,amount,
        late      | kim      | 2026-01-01 | won     | 2026-11-20 | p        | won   | 700    | ,amount,
        new       | kim      | 2026-10-27 | open    |            | p        | talk  | 800    | ,amount,
    """,
    "deal_changes": """
        deal_id   | seq | field     | changed_on | old  | new        | origin
        backdated | 1   | outcome   | 2026-10-29 | open | lost       | recorded
        backdated | 1   | closed_on | 2026-10-29 |      | 2026-10-01 | recorded
        reopened  | 1   | outcome   | 2026-03-01 | open | lost       | recorded
        reopened  | 2   | outcome   | 2026-10-30 | lost | open       | recorded
    """,
    "stage_events": """
        deal_id | seq | pipeline | stage | entered_on | origin
        open    | 0   | p        | talk  | 2026-09-01 | recorded
    """,
}


def both(here: Scope) -> tuple[Json, Json]:
    """Tell the change from all deals of both days, and from those that were not settled before."""
    every = (here.facts_before.deals, here.deals)
    whole, few = (
        Bridge(*states, here.facts.stages, here.day_before, here.as_of, here.currency).told()
        for states in (every, here.unsettled())
    )
    return whole, few


def test_the_change_is_the_same_without_deals_that_were_closed_before(tmp_path: Path) -> None:
    read = facts(ibis.duckdb.connect(), written(tmp_path, STATES))
    with scope(read, period=WEEK, as_of=AS_OF, team=None) as here:
        whole, few = both(here)
        assert few == whole
        before, after = (set(table.deal_id.to_pyarrow().to_pylist()) for table in here.unsettled())
    assert "old" not in before | after
    assert {"open", "won", "backdated", "reopened", "late"} <= before
    assert {"undated", "new"} <= after


def test_it_is_the_same_where_amounts_are_in_another_currency(tmp_path: Path) -> None:
    head, *deals = STATES["deals"].strip().splitlines()
    foreign = "\n".join([f"{head} | currency", *(f"{row} | USD" for row in deals)])
    rates = "currency | month | rate\n" + "\n".join(f"USD | 2026-{n:02}-01 | {1300 + n}" for n in (2, 10, 11))
    read = facts(ibis.duckdb.connect(), written(tmp_path, STATES | {"deals": foreign, "rates": rates}))
    with scope(read, period=WEEK, as_of=AS_OF, team=None) as here:
        whole, few = both(here)
    assert few == whole
    assert few["start"]["amount"] == {"amount": str((100 + 300 + 500 + 700) * 1311), "currency": "KRW"}


@pytest.mark.parametrize("week", ["2025-W20", "2025-W40", "2025-W50"])
def test_it_is_the_same_in_a_world_of_many_deals(week: str) -> None:
    period = Period.week(week)
    read = facts_of_world(simulate(Organisation(seed=3, reps=6, deals=600)))
    with scope(read, period=period, as_of=period.last, team=None) as here:
        whole, few = both(here)
    assert few == whole
