"""Progress on promised deals and figures: cases by hand, a slow twin, published intervals, R."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.commitments import count_reached, days_changed, deal_progress, share_changed
from bokgi.analysis.visits import visits
from tests.analysis.tables import facts
from tests.cast import CAST
from tests.referees.r import run_r

Row = dict[str, Any]
MEETING = datetime(2026, 11, 2, 1, tzinfo=UTC)
ON, DUE = date(2026, 11, 2), date(2026, 11, 9)


def progress(events: list[Row], touches: list[Row], changes: list[Row], **deal: Any) -> Row:  # noqa: ANN401 - columns
    told = {"deal_id": "d", "owner_id": "lee", "outcome": "open", "created_on": date(2026, 9, 1)} | deal
    common = {"deal_id": "d"}
    tables = facts(
        deals=[told],
        stage_events=[common | {"pipeline": "default", "seq": n, **row} for n, row in enumerate(events, 1)],
        activities=[common | {"activity_id": str(n), **row} for n, row in enumerate(touches)],
        deal_changes=[common | {"seq": n, **row} for n, row in enumerate(changes, 1)],
        stages=CAST["stages"],
    )
    asked = {"key": ["c"], "deal_id": ["d"], "made_on": [ON], "until_on": [DUE]}
    asked["made_at"] = pa.array([MEETING], pa.timestamp("us", "UTC"))
    found = deal_progress(
        ibis.memtable(pa.table(asked)),
        visits(tables.deals, tables.stage_events, tables.stages),
        tables.deals,
        tables.activities,
        tables.deal_changes,
    )
    rows: list[Row] = found.to_pyarrow().to_pylist()
    return rows[0]


def test_what_happened_between_two_meetings_is_told() -> None:
    row = progress(
        [
            {"stage": "qualified", "entered_on": date(2026, 10, 1)},
            {"stage": "proposal", "entered_on": date(2026, 11, 5)},
        ],
        [
            {"kind": "email", "happened_on": date(2026, 11, 3)},
            {"kind": "meeting", "happened_on": date(2026, 11, 4)},
            {"kind": "call", "happened_on": date(2026, 11, 10)},
            {"kind": "call", "happened_on": date(2026, 11, 5), "automatic": True},
            {"kind": "meeting", "happened_on": date(2026, 11, 6), "outcome": "planned"},
        ],
        [
            {"field": "next_step_on", "new": "2026-11-20", "changed_on": date(2026, 11, 6)},
            {"field": "amount", "new": "5", "changed_on": date(2026, 11, 6)},
        ],
    )
    assert row == {
        "key": "c",
        "touches": 2,
        "talks": 1,
        "touched_on": date(2026, 11, 3),
        "talked_on": date(2026, 11, 4),
        "advanced_on": date(2026, 11, 5),
        "to_stage": "proposal",
        "won_on": None,
        "ended_on": None,
        "next_step_on": date(2026, 11, 6),
        "amount_changes": 1,
        "close_changes": 0,
        "from_stage": "qualified",
    }


def test_on_the_day_of_the_meeting_only_what_is_known_to_be_later_counts() -> None:
    before, after = MEETING - timedelta(hours=1), MEETING + timedelta(hours=1)
    for at, n in ((None, 0), (before, 0), (after, 1)):
        row = progress([], [{"kind": "call", "happened_on": ON, "happened_at": at}], [])
        assert (row["touches"], row["talks"]) == (n, n)


def test_a_deal_that_closed_meanwhile_is_told_apart_by_its_end() -> None:
    for outcome, name in (("won", "won_on"), ("lost", "ended_on"), ("no_decision", "ended_on")):
        row = progress([], [], [], outcome=outcome, closed_on=date(2026, 11, 9))
        assert row[name] == date(2026, 11, 9)
    assert progress([], [], [], outcome="won", closed_on=date(2026, 11, 10))["won_on"] is None
    assert progress([], [], [], outcome="won", closed_on=ON)["won_on"] is None


_DAYS = st.integers(-3, 9).map(lambda days: ON + timedelta(days=days))


@settings(max_examples=25)
@given(
    touches=st.lists(st.tuples(st.sampled_from(["call", "email", "note"]), _DAYS, st.booleans()), max_size=5),
    entries=st.lists(st.tuples(st.sampled_from(["prospecting", "qualified", "proposal"]), _DAYS), max_size=4),
    changes=st.lists(st.tuples(st.sampled_from(["amount", "next_step_on", "expected_close_on"]), _DAYS), max_size=4),
)
def test_the_slow_twin_says_the_same(
    touches: list[tuple[str, date, bool]], entries: list[tuple[str, date]], changes: list[tuple[str, date]]
) -> None:
    ladder = ("prospecting", "qualified", "proposal")
    entries = sorted(entries, key=lambda entry: entry[1])
    row = progress(
        [{"stage": stage, "entered_on": on} for stage, on in entries],
        [{"kind": kind, "happened_on": on, "automatic": automatic} for kind, on, automatic in touches],
        [{"field": field, "new": "1", "changed_on": on} for field, on in changes],
    )
    inside = [(kind, on) for kind, on, automatic in touches if ON < on <= DUE and not automatic]
    assert row["touches"] == len(inside)
    assert row["talked_on"] == min((on for kind, on in inside if kind == "call"), default=None)
    went = [
        (on, stage)
        for (before, _), (stage, on) in pairwise(entries)
        if ladder.index(stage) > ladder.index(before) and ON < on <= DUE
    ]
    assert (row["advanced_on"], row["to_stage"]) == (went[0] if went else (None, None))
    stood = [stage for stage, on in entries if on <= ON]
    assert row["from_stage"] == (stood[-1] if stood else None)
    for name, field in (("amount_changes", "amount"), ("close_changes", "expected_close_on")):
        assert row[name] == sum(of == field and ON < on <= DUE for of, on in changes)


@pytest.mark.parametrize(
    ("after", "after_n", "before", "before_n", "low", "high"),
    # Newcombe 1998, table II, method 10, cases (a), (b), (c), (g).
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (10, 10, 0, 20, 0.6791, 1.0),
    ],
)
def test_the_interval_of_a_difference_of_shares_is_newcombes(
    after: int, after_n: int, before: int, before_n: int, low: float, high: float
) -> None:
    found = share_changed(after, after_n, before, before_n, rising=True, minimum_n=5)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)
    assert found.verdict == "reached"
    assert share_changed(after, after_n, before, before_n, rising=False, minimum_n=5).verdict == "missed"


def test_what_chance_explains_and_too_few_cases_cannot_be_told() -> None:
    assert share_changed(6, 12, 50, 120, rising=True, minimum_n=10).verdict == "cannot_tell"
    few = share_changed(9, 9, 0, 90, rising=True, minimum_n=10)
    assert (few.verdict, few.low, few.after_n) == ("cannot_tell", None, 9)
    assert days_changed([1, 2], [9] * 30, rising=False, minimum_n=10).verdict == "cannot_tell"


@pytest.mark.peer
def test_the_interval_of_a_shift_of_days_is_rs() -> None:
    after, before = [3, 5, 8, 9, 12, 14, 15, 18, 21, 22, 25, 31], [9, 14, 16, 17, 22, 28, 30, 33, 36, 41, 44, 52, 60]
    found = days_changed(after, before, rising=False, minimum_n=10)
    script = """
    x <- d$days[d$after == 1]; y <- d$days[d$after == 0]
    found <- suppressWarnings(wilcox.test(x, y, conf.int = TRUE, exact = FALSE, correct = FALSE))
    out <- list(ends = found$conf.int)
    """
    columns = {"days": [*after, *before], "after": [1] * len(after) + [0] * len(before)}
    low, high = run_r(script, columns)["ends"]
    assert found.low == pytest.approx(low, abs=1.01)
    assert found.high == pytest.approx(high, abs=1.01)
    assert found.verdict == "reached"


def test_a_promised_number_decides_and_without_one_only_what_is_beyond_chance() -> None:
    def verdict(count: int, weeks: float, usual: int, by: float | None = None, *, rising: bool = True) -> str:
        return count_reached(count, weeks, usual=usual, usual_weeks=8, by=by, rising=rising).verdict

    # Five a week before.
    assert verdict(7, 1, 40, 3) == "missed"
    assert verdict(16, 2, 40, 3) == "reached"
    assert verdict(3, 1, 40, 2, rising=False) == "reached"
    assert verdict(4, 1, 40, 2, rising=False) == "missed"
    # Given 12 + 16 counts and a share of 1/9: P(at least 12) is far below 5 %.
    assert verdict(12, 1, 16) == "reached"
    assert verdict(12, 1, 16, rising=False) == "missed"
    assert verdict(0, 1, 40) == "missed"
    assert verdict(0, 1, 40, rising=False) == "reached"
    assert verdict(0, 0, 40) == "cannot_tell"
