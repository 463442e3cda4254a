"""Forecasts of organisations with known truth: errors beside simple methods and time series models, coverage, bias."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import special

from benchmarks.simulator import Organisation, World, simulate
from benchmarks.simulator.analysed import analysed
from benchmarks.study.rows import Row, mean_row, share_row
from bokgi.analysis.forecast import Backtest, backtest

Floats = NDArray[np.float64]

TOPIC: Final = "forecast"
NOTE: Final = """\
A goal that lies inside the interval is neither met nor missed for sure; what chance leaves within reach is the topic
`forecast_limit`. AutoETS and AutoARIMA (statsforecast) see the monthly totals alone, from twelve months of history
on."""
SCALES: Final = {"small": 2, "medium": 6, "full": 20}
MANY: Final = {"small": 2, "medium": 40, "full": 40}
"""Organisations of each hard case, and of 6 people for their month; they are cheap."""
AS_OF: Final = date(2025, 12, 31)
SIZES: Final = {30: 7_500, 12: 3_000, 6: 1_500}
"""People → deals in two years."""
FACTORS: Final = ("source", "lead_grade", "type", "segment", "industry", "region")
SIMPLE: Final = "best_simple"
WORST: Final = 1.03
"""Upper limit of the mean ratio to the best simple method that is accepted."""
_FEWEST_MONTHS: Final = 12
"""Months of history below which a time series model has too little to be fitted."""
_BLOCK: Final = 3
_RESAMPLES: Final = 2_000


@dataclass(frozen=True)
class Series:
    """One organisation's backtest, and what it won in every month."""

    found: Backtest
    monthly: dict[date, float]

    def ratio(self, method: str) -> float:
        """CRPS of the forecast over that of another method."""
        return self.found.scores["forecast"].crps / self.found.scores[method].crps


def replayed(organisation: Organisation, months: int) -> Series:
    """Simulate an organisation and make its forecasts again."""
    world = simulate(organisation)
    with analysed(world) as tables:
        found = backtest(
            tables.deals,
            tables.visits,
            as_of=AS_OF,
            months=months,
            changes=tables.tables["deal_changes"],
            stages=tables.tables["stages"],
            factors=FACTORS,
        )
    return Series(found, _monthly(world))


def _monthly(world: World) -> dict[date, float]:
    deals = world.tables["deals"]
    won = deals.filter(pc.equal(deals["outcome"], "won"))
    out: dict[date, float] = {}
    for on, amount in zip(won["closed_on"].to_pylist(), won["amount"].to_pylist(), strict=True):
        month = on.replace(day=1)
        out[month] = out.get(month, 0.0) + float(amount)
    return out


def normal_crps(mean: float, sd: float, came: float) -> float:
    """CRPS of a normal distribution (Gneiting & Raftery 2007)."""
    z = (came - mean) / sd
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    return float(sd * (z * (2.0 * special.ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi)))


def run(scale: str, seed: int) -> list[Row]:
    """Measure months and quarters of large, middle and small organisations, and hard cases."""
    count = SCALES[scale]
    rows: list[Row] = []
    every: list[Series] = []
    for months, name, least in ((1, "month", 0.35), (3, "quarter", 0.30)):
        inside: list[bool] = []
        bias: list[float] = []
        for reps, deals in SIZES.items():
            n = max(count, MANY[scale]) if (reps, months) == (min(SIZES), 1) else count
            more = [replayed(Organisation(seed=seed + each, reps=reps, deals=deals), months) for each in range(n)]
            gain = [1.0 - series.ratio("run_rate") for series in more]
            rows.append(mean_row(TOPIC, f"CRPS below the run rate, {name}, {reps} people", gain, least=least))
            found = more[:count]
            every += found
            for model in ("AutoETS", "AutoARIMA") if scale != "small" else ():
                gain = [1.0 - against_series(series, months, model) for series in found]
                rows.append(mean_row(TOPIC, f"CRPS below {model}, {name}, {reps} people", gain, least=0.0))
            inside += [one.low <= one.came <= one.high for series in found for one in series.found.origins]
            bias += [series.found.scores["forecast"].bias for series in found]
        rows.append(share_row(TOPIC, f"80 % range holds what came, {name}", inside, least=0.75, most=0.85))
        rows.append(mean_row(TOPIC, f"bias as share of what came, {name}", bias, least=-0.05, most=0.05))
    ratios = [series.ratio(SIMPLE) for series in every]
    ratio = mean_row(TOPIC, "CRPS over that of the best simple method before", ratios, most=1.0)
    most = f"{ratio.goal}, upper limit ≤ {WORST}"
    rows.append(replace(ratio, goal=most, met=ratio.met and ratio.high <= WORST))
    worse = [significantly_worse(series) for series in every]
    rows.append(share_row(TOPIC, "organisations where it is worse than that (block bootstrap, 5 %)", worse, most=0.05))
    return rows + _hard(MANY[scale], seed)


