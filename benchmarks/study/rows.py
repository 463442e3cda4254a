"""A line of the study's table: the goal, what was reached, and between which limits it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Row:
    """One goal and how it was met: `n` cases were simulated, `low` to `high` is the 95 % interval of `reached`."""

    topic: str
    measure: str
    goal: str
    reached: float
    low: float
    high: float
    n: int
    met: bool


def share_row(topic: str, measure: str, hits: Sequence[bool], *, least: float = 0.0, most: float = 1.0) -> Row:
    """Measure a share with its exact interval (Clopper & Pearson) against a goal from `least` to `most`.

    >>> share_row("a topic", "found", [True] * 8 + [False] * 2, least=0.7).met
    True
    """
    n, k = len(hits), int(np.sum(hits))
    low = float(special.betaincinv(k, n - k + 1, 0.025)) if k else 0.0
    high = float(special.betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0
    return Row(topic, measure, _goal(least, most, 0.0, 1.0), k / n, low, high, n, least <= k / n <= most)


def mean_row(topic: str, measure: str, values: Sequence[float], *, least: float = -np.inf, most: float = np.inf) -> Row:
    """Measure a mean with its interval (normal, 95 %) against a goal from `least` to `most`.

    >>> mean_row("a topic", "bias", [0.01, -0.01], most=0.02).reached
    0.0
    """
    n, mean = len(values), float(np.mean(values))
    reach = float(special.ndtri(0.975) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    goal = _goal(least, most, -np.inf, np.inf)
    return Row(topic, measure, goal, mean, mean - reach, mean + reach, n, least <= mean <= most)


def _goal(least: float, most: float, lowest: float, highest: float) -> str:
    parts = [f"≥ {least:g}"] * (least > lowest) + [f"≤ {most:g}"] * (most < highest)
    return " and ".join(parts) or "reported"
