"""The forecast made again from past days, and what came: scores of every method, and what the next one learns of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.benchmarks import (
    RUN_RATE,
    SEASONAL_NAIVE,
    SIMPLE,
    WEIGHTED,
    WEIGHTED_DUE,
    run_rate,
    seasonal_naive,
    stage_chances,
    weighted_pipeline,
)
from bokgi.analysis.forecast.blending import Blend, Past, learn_blend
from bokgi.analysis.forecast.hazards import Hazards
from bokgi.analysis.forecast.history import History
from bokgi.analysis.forecast.outlook import Draws, Outlook, draw, groups_of, look_ahead
from bokgi.analysis.forecast.scoring import crps, quantile_loss, range_around
from bokgi.analysis.forecast.windows import Window, day_number, oldest_first

Floats = NDArray[np.float64]

BLEND = "forecast"
MODEL = "stage_model"
BEST_SIMPLE = "best_simple"
METHODS = (BLEND, MODEL, *SIMPLE, BEST_SIMPLE)


@dataclass(frozen=True)
class Origin:
    """One look ahead: the outlook, sorted draws by method (missing: the method cannot answer there), what came.

    `came` is null while the window is not over. `simple`: the simple method that had done best before. `drawn`: the
    stage model's own draws, of a window that is not over by the groups of `groups_of`.
    """

    window: Window
    outlook: Outlook
    draws: Mapping[str, Floats]
    blend: Blend
    simple: str
    came: float | None
    drawn: Draws


@dataclass(frozen=True)
class Scores:
    """How a method did over the `n` origins where it answered.

    Mean CRPS in money; weighted quantile loss as share of what came; share inside the 80 % range; bias: mean of the
    forecast's mean less what came, as share of what came.
    """

    n: int
    crps: float
    wql: float
    coverage80: float
    bias: float


def replay(
    history: History,
    hazards: Mapping[int, Hazards],
    windows: Sequence[Window],
    *,
    usual: int,
    last: int,
    seed: int,
    now: int | None,
) -> list[Origin]:
    """Forecast from each origin, oldest first, each with what had happened and been learnt by its end.

    `windows` are those of `history.standing`; `hazards` those of each place in it that is asked; `now` is the place of
    the one that is not over (null: all are). It has `last` paths, the others `usual`.
    """
    found: list[Origin] = []
    for place in oldest_first(windows, hazards):
        window = windows[place]
        over = [one for one in found if (one.window.end - window.origin).days <= 1 and one.came is not None]
        outlook = look_ahead(history, place, window, hazards[place], [one.outlook for one in over])
        on = day_number(window.origin)
        came = None if place == now else _came(history, on + window.after, on + window.until)
        paths = last if place == now else usual
        split = groups_of(history, outlook) if place == now else None
        drawn = draw(outlook, history, paths=paths, seed=seed, split=split)
        found.append(_origin(history, outlook, drawn, over, came, paths=paths, seed=seed))
    return found


def _came(history: History, after: int, until: int) -> float:
    amount = history.wins.amount[history.wins.between(after, until)]
    return float(amount[~np.isnan(amount)].sum())


def _origin(
    history: History,
    outlook: Outlook,
    drawn: Draws,
    over: Sequence[Origin],
    came: float | None,
    *,
    paths: int,
    seed: int,
) -> Origin:
    window, standing = outlook.window, outlook.standing
    on = day_number(window.origin)
    first = day_number(history.first) if history.first is not None else on
    rng = np.random.default_rng([seed, on, 1])
    model = np.sort(drawn.open + drawn.new)
    rate = np.sort(run_rate(rng, history.wins, window, first=first, paths=paths))
    chance = stage_chances(history.ends, history.stage_probability, on=on)
    by_method: dict[str, Floats | None] = {
        MODEL: model,
        RUN_RATE: rate,
        SEASONAL_NAIVE: seasonal_naive(rng, history.wins, window, first=first, paths=paths),
    }
    for name, due_only in ((WEIGHTED, False), (WEIGHTED_DUE, True)):
        by_method[name] = weighted_pipeline(
            rng, standing, chance, outlook.stated, window, due_only=due_only, paths=paths
        )
    draws = {name: np.sort(values) for name, values in by_method.items() if values is not None}
    blend = learn_blend([Past(one.draws[MODEL], one.draws[RUN_RATE], one.came or 0.0) for one in over])
    draws[BLEND] = blend.of(model, rate)
    simple = _best_simple(over, draws)
    draws[BEST_SIMPLE] = draws[simple]
    return Origin(window, outlook, draws, blend, simple, came, drawn)


def _best_simple(over: Sequence[Origin], draws: Mapping[str, Floats]) -> str:
    """Choose the simple method with the best mean CRPS on the origins that are over; before any is, the run rate."""
    means = {
        name: np.mean([crps(one.draws[name], one.came or 0.0) for one in over])
        for name in SIMPLE
        if name in draws and over and all(name in one.draws for one in over)
    }
    return min(means, key=lambda name: (means[name], SIMPLE.index(name))) if means else RUN_RATE


def scores(origins: Sequence[Origin]) -> dict[str, Scores]:
    """Score every method on the origins that are over and where it answered."""
    told = {}
    for method in METHODS:
        rows = [(one.draws[method], one.came) for one in origins if one.came is not None and method in one.draws]
        if not rows:
            continue
        total = sum(came for _, came in rows)
        scale = total if total > 0 else float("nan")
        told[method] = Scores(
            len(rows),
            float(np.mean([crps(draws, came) for draws, came in rows])),
            float(sum(quantile_loss(draws, came) for draws, came in rows) / scale),
            float(np.mean([_inside(draws, came) for draws, came in rows])),
            float(sum(draws.mean() - came for draws, came in rows) / scale),
        )
    return told


def _inside(draws: Floats, came: float) -> bool:
    """Tell whether what came lies in the range that is shown."""
    low, high = range_around(draws, float(draws.mean()))
    return low <= came <= high
