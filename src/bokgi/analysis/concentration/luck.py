"""How concentrated the won deals are, beside what luck alone gives among equals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

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

LEAST_WINS: Final = 5
SIZE: Final = 0.003
"""P-value below which a concentration is said to be more than luck: it stands in one review with much else …"""
ALONE: Final = 0.001
"""… and that of the Gini where the share of the first is none."""
_SINGLE_DEALS: Final = 512
"""So many of the largest deals are dealt out one by one, the others in groups of like size."""
_BLOCK: Final = 4_000_000

Measure = Literal["amount", "count"]


@dataclass(frozen=True)
class BesideLuck:
    """An observed figure beside the band that equal people would give by luck.

    `p` is the share of lucky worlds at least as concentrated. `more_than_luck` says that it is below 0.3 %;
    of the Gini, where the share of the first is not, below 0.1 %, for two looks find more by luck than one.
    """

    observed: float
    expected: float
    low: float
    high: float
    p: float
    more_than_luck: bool


@dataclass(frozen=True)
class Concentration:
    """How the won deals are spread over people. Null where nothing may be said, with a `reason`.

    `people` had time in the period or won in it; `n` won deals are counted, `left_out` are not: no owner, or (by
    amount) no positive amount. `top_share` (0 to 1) is that of `top_person`, `gini` is 0 when all have the same.
    `rate_gini` is the Gini of the underlying rates of winning, without the luck that is in the counts.
    """

    measure: Measure
    level: float
    people: int
    n: int
    left_out: int
    top_person: str | None
    top_share: BesideLuck | None
    gini: BesideLuck | None
    rate_gini: Estimate | None
    reason: str | None


def concentration(
    deals: ibis.Table,
    time: ibis.Table,
    *,
    period: Period,
    measure: Measure = "amount",
    level: float = 0.90,
    worlds: int = 2_000,
    seed: int = 1,
) -> Concentration:
    """Do the results hang on one person, more than luck would make them among equals.

    Reads `deals` (one row per deal: `owner_id, outcome, closed_on, amount`, one currency) and `time` (one row per
    person: `person_id, days`, see `people_time`; any measure of opportunity that is known beforehand will do, such as
    the number of deals handed over).

    Gives the share of the top person and the Gini coefficient of won amounts (or counts), each beside the band at
    `level` in which it would lie by luck: the same deals with the same sizes, each won by somebody in proportion to
    their time, `worlds` times over. And the Gini of the rates of winning themselves, from the counts alone: rates are
    gamma distributed over people, wins Poisson; posterior mean and interval at `level`, over the same people, with no
    n/(n − 1) correction (it goes the wrong way: the raw Gini of luck is already too high).

    Counts how: by close date, for the owner as of now. People with time and no win count with 0; people with a win and
    no time get the least time that anybody has. A deal counts wholly for its owner.

    Small numbers: null below two people or five won deals. Refuses: nothing. Do not compare an observed Gini with that
    of another team or a rule of thumb: 12 equal people who win 8 deals each on average show
    about .18 in counts and .26 in amounts (sd of their logarithm .9).

    Source: gamma–Poisson model (Clayton & Kaldor 1987); exact test by simulation (Davison & Hinkley 1997, 4.2);
    `tests/analysis/test_concentration.py` measures the size of the test and the coverage of the interval.

    >>> from datetime import date
    >>> import pyarrow as pa
    >>> rows = {"owner_id": ["kim"] * 30 + ["lee"] * 5 + ["choi"] * 5, "outcome": ["won"] * 40}
    >>> rows |= {"closed_on": [date(2026, 1, 5)] * 40, "amount": pa.array([10] * 40, pa.decimal128(18, 2))}
    >>> time = ibis.memtable(pa.table({"person_id": ["choi", "kim", "lee"], "days": [31.0] * 3}))
    >>> january = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> found = concentration(ibis.memtable(pa.table(rows)), time, period=january)
    >>> found.top_person, found.top_share.observed, found.top_share.more_than_luck
    ('kim', 0.75, True)
    """
    wins = won_by_person(deals, time, period=period, sized=measure == "amount")
    people, n = len(wins.people), int(wins.n.sum())
    reason = TOO_FEW_PEOPLE if people < LEAST_PEOPLE else TOO_FEW_WINS if n < LEAST_WINS else None
    if reason is not None:
        return Concentration(measure, level, people, n, wins.left_out, None, None, None, None, reason)
    rng = np.random.default_rng(seed)
    size = wins.size if measure == "amount" else np.ones_like(wins.size)
    totals = sums(wins.owner, size * wins.n, people)
    lucky = _dealt_out(size, wins.n, wins.time / wins.time.sum(), worlds, rng)
    tail = (1.0 - level) / 2.0
    counts = sums(wins.owner, wins.n, people)
    top_share, inequality = _judged(
        _beside(float(totals.max() / totals.sum()), lucky.max(axis=1) / lucky.sum(axis=1), tail),
        _beside(float(gini(totals)), gini(lucky), tail),
    )
    rates = gini(drawn_wins(counts, wins.time, worlds, rng) / (wins.time / wins.time.mean()))
    return Concentration(
        measure,
        level,
        people,
        n,
        wins.left_out,
        wins.people[int(np.argmax(totals))],
        top_share,
        inequality,
        estimate_of(rates, tail),
        None,
    )


def gini(values: Floats) -> Floats:
    """Gini coefficient along the last axis: half the mean absolute difference over the mean; 0 when all are equal.

    No correction for small n. Values are not negative, and not all of them 0.

    >>> float(gini(np.array([1.0, 1.0, 1.0, 1.0]))), float(gini(np.array([0.0, 0.0, 0.0, 1.0])))
    (0.0, 0.75)
    """
    n = values.shape[-1]
    ranked = np.sort(values, axis=-1)
    weight = 2.0 * np.arange(1, n + 1) - n - 1.0
    return np.asarray((ranked * weight).sum(axis=-1) / (n * ranked.sum(axis=-1)), dtype=np.float64)


def _dealt_out(size: Floats, n: Floats, chance: Floats, worlds: int, rng: np.random.Generator) -> Floats:
    """Totals of each person (`worlds × people`) when every deal goes to somebody by `chance`."""
    order = np.argsort(-size, kind="stable")
    size, n = size[order], n[order]
    alone = np.cumsum(n) <= _SINGLE_DEALS
    people = len(chance)
    totals = np.zeros(worlds * people)
    share = np.cumsum(chance)
    deals = np.repeat(size[alone], n[alone].astype(np.int64))
    start = np.arange(worlds) * people
    step = max(1, _BLOCK // worlds)
    for first in range(0, len(deals), step):
        part = deals[first : first + step]
        who = np.minimum(np.searchsorted(share, rng.uniform(size=(worlds, len(part)))), people - 1)
        totals += np.bincount((start[:, None] + who).ravel(), np.tile(part, worlds), worlds * people)
    out = totals.reshape(worlds, people)
    for count, mean in zip(*grouped(size[~alone], n[~alone]), strict=True):
        out += mean * rng.multinomial(int(count), chance, size=worlds)
    return out


def _beside(observed: float, lucky: Floats, tail: float) -> BesideLuck:
    low, high = np.quantile(lucky, [tail, 1.0 - tail])
    # Sums of the same deals in another order differ in the last digit.
    at_least = int((lucky >= observed - 1e-12).sum())
    p = (at_least + 1) / (len(lucky) + 1)
    return BesideLuck(observed, float(lucky.mean()), float(low), float(high), p, more_than_luck=False)


def _judged(top_share: BesideLuck, inequality: BesideLuck) -> tuple[BesideLuck, BesideLuck]:
    """Say which of the two are more than luck, so that luck makes either stand out hardly more often than `SIZE`."""
    first = top_share.p < SIZE
    return replace(top_share, more_than_luck=first), replace(
        inequality, more_than_luck=inequality.p < (SIZE if first else ALONE)
    )
