"""Shiryaev–Roberts mixture e-detector over weekly counts, for many series at once.

For each week `s` in which a series may have changed, and each size `θ` of the change, the evidence is the product over
the weeks since `s` of the likelihood of the count under the change over its likelihood without one, both as seen from
the weeks before: negative binomial for counts, beta-binomial for shares. Each factor has a mean of at most one while
nothing changes, so the sum over `s` of the mean over `θ` takes on average at least `c` weeks to reach `c` (Shin, Ramdas
& Rinaldo 2023), whenever one looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from bokgi.analysis.change_detection.baseline import LEAST_TIME, MEMORY, WEEKS, Baseline
from bokgi.analysis.change_detection.panel import PERSON, Flags, Floats, Ints, Panel

CHANGES: Final = np.array([0.4, 0.55, 0.7, 1.4, 1.8])
"""Sizes of change looked for: the level afterwards over the level before (of the odds, for shares) …"""
WEIGHTS: Final = np.array([0.8 / 3, 0.8 / 3, 0.8 / 3, 0.1, 0.1])
"""… and how much of the false alarms each may cause: a fall asks for help, a rise can wait a week."""
WINDOW: Final = 12
"""A change is looked for among so many weeks; what takes longer is drift."""
MOST_A_WEEK: Final = 2.5
"""Most evidence (log) that one week may give: no single week is a change."""
OVERSHOOT: Final = 0.5
"""The bound on false alarms is loose (evidence jumps past the limit); the study measures what this factor leaves."""
LEAST_EVIDENCE: Final = 100.0
"""Below this no alarm sounds, however few series share the false alarms."""
WATCHED_WEEKS: Final = 13
WATCHED_CHANGE: Final = 0.4
"""A series is watched if a fall to this share would be likely to show within so many weeks."""
EFFORT: Final = "activities"
AWAY_SHARE: Final = 0.15
AWAY_USUAL: Final = 5.0
AWAY_WEEKS: Final = 2
"""Who did less than 15 % of at least 5 activities was away, as it seems; from the third such week on it counts."""
_EMPTY: Final = -np.inf
_LARGEST: Final = 700.0
_SMALLEST: Final = 1e-9
_LEAST_SHARE: Final = 1e-4


@dataclass(frozen=True)
class Alarm:
    """A series changed: week of the alarm and first week of the change (columns), direction, evidence, levels.

    `before` (the 12 weeks before) and `after` are counts in a full working week as they were, or shares; `low` to
    `high` is the interval of after ÷ before (for shares of the odds), less what the weeks were for the others.
    """

    series: int
    week: int
    since: int
    up: bool
    evidence: float
    threshold: float
    before: float
    after: float
    low: float
    high: float


@dataclass(frozen=True)
class Detection:
    """Alarms in the order of weeks; of each series its weeks, and whether its last week was watched.

    `expected` is what each week let expect (series × weeks; nan: not judged).
    """

    alarms: tuple[Alarm, ...]
    watched: Flags
    seen: Ints
    expected: Floats


class Detector:
    """Evidence (log) that each series changed in each of the last weeks: `series × window × changes`.

    `total` and `exposure` are the counts and the working time since each possible week of change.
    """

    def __init__(self, panel: Panel, *, false_alarms: float, z: float) -> None:
        n = len(panel.metric)
        self.panel, self.false_alarms, self.z = panel, false_alarms, z
        self.base = Baseline(panel)
        self.evidence = np.full((n, WINDOW, len(CHANGES)), _EMPTY)
        self.begun = np.full((n, WINDOW), -1, dtype=np.int64)
        self.total, self.exposure = np.zeros((n, WINDOW)), np.zeros((n, WINDOW))
        self.alarms: list[Alarm] = []
        self.watched = np.zeros(n, dtype=bool)
        self.expected = np.full(panel.count.shape, np.nan)
        self._quiet = np.zeros(n, dtype=np.int64)
        efforts = {key[1]: row for row, key in enumerate(panel.keys) if (key[0], key[2]) == (PERSON, EFFORT)}
        self._judged = ~panel.result_of_one
        self._effort = np.array([efforts.get(key[1], -1) if key[0] == PERSON else -1 for key in panel.keys])

    def run(self) -> Detection:
        """Walk through the weeks once; what a week says depends on it and those before only."""
        for week in range(len(self.panel.weeks)):
            self._step(week)
        return Detection(tuple(self.alarms), self.watched, self.base.seen, self.expected)

    def _step(self, week: int) -> None:
        base, panel = self.base, self.panel
        count, trials = panel.count[:, week], np.nan_to_num(panel.trials[:, week])
        there = np.where(panel.share, trials > 0, panel.time[:, week] >= LEAST_TIME)
        here = there & ~self._away(week)
        ready = here & (base.seen >= WEEKS) & self._judged
        scatter, rate = base.scatter(), base.rate(week)
        common = base.common(week, ready & ~panel.share, scatter)
        exposure = np.where(panel.share, trials, panel.time[:, week] * common)
        expected = exposure * rate
        self.expected[ready, week] = expected[ready]
        slot = week % WINDOW
        self.evidence[:, slot] = np.where(ready, 0.0, _EMPTY)[:, None]
        self.begun[:, slot], self.total[:, slot], self.exposure[:, slot] = week, 0.0, 0.0
        prior, strength = base.prior(week)
        before = self._before(prior, strength)
        one, many = np.flatnonzero(ready & ~panel.share), np.flatnonzero(ready & panel.share)
        gained = count_gain(count[one], expected[one], exposure[one], before[one], scatter[one])
        self.evidence[one] += np.minimum(gained, MOST_A_WEEK)
        sure = base.exposure + strength
        gained = share_gain(count[many], trials[many], rate[many], before[many], sure[many])
        self.evidence[many] += np.minimum(gained, MOST_A_WEEK)
        visible = np.where(panel.share, _share_visible(trials, rate), _count_visible(expected, scatter))
        watched = ready & (WATCHED_WEEKS * visible >= np.log(1.0 / self.false_alarms))
        self.watched = np.where(there, watched, self.watched & (panel.time[:, week] > 0.0))
        learnt = base.learn(week, here, exposure, expected)
        self.total = MEMORY * self.total + learnt[:, None]
        self.exposure = MEMORY * self.exposure + np.where(here, exposure, 0.0)[:, None]
        self._sound(week, watched, visible)

    def _away(self, week: int) -> Flags:
        """Tell whose week looks like a week off that nobody recorded."""
        usual = self.panel.time[:, week] * self.base.rate(week)
        judged = (self.panel.time[:, week] >= LEAST_TIME) & (self.base.seen >= WEEKS) & (usual >= AWAY_USUAL)
        quiet = judged & (self.panel.count[:, week] < AWAY_SHARE * usual)
        self._quiet = np.where(quiet, self._quiet + 1, 0)
        away = (self._quiet > 0) & (self._quiet <= AWAY_WEEKS)
        out: Flags = np.where(self._effort >= 0, away[self._effort], False)  # noqa: FBT003 - numpy takes it so
        return out

    def _before(self, prior: Floats, strength: Floats) -> Floats:
        """Rate before each possible week of change: `series × window`."""
        total = np.maximum(self.base.total[:, None] - self.total, 0.0)
        exposure = np.maximum(self.base.exposure[:, None] - self.exposure, 0.0)
        out: Floats = (total + (prior * strength)[:, None]) / (exposure + strength[:, None])
        return out

    def _sound(self, week: int, watched: Flags, visible: Floats) -> None:
        """Sound the alarm where the evidence reaches the limit.

        A team's false alarms are shared among its watched series by how well a change would show in them.
        """
        team = self.panel.team[:, week]
        weight = np.where(watched, visible, 0.0)
        shared = np.bincount(team, weight, int(team.max()) + 1)[team]
        share = np.maximum(weight, _SMALLEST) / np.maximum(shared, _SMALLEST)
        threshold = np.maximum(OVERSHOOT / (share * self.false_alarms), LEAST_EVIDENCE)
        likely = np.exp(np.minimum(self.evidence, _LARGEST)) * WEIGHTS
        evidence = likely.sum(axis=(1, 2))
        for series in np.flatnonzero(watched & (evidence >= threshold)).tolist():
            slot = int(np.argmax(likely[series].sum(axis=1)))
            by_size = likely[series].sum(axis=0)
            up = bool(by_size[CHANGES > 1.0].sum() > by_size[CHANGES < 1.0].sum())
            found = self._alarm(series, week, slot, up=up, evidence=float(evidence[series]), c=float(threshold[series]))
            self.alarms.append(found)
            weeks = int((self.panel.time[series, found.since : week + 1] >= LEAST_TIME).sum())
            self.base.restart(series, float(self.total[series, slot]), float(self.exposure[series, slot]), weeks)
            self.evidence[series] = _EMPTY

    def _alarm(self, series: int, week: int, slot: int, *, up: bool, evidence: float, c: float) -> Alarm:
        total, exposure = float(self.total[series, slot]), max(float(self.exposure[series, slot]), _SMALLEST)
        old = max(float(self.base.total[series]) - total, 0.0)
        old_exposure = max(float(self.base.exposure[series]) - exposure, _SMALLEST)
        since = int(self.begun[series, slot])
        before = self.panel.level(series, since - WEEKS, since) or 0.0
        after = self.panel.level(series, since, week + 1) or 0.0
        if self.panel.share[series]:
            sides = [(k + 0.5, n - k + 0.5) for k, n in ((old, old_exposure), (total, exposure))]
            variance = sum(1.0 / won + 1.0 / lost for won, lost in sides)
            ratio = (sides[1][0] / sides[1][1]) / (sides[0][0] / sides[0][1])
        else:
            # Scatter counts once a week, and the baseline rests on many more weeks than the change.
            scatter = float(self.base.scatter()[series]) / (week - since + 1)
            variance = 1.0 / (old + 0.5) + 1.0 / (total + 0.5) + scatter
            ratio = ((total + 0.5) / exposure) / ((old + 0.5) / old_exposure)
        reach = float(np.exp(self.z * np.sqrt(variance)))
        return Alarm(series, week, since, up, evidence, c, before, after, ratio / reach, ratio * reach)


def count_gain(count: Floats, expected: Floats, exposure: Floats, before: Floats, scatter: Floats) -> Floats:
    """Log of the likelihood ratio of a count, changed over unchanged, negative binomial: `series × window × changes`.

    >>> one = np.ones(1)
    >>> gain = count_gain(10 * one, 20 * one, one, np.array([[20.0]]), 0.1 * one)
    >>> bool(gain[0, 0, 1] > 0 > gain[0, 0, 3])
    True
    """
    without = exposure[:, None] * before
    size, usual, seen = (each[:, None, None] for each in (1.0 / scatter, expected, count))
    ratio = np.log(without / expected[:, None])[:, :, None] + np.log(CHANGES)
    out: Floats = seen * ratio + (seen + size) * np.log((size + usual) / (size + without[:, :, None] * CHANGES))
    return out


def share_gain(won: Floats, trials: Floats, rate: Floats, before: Floats, sure: Floats) -> Floats:
    """Log of the likelihood ratio of wins among trials, changed odds over unchanged, beta-binomial.

    >>> one = np.ones(1)
    >>> gain = share_gain(2 * one, 10 * one, 0.5 * one, np.array([[0.5]]), 100 * one)
    >>> bool(gain[0, 0, 1] > 0 > gain[0, 0, 3])
    True
    """
    k, n, strength = (each[:, None, None] for each in (won, trials, sure))

    def log_likelihood(p: Floats) -> Floats:
        a, b = p * strength, (1.0 - p) * strength
        out: Floats = special.betaln(k + a, n - k + b) - special.betaln(a, b)
        return out

    changed = _shifted(_inside(before)[:, :, None], CHANGES)
    return log_likelihood(changed) - log_likelihood(_inside(rate)[:, None, None])


def _count_visible(expected: Floats, scatter: Floats) -> Floats:
    """Evidence (log) that a week would give on average after a fall to `WATCHED_CHANGE`."""
    low, size = expected * WATCHED_CHANGE, 1.0 / scatter
    out: Floats = low * np.log(WATCHED_CHANGE) + (low + size) * np.log((size + expected) / (size + low))
    return out


def _share_visible(trials: Floats, rate: Floats) -> Floats:
    p = _inside(rate)
    q = _shifted(p, WATCHED_CHANGE)
    return trials * (q * np.log(q / p) + (1.0 - q) * np.log((1.0 - q) / (1.0 - p)))


def _inside(rate: Floats) -> Floats:
    return np.clip(rate, _LEAST_SHARE, 1.0 - _LEAST_SHARE)


def _shifted(p: Floats, odds: Floats | float) -> Floats:
    out: Floats = p * odds / (1.0 - p + p * odds)
    return out
