"""What a unit's shortfall at a stage costs a month: arrivals × value × the win probability that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

DRAWS: Final = 2_000
_GRID: Final = np.linspace(-4.0, 2.0, 241)
_SPREADS: Final = np.geomspace(0.02, 1.0, 12)
_FAR_SD: Final = 1.2
_FAR_SHARE: Final = np.array([0.005, 0.01, 0.02, 0.05, 0.1, 0.2])
VALUE_PRIOR_CASES: Final = 10.0
"""A unit's mean amount weighs as much as that of everybody once it has so many amounts."""


@dataclass(frozen=True)
class GainInDeals:
    """Deals won more a month if the unit reached its benchmark at the stage: mean, interval, chance of being positive.

    `n` = `arrivals` (deals a month) × `chance` (of a win, that is missing).
    """

    n: float
    low: float
    high: float
    p_positive: float
    arrivals: float
    chance: float


@dataclass(frozen=True)
class Gain:
    """Amount a month if the unit reached its benchmark at the stage: mean, interval, probability of being positive.

    `amount` = `arrivals` (deals a month) × `chance` (of a win, that is missing) × `value` (their mean amount).
    """

    amount: float
    low: float
    high: float
    p_positive: float
    arrivals: float
    chance: float
    value: float


@dataclass(frozen=True)
class Least:
    """What a flag must promise a month: an amount, and deals where no amount is known (infinite: cannot be told)."""

    amount: float
    deals: float

    def withholds(self, in_deals: GainInDeals, gain: Gain | None) -> str | None:
        """Tell why a gain is none to flag: it is not sure, not known, or not worth the effort; null: it is one."""
        if in_deals.low <= 0.0:
            return "gain_not_sure"
        if gain is None and np.isinf(self.deals):
            return "amounts_unknown"
        enough = in_deals.n >= self.deals if gain is None else gain.amount >= self.amount
        return None if enough else "gain_too_small"


@dataclass(frozen=True)
class Shifts:
    """Draws of each unit's shift in log-odds against its benchmark: `units × draws`."""

    draws: Floats


def shifts(n: Floats, wins: Floats, expected: Floats, rng: np.random.Generator) -> Shifts:
    """Draw each unit's shift from a hierarchical posterior: most units near zero, a few far off.

    The prior is a mixture of a narrow and a wide normal; its spread and share are integrated over by their marginal
    likelihood. The likelihood is binomial at the unit's expected rate.
    """
    base = special.logit(np.clip(expected / np.maximum(n, 1e-9), 1e-6, 1.0 - 1e-6))
    eta = base[:, None] + _GRID[None, :]
    log_likelihood = wins[:, None] * eta - n[:, None] * np.logaddexp(0.0, eta)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    priors, weights = [], []
    for spread in _SPREADS:
        near = np.exp(-0.5 * (_GRID / spread) ** 2)
        far = np.exp(-0.5 * (_GRID / _FAR_SD) ** 2)
        for share in _FAR_SHARE:
            prior = (1.0 - share) * near / near.sum() + share * far / far.sum()
            priors.append(prior)
            weights.append(float(np.log(likelihood @ prior).sum()))
    weight = np.exp(np.array(weights) - max(weights))
    mean_prior = (weight / weight.sum()) @ np.array(priors)
    posterior = likelihood * mean_prior
    cumulative = np.cumsum(posterior / posterior.sum(axis=1, keepdims=True), axis=1)
    uniform = rng.random((len(n), DRAWS))
    step = _GRID[1] - _GRID[0]
    index = np.stack([np.searchsorted(row, u) for row, u in zip(cumulative, uniform, strict=True)])
    return Shifts(_GRID[np.minimum(index, len(_GRID) - 1)] + rng.uniform(-step / 2, step / 2, index.shape))


