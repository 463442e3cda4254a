"""What the won amount of a pool is the product of, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.decomposition.pool import LATER, OPEN, OUT, SLIPPED, WON, WON_UNKNOWN

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Name = Literal[
    "volume",
    "mix",
    "head_start",
    "undecided",
    "conversion",
    "cycle",
    "close_dates",
    "amount_known",
    "amount",
    "ambition",
    "chance",
]
BEFORE_STAGES: Final[tuple[Name, ...]] = ("volume", "mix", "head_start", "undecided")
AFTER_STAGES: Final[tuple[Name, ...]] = ("cycle", "close_dates", "amount_known", "amount")


@dataclass(frozen=True)
class Rates:
    """Cases and successes of the factors that are shares (`… × factors × cells`): decided, stages, timing, known."""

    cases: Floats
    hits: Floats


def rates(n: Floats) -> Rates:
    """Read the shares off the counts (`… × cells × ends`)."""
    out = n[..., OUT:]
    wins_inside = n[..., WON] + n[..., WON_UNKNOWN]
    wins = wins_inside + n[..., LATER] + n[..., SLIPPED]
    decided = n.sum(axis=-1) - n[..., OPEN]
    # Who reached stage k: everybody that won, and those that ended there or further on.
    reached = wins[..., None] + np.cumsum(out[..., ::-1], axis=-1)[..., ::-1]
    went_on = np.concatenate([reached[..., 1:], wins[..., None]], axis=-1)
    due = wins_inside + n[..., SLIPPED]
    cases = [n.sum(axis=-1), *np.moveaxis(reached, -1, 0), wins, due, wins_inside]
    hits = [decided, *np.moveaxis(went_on, -1, 0), due, wins_inside, n[..., WON]]
    return Rates(np.stack(cases, axis=-2), np.stack(hits, axis=-2))


def handed(n: Floats, combination: Ints) -> Floats:
    """Volume, mix and head start (`… × 3 × cells`): all deals, share of each combination, and of each start in it."""
    count = n.sum(axis=-1)
    total = np.broadcast_to(count.sum(axis=-1, keepdims=True), count.shape)
    same = (combination[:, None] == combination[None, :]).astype(np.float64)
    of_combination = count @ same
    return np.stack([total, _ratio(of_combination, total), _ratio(count, of_combination)], axis=-2)


def factors(n: Floats, amount: Floats, combination: Ints) -> Floats:
    """Give all factors (`… × factors × cells`); their product summed over cells is the won amount. NaN: no cases."""
    shares = rates(n)
    mean = _ratio(amount, n[..., WON])
    return np.concatenate([handed(n, combination), _ratio(shares.hits, shares.cases), mean[..., None, :]], axis=-2)


def filled(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Where a factor has no cases on one side it is what it is on the other: nothing is known to have changed.

    Without cases an earlier factor is 0 on that side, so its total stays what it is.
    """
    neither = np.isnan(before) & np.isnan(after)
    first = np.where(neither, 1.0, np.where(np.isnan(before), after, before))
    second = np.where(neither, 1.0, np.where(np.isnan(after), before, after))
    return first, second


def _ratio(part: Floats, whole: Floats) -> Floats:
    out: Floats = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
