"""Business that does not exist yet: deals that will enter the pipeline, and how many of them are won in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.credibility import Block, multiplicative
from bokgi.analysis.forecast.history import Entries
from bokgi.analysis.forecast.windows import PHASES, WEEK, Steps, phase_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_EPOCH: Final = date(1970, 1, 1)
_HALF_LIFE_WEEKS: Final = 26.0
_WEEKS_FOR_MONTHS: Final = 78
_POOL_DAYS: Final = 182
_POOL_MOST: Final = 2_000
_DRIFT_A_YEAR: Final = 0.15
_MONTHS: Final = 12


@dataclass(frozen=True)
class Arrivals:
    """Deals expected to enter in each step, the spread of their level (sd of its log), and past entries like them."""

    expected: Floats
    spread: float
    pool: Ints


def expect_arrivals(entries: Entries, steps: Steps, *, on: int, first: int, year_starts: int = 1) -> Arrivals:
    """Expect entries by week from those up to day `on`: level of late, part of the quarter, month of the year.

    The month counts from 78 weeks of history on. `first` is the first day of the history, `year_starts` the first
    month of the fiscal year.
    """
    past = entries.on[entries.on <= on]
    weeks = max((on - first) // WEEK, 1)
    week = (on - past) // WEEK
    count = np.bincount(week[week < weeks], minlength=weeks).astype(np.float64)
    ahead = [on + int(start) + (int(length) + 1) // 2 for start, length in zip(steps.starts, steps.days, strict=True)]
    behind = [on - WEEK * number - WEEK // 2 for number in range(weeks)]
    parts = 1 if weeks < _WEEKS_FOR_MONTHS else 2
    past_season, season_ahead = _season(behind, year_starts)[:parts], _season(ahead, year_starts)[:parts]
    weight = 0.5 ** (np.arange(weeks) / _HALF_LIFE_WEEKS)
    spread = _dispersion(count)
    found = multiplicative(past_season, np.ones(weeks), count, dispersion=spread)
    season = found.of(past_season)
    level = float((weight * count).sum() / (weight * season).sum())
    expected = level * found.of(season_ahead) * steps.days / WEEK
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    years = (on - first) / 364.0 if len(steps) == 0 else float(steps.starts[-1] + steps.days[-1]) / 364.0
    sd = np.sqrt(spread / max(level * effective, 0.5) + _DRIFT_A_YEAR**2 * max(years, 0.05))
    recent = np.flatnonzero((entries.on <= on) & (entries.on > on - _POOL_DAYS))[-_POOL_MOST:]
    return Arrivals(expected, float(sd), recent)


def _season(days: list[int], year_starts: int) -> list[Block]:
    dates = [_EPOCH + timedelta(days=day) for day in days]
    phase = np.array([phase_of(day, year_starts) for day in dates], dtype=np.int64)
    month = np.array([day.month - 1 for day in dates], dtype=np.int64)
    return [Block.of(phase, PHASES), Block.of(month, _MONTHS)]


def _dispersion(count: Floats) -> float:
    """How much more weekly counts scatter than a Poisson process, at least 1, by differences of neighbouring weeks."""
    if len(count) < _MONTHS:
        return 1.0
    mean = float(count.mean())
    return max(float((np.diff(count) ** 2).mean()) / (2.0 * mean), 1.0) if mean > 0 else 1.0