def win_after(counts: Floats, rng: np.random.Generator) -> Floats:
    """Give the probability of winning once past each stage, by the absorbing chain: `stages × draws`.

    `counts[s]` are the exits of stage `s`: to each open stage, won, not won (`stages × (stages + 2)`). Rows are drawn
    from Dirichlet posteriors (weak prior towards the next stage). Passing means reaching a later open stage or won.
    """
    stages = len(counts)
    prior = np.zeros_like(counts)
    prior[np.arange(stages), np.arange(1, stages + 1)] = 0.5
    prior[:, -1] += 0.5
    drawn = rng.gamma(counts[None] + prior[None] + 1e-6, 1.0, (DRAWS, *counts.shape))
    drawn /= drawn.sum(axis=2, keepdims=True)
    won = np.linalg.solve(np.eye(stages)[None] - drawn[:, :, :stages], drawn[:, :, stages : stages + 1])[:, :, 0]
    out = np.empty((stages, DRAWS))
    for s in range(stages):
        # From s, walk until a later stage (or won) is entered: the states up to s are transient, the others absorb.
        early = drawn[:, : s + 1, : s + 1]
        exits = drawn[:, : s + 1, s + 1 :]
        reach = np.linalg.solve(np.eye(s + 1)[None] - early, exits)[:, s, :]
        passed = reach[:, :-1]
        value = np.hstack([won[:, s + 1 :], np.ones((DRAWS, 1))])
        out[s] = (passed * value).sum(axis=1) / passed.sum(axis=1)
    return out


def value_of(n: Floats, mean: Floats, sd: Floats, rng: np.random.Generator) -> Floats:
    """Draw the mean amount of each unit, shrunken to that of everybody: `units × draws`.

    `n`, `mean`, `sd` are the amounts of each unit: number, mean, standard deviation (0 where there are fewer than two).
    A shortfall costs the deals that stop, and they may be larger than those that are won.
    """
    total = max(n.sum(), 1.0)
    overall = float((n * mean).sum() / total)
    spread = np.sqrt(float((n * (sd**2 + (mean - overall) ** 2)).sum() / total))
    weight = n / (n + VALUE_PRIOR_CASES)
    centre = weight * mean + (1.0 - weight) * overall
    within = np.where(n > 1, np.maximum(sd, 0.3 * spread), spread)
    error = np.sqrt(weight**2 * within**2 / np.maximum(n, 1.0) + (1.0 - weight) ** 2 * spread**2 / VALUE_PRIOR_CASES)
    # Log-normal, so that a mean amount stays positive.
    variance = np.log1p((error / np.maximum(centre, 1e-9)) ** 2)
    noise = rng.standard_normal((len(n), DRAWS))
    drawn = np.log(np.maximum(centre, 1e-9))[:, None] - variance[:, None] / 2.0 + np.sqrt(variance)[:, None] * noise
    return np.asarray(np.exp(drawn), dtype=np.float64)


def gains(
    cases: tuple[Floats, Floats, Floats],
    count: Floats,
    amounts: Floats,
    after: Floats,
    months: float,
    tail: float,
    rng: np.random.Generator,
) -> list[tuple[GainInDeals, Gain | None]]:
    """Draw the gain a month of each unit at one stage; null in money where nobody's amounts are known.

    `cases`: ended visits, those that went further, and how many were expected to; `count`: entries in `months` months;
    `amounts`: number, mean and sd of their amounts; `after`: draws of winning once past the stage. What lies between
    the quantiles `tail` and 1 - `tail` is the interval.
    """
    n, wins, expected = cases
    shift = shifts(n, wins, expected, rng).draws
    bench = np.clip(expected / n, 1e-6, 1.0 - 1e-6)
    now = special.expit(special.logit(bench)[:, None] + shift)
    coming = rng.gamma(count[:, None] + 0.5, 1.0, (len(n), DRAWS)) / months
    more = np.asarray(coming * (bench[:, None] - now) * after[None, :], dtype=np.float64)
    come = coming.mean(axis=1)
    mean = more.mean(axis=1)
    in_deals = [GainInDeals(*row) for row in _rows(mean, more, tail, come, mean / np.maximum(come, 1e-9))]
    if not amounts[:, 0].any():
        return [(one, None) for one in in_deals]
    value = value_of(amounts[:, 0], amounts[:, 1], amounts[:, 2], rng)
    worth, drawn = value.mean(axis=1), more * value
    amount = drawn.mean(axis=1)
    rows = _rows(amount, drawn, tail, come, amount / np.maximum(come * worth, 1e-9), worth)
    return [(one, Gain(*row)) for one, row in zip(in_deals, rows, strict=True)]


def _rows(mean: Floats, drawn: Floats, tail: float, *more: Floats) -> Sequence[Sequence[float]]:
    """Put mean, interval and probability of being positive of each unit in a row, with what else belongs there."""
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=1)
    rows: list[list[float]] = np.stack([mean, low, high, (drawn > 0).mean(axis=1), *more], axis=1).tolist()
    return rows
