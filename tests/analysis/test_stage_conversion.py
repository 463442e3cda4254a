"""What share of the deals that enter a stage goes further, and what became of each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from bokgi.analysis.progressions import progressions
from bokgi.analysis.proportions import wilson
from bokgi.analysis.stage_conversion import Risk, conversion_cells, stage_conversion
from bokgi.analysis.visits import visits
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.analysis.tables import Facts, Row, facts, ordered, rows_of
from tests.analysis.test_visits import STAGES, histories
from tests.referees.r import run_r

WEEK = Period(date(2026, 11, 2), date(2026, 11, 9))
DEALS = """
deal_id | owner_id | outcome     | closed_on
straight| kim      | won         | 2026-11-05
detour  | kim      | open        |
died    | lee      | lost        | 2026-11-04
slept   | lee      | no_decision | 2026-11-20
waits   | lee      | open        |
early   | lee      | won         | 2026-11-06
"""
EVENTS = """
deal_id  | stage | entered_on
straight | lead  | 2026-11-02
straight | talk  | 2026-11-03
detour   | talk  | 2026-11-02
detour   | lead  | 2026-11-04
detour   | offer | 2026-11-06
died     | talk  | 2026-11-03
slept    | talk  | 2026-11-05
waits    | talk  | 2026-11-06
early    | talk  | 2026-10-28
"""


def made() -> Facts:
    return facts(deals=DEALS, stage_events=EVENTS, stages=STAGES)


def converted(data: Facts, **options: Any) -> list[Row]:  # noqa: ANN401 - options of the analysis
    moved = visits(data.deals, data.stage_events, data.stages)
    given: dict[str, Any] = {"as_of": date(2026, 11, 30), "period": WEEK, "minimum_n": 1} | options
    return rows_of(stage_conversion(data.deals, moved, **given))


def test_a_cohort_is_followed_until_today() -> None:
    talk = next(row for row in converted(made(), risk=Risk.COHORT) if row["stage"] == "talk")
    assert {name: talk[name] for name in ("entries", "deals", "reached", "lost", "no_decision", "open")} == {
        "entries": 5,
        "deals": 5,
        "reached": 2,
        "lost": 1,
        "no_decision": 1,
        "open": 1,
    }
    # Day 1: one of five lost; day 2: one of four on; day 4: one of three on; day 15: one of two out.
    assert talk["conversion"] == pytest.approx(0.8 * 1 / 4 + 0.6 * 1 / 3)
    assert talk["undecided"] == pytest.approx(0.2)
    assert (talk["day"], talk["at_risk"], talk["reason"]) == (15, 2, None)
    assert talk["low"] < talk["conversion"] < talk["high"]


def test_a_period_sees_older_deals_only_from_its_start_on() -> None:
    talk = next(row for row in converted(made()) if row["stage"] == "talk")
    assert (talk["entries"], talk["deals"], talk["reached"], talk["lost"], talk["open"]) == (5, 6, 3, 1, 2)
    # At risk by day since entry: day 1: 5, day 2: 4, day 4: 1 (slept left sight on day 3, waits on day 2).
    assert talk["reason"] == "thin"
    assert talk["conversion"] is None


def test_one_old_deal_does_not_take_the_figure_of_all_the_others() -> None:
    deals = ["deal_id | owner_id | outcome | closed_on", "decided | kim | open |", "older | kim | open |"]
    events = ["deal_id | stage | entered_on", "decided | talk | 2025-11-05", "decided | offer | 2026-11-04"]
    events += ["older | talk | 2025-01-07", *(f"d{n} | talk | 2026-11-02" for n in range(20))]
    events += [f"d{n} | offer | 2026-11-0{3 + n % 5}" for n in range(14)]
    deals += [f"d{n} | kim | lost | 2026-11-06" if 14 <= n < 19 else f"d{n} | kim | open |" for n in range(20)]
    data = facts(deals="\n".join(deals), stage_events="\n".join(events), stages=STAGES)
    talk = next(row for row in converted(data) if row["stage"] == "talk")
    # Only "decided" is at risk on day 364; the nineteen ends before it, of twenty, are what can be said.
    assert (talk["deals"], talk["reached"], talk["lost"], talk["open"]) == (22, 15, 5, 2)
    assert talk["conversion"] == pytest.approx(14 / 20)
    assert talk["undecided"] == pytest.approx(1 / 20)
    assert (talk["day"], talk["reason"]) == (5, None)
    assert talk["low"] < talk["conversion"] < talk["high"]


@pytest.mark.parametrize("on", [True, False])
def test_where_all_ended_alike_the_interval_is_that_of_as_many_cases(on: bool) -> None:  # noqa: FBT001 - a case
    deals = ["deal_id | owner_id | outcome | closed_on"]
    events = ["deal_id | stage | entered_on", *(f"d{n} | talk | 2026-11-02" for n in range(14))]
    deals += [f"d{n} | kim | {'open' if on else 'lost'} | {'' if on else '2026-11-06'}" for n in range(12)]
    deals += [f"d{n} | kim | open |" for n in (12, 13)]
    events += [f"d{n} | offer | 2026-11-0{3 + n % 5}" for n in range(12) if on]
    data = facts(deals="\n".join(deals), stage_events="\n".join(events), stages=STAGES)
    talk = next(row for row in converted(data, level=0.9) if row["stage"] == "talk")
    if on:
        # Two are open still, so that not all went on.
        assert talk["low"] < talk["conversion"] < talk["high"] < 1.0
    else:
        assert (talk["conversion"], talk["low"]) == (0.0, 0.0)
        assert talk["high"] == pytest.approx(wilson(0.0, 12, level=0.9)[1])


def test_fewer_decided_deals_than_asked_for_give_no_figure() -> None:
    rows = converted(made(), minimum_n=10)
    assert {row["reason"] for row in rows} == {"too_few"}
    assert {row["conversion"] for row in rows} == {None}


def test_figures_can_be_split_by_any_column_of_the_deals() -> None:
    rows = converted(made(), by=["owner_id"], risk=Risk.COHORT)
    assert [(row["owner_id"], row["stage"], row["entries"]) for row in rows] == [
        ("kim", "lead", 2),
        ("kim", "offer", 1),
        ("kim", "talk", 2),
        ("lee", "talk", 3),
    ]


def test_without_deals_all_visits_count() -> None:
    data = made()
    moved = visits(data.deals, data.stage_events, data.stages)
    found = stage_conversion(None, moved, as_of=date(2026, 11, 30), period=WEEK, minimum_n=1)
    assert rows_of(found) == converted(data)


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="colour"):
        converted(made(), by=["colour"])


def test_a_column_is_refused_where_no_deals_are_given() -> None:
    data = made()
    moved = visits(data.deals, data.stage_events, data.stages)
    with pytest.raises(UsageError, match="owner_id"):
        stage_conversion(None, moved, as_of=date(2026, 11, 30), period=WEEK, by=["owner_id"])


def test_what_the_first_snapshot_found_and_what_closed_on_no_known_day_is_left_out_and_counted() -> None:
    data = facts(
        stages=STAGES,
        deals="deal_id | outcome\nold | open\nnew | open\nclosed | won",
        stage_events="""
        deal_id | stage | entered_on | origin   | not_before_on
        old     | talk  | 2026-11-02 | snapshot |
        new     | talk  | 2026-11-09 | snapshot | 2026-11-02
        new     | offer | 2026-11-16 | snapshot | 2026-11-09
        closed  | talk  | 2026-11-03 | recorded |
        """,
    )
    (offer, talk) = converted(data, period=Period(date(2026, 11, 1), date(2026, 12, 1)))
    assert (talk["entries"], talk["deals"], talk["start_unknown"], talk["end_unknown"]) == (2, 1, 1, 1)
    assert (talk["interval"], talk["reached"], talk["conversion"]) == (1, 1, 1.0)
    assert (offer["reached"], offer["reason"]) == (0, "too_few")


def test_without_visits_there_are_no_rows() -> None:
    assert converted(facts(deals=DEALS, stages=STAGES)) == []


@pytest.mark.peer
def test_a_month_of_many_deals_agrees_with_r() -> None:
    random = np.random.default_rng(7)
    start = date(2026, 9, 1)
    deals: list[Row] = []
    events: list[Row] = []
    for number in range(400):
        entered = start + timedelta(int(random.integers(0, 90)))
        ended = entered + timedelta(int(random.integers(0, 60)))
        outcome = str(random.choice(["won", "lost", "no_decision"])) if ended < date(2026, 12, 1) else "open"
        deals.append({"deal_id": f"d{number}", "outcome": outcome, "closed_on": ended if outcome != "open" else None})
        events.append({"deal_id": f"d{number}", "stage": "talk", "entered_on": entered})
    data = facts(deals=deals, stage_events=events, stages=STAGES)
    october = Period(date(2026, 10, 1), date(2026, 11, 1))
    (ours,) = converted(data, period=october)
    cells = [
        (deal, event)
        for deal, event in zip(deals, events, strict=True)
        if event["entered_on"] < october.end and (deal["closed_on"] is None or deal["closed_on"] >= october.start)
    ]
    kinds = ["won", "lost", "no_decision"]
    lasts = [min(deal["closed_on"] or october.last, october.last) for deal, _ in cells]
    theirs = run_r(
        """
        library(survival)
        f <- survfit(Surv(s, t, factor(k, 0:3)) ~ 1, data = d, id = id)
        place <- max(which(rowSums(f$n.event) > 0))
        out <- list(won = f$pstate[place, 2], open = f$pstate[place, 1], day = f$time[place])
        """,
        {
            "id": list(range(len(cells))),
            "s": [max((october.start - event["entered_on"]).days, 0) - 0.5 for _, event in cells],
            "t": [(last - event["entered_on"]).days for last, (_, event) in zip(lasts, cells, strict=True)],
            "k": [
                kinds.index(deal["outcome"]) + 1 if deal["closed_on"] and deal["closed_on"] < october.end else 0
                for deal, _ in cells
            ],
        },
    )
    assert ours["conversion"] == pytest.approx(theirs["won"][0], abs=1e-9)
    assert ours["undecided"] == pytest.approx(theirs["open"][0], abs=1e-9)
    assert ours["day"] == theirs["day"][0]


# ---------------------------------------------------------------- the slow twin


def twin(found: Sequence[Row]) -> list[Row]:
    """Look, for each first entry, at all later visits of its deal."""
    told = []
    for row in found:
        if not row["first"]:
            continue
        rest = sorted(
            (other for other in found if other["deal_id"] == row["deal_id"] and other["visit"] >= row["visit"]),
            key=lambda other: int(other["visit"]),
        )
        end, ended_on = rest[-1]["exit"], rest[-1]["left_on"]
        for other in rest:
            if other["stage_order"] > row["stage_order"]:
                end, ended_on = "reached", other["entered_on"]
                break
            if other["exit"] == "won":
                end, ended_on = "reached", other["left_on"]
                break
        told.append({"deal_id": row["deal_id"], "stage": row["stage"], "end": end, "ended_on": ended_on})
    return told


@given(histories())
@settings(max_examples=25)
def test_progressions_agree_with_the_slow_twin(history: tuple[list[Row], list[Row]]) -> None:
    deals, events = history
    data = facts(stages=STAGES, deals=deals, stage_events=events)
    moved = visits(data.deals, data.stage_events, data.stages)
    keys = ["deal_id", "stage", "end", "ended_on"]
    answer = rows_of(progressions(moved).select(keys))
    assert ordered(answer) == ordered(twin(rows_of(moved)))


def test_cells_hold_every_deal_once() -> None:
    data = made()
    moved = visits(data.deals, data.stage_events, data.stages)
    cells = conversion_cells(data.deals, moved, as_of=date(2026, 11, 30), period=WEEK, risk=Risk.COHORT)
    table = cells.to_pyarrow()
    assert isinstance(table, pa.Table)
    assert sum(table["n"].to_pylist()) == 8
