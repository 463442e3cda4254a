"""Windows hold each day once; medians have the interval that scipy gives."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import quantile_test

from bokgi.analysis.trends import cycles, median_of, windows
from tests.cast import facts_of

AS_OF = date(2026, 11, 24)


def test_windows_follow_each_other_and_end_with_the_day() -> None:
    spans = windows(AS_OF, weeks=13, count=8)
    assert AS_OF in spans[-1]
    assert {span.days for span in spans} == {91}
    assert all(before.end == after.start for before, after in pairwise(spans))


@pytest.mark.parametrize("n", [1, 2, 5, 6, 7, 30, 101, 1000])
def test_the_interval_of_a_median_is_the_one_of_scipy(n: int) -> None:
    drawn = np.sort(np.random.default_rng(n).integers(0, max(2 * n, 5), n)).astype(float)
    values, counts = np.unique(drawn, return_counts=True)
    found = median_of(values, counts)
    referee: Any = quantile_test(drawn, q=0, p=0.5)
    between = referee.confidence_interval(0.95)
    ends = [None if np.isnan(end) else float(end) for end in (between.low, between.high)]
    assert found.value == np.median(drawn)
    assert [found.low, found.high] == ends


def test_an_interval_of_a_median_holds_the_truth_as_often_as_it_says() -> None:
    random, held = np.random.default_rng(7), 0
    for _ in range(400):
        values, counts = np.unique(random.exponential(30, 25), return_counts=True)
        found = median_of(values, counts)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 30 * np.log(2) <= found.high
    assert held / 400 > 0.93


def test_a_win_counts_in_the_window_in_which_it_closed() -> None:
    deals = """
        deal_id | outcome | created_on | closed_on
        a       | won     | 2026-08-01 | 2026-08-25
        b       | won     | 2026-08-01 | 2026-08-26
        c       | lost    | 2026-08-01 | 2026-08-26
        d       | won     | 2026-09-01 | 2026-08-26
        e       | won     |            | 2026-11-24
        f       | won     | 2026-11-24 | 2026-11-24
    """
    found = cycles(facts_of(deals=deals).deals, windows(AS_OF, weeks=13, count=2)).to_pyarrow().to_pylist()
    assert found == [
        {"window": 0, "days": 24, "n": 1},
        {"window": 1, "days": 0, "n": 1},
        {"window": 1, "days": 25, "n": 1},
    ]
