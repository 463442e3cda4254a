"""Would the team reach a target without its top person."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import ibis
import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.concentration.rates import Estimate, drawn_wins, estimate_of
from bokgi.analysis.concentration.won import (
    LEAST_PEOPLE,
    TOO_FEW_PEOPLE,
    TOO_FEW_WINS,
    grouped,
    sums,
    won_by_person,
)
from bokgi.domain.period import Period

Floats = NDArray[np.float64]

LEAST_WINS_OF_OTHERS: Final = 10
BARELY: Final = 0.5
"""A chance whose interval is wider than this is barely estimable."""
BARELY_ESTIMABLE: Final = "barely_estimable"
_WORLDS: Final = 400
_FUTURES: Final = 200


@dataclass(frozen=True)
class Resilience:
    """Chance of reaching a target with everybody, and without the person with the largest won amount.

    Both are null when too little is known (`reason` says what); with `barely_estimable` the interval is there, but so
    wide that only the interval may be shown. `n_others` won deals of the others are what the answer rests on.
    """

    level: float
    people: int
    n: int
    n_others: int
    top_person: str | None
    everybody: Estimate | None
    without_top: Estimate | None
    reason: str | None


def resilience(
    deals: ibis.Table,
    time: ibis.Table,
    *,
    period: Period,
    target: Decimal,
    days: int | None = None,
    taken_over: float = 0.0,
    level: float = 0.90,
    seed: int = 1,
) -> Resilience:
    """Would the team reach the target without its top person.

    Reads what `concentration` reads. `target` is the won amount to reach in `days` (as many as the period has, where
    left out) by the same people with the same time; `taken_over` (0 to 1) is the share of the top person's wins that
    the others would make in their place.

    Gives the chance with everybody and without the person with the largest won amount in the period, each with the
    interval at `level`: rates of winning are drawn from the gamma–Poisson posterior of `concentration` and the sizes of
    deals from a Bayesian bootstrap (of everybody's deals, or of the others'), and the chance is what chance leaves when
    these are known.

    Small numbers: null below two people or ten won deals of the others. `reason` is `barely_estimable` when the
    interval without the top person is wider than .5, as from one quarter it nearly always is: then show the interval,
    not the estimate. Refuses: nothing.

    Do not read it as a forecast: there is no pipeline, no season and no trend in it, only the wins of the period.

    Source: own definition; `tests/analysis/test_concentration.py` measures the coverage of the interval.

    >>> from datetime import date
    >>> import pyarrow as pa
    >>> rows = {"owner_id": ["kim"] * 30 + ["lee", "choi"] * 10, "outcome": ["won"] * 50}
    >>> rows |= {"closed_on": [date(2026, 1, 5)] * 50, "amount": pa.array([10] * 50, pa.decimal128(18, 2))}
    >>> time = ibis.memtable(pa.table({"person_id": ["choi", "kim", "lee"], "days": [31.0] * 3}))
    >>> january = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> found = resilience(ibis.memtable(pa.table(rows)), time, period=january, target=Decimal(400))
    >>> found.everybody.estimate > 0.8, found.without_top.high < 0.1
    (True, True)
    """
    wins = won_by_person(deals, time, period=period, sized=True)
    people, n = len(wins.people), int(wins.n.sum())
    totals = sums(wins.owner, wins.size * wins.n, people)
    top = int(np.argmax(totals)) if n else -1
    others = wins.owner != top
    n_others = int(wins.n[others].sum())
    reason = TOO_FEW_PEOPLE if people < LEAST_PEOPLE else TOO_FEW_WINS if n_others < LEAST_WINS_OF_OTHERS else None
    if reason is not None:
        return Resilience(level, people, n, n_others, wins.people[top] if n else None, None, None, reason)
    rng = np.random.default_rng(seed)
    expected = drawn_wins(sums(wins.owner, wins.n, people), wins.time, _WORLDS, rng)
    expected *= (period.days if days is None else days) / period.days
    rest = expected.sum(axis=1) - (1.0 - taken_over) * expected[:, top]
    tail = (1.0 - level) / 2.0
    everybody = estimate_of(_chances(expected.sum(axis=1), wins.size, wins.n, float(target), rng), tail)
    without = estimate_of(_chances(rest, wins.size[others], wins.n[others], float(target), rng), tail)
    reason = BARELY_ESTIMABLE if without.high - without.low > BARELY else None
    return Resilience(level, people, n, n_others, wins.people[top], everybody, without, reason)


def _chances(expected: Floats, size: Floats, n: Floats, target: float, rng: np.random.Generator) -> Floats:
    """Chance of reaching the target in each world: expected wins, and sizes by the Bayesian bootstrap."""
    order = np.argsort(-size, kind="stable")
    counts, sizes = grouped(size[order], n[order])
    weights = rng.dirichlet(counts, size=len(expected))
    total = np.zeros((len(expected), _FUTURES))
    for place, each in enumerate(sizes):
        total += each * rng.poisson((expected * weights[:, place])[:, None], size=total.shape)
    return np.asarray((total >= target).mean(axis=1), dtype=np.float64)
