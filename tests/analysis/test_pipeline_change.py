"""The bridge from one pipeline to the next: every part by hand, and sums that hold whatever changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.pipeline_change import PARTS, pipeline_change
from bokgi.analysis.win_loss import win_loss
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.analysis.tables import Row, facts, rows_of
from tests.analysis.test_visits import STAGES

QUARTER = Period(date(2026, 10, 1), date(2027, 1, 1))
BEFORE = """
deal_id  | outcome | stage | amount | expected_close_on | closed_on
same     | open    | lead  | 1      | 2026-11-30        |
up       | open    | talk  | 2      | 2026-11-30        |
down     | open    | talk  | 4      | 2026-11-30        |
filled   | open    | talk  |        | 2026-11-30        |
emptied  | open    | talk  | 8      | 2026-11-30        |
won      | open    | talk  | 16     | 2026-11-30        |
lost     | open    | talk  | 32     | 2026-11-30        |
slept    | open    | talk  |        | 2026-11-30        |
missing  | open    | talk  | 64     | 2026-11-30        |
pushed   | open    | talk  | 128    | 2026-11-30        |
pulled   | open    | talk  | 256    | 2027-02-01        |
overdue  | open    | talk  | 512    | 2026-09-01        |
blank    | open    | talk  | 1024   |                   |
cleared  | open    | offer | 2048   | 2026-11-30        |
ended    | won     | won   | 4096   | 2026-10-05        | 2026-10-05
again    | lost    | lost  | 8192   | 2026-11-30        | 2026-10-05
early    | open    | talk  | 16384  | 2027-02-01        |
dropped  | open    | talk  | 32768  | 2027-02-01        |
advanced | open    | talk  | 65536  | 2026-11-30        |
"""
AFTER = """
deal_id  | outcome     | stage | amount | expected_close_on | closed_on
same     | open        | lead  | 1      | 2026-11-30        |
up       | open        | offer | 3      | 2026-11-30        |
down     | open        | lead  | 3      | 2026-12-15        |
filled   | open        | talk  | 7      | 2026-11-30        |
emptied  | open        | talk  |        | 2026-11-30        |
won      | won         | won   | 20     | 2026-11-30        | 2026-11-12
lost     | lost        | lost  | 32     | 2026-11-30        | 2026-11-12
slept    | no_decision | lost  |        | 2026-11-30        | 2026-11-12
pushed   | open        | talk  | 128    | 2027-01-15        |
pulled   | open        | talk  | 256    | 2026-12-20        |
overdue  | open        | talk  | 512    | 2026-12-20        |
blank    | open        | talk  | 1024   | 2026-12-20        |
cleared  | open        | offer | 2048   |                   |
ended    | won         | won   | 4096   | 2026-10-05        | 2026-10-05
again    | open        | talk  | 8192   | 2026-11-30        |
early    | won         | won   | 16384  | 2027-02-01        | 2026-11-12
dropped  | lost        | lost  | 32768  | 2027-02-01        | 2026-11-12
advanced | open        | talk  | 65536  | 2026-09-20        |
new      | open        | lead  | 5      | 2026-12-01        |
flash    | won         | won   | 6      | 2026-11-12        | 2026-11-12
"""


def parts(due: Period | None = None, **options: Any) -> dict[str, Row]:  # noqa: ANN401 - options of the analysis
    before, after = facts(deals=BEFORE, stages=STAGES), facts(deals=AFTER)
    rows = rows_of(pipeline_change(before.deals, after.deals, before.stages, due=due, **options))
    return {row["part"]: row for row in rows}


def test_every_part_of_the_whole_pipeline() -> None:
    told = parts()
    assert list(told) == list(PARTS)
    change = {part: (row["deals_change"], row["amount_change"]) for part, row in told.items() if row["deals"]}
    assert change == {
        "start": (17, Decimal(118_783)),
        "created": (2, Decimal(11)),
        "reopened": (1, Decimal(8192)),
        "amount_up": (0, Decimal(5)),
        "amount_down": (0, Decimal(-1)),
        "amount_filled": (0, Decimal(7)),
        "amount_emptied": (0, Decimal(-8)),
        "won": (-3, Decimal(-(20 + 6 + 16384))),
        "lost": (-2, Decimal(-(32 + 32768))),
        "no_decision": (-1, Decimal(0)),
        "removed": (-1, Decimal(-64)),
        "end": (13, Decimal(77_715)),
        "stage_forward": (0, Decimal(0)),
        "stage_back": (0, Decimal(0)),
        "close_later": (0, Decimal(0)),
        "close_sooner": (0, Decimal(0)),
    }
    assert (told["start"]["amount_unknown"], told["end"]["amount_unknown"]) == (2, 1)
    assert [told[part]["deals"] for part in ("stage_forward", "stage_back")] == [1, 1]
    assert [told[part]["deals"] for part in ("close_later", "close_sooner")] == [3, 2]
    assert told["stage_forward"]["amount"] == Decimal(3)


def test_deals_come_and_go_by_their_close_date_when_a_period_is_asked_for() -> None:
    told = parts(QUARTER)
    moved = {part: (row["deals_change"], row["amount_change"]) for part, row in told.items() if row["deals"]}
    assert moved["pulled_in"] == (2, Decimal(256 + 16384))
    assert moved["pushed_in"] == (1, Decimal(512))
    assert moved["dated_in"] == (1, Decimal(1024))
    assert moved["pushed_out"] == (-1, Decimal(-128))
    assert moved["pulled_out"] == (-1, Decimal(-65536))
    assert moved["undated_out"] == (-1, Decimal(-2048))
    assert moved["won"] == (-3, Decimal(-(20 + 6 + 16384)))
    assert moved["lost"] == (-1, Decimal(-32))
    assert_adds_up(list(told.values()))


def assert_adds_up(rows: list[Row]) -> None:
    by_kind: dict[str, list[Row]] = {kind: [] for kind in ("start", "in", "change", "out", "end", "told")}
    for row in rows:
        by_kind[row["kind"]].append(row)
    (start,), (end,) = by_kind["start"], by_kind["end"]
    for name in ("deals_change", "amount_change"):
        moved = sum(row[name] for kind in ("in", "change", "out") for row in by_kind[kind])
        assert start[name] + moved == end[name]
        assert all(row[name] == 0 for row in by_kind["told"])


def test_a_deal_that_changed_hands_counts_with_its_owner_at_the_end() -> None:
    before = facts(deals="deal_id | owner_id | amount\nd | kim | 5\ngone | lee | 7", stages=STAGES)
    after = facts(deals="deal_id | owner_id | amount\nd | lee | 5")
    rows = rows_of(pipeline_change(before.deals, after.deals, before.stages, by=["owner_id"]))
    assert {row["owner_id"] for row in rows} == {"lee"}
    assert [(row["part"], row["amount_change"]) for row in rows if row["deals"]] == [
        ("start", Decimal(12)),
        ("removed", Decimal(-7)),
        ("end", Decimal(5)),
    ]


def test_a_deal_that_came_from_outside_is_not_new_and_one_that_went_is_not_removed() -> None:
    before = facts(
        deals="deal_id | owner_id | amount\nto_lee | kim | 5\nto_kim | lee | 7\nsold | lee | 9", stages=STAGES
    )
    after = facts(
        deals="deal_id | owner_id | amount | outcome\nto_lee | lee | 6 | open\nto_kim | kim | 8 | open\n"
        "sold | kim | 9 | won\nnew | lee | 3 | open\nother | kim | 1 | open"
    )
    first, second = (one.deals.mutate(inside=one.deals.owner_id == "lee") for one in (before, after))
    rows = rows_of(pipeline_change(first, second, before.stages))
    assert [(row["part"], row["deals_change"], row["amount_change"]) for row in rows if row["deals"]] == [
        ("start", 2, Decimal(16)),
        ("created", 1, Decimal(3)),
        ("moved_in", 1, Decimal(6)),
        ("amount_up", 0, Decimal(1)),
        ("moved_out", -2, Decimal(-17)),
        ("end", 2, Decimal(9)),
    ]
    assert_adds_up(rows)


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(UsageError, match="colour"):
        parts(by=["colour"])


DAY = date(2026, 11, 2)
dates = st.none() | st.integers(-40, 90).map(lambda n: DAY + timedelta(n))
amounts = st.none() | st.decimals(-(10**12), 10**12, places=2)
states = st.fixed_dictionaries(
    {
        "owner_id": st.sampled_from(["kim", "lee", None]),
        "outcome": st.sampled_from(["open", "open", "won", "lost", "no_decision", "removed"]),
        "stage": st.sampled_from(["lead", "talk", "offer", "secret", None]),
        "amount": amounts,
        "expected_close_on": dates,
        "closed_on": dates,
    }
)
tables = st.dictionaries(st.sampled_from([f"d{number}" for number in range(8)]), states)


@given(tables, tables, st.sampled_from([None, QUARTER, Period(DAY, DAY)]), st.booleans())
@settings(max_examples=40)
def test_parts_add_up_exactly_whatever_changed(
    before: dict[str, Row],
    after: dict[str, Row],
    due: Period | None,
    split: bool,  # noqa: FBT001 - drawn
) -> None:
    given_before, given_after = (
        [{"deal_id": deal} | state for deal, state in table.items()] for table in (before, after)
    )
    data, then = facts(deals=given_before, stages=STAGES), facts(deals=given_after)
    by = ["owner_id"] if split else []
    rows = rows_of(pipeline_change(data.deals, then.deals, data.stages, due=due, by=by))
    for group in {row["owner_id"] if split else None for row in rows}:
        assert_adds_up([row for row in rows if not split or row["owner_id"] == group])

    def level(table: dict[str, Row]) -> tuple[int, Decimal]:
        there = [
            state
            for state in table.values()
            if state["outcome"] == "open"
            and (due is None or (state["expected_close_on"] is not None and state["expected_close_on"] in due))
        ]
        return len(there), sum((state["amount"] or Decimal(0) for state in there), Decimal(0))

    for part, table in (("start", before), ("end", after)):
        told = [row for row in rows if row["part"] == part]
        assert (
            sum(row["deals"] for row in told),
            sum((row["amount_change"] for row in told), Decimal(0)),
        ) == level(table)


def test_a_deal_that_ended_on_an_unknown_day_is_won_in_no_period_here_either() -> None:
    before = facts(deals="deal_id | outcome | amount\nw | open | 5\nl | open | 7\ng | open | 9", stages=STAGES)
    rows = "deal_id | outcome | amount | closed_on\nw | won | 5 |\nl | lost | 7 |\ng | removed | 9 |\nnew | won | 3 |"
    after = facts(deals=rows)
    told = rows_of(pipeline_change(before.deals, after.deals, before.stages))
    assert {row["part"]: (row["deals_change"], row["amount_change"]) for row in told if row["deals"]} == {
        "start": (3, Decimal(21)),
        "created": (1, Decimal(3)),
        "closed_undated": (-3, Decimal(-15)),
        "removed": (-1, Decimal(-9)),
    }
    period = Period(date(2000, 1, 1), date(2100, 1, 1))
    assert rows_of(win_loss(after.deals, period=period)) == []
    assert_adds_up(told)
