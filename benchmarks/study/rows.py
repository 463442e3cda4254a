"""A line of the study's table: the goal, what was reached, and between which limits it lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

RESAMPLES = 400


@dataclass(frozen=True)
class Row:
    """One goal and how it was met: `n` cases were simulated, `low` to `high` is the 95 % interval of `reached`.

    The goal holds from `least` to `most`.
    """

    topic: str
    measure: str
    goal: str
    reached: float
    low: float
    high: float
    n: int
    met: bool
    least: float = -np.inf
    most: float = np.inf

    @property
    def surely_missed(self) -> bool:
        """Tell whether the whole interval lies outside the goal: chance does not explain that it is missed."""
        return self.low > self.most or self.high < self.least


def share_row(topic: str, measure: str, hits: Sequence[bool], *, least: float = 0.0, most: float = 1.0) -> Row:
    """Measure a share with its exact interval (Clopper & Pearson) against a goal from `least` to `most`.

    >>> share_row("a topic", "found", [True] * 8 + [False] * 2, least=0.7).met
    True
    """
    n, k = len(hits), int(np.sum(hits))
    low = float(special.betaincinv(k, n - k + 1, 0.025)) if k else 0.0
    high = float(special.betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0
    return Row(topic, measure, _goal(least, most, 0.0, 1.0), k / n, low, high, n, least <= k / n <= most, least, most)


def mean_row(topic: str, measure: str, values: Sequence[float], *, least: float = -np.inf, most: float = np.inf) -> Row:
    """Measure a mean with its interval (normal, 95 %) against a goal from `least` to `most`.

    >>> mean_row("a topic", "bias", [0.01, -0.01], most=0.02).reached
    0.0
    """
    n, mean = len(values), float(np.mean(values))
    reach = float(special.ndtri(0.975) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    goal = _goal(least, most, -np.inf, np.inf)
    return Row(topic, measure, goal, mean, mean - reach, mean + reach, n, least <= mean <= most, least, most)


def bootstrap_row(
    topic: str,
    measure: str,
    worlds: Sequence[NDArray[np.float64]],
    figure: Callable[[list[NDArray[np.float64]]], float],
    *,
    least: float = -np.inf,
    most: float = np.inf,
) -> Row:
    """Measure a figure of many worlds with the interval of resampled worlds (95 %) against a goal.

    >>> worlds = [np.array([0.0]), np.array([1.0])]
    >>> bootstrap_row("a topic", "mean", worlds, lambda some: float(np.mean(some)), most=0.6).reached
    0.5
    """
    rng = np.random.default_rng(1)
    drawn = [figure([worlds[i] for i in rng.integers(0, len(worlds), len(worlds))]) for _ in range(RESAMPLES)]
    reached = figure(list(worlds))
    low, high = np.quantile(drawn, [0.025, 0.975])
    goal = _goal(least, most, -np.inf, np.inf)
    met = least <= reached <= most
    return Row(topic, measure, goal, reached, float(low), float(high), len(worlds), met, least, most)


def _goal(least: float, most: float, lowest: float, highest: float) -> str:
    parts = [f"≥ {least:g}"] * (least > lowest) + [f"≤ {most:g}"] * (most < highest)
    return " and ".join(parts) or "reported"
