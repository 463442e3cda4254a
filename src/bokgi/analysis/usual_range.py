"""Is this week's count what the weeks before let expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor, sqrt
from statistics import fmean, variance

from scipy.special import stdtrit

_LEAST_WEEKS = 4
_LEAST_SCATTER = 0.5


class Standing(StrEnum):
    """Where a count lies: within what is usual, below it, above it."""

    WITHIN = "within"
    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True)
class UsualRange:
    """If nothing changes, the next week counts from `low` to `high` in `level` of cases; `mean` of `weeks` weeks."""

    low: int
    high: int
    mean: float
    weeks: int
    level: float

    def standing(self, count: int) -> Standing:
        """Tell where a count lies."""
        if count < self.low:
            return Standing.BELOW
        return Standing.ABOVE if count > self.high else Standing.WITHIN


def usual_range(counts: Sequence[int], *, level: float = 0.99) -> UsualRange | None:
    """Between which counts the next week will lie, if it is a week like those before.

    Reads the counts of consecutive weeks, oldest first, weeks without anything as 0; not the week in question.
    Gives the prediction interval, rounded outwards, never below 0; null with fewer than four weeks.

    Counts how: independent weeks of one mean. Counts scatter at least like a Poisson variable; where the weeks scatter
    more (deals that close together at the end of a month), that scatter counts. Normal approximation with Student's
    quantile. No season and no trend: a count outside may come from either.

    Small numbers: with a mean below about 3 the lower end is 0, so that nothing is ever "below". At the level of 0.99
    three figures a week raise a false alarm in about 3 of 100 weeks; `tests/analysis/test_usual_range.py` measures it.
    Do not use it for one person: their counts are too small, see `changes`.

    Source: prediction interval of the next of k + 1 equal observations (Hahn & Meeker 1991, 4.7).

    >>> found = usual_range([30, 32, 28, 35, 31, 29, 33, 30], level=0.9)
    >>> found.low, found.high, found.standing(12).value
    (19, 43, 'below')
    """
    if len(counts) < _LEAST_WEEKS:
        return None
    mean = fmean(counts)
    scatter = max(variance(counts), mean, _LEAST_SCATTER)
    reach = float(stdtrit(len(counts) - 1, (1 + level) / 2)) * sqrt(scatter * (1 + 1 / len(counts)))
    return UsualRange(max(floor(mean - reach), 0), ceil(mean + reach), mean, len(counts), level)
