"""Discussed deals beside others alike: a case by hand, a slow twin, simulated meetings whose truth is known."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.discussed_deals import DiscussedDeals, discussed_deals, open_at_meeting
from bokgi.analysis.visits import visits
from tests.analysis.tables import facts

Row = dict[str, Any]
_TYPES = pa.schema(
    [
        ("team", pa.string()),
        ("pipeline", pa.string()),
        ("stage", pa.string()),
        ("days_in_stage", pa.int64()),
        ("amount", pa.float64()),
        ("discussed", pa.bool_()),
        ("moved", pa.bool_()),
    ]
)


def found(rows: list[Row], **options: Any) -> DiscussedDeals:  # noqa: ANN401 - of the analysis
    return discussed_deals(ibis.memtable(pa.Table.from_pylist(rows, schema=_TYPES)), **options)


def row(*, discussed: bool, moved: bool, stage: str = "demo", days: int = 5, amount: float | None = 10.0) -> Row:
    told = {"team": "1팀", "pipeline": "p", "stage": stage, "days_in_stage": days, "amount": amount}
    return told | {"discussed": discussed, "moved": moved}


def many(n: int, moved: int, *, discussed: bool, stage: str) -> list[Row]:
    return [row(discussed=discussed, moved=place < moved, stage=stage) for place in range(n)]


def test_a_difference_that_only_the_stages_make_disappears() -> None:
    # In each stage the shares are equal (1/10, 1/2); discussed deals stand mostly in the slow one.
    rows = many(40, 4, discussed=True, stage="slow") + many(10, 5, discussed=True, stage="quick")
    rows += many(10, 1, discussed=False, stage="slow") + many(40, 20, discussed=False, stage="quick")
    answer = found(rows)
    assert answer.discussed.moved / answer.discussed.n == pytest.approx(0.18)
    assert answer.others.moved / answer.others.n == pytest.approx(0.42)
    assert answer.difference == pytest.approx(0.0)
    assert not answer.told_apart
    assert answer.cases_needed is None


def test_one_cell_gives_the_plain_difference_with_an_interval_near_walds() -> None:
    rows = many(100, 60, discussed=True, stage="demo") + many(100, 40, discussed=False, stage="demo")
    answer = found(rows)
    assert answer.difference == pytest.approx(0.2)
    assert answer.told_apart
    wald = 1.959964 * math.sqrt(0.6 * 0.4 / 100 + 0.4 * 0.6 / 100)
    assert answer.low == pytest.approx(0.2 - wald, abs=0.004)
    assert answer.high == pytest.approx(0.2 + wald, abs=0.004)


def test_too_few_matched_deals_give_no_difference_and_deals_without_a_like_are_left_out() -> None:
    rows = many(30, 10, discussed=True, stage="demo") + many(30, 10, discussed=False, stage="offer")
    answer = found(rows)
    assert (answer.difference, answer.reason) == (None, "too_few")
    assert (answer.discussed.n, answer.discussed.matched, answer.others.matched) == (30, 0, 0)
    assert found([]).reason == "too_few"


def test_where_nobody_moved_the_interval_does_not_collapse() -> None:
    answer = found(many(12, 0, discussed=True, stage="demo") + many(40, 0, discussed=False, stage="demo"))
    assert answer.difference == 0
    assert answer.low is not None
    assert answer.high is not None
    assert answer.high - answer.low > 0.1


def test_it_says_how_many_more_cases_would_tell_a_difference() -> None:
    rows = many(20, 10, discussed=True, stage="demo") + many(60, 18, discussed=False, stage="demo")
    answer = found(rows)
    assert not answer.told_apart
    assert answer.cases_needed is not None
    times = math.ceil((20 + answer.cases_needed) / 20)
    more = many(20 * times, 10 * times, discussed=True, stage="demo")
    more += many(60 * times, 18 * times, discussed=False, stage="demo")
    assert found(more).told_apart


def slow_twin(rows: list[Row]) -> tuple[float, float] | None:
    """Mantel–Haenszel difference and Sato's variance, cell by cell."""

    def band(one: Row, column: str, alike: list[Row]) -> int:
        below = sum(other[column] < one[column] for other in alike)
        return min(int(3 * below / (len(alike) - 1)), 2) if len(alike) > 1 else 0

    cells: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for one in rows:
        stage = [other for other in rows if other["stage"] == one["stage"]]
        priced = [other for other in stage if other["amount"] is not None]
        amount = -1 if one["amount"] is None else band(one, "amount", priced)
        cells[one["stage"], band(one, "days_in_stage", stage), amount].append(one)
    top = bottom = p = q = 0.0
    for cell in cells.values():
        a = sum(one["discussed"] and one["moved"] for one in cell)
        n1 = sum(one["discussed"] for one in cell)
        c = sum(not one["discussed"] and one["moved"] for one in cell)
        n0 = len(cell) - n1
        if not n1 or not n0:
            continue
        n = n1 + n0
        top += (a * n0 - c * n1) / n
        bottom += n1 * n0 / n
        p += (n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2
        q += (a * (n0 - c) + c * (n1 - a)) / (2 * n)
    return None if not bottom else (top / bottom, (top / bottom * p + q) / bottom**2)


_ROWS = st.lists(
    st.builds(
        row,
        discussed=st.booleans(),
        moved=st.booleans(),
        stage=st.sampled_from(["demo", "offer"]),
        days=st.integers(0, 6),
        amount=st.one_of(st.none(), st.sampled_from([1.0, 2.0, 9.0])),
    ),
    min_size=8,
    max_size=40,
)


@settings(max_examples=40)
@given(rows=_ROWS)
def test_the_slow_twin_says_the_same_in_any_order_of_rows(rows: list[Row]) -> None:
    answer, again = found(rows, minimum_n=1), found(rows[::-1], minimum_n=1)
    assert answer == again
    twin = slow_twin(rows)
    if twin is None:
        assert answer.reason == "too_few"
        return
    assert answer.difference == pytest.approx(twin[0], abs=1e-12)
    assert answer.low is not None
    wide = 1.959964 * math.sqrt(max(twin[1], 0))
    assert answer.low <= max(twin[0] - wide, -1) + 1e-6


def simulated(rng: np.random.Generator, meetings: int, effect: float) -> list[Row]:
    """Meetings that pick deals because they are large, old and stuck: what picks them also keeps them from moving."""
    rows = []
    for _ in range(meetings):
        stage = rng.integers(0, 4, 50)
        days = rng.exponential(20, 50)
        amount = rng.lognormal(0, 1, 50)
        chance = np.clip(0.42 - 0.07 * stage - 0.004 * np.minimum(days, 50), 0.02, 0.9)
        picked = rng.random(50) < np.clip(0.04 + 0.05 * stage + 0.004 * days + 0.03 * amount, 0, 0.8)
        moved = rng.random(50) < np.clip(chance + effect * picked, 0, 1)
        rows += [
            row(discussed=bool(p), moved=bool(m), stage=f"s{s}", days=int(d), amount=float(a))
            for p, m, s, d, a in zip(picked, moved, stage, days, amount, strict=True)
        ]
    return rows


@pytest.mark.parametrize("effect", [0.0, 0.15])
def test_known_truth_is_covered_while_the_raw_difference_misses_it(effect: float) -> None:
    rng = np.random.default_rng(20261128)
    covered = raw = told = 0.0
    errors = []
    runs = 150
    for _ in range(runs):
        answer = found(simulated(rng, 8, effect))
        assert answer.low is not None
        assert answer.high is not None
        assert answer.difference is not None
        covered += answer.low <= effect <= answer.high
        told += answer.told_apart
        errors.append(answer.difference - effect)
        raw += answer.discussed.moved / answer.discussed.n - answer.others.moved / answer.others.n - effect
    assert covered / runs >= 0.91
    assert abs(float(np.mean(errors))) <= 0.02
    assert raw / runs < -0.045
    assert told / runs <= 0.09 if effect == 0 else told / runs >= 0.7


def test_a_deal_counts_that_was_open_on_the_evening_and_moves_only_within_the_window() -> None:
    tables = facts(
        deals="""
            deal_id | stage     | outcome | amount | created_on
            went    | proposal  | open    | 10     | 2026-10-01
            same    | qualified | open    | 20     | 2026-10-01
            later   | proposal  | open    | 30     | 2026-10-01
            that    | proposal  | open    | 40     | 2026-10-01
        """,
        stage_events="""
            deal_id | stage     | entered_on | seq
            went    | qualified | 2026-10-20 | 1
            went    | proposal  | 2026-11-05 | 2
            same    | qualified | 2026-10-20 | 1
            later   | qualified | 2026-10-20 | 1
            later   | proposal  | 2026-11-10 | 2
            that    | qualified | 2026-10-20 | 1
            that    | proposal  | 2026-11-02 | 2
        """,
        stages="""
            pipeline | stage     | label | stage_order | kind
            default  | qualified | 검증  | 2           | open
            default  | proposal  | 제안  | 3           | open
        """,
    )
    on, until = date(2026, 11, 2), date(2026, 11, 9)
    deals = tables.deals.mutate(team=ibis.literal("1팀"))
    by_then = tables.stage_events.filter(tables.stage_events.entered_on <= on)
    cases = open_at_meeting(
        deals,
        visits(tables.deals, by_then, tables.stages),
        visits(tables.deals, tables.stage_events, tables.stages),
        on=on,
        until=until,
        discussed=["went", "same"],
    )
    rows = {one["deal_id"]: one for one in cases.to_pyarrow().to_pylist()}
    assert {key: (one["stage"], one["discussed"], one["moved"]) for key, one in rows.items()} == {
        "went": ("qualified", True, True),
        "same": ("qualified", True, False),
        "later": ("qualified", False, False),
        "that": ("proposal", False, False),
    }
    assert rows["went"]["days_in_stage"] == 13
