"""What a forecast and a backtest give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.backtesting import Scores
from bokgi.domain.period import Period

Floats = NDArray[np.float64]

Reason = Literal[
    "too_little_history",
    "only_won_deals",
    "owners_unknown",
    "no_won_deals",
    "too_few_wins",
    "no_won_amounts",
    "period_over",
]
"""Why the stage model was not asked: then the run rate answers alone, or (`NOTHING_SAID`) nothing."""
NOTHING_SAID: Final = ("no_won_deals", "too_few_wins", "no_won_amounts")
ChangeCode = Literal[
    "won",
    "lost",
    "entered",
    "moved_in",
    "owner_filled",
    "moved_out",
    "moved_on",
    "moved_back",
    "amount",
    "close_date",
    "filled_in",
    "waited",
    "to_come",
]


@dataclass(frozen=True)
class Part:
    """Money expected of a part of the business, with the ends of the 80 % range, and how many deals it stands for."""

    mean: float
    low: float
    high: float
    n: float


@dataclass(frozen=True)
class Share:
    """What one person or team has won and is expected to win in the period; `mean` is the sum of the three."""

    key: str
    won_so_far: float
    open: float
    new: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Benchmark:
    """What a simple method says of the period, and its mean CRPS in the backtest (null: it never answered there)."""

    method: str
    mean: float
    low: float
    high: float
    crps: float | None


@dataclass(frozen=True)
class Calibration:
    """How such forecasts did: `n` windows that are over, the first from `since` on; what was learnt of them, and how.

    `weight` of the stage model (the rest is the run rate's, as far as anything can be won), `scale` of the range; share
    inside the 80 % range and bias (share of what came), of forecasts made with what was known then. `crps_ratio`: mean
    CRPS over that of the run rate. Null: no window was over.
    """

    n: int
    weight: float
    scale: float
    coverage80: float | None
    bias: float | None
    crps_ratio: float | None
    since: date | None = None


@dataclass(frozen=True)
class ChangePart:
    """What moved the forecast within the week: its code, the number of deals (null: none in particular), the amount.

    `people`: whose deals these are, each with the team (null: none); deals of nobody are nobody's.
    """

    code: ChangeCode
    n: int | None
    amount: float
    people: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Change:
    """The forecast of a week before and today's, both by what is known of deals today; the parts add up to it."""

    since: date
    before: float
    now: float
    parts: tuple[ChangePart, ...]


@dataclass(frozen=True)
class DealOutlook:
    """An open deal: what it is worth, its chance to be won within the period, and the CRM's (or stage's) chance.

    `due_in`: days until its expected close (null: not known). `share`: of the variance of the open part. `stands_long`:
    it would have a clearly better chance had it entered its stage just now.
    """

    deal_id: str
    person: str | None
    stage: str
    amount: float
    amount_known: bool
    chance: float
    stage_chance: float
    due_in: int | None
    share: float
    stands_long: bool


@dataclass(frozen=True)
class Forecast:
    """What will be won in a period: `quantiles` and `mean` of the whole, what is won already included.

    `reason` is null when the stage model answered; otherwise why the run rate did, alone (`open` and `people` are null
    then), or why nobody did (`quantiles` empty, `mean` null). `won_by_day`: what was won up to each day with a win.
    `wins`: how many deals were won up to the day, whenever; of few of them little can be told. `draws`: the sorted
    draws behind the quantiles.
    """

    as_of: date
    period: Period
    reason: Reason | None
    won_so_far: float
    won_so_far_n: int
    won_by_day: tuple[tuple[date, float], ...]
    quantiles: Mapping[float, float]
    mean: float | None
    open: Part | None
    new: Part | None
    open_deals: int
    unknown_amounts: int
    outsized: int
    wins: int
    history_days: int
    people: tuple[Share, ...]
    teams: tuple[Share, ...]
    benchmarks: tuple[Benchmark, ...]
    best_simple: str | None
    calibration: Calibration
    pipeline_calibrated: bool | None
    change: Change | None
    at_risk: tuple[DealOutlook, ...]
    range_deals: tuple[DealOutlook, ...]
    draws: Floats = field(repr=False)

    def probability_of(self, target: float) -> float | None:
        """Give the probability to win at least so much; null where nothing may be said.

        1 and 0 only where it has been decided: draws that all agree are no surer than one in so many.
        """
        n = len(self.draws)
        if n == 0:
            return None
        if self.won_so_far >= target or self.reason == "period_over":
            return float(self.won_so_far >= target)
        return float(np.clip((self.draws >= target).mean(), 1.0 / (n + 1), n / (n + 1)))


@dataclass(frozen=True)
class OriginResult:
    """One window of the backtest: forecast (mean and 80 % range), what came; mean and CRPS of every method."""

    origin: date
    start: date
    end: date
    mean: float
    low: float
    high: float
    came: float
    weight: float
    scale: float
    means: Mapping[str, float]
    crps: Mapping[str, float]


@dataclass(frozen=True)
class Backtest:
    """Forecasts made again from past days: `origins` oldest first, `scores` by method; empty with a `reason`."""

    as_of: date
    months: int
    reason: Reason | None
    origins: tuple[OriginResult, ...]
    scores: Mapping[str, Scores]
