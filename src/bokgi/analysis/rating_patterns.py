"""Patterns in how a rater rates that have nothing to do with the people rated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEVEL: Final = 0.90
FEWEST: Final = 3
"""Fewer people than this on one side of a comparison, and nothing is said: it would speak of single persons."""
FEWEST_PAIRS: Final = 5
"""With fewer people even the clearest order is reached by chance in more than one of twenty cases."""
_RESAMPLES: Final = 9_999
_SAME: Final = 1e-9
"""Ratings that differ by less are the same but for rounding."""


@dataclass(frozen=True)
class Difference:
    """Mean of the first group minus mean of the second, with its interval, and how often chance gives as much."""

    n_first: int
    n_second: int
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Share:
    """A share of `n`, with its interval."""

    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """How much of the spread of ratings is between people and not between parts of one person: 1 is all."""

    people: int
    parts: int
    share: float
    low: float
    high: float


def difference(first: Sequence[float], second: Sequence[float], *, seed: int = 1) -> Difference | None:
    """Compare the ratings of two groups.

    Question: does one group get higher ratings than the other, beyond chance? Reads one number for each person; give
    what is left of a rating after the adjusted result where the results differ. Gives the difference of means with its
    90 % interval (Welch) and the p-value of a permutation test, two-sided; null with fewer than three people on a side.
    Do not use it for: why they differ. Source: Welch (1947), Fisher's permutation test by SciPy;
    `tests/analysis/test_rating_patterns.py` holds it against R's `t.test`.

    >>> found = difference([4, 4, 5, 4], [3, 2, 3, 3])
    >>> found.difference, found.p < 0.1
    (1.5, True)
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if min(len(a), len(b)) < FEWEST:
        return None
    gap = float(a.mean() - b.mean())
    if np.ptp(np.concatenate([a, b])) < _SAME:
        return Difference(len(a), len(b), 0.0, 0.0, 0.0, 1.0)
    parts = [float(x.var(ddof=1)) / len(x) for x in (a, b)]
    total, reach = sum(parts), 0.0
    if total > _SAME**2:
        degrees = total**2 / sum(part**2 / (len(x) - 1) for part, x in zip(parts, (a, b), strict=True))
        reach = float(stats.t.ppf((1 + LEVEL) / 2, degrees)) * total**0.5
    test = stats.permutation_test(
        (a, b), _gap, vectorized=True, n_resamples=_RESAMPLES, rng=np.random.default_rng(seed)
    )
    return Difference(len(a), len(b), gap, gap - reach, gap + reach, float(test.pvalue))


def _gap(a: Floats, b: Floats, axis: int) -> Floats:
    return np.asarray(a.mean(axis=axis) - b.mean(axis=axis))


def follows_raw(
    ratings: Sequence[float], raw: Sequence[float], adjusted: Sequence[float], *, seed: int = 1
) -> Difference | None:
    """Compare how ratings go with the raw result and with the adjusted one.

    Question: do the ratings of one rater follow raw results more than adjusted ones? Reads three numbers for each
    person. Gives the rank correlation with the raw result minus that with the adjusted one, and the one-sided p-value
    of a permutation test that exchanges raw and adjusted within people: if the rater looked at both alike, that would
    change nothing. The interval is the range that the exchange itself leaves (90 %), around zero. Null with fewer than
    five people, or where ratings, raw or adjusted results do not differ at all.
    Do not use it for: whether the ratings are right. Source: own definition; a slow twin enumerates all exchanges.

    >>> found = follows_raw([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [5, 4, 3, 2, 1])
    >>> found.difference, found.p
    (2.0, 0.0625)
    """
    if len(ratings) < FEWEST_PAIRS or min(np.ptp(ratings), np.ptp(raw), np.ptp(adjusted)) == 0.0:
        return None
    rated = stats.rankdata(ratings)
    rated = (rated - rated.mean()) / rated.std()
    sides = [(rank - rank.mean()) / rank.std() for rank in (stats.rankdata(raw), stats.rankdata(adjusted))]

    def statistic(x: Floats, y: Floats, axis: int) -> Floats:
        return np.asarray(((x - y) * rated).mean(axis=axis))

    test = stats.permutation_test(
        tuple(sides),
        statistic,
        permutation_type="samples",
        vectorized=True,
        alternative="greater",
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(seed),
    )
    low, high = np.quantile(test.null_distribution, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    n = len(rated)
    return Difference(n, n, round(float(test.statistic), 12), float(low), float(high), float(test.pvalue))


def share_in_the_middle(ratings: Sequence[float], middle: float) -> Share | None:
    """Count the ratings at the middle of the scale.

    Question: does everybody get the middle? Reads one rating for each person and part. Gives the share with its exact
    90 % interval (Clopper & Pearson 1934, by SciPy; R's `binom.test` agrees); null with fewer than five.

    >>> found = share_in_the_middle([3, 3, 3, 3, 3, 3, 3, 4], 3)
    >>> found.n, found.share, round(found.low, 2)
    (8, 0.875, 0.53)
    """
    if len(ratings) < FEWEST_PAIRS:
        return None
    hits = int(sum(rating == middle for rating in ratings))
    ends = stats.binomtest(hits, len(ratings)).proportion_ci(LEVEL, method="exact")
    return Share(len(ratings), hits / len(ratings), float(ends.low), float(ends.high))


def agreement(ratings: Sequence[Sequence[float]]) -> Agreement | None:
    """Tell how much the parts of one person's form agree.

    Question: does one impression colour all parts (halo)? Reads a rectangle: a row for each person, a column for each
    part. Gives the intraclass correlation ICC(3,1) with its 90 % interval; null with fewer than five people or three
    parts, or where nobody differs. Near one every part says the same, so that the parts add nothing to the first.
    Do not use it for: whether the impression was right. Source: Shrout & Fleiss (1979), whose table is the test.

    >>> found = agreement([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> round(found.share, 2)
    0.71
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < FEWEST_PAIRS or table.shape[1] < FEWEST:  # noqa: PLR2004 - a rectangle
        return None
    people, parts = table.shape
    rows, columns, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    between = parts * float(((rows - mean) ** 2).sum()) / (people - 1)
    rest = table - rows[:, None] - columns[None, :] + mean
    degrees = (people - 1) * (parts - 1)
    error = float((rest**2).sum()) / degrees
    if between == 0.0:
        return None
    if error == 0.0:
        return Agreement(people, parts, 1.0, 1.0, 1.0)
    f = between / error
    tail = (1 - LEVEL) / 2
    lowest = f / float(stats.f.ppf(1 - tail, people - 1, degrees))
    highest = f * float(stats.f.ppf(1 - tail, degrees, people - 1))
    share, low, high = ((value - 1) / (value + parts - 1) for value in (f, lowest, highest))
    return Agreement(people, parts, share, low, high)


def adjusted_p(p_values: Sequence[float]) -> list[float]:
    """Raise p-values for having looked so often (Benjamini & Hochberg 1995, by SciPy).

    >>> adjusted_p([0.01, 0.04, 0.5])
    [0.03, 0.06, 0.5]
    """
    return [round(float(p), 12) for p in stats.false_discovery_control(p_values)] if len(p_values) else []
