"""The forecast of the whole divided: open and new part, people and teams, so that the means add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.blending import stretched
from bokgi.analysis.forecast.counting import UNKNOWN
from bokgi.analysis.forecast.history import History
from bokgi.analysis.forecast.outlook import Draws, Split
from bokgi.analysis.forecast.result import Part, Share
from bokgi.analysis.forecast.scoring import range_around

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """What blending does to each part: `factor` to its mean, `scale` to its range around the mean."""

    factor: float
    scale: float

    def range_of(self, draws: Floats) -> tuple[float, float, float]:
        """Give mean and ends of the 80 % range of a part."""
        scaled = self.factor * draws
        mean = float(scaled.mean())
        return mean, *range_around(stretched(scaled, self.scale), mean)

    def part(self, draws: Floats, n: float) -> Part:
        """Give a part that stands for `n` wins before it is blended."""
        return Part(*self.range_of(draws), self.factor * n)


def shares(
    history: History,
    won: NDArray[np.bool_],
    drawn: Draws,
    split: Split,
    scaling: Scaling,
    *,
    by: Literal["person", "team"],
) -> tuple[Share, ...]:
    """Give what each person (or team) has won in the period and is expected to win; the parts add up to the whole.

    `won` marks the wins of the period so far. In the order of their keys; who has no part in it is left out, deals of
    nobody known stand under `(unknown)`.
    """
    names = history.coding.persons if by == "person" else history.coding.teams
    of_pair = split.person if by == "person" else split.team
    open_part, new_part = (np.zeros((len(names), part.shape[1])) for part in (drawn.open_by_group, drawn.new_by_group))
    np.add.at(open_part, of_pair, drawn.open_by_group)
    np.add.at(new_part, of_pair, drawn.new_by_group)
    amount = np.nan_to_num(history.wins.amount[won])
    code = (history.wins.person if by == "person" else history.wins.team)[won]
    so_far = np.bincount(code, amount, len(names))
    found = []
    for place, name in enumerate(names):
        mean, low, high = scaling.range_of(open_part[place] + new_part[place])
        if mean == 0.0 and so_far[place] == 0.0:
            continue
        open_mean = scaling.factor * float(open_part[place].mean())
        own = float(so_far[place])
        found.append(Share(name, own, open_mean, mean - open_mean, own + mean, own + low, own + high))
    return tuple(sorted(found, key=lambda share: (share.key == UNKNOWN, share.key)))
