"""Results by month agree with a slow obvious count."""

from __future__ import annotations

from collections import Counter
from datetime import date

import ibis
import pytest

from bokgi.analysis.results_by_month import activities_by_month, results_by_month
from bokgi.domain.errors import UsageError
from bokgi.domain.period import Period
from tests.cast import rows_of

YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
DEALS = rows_of(
    "deals",
    """
    deal_id | owner_id | outcome     | amount | created_on | closed_on
    a       | lee      | won         | 5      | 2025-12-31 | 2026-01-31
    b       | lee      | won         |        | 2026-01-01 | 2026-02-01
    c       | lee      | lost        | 7      | 2026-02-28 | 2026-03-01
    d       | park     | no_decision | 9      | 2026-03-31 | 2026-12-31
    e       | park     | won         | 9      | 2026-12-01 | 2027-01-01
    f       |          | open        | 1      | 2026-12-31 |
    g       | lee      | removed     | 1      | 2026-05-05 | 2026-05-06
    """,
)


def test_each_deal_counts_where_it_was_created_and_where_it_closed() -> None:
    slow: Counter[tuple[str | None, date, str]] = Counter()
    for row in DEALS.to_pylist():
        if row["created_on"] in YEAR:
            slow[row["owner_id"], row["created_on"].replace(day=1), "created"] += 1
        if row["closed_on"] and row["closed_on"] in YEAR and row["outcome"] != "removed":
            slow[row["owner_id"], row["closed_on"].replace(day=1), row["outcome"]] += 1
    told = results_by_month(ibis.memtable(DEALS), period=YEAR).to_pyarrow().to_pylist()
    quick = Counter(
        {
            (row["owner_id"], row["month"], name): row[name]
            for row in told
            for name in ("created", "won", "lost", "no_decision")
            if row[name]
        }
    )
    assert quick == slow


def test_an_unknown_amount_is_counted_and_stays_out_of_the_sum() -> None:
    told = results_by_month(ibis.memtable(DEALS), period=YEAR, by=()).to_pyarrow().to_pylist()
    found = {row["month"].month: (row["won"], row["won_amount"], row["won_amount_unknown"]) for row in told}
    assert found[1] == (1, 5, 0)
    assert found[2] == (1, 0, 1)


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="tema"):
        results_by_month(ibis.memtable(DEALS), period=YEAR, by=("tema",))


def test_only_what_people_held_counts_and_for_each_of_them() -> None:
    activities = rows_of(
        "activities",
        """
        activity_id | kind    | happened_on | automatic | done  | outcome
        m1          | meeting | 2026-02-03  | false     | true  |
        m2          | meeting | 2026-02-04  | false     | false |
        m3          | call    | 2026-02-05  | true      | true  |
        m4          | call    | 2026-02-06  | false     |       | cancelled
        m5          | call    | 2026-03-06  | false     |       |
        """,
    )
    people = rows_of(
        "activity_people",
        """
        activity_id | person_id
        m1          | lee
        m1          | park
        m2          | lee
        m3          | lee
        m4          | lee
        m5          | lee
        """,
    )
    told = activities_by_month(ibis.memtable(activities), ibis.memtable(people), as_of=date(2026, 12, 31), period=YEAR)
    assert [tuple(row.values()) for row in told.to_pyarrow().to_pylist()] == [
        ("lee", date(2026, 2, 1), "meeting", 1),
        ("lee", date(2026, 3, 1), "call", 1),
        ("park", date(2026, 2, 1), "meeting", 1),
    ]
