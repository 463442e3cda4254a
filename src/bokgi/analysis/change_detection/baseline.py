"""What each series is expected to count in a week, from the weeks before and from its peers in the same week."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.analysis.change_detection.panel import Flags, Floats, Ints, Panel

WEEKS: Final = 12
"""Weeks a series must have had before it is judged."""
MEMORY: Final = 0.5 ** (1.0 / 20.0)
"""The weight of a week halves every 20 weeks, so that slow growth becomes the usual."""
LEAST_TIME: Final = 0.2
"""A week with less working time than this (one day) is passed over."""
PRIOR_COUNTS: Final = 4.0
"""How strongly a series is drawn towards its team: as if the team's rate had been seen for so many counts …"""
PRIOR_TRIALS: Final = 10.0
"""… or, for a share, trials."""
PRIOR_SCATTER: Final = 0.05
SCATTER_WEEKS: Final = 20.0
"""How strongly the scatter of a series is drawn towards that of its metric: as so many weeks."""
SCATTER_LAG: Final = 8
"""Scatter is measured up to so many weeks ago, so that a change does not pass as scatter."""
LARGEST_ERROR: Final = 4.0
"""A week counts up to so many sds above what was expected: one fair does not change what is usual."""
LEAST_SCATTER: Final = 0.005
MOST_SCATTER: Final = 2.0
COMMON_SPREAD: Final = 0.2
"""Spread (relative sd) that weeks have in common: season, fairs, holidays that the calendar does not know."""


class Baseline:
    """Running sums from which the next week is expected; a week enters only after it was judged.

    `total` and `exposure` are the counts and the working time (for shares: wins and trials), older weeks weighing less,
    `seen` the number of weeks. Scatter is the relative variance beyond Poisson, as the one-week-ahead errors show it.
    """

    def __init__(self, panel: Panel) -> None:
        n = len(panel.metric)
        self.panel = panel
        self.total, self.exposure = np.zeros(n), np.zeros(n)
        self.seen = np.zeros(n, dtype=np.int64)
        self._errors = np.zeros((SCATTER_LAG + 1, n, 3))  # excess, square of the expected, weeks; oldest first

    def prior(self, week: int) -> tuple[Floats, Floats]:
        """Rate of the peers so far, and the exposure it stands for."""
        group, size = self._groups(week)
        total = np.bincount(group, self.total, size)[group]
        exposure = np.bincount(group, self.exposure, size)[group]
        rate = (total + 0.5) / (exposure + 1.0)
        return rate, np.where(self.panel.share, PRIOR_TRIALS, PRIOR_COUNTS / rate)

    def rate(self, week: int) -> Floats:
        """Counts to expect in a full working week, or the share of trials, of each series."""
        prior, strength = self.prior(week)
        out: Floats = (self.total + prior * strength) / (self.exposure + strength)
        return out

    def scatter(self) -> Floats:
        """Relative variance beyond Poisson of each series, drawn towards that of all series of its metric."""
        metric, size = self.panel.metric, int(self.panel.metric.max()) + 1
        excess, square, weeks = self._errors[0].T
        usual = square / np.maximum(weeks, 1.0)
        all_excess, all_square, one = (np.bincount(metric, each, size) for each in (excess, square, usual))
        pooled = (all_excess + PRIOR_SCATTER * one) / np.maximum(all_square + one, 1e-9)
        pooled = np.where(all_square > 0, pooled, PRIOR_SCATTER)[metric]
        own = (excess + SCATTER_WEEKS * pooled * usual) / np.maximum(square + SCATTER_WEEKS * usual, 1e-9)
        return np.clip(np.where(square > 0, own, pooled), LEAST_SCATTER, MOST_SCATTER)

    def common(self, week: int, known: Flags, scatter: Floats) -> Floats:
        """How this week was for the peers of each series (1: as usual), drawn towards 1 as far as chance explains it.

        The series itself does not count, so that its own change stays visible.
        """
        group, size = self._groups(week)

        def others(value: Floats) -> Floats:
            own = np.where(known, value, 0.0)
            return np.asarray(np.bincount(group, own, size)[group] - own, dtype=np.float64)

        usual = self.panel.time[:, week] * self.rate(week)
        expected = others(usual)
        at_least = np.maximum(expected, 1e-9)
        variance = others(usual + scatter * usual**2) / at_least**2
        ratio = others(self.panel.count[:, week]) / at_least
        # A week that was far from usual for all of them is taken as it was.
        spread = np.maximum(COMMON_SPREAD**2, (ratio - 1.0) ** 2 - variance)
        weight = spread / (spread + variance)
        return np.where(expected > 1e-9, 1.0 + weight * (ratio - 1.0), 1.0)  # noqa: PLR2004 - no peers at all

    def learn(self, week: int, here: Flags, exposure: Floats, expected: Floats) -> Floats:
        """Take a week in; gives the counts as taken in: no more than `LARGEST_ERROR` sds above what was expected."""
        count = np.where(here, self.panel.count[:, week], 0.0)
        judged = here & (self.seen >= WEEKS)
        variance = expected + self.scatter() * expected**2
        highest = expected + LARGEST_ERROR * np.sqrt(variance)
        count = np.where(judged & ~self.panel.share, np.minimum(count, highest), count)
        error = (count - expected) ** 2 - expected
        new = np.stack([error, expected**2, np.ones_like(expected)], axis=1) * judged[:, None]
        latest = self._errors[-1] + new
        self._errors = np.concatenate([self._errors[1:], latest[None]])
        self.total = MEMORY * self.total + count
        self.exposure = MEMORY * self.exposure + np.where(here, exposure, 0.0)
        self.seen = self.seen + here
        return count

    def restart(self, series: int, total: float, exposure: float, weeks: int) -> None:
        """Forget what was before a change."""
        self.total[series], self.exposure[series], self.seen[series] = total, exposure, weeks

    def _groups(self, week: int) -> tuple[Ints, int]:
        group = self.panel.peers[:, week]
        return group, int(group.max()) + 1