def _hard(count: int, seed: int) -> list[Row]:
    """Deals that never close, a strong rush at quarter ends, giants among the deals, no differences at all."""
    cases: dict[str, Callable[[int], Organisation]] = {
        "30 % of lost deals are never closed": lambda each: Organisation(
            seed=each, reps=12, deals=3_000, never_close=0.3
        ),
        "strong rush at quarter ends": lambda each: Organisation(seed=each, reps=12, deals=3_000, rush=0.6),
        "a few giant deals": lambda each: Organisation(seed=each, reps=12, deals=3_000, heavy_tails=True),
        "all deals and people alike": lambda each: Organisation(seed=each, reps=12, deals=3_000).plain(),
        "two people": lambda each: Organisation(seed=each, reps=2, deals=300),
    }
    rows = []
    for name, make in cases.items():
        found = [replayed(make(seed + each), 1) for each in range(count)]
        ratio = [series.ratio(SIMPLE) for series in found]
        rows.append(mean_row(TOPIC, f"CRPS over the best simple method, month, {name}", ratio, most=1.0))
        inside = [one.low <= one.came <= one.high for series in found for one in series.found.origins]
        rows.append(share_row(TOPIC, f"80 % range holds what came, month, {name}", inside, least=0.75, most=0.85))
    return rows + _tides(max(count // 5, 2), seed)


def _tides(count: int, seed: int) -> list[Row]:
    """Whole quarters of a large organisation in good and bad times: the range has to reach beyond the single deals."""
    made = (Organisation(seed=seed + each, reps=30, deals=7_500, tide=0.2) for each in range(count))
    found = [replayed(one, 3).found.origins for one in made]
    inside = [one.low <= one.came <= one.high for origins in found for one in origins]
    return [share_row(TOPIC, "80 % range holds what came, quarter, good and bad times", inside, least=0.75, most=0.85)]


def significantly_worse(series: Series) -> bool:
    """Tell whether the forecast errs more than the best simple method, by a bootstrap of blocks of three months."""
    found = series.found
    difference = np.array([one.crps["forecast"] - one.crps[SIMPLE] for one in found.origins])
    n = len(difference)
    if n < _BLOCK:
        return False
    rng = np.random.default_rng(n)
    starts = rng.integers(0, n - _BLOCK + 1, (_RESAMPLES, -(-n // _BLOCK)))
    drawn = difference[(starts[:, :, None] + np.arange(_BLOCK)).reshape(_RESAMPLES, -1)[:, :n]]
    return bool(np.quantile(drawn.mean(axis=1), 0.05) > 0.0)


def against_series(series: Series, months: int, model: str) -> float:
    """CRPS of the forecast over that of a time series model of the monthly totals, on the same windows."""
    from statsforecast.models import AutoARIMA, AutoETS  # noqa: PLC0415 - takes ten seconds to load

    own, other = [], []
    for one in series.found.origins:
        past = [series.monthly.get(month, 0.0) for month in _months_before(one.start, min(series.monthly))]
        if len(past) < _FEWEST_MONTHS:
            continue
        made = (AutoETS if model == "AutoETS" else AutoARIMA)(season_length=1)
        told = made.forecast(np.array(past), h=months, level=[80])
        sd = (told["hi-80"] - told["lo-80"]) / (2.0 * special.ndtri(0.9))
        other.append(normal_crps(float(told["mean"].sum()), float(np.sqrt((sd**2).sum())), one.came))
        own.append(one.crps["forecast"])
    return float(np.mean(own) / np.mean(other))


def _months_before(start: date, first: date) -> Sequence[date]:
    found = []
    month = first
    while month < start:
        found.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return found
