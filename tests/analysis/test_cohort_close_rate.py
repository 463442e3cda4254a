"""The cohort close rate beside a slow obvious twin: day by day, deal by deal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from bokgi.analysis.cohort_close_rate import cohort_close_rate
from bokgi.domain.period import Period

AS_OF = date(2026, 11, 24)
YEAR = Period(date(2025, 11, 26), date(2026, 11, 25))


def made(seed: int, n: int = 400) -> list[dict[str, Any]]:
    """Draw deals of a year: created evenly, ended after some days unless that lies ahead."""
    dice = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        created = YEAR.start + timedelta(days=int(dice.integers(0, 364)))
        closed = created + timedelta(days=int(dice.integers(0, 200)))
        outcome = str(dice.choice(["won", "lost", "no_decision", "removed"], p=[0.3, 0.4, 0.2, 0.1]))
        ended = closed <= AS_OF
        rows.append(
            {"created_on": created, "closed_on": closed if ended else None, "outcome": outcome if ended else "open"}
        )
    return rows


def twin(rows: list[dict[str, Any]], by_day: int) -> tuple[float, float]:
    """Walk the days: of those still observed, which share was won that day; gives won and open by the day."""
    won, left = 0.0, 1.0
    for day in range(by_day + 1):
        ages = [((row["closed_on"] or AS_OF) - row["created_on"]).days for row in rows]
        at_risk = sum(age >= day for age in ages)
        ends = [row["outcome"] for row, age in zip(rows, ages, strict=True) if age == day]
        if at_risk:
            decided = [end for end in ends if end in {"won", "lost", "no_decision"}]
            won += left * decided.count("won") / at_risk
            left *= 1 - len(decided) / at_risk
    return won, left


@pytest.mark.parametrize("by_day", [60, 90, 180])
def test_it_agrees_with_the_walk_day_by_day(by_day: int) -> None:
    rows = made(7)
    (found,) = cohort_close_rate(
        ibis.memtable(pa.Table.from_pylist(rows)), as_of=AS_OF, period=YEAR, by_day=by_day
    ).to_pylist()
    won, left = twin(rows, by_day)
    assert found["conversion"] == pytest.approx(won)
    assert found["undecided"] == pytest.approx(left)
    assert found["low"] < found["conversion"] < found["high"]
    assert (found["entries"], found["day"]) == (len(rows), by_day)


def test_the_order_of_the_rows_and_deals_of_other_days_change_nothing() -> None:
    rows = made(11)
    others = [row | {"created_on": row["created_on"] - timedelta(days=400), "closed_on": YEAR.start} for row in rows]
    one, two = (
        cohort_close_rate(ibis.memtable(pa.Table.from_pylist(given)), as_of=AS_OF, period=YEAR).to_pylist()
        for given in (rows, [*reversed(rows), *others])
    )
    assert one == two


def test_few_decided_deals_give_no_rate_and_none_no_row() -> None:
    few = [row for row in made(3) if row["outcome"] in {"won", "lost", "no_decision"}][:9]
    (found,) = cohort_close_rate(ibis.memtable(pa.Table.from_pylist(few)), as_of=AS_OF, period=YEAR).to_pylist()
    assert (found["conversion"], found["reason"]) == (None, "too_few")
    none = Period(date(2020, 1, 1), date(2020, 2, 1))
    assert cohort_close_rate(ibis.memtable(pa.Table.from_pylist(few)), as_of=AS_OF, period=none).num_rows == 0
