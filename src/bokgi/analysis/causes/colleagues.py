"""How one person's won amount differs from that of the average colleague, taken apart exactly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.decomposition.shapley import apportioned, shapley

Floats = NDArray[np.float64]

PARTS: Final = ("volume", "hand", "conversion", "amount")
"""Closed deals; what they let expect; what became of them beyond that; the mean won amount."""
_DRAWS: Final = 2_000


@dataclass(frozen=True)
class Against:
    """The won amount of one person less that of the average colleague, and the parts, which add up to it exactly.

    `intervals` are those in which chance puts each part at `level`; `by_chance` says that it holds zero.
    """

    won: Decimal
    average: Decimal
    whole: Decimal
    parts: tuple[Decimal, ...]
    intervals: tuple[tuple[float, float], ...]
    by_chance: tuple[bool, ...]
    whole_by_chance: bool
    level: float


def against_colleagues(
    *,
    own: tuple[int, int, tuple[Decimal, float]],
    everybody: tuple[int, int, Decimal],
    people: int,
    hand: float,
    level: float = 0.90,
    step: Decimal = Decimal("0.01"),
    seed: int = 1,
) -> Against:
    """Why did one person win less (or more) than the average colleague in the same period.

    `own`: closed deals, won deals, their amount and its standard deviation; `everybody`: closed and won deals of all
    `people` (this one included) and their amount; `hand`: what an average person reaches with this person's deals,
    relative to everybody's (`analysis.comparison`, `PersonResult.hand`).

    Won amount = closed deals × win rate to be expected × what was reached of it × mean won amount; each part is the
    Shapley value of one of the four, so order does not matter and they add up exactly. Where nothing was won the mean
    amount is that of everybody. An amount is that of won deals with a known one; the others count as the mean.

    Small numbers: each part has the interval in which it lies when closed deals are Poisson, won ones binomial and
    amounts vary as they do. Refuses: nothing; `people` is at least one and somebody has won something. Do not read the
    part `conversion` as skill by itself: it is everything beyond the hand, luck included.

    >>> found = against_colleagues(
    ...     own=(20, 3, (Decimal(30), 2.0)), everybody=(80, 24, Decimal(240)), people=4, hand=1.0
    ... )
    >>> found.whole, dict(zip(PARTS, map(str, found.parts)))
    (Decimal('-30.00'), {'volume': '0.00', 'hand': '0.00', 'conversion': '-30.00', 'amount': '0.00'})
    """
    closed, wins, (won, spread) = own
    all_closed, all_wins, all_won = everybody
    rate, mean_all = all_wins / all_closed, float(all_won) / all_wins
    mean = float(won) / wins if wins else mean_all
    before = np.array([all_closed / people, rate, 1.0, mean_all])
    expected = min(rate * hand, 1.0)
    after = np.array([closed, expected, (wins / closed) / expected if closed else 1.0, mean])
    average = (all_won / people).quantize(step)
    whole = won.quantize(step) - average
    parts = shapley(before[:, None], after[:, None])
    rng = np.random.default_rng(seed)
    n = rng.poisson(closed, _DRAWS)
    share = (wins + 0.5) / (closed + 1.0)
    k = rng.binomial(n, share)
    error = spread / np.sqrt(max(wins, 1)) if wins else mean_all
    drawn = np.stack(
        [
            n.astype(np.float64),
            np.full(_DRAWS, expected),
            np.where(n > 0, k / np.maximum(n, 1) / expected, 1.0),
            np.maximum(rng.normal(mean, error, _DRAWS), 0.0),
        ],
        axis=1,
    )
    found = shapley(np.broadcast_to(before, drawn.shape)[..., None], drawn[..., None])
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    low, high = np.quantile(found, tails, axis=0)
    total_low, total_high = np.quantile(found.sum(axis=1), tails)
    return Against(
        won.quantize(step),
        average,
        whole,
        apportioned([float(part) for part in parts], whole, step),
        tuple((float(a), float(b)) for a, b in zip(low, high, strict=True)),
        tuple(bool(a <= 0.0 <= b) for a, b in zip(low, high, strict=True)),
        bool(total_low <= 0.0 <= total_high),
        level,
    )
