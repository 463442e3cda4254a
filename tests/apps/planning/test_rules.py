"""Which rows a change of a definition writes: what holds on a day is never two rows, and nothing is lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.apps.planning.rules import changed, ended, holds
from bokgi.domain.errors import UsageError

KEY = ("role", "valid_from")
FIRST: dict[str, Any] = {"role": "AE", "amount": 0, "valid_from": None, "valid_to": None}


def after(rows: list[dict[str, Any]], written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write rows as the lake does: the newest row of a key counts."""
    kept = {tuple(row[name] for name in KEY): row for row in [*rows, *written]}
    return list(kept.values())


@given(st.lists(st.integers(0, 364), min_size=1, max_size=8))
def test_on_each_day_one_version_holds_and_it_is_the_last_set_for_it(days: list[int]) -> None:
    rows = [FIRST]
    told = dict.fromkeys(range(-1, 366), 0)
    for number, start in enumerate((date(2026, 1, 1) + timedelta(days=day) for day in days), start=1):
        before = next(row for row in rows if holds(row, start))
        until = before["valid_to"]
        rows = after(rows, changed(before, {"amount": number}, KEY, start))
        for day in told:
            on = date(2026, 1, 1) + timedelta(days=day)
            if on >= start and (until is None or on < until):
                told[day] = number
    for day, number in told.items():
        found = [row for row in rows if holds(row, date(2026, 1, 1) + timedelta(days=day))]
        assert [row["amount"] for row in found] == [number]


def test_a_day_outside_of_what_is_changed_is_refused() -> None:
    row = {**FIRST, "valid_from": date(2026, 3, 1), "valid_to": date(2026, 6, 1)}
    for start in (date(2026, 2, 28), date(2026, 6, 1)):
        with pytest.raises(UsageError):
            changed(row, {"amount": 1}, KEY, start)
        with pytest.raises(UsageError):
            ended(row, start)
