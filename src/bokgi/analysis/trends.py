"""How shares, times and counts went: the same measure over windows of equal length, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

import ibis
import numpy as np
from ibis import _
from numpy.typing import NDArray
from scipy.stats import binom

from bokgi.analysis.win_loss import decided
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

WINDOW: Final = "window"
"""Column that says in which window a row lies: 0 is the oldest."""


class Median(NamedTuple):
    """A median between `low` and `high`; the ends are null where there are too few cases for the level."""

    value: float
    low: float | None
    high: float | None


def windows(as_of: date, *, weeks: int, count: int) -> tuple[Period, ...]:
    """Give `count` windows of so many weeks that follow each other and end with the day, the oldest first.

    >>> [str(window.start) for window in windows(date(2026, 11, 24), weeks=13, count=2)]
    ['2026-05-27', '2026-08-26']
    """
    end, days = as_of + timedelta(days=1), 7 * weeks
    return tuple(
        Period(end - timedelta(days=days * back), end - timedelta(days=days * (back - 1)))
        for back in range(count, 0, -1)
    )


def in_windows(rows: ibis.Table, column: str, spans: Sequence[Period]) -> ibis.Table:
    """Keep the rows whose day in `column` lies in one of the windows, with the column `window`.

    `spans` are windows of equal length that follow each other, as `windows` gives them.

    >>> import pyarrow as pa
    >>> days = pa.table({"on": [date(2026, 5, 26), date(2026, 5, 27), date(2026, 11, 24)]})
    >>> spans = windows(date(2026, 11, 24), weeks=13, count=2)
    >>> in_windows(ibis.memtable(days), "on", spans).select("window").to_pyarrow()["window"].to_pylist()
    [0, 1]
    """
    inside = rows.filter((_[column] >= ibis.literal(spans[0].start)) & (_[column] < ibis.literal(spans[-1].end)))
    days = _[column].delta(ibis.literal(spans[0].start), unit="day").cast("int64")
    return inside.mutate(**{WINDOW: (days // spans[0].days).cast("int64")})


def cycles(
    deals: ibis.Table,
    spans: Sequence[Period],
    *,
    by: Sequence[str] = (),
    outcomes: Sequence[Outcome] = (Outcome.WON,),
) -> ibis.Table:
    """Count the deals that ended with some outcome by `by`, `window` of the end and `days` from creation to it: `n`.

    Reads `deals` (one row per deal: `outcome, created_on, closed_on`). Deals without a creation date, or closed before
    it, are left out, as in `analysis.win_loss`. Rows are in the order of these columns.
    """
    whole = Period(spans[0].start, spans[-1].end)
    ended = decided(deals, period=whole).filter(_.outcome.isin([outcome.value for outcome in outcomes]))
    told = in_windows(ended, "closed_on", spans).mutate(days=-_.created_on.delta(_.closed_on, unit="day").cast("int64"))
    return told.filter(_.days >= 0).group_by(*by, WINDOW, "days").agg(n=_.count()).order_by(*by, WINDOW, "days")


def median_of(values: NDArray[np.float64], counts: NDArray[np.int64], *, level: float = 0.95) -> Median:
    """Give the median of values that occur so many times, with its interval from order statistics.

    `values` ascend; at least one occurs. The interval holds the median of what the cases come from with at least
    `level`, whatever their distribution; with fewer than six cases there is none at 95 %.

    Source: Thompson 1936; `scipy.stats.quantile_test` is the referee in `tests/analysis/test_trends.py`.

    >>> median_of(np.array([10.0, 20.0, 30.0]), np.array([4, 4, 2]))
    Median(value=20.0, low=10.0, high=30.0)
    """
    upto = np.cumsum(counts)
    n = int(upto[-1])

    def at(place: int) -> float:
        return float(values[np.searchsorted(upto, place, side="right")])

    value = (at((n - 1) // 2) + at(n // 2)) / 2
    # The largest number of cases of which it is rare enough that all others lie on one side of the median.
    below = int(binom.ppf((1 - level) / 2, n, 0.5))
    if binom.cdf(below, n, 0.5) > (1 - level) / 2:
        below -= 1
    if below < 0:
        return Median(value, None, None)
    return Median(value, at(below), at(n - 1 - below))
