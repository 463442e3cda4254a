"""How often deals are won, and which of them are worth telling."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from bokgi.analysis.visits import visits
from bokgi.analysis.win_loss import loss_reasons, win_loss
from bokgi.analysis.worth_telling import worth_telling
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.analysis.tables import Row, calendar, facts, rows_of
from tests.analysis.test_visits import STAGES

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
DEALS = """
deal_id | owner_id | outcome     | created_on | closed_on  | amount | lost_reason
a       | lee      | won         | 2026-10-03 | 2026-11-02 | 10     |
b       | lee      | won         | 2026-10-03 | 2026-11-12 | 30     |
c       | park     | won         |            | 2026-11-13 |        |
d       | park     | lost        | 2026-11-01 | 2026-11-13 | 20     | price
e       | park     | lost        | 2026-11-20 | 2026-11-13 | 20     |
f       |          | no_decision | 2026-11-01 | 2026-11-03 |        | price
g       | lee      | removed     | 2026-11-01 | 2026-11-13 | 5      |
h       | lee      | open        | 2026-11-01 |            | 5      |
i       | lee      | won         | 2026-11-01 | 2026-12-01 | 5      |
j       | lee      | lost        | 2026-11-01 |            | 5      |
"""


def rates(**options: Any) -> list[Row]:  # noqa: ANN401 - options of the analysis
    return rows_of(win_loss(facts(deals=DEALS).deals, period=NOVEMBER, **({"minimum_n": 3} | options)))


def test_rates_by_count_and_by_value_with_wilson_intervals() -> None:
    (row,) = rates()
    assert (row["won"], row["lost"], row["no_decision"], row["n"], row["narrow_n"]) == (3, 2, 1, 6, 5)
    assert (row["won_amount"], row["won_amount_unknown"], row["lost_amount"]) == (Decimal(40), 1, Decimal(40))
    assert (row["win_rate"], row["narrow_rate"], row["value_rate"]) == (0.5, 0.6, 0.5)
    for name, hits, n in (("win_rate", 3, 6), ("narrow", 3, 5)):
        low, high = proportion_confint(hits, n, method="wilson")
        assert (row[f"{name}_low"], row[f"{name}_high"]) == (pytest.approx(low), pytest.approx(high))
    assert (row["mean_won"], row["median_won"]) == (Decimal(20), Decimal(20))
    # Wins after 30 and 40 days; losses after 12 and 2; one closed before it was created.
    assert (row["cycle_days"], row["cycle_n"], row["loss_days"], row["loss_n"], row["reason"]) == (
        35.0,
        2,
        7.0,
        2,
        None,
    )


def test_too_few_cases_have_counts_but_no_rates() -> None:
    (row,) = rates(minimum_n=6)
    assert (row["win_rate"], row["narrow_rate"], row["narrow_low"]) == (0.5, None, None)
    (row,) = rates(minimum_n=7)
    assert (row["n"], row["win_rate"], row["win_rate_low"], row["value_rate"], row["reason"]) == (
        6,
        None,
        None,
        None,
        "too_few",
    )


def test_by_owner_and_by_week() -> None:
    assert [(row["owner_id"], row["n"]) for row in rates(by=["owner_id"])] == [("lee", 2), ("park", 3), (None, 1)]
    weeks = rates(calendar=facts(calendar=calendar(date(2026, 10, 1), date(2026, 12, 31))).calendar)
    assert [(row["iso_week"], row["won"], row["lost"], row["no_decision"]) for row in weeks] == [
        ("2026-W45", 1, 0, 1),
        ("2026-W46", 2, 2, 0),
    ]


def test_only_losses_and_nothing_at_all() -> None:
    lost = facts(deals="deal_id | outcome | closed_on | created_on\na | lost | 2026-11-03 | 2026-11-01").deals
    (row,) = rows_of(win_loss(lost, period=NOVEMBER, minimum_n=1))
    assert (row["win_rate"], row["value_rate"], row["mean_won"], row["cycle_days"]) == (0.0, None, None, None)
    assert rows_of(win_loss(facts().deals, period=NOVEMBER)) == []


def test_doubling_all_amounts_doubles_money_and_leaves_rates_alone() -> None:
    deals = facts(deals=DEALS).deals
    (once,), (twice,) = (
        rows_of(
            win_loss(deals.mutate(amount=(deals.amount * factor).cast("decimal(18, 2)")), period=NOVEMBER, minimum_n=1)
        )
        for factor in (1, 2)
    )
    for name, value in once.items():
        money = name.endswith("_amount") or name in {"mean_won", "median_won"}
        assert twice[name] == (2 * value if money else value)


def test_reasons_of_losses_are_counted_with_those_that_gave_none() -> None:
    rows = rows_of(loss_reasons(facts(deals=DEALS).deals, period=NOVEMBER, minimum_n=2))
    assert [(row["outcome"], row["lost_reason"], row["deals"], row["n"], row["share"]) for row in rows] == [
        ("lost", "price", 1, 2, 0.5),
        ("lost", None, 1, 2, 0.5),
        ("no_decision", "price", 1, 1, None),
    ]
    assert (rows[0]["share_low"], rows[0]["share_high"]) == pytest.approx(proportion_confint(1, 2, method="wilson"))
    assert (rows[2]["share_low"], rows[2]["share_high"]) == (None, None)


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(UsageError, match="colour"):
        rates(by=["colour"])
    with pytest.raises(UsageError, match="colour"):
        loss_reasons(facts(deals=DEALS).deals, period=NOVEMBER, by=["colour"])


def test_stories_have_criteria_that_can_be_checked() -> None:
    deals: list[Row] = [
        {
            "deal_id": f"usual{number}",
            "outcome": "won",
            "created_on": date(2026, 6, 1),
            "closed_on": date(2026, 6, 1) + timedelta(10 * number),
            "amount": Decimal(1),
        }
        for number in range(1, 11)
    ]
    closings = [
        ("huge", "won", 40, 900),
        ("large", "won", 40, 800),
        ("quick", "won", 3, None),
        ("pushed", "won", 60, 2),
        ("reopened", "won", 60, 1),
        ("late", "lost", 60, 7),
        ("later", "no_decision", 60, 8),
        ("soon", "lost", 60, 9),
    ]
    for name, outcome, days, amount in closings:
        closed = date(2026, 11, 12)
        row: Row = {"deal_id": name, "outcome": outcome, "closed_on": closed, "created_on": closed - timedelta(days)}
        deals.append(row | {"amount": None if amount is None else Decimal(amount)})
    events = """
    deal_id  | stage | entered_on
    reopened | talk  | 2026-09-20
    reopened | lost  | 2026-10-01
    reopened | talk  | 2026-10-10
    late     | talk  | 2026-10-10
    later    | offer | 2026-10-10
    soon     | lead  | 2026-10-10
    """
    changes = """
    deal_id | field             | seq | old        | new        | changed_on
    pushed  | expected_close_on | 1   | 2026-09-01 | 2026-10-01 | 2026-08-20
    pushed  | expected_close_on | 2   | 2026-10-01 | 2026-11-01 | 2026-09-20
    """
    data = facts(deals=deals, stages=STAGES, stage_events=events, deal_changes=changes)
    moved = visits(data.deals, data.stage_events, data.stages)
    rows = rows_of(worth_telling(data.deals, moved, data.stages, data.deal_changes, period=NOVEMBER, most=2))
    assert [(row["story"], row["place"], row["deal_id"]) for row in rows] == [
        ("largest", 1, "huge"),
        ("largest", 2, "large"),
        ("fastest", 1, "quick"),
        ("against_odds", 1, "pushed"),
        ("against_odds", 2, "reopened"),
        ("lost_late", 1, "later"),
        ("lost_late", 2, "late"),
    ]
    by_id = {row["deal_id"]: row for row in rows}
    assert (by_id["reopened"]["setbacks"], by_id["pushed"]["times_pushed"], by_id["late"]["stage"]) == (1, 2, "talk")
    assert by_id["quick"]["cycle_days"] == 3


def test_without_enough_wins_to_compare_with_nothing_is_fast() -> None:
    data = facts(deals=DEALS, stages=STAGES)
    moved = visits(data.deals, data.stage_events, data.stages)
    rows = rows_of(worth_telling(data.deals, moved, data.stages, data.deal_changes, period=NOVEMBER))
    assert [(row["story"], row["deal_id"]) for row in rows] == [("largest", "b"), ("largest", "a")]
