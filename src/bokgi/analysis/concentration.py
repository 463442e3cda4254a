"""Do the results hang on one person more than luck explains, and what happens without that person."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import ibis
import numpy as np
import pyarrow as pa
from ibis import _
from numpy.typing import NDArray
from scipy import special

from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_PEOPLE: Final = 2
LEAST_WINS: Final = 5
LEAST_WINS_OF_OTHERS: Final = 10
SIZE: Final = 0.05
"""P-value below which a concentration is said to be more than luck."""
BARELY: Final = 0.5
"""A chance whose interval is wider than this is barely estimable."""
_SINGLE_DEALS: Final = 512
"""So many of the largest deals are dealt out one by one, the others in groups of like size."""
_GROUPS: Final = 64
_SPREADS: Final = np.geomspace(0.02, 2.5, 36)
_SPREAD_PRIOR: Final = 0.7
_RATES: Final = 41
_BLOCK: Final = 4_000_000
_WORLDS: Final = 400
_FUTURES: Final = 200

Measure = Literal["amount", "count"]
TOO_FEW_PEOPLE: Final = "too_few_people"
TOO_FEW_WINS: Final = "too_few_wins"
BARELY_ESTIMABLE: Final = "barely_estimable"


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class BesideLuck:
    """An observed figure beside the band that equal people would give by luck.

    `p` is the share of lucky worlds at least as concentrated; `more_than_luck` says that it is below 5 %.
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


def people_time(memberships: ibis.Table, *, period: Period) -> ibis.Table:
    """How much time each person had in the period.

    Reads `memberships` (one row per person × team × role for a time). Gives one row per person with any, in order:
    `person_id`, `days` (civil days × share of working time, all teams and roles together). From the first day in the
    company to the last where these are known.

    Do not use it with people in it who never close deals: narrow `memberships` to the roles that do.

    >>> from datetime import date
    >>> member = {"person_id": ["kim", "lee"], "share": [1.0, 0.5], "valid_from": [date(2026, 1, 1), date(2026, 1, 16)]}
    >>> none = pa.array([None, None], pa.date32())
    >>> member |= {"valid_to": none, "started_on": none, "left_on": [date(2026, 1, 11), None]}
    >>> period = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> people_time(ibis.memtable(pa.table(member)), period=period).to_pyarrow().to_pylist()
    [{'person_id': 'kim', 'days': 10.0}, {'person_id': 'lee', 'days': 8.0}]
    """
    start, end = ibis.literal(period.start), ibis.literal(period.end)
    bounded = memberships.mutate(
        first=ibis.greatest(start, ibis.coalesce(_.valid_from, start), ibis.coalesce(_.started_on, start)),
        past=ibis.least(end, ibis.coalesce(_.valid_to, end), ibis.coalesce(_.left_on, end)),
    ).filter(_.past > _.first)
    days = _.past.delta(_.first, unit="day").cast("float64") * _.share
    return bounded.group_by("person_id").agg(days=days.sum()).filter(_.days > 0).order_by("person_id")


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
    >>> rows = {"owner_id": ["kim"] * 30 + ["lee"] * 5 + ["choi"] * 5, "outcome": ["won"] * 40}
    >>> rows |= {"closed_on": [date(2026, 1, 5)] * 40, "amount": pa.array([10] * 40, pa.decimal128(18, 2))}
    >>> time = ibis.memtable(pa.table({"person_id": ["choi", "kim", "lee"], "days": [31.0] * 3}))
    >>> january = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> found = concentration(ibis.memtable(pa.table(rows)), time, period=january)
    >>> found.top_person, found.top_share.observed, found.top_share.more_than_luck
    ('kim', 0.75, True)
    """
    wins = _wins(deals, time, period=period, sized=measure == "amount")
    people, n = len(wins.people), int(wins.n.sum())
    reason = TOO_FEW_PEOPLE if people < LEAST_PEOPLE else TOO_FEW_WINS if n < LEAST_WINS else None
    if reason is not None:
        return Concentration(measure, level, people, n, wins.left_out, None, None, None, None, reason)
    rng = np.random.default_rng(seed)
    size = wins.size if measure == "amount" else np.ones_like(wins.size)
    totals = _sums(wins.owner, size * wins.n, people)
    lucky = _dealt_out(size, wins.n, wins.time / wins.time.sum(), worlds, rng)
    tail = (1.0 - level) / 2.0
    counts = _sums(wins.owner, wins.n, people)
    rates = gini(_rates(counts, wins.time, worlds, rng) / (wins.time / wins.time.mean()))
    return Concentration(
        measure,
        level,
        people,
        n,
        wins.left_out,
        wins.people[int(np.argmax(totals))],
        _beside(float(totals.max() / totals.sum()), lucky.max(axis=1) / lucky.sum(axis=1), tail),
        _beside(float(gini(totals)), gini(lucky), tail),
        _estimate(rates, tail),
        None,
    )


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
    >>> rows = {"owner_id": ["kim"] * 30 + ["lee", "choi"] * 10, "outcome": ["won"] * 50}
    >>> rows |= {"closed_on": [date(2026, 1, 5)] * 50, "amount": pa.array([10] * 50, pa.decimal128(18, 2))}
    >>> time = ibis.memtable(pa.table({"person_id": ["choi", "kim", "lee"], "days": [31.0] * 3}))
    >>> january = Period(date(2026, 1, 1), date(2026, 2, 1))
    >>> found = resilience(ibis.memtable(pa.table(rows)), time, period=january, target=Decimal(400))
    >>> found.everybody.estimate > 0.8, found.without_top.high < 0.1
    (True, True)
    """
    wins = _wins(deals, time, period=period, sized=True)
    people, n = len(wins.people), int(wins.n.sum())
    totals = _sums(wins.owner, wins.size * wins.n, people)
    top = int(np.argmax(totals)) if n else -1
    others = wins.owner != top
    n_others = int(wins.n[others].sum())
    reason = TOO_FEW_PEOPLE if people < LEAST_PEOPLE else TOO_FEW_WINS if n_others < LEAST_WINS_OF_OTHERS else None
    if reason is not None:
        return Resilience(level, people, n, n_others, wins.people[top] if n else None, None, None, reason)
    rng = np.random.default_rng(seed)
    expected = _rates(_sums(wins.owner, wins.n, people), wins.time, _WORLDS, rng)
    expected *= (period.days if days is None else days) / period.days
    rest = expected.sum(axis=1) - (1.0 - taken_over) * expected[:, top]
    tail = (1.0 - level) / 2.0
    everybody = _estimate(_chances(expected.sum(axis=1), wins.size, wins.n, float(target), rng), tail)
    without = _estimate(_chances(rest, wins.size[others], wins.n[others], float(target), rng), tail)
    reason = BARELY_ESTIMABLE if without.high - without.low > BARELY else None
    return Resilience(level, people, n, n_others, wins.people[top], everybody, without, reason)


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


@dataclass(frozen=True)
class _Wins:
    """Won deals as cells of owner and size, and the time of each person."""

    people: tuple[str, ...]
    time: Floats
    owner: Ints
    size: Floats
    n: Floats
    left_out: int


def _wins(deals: ibis.Table, time: ibis.Table, *, period: Period, sized: bool) -> _Wins:
    """Count the won deals of the period by owner and amount; the engine counts, only the cells leave it."""
    won = deals.filter(
        (_.outcome == Outcome.WON.value) & (_.closed_on >= period.start) & (_.closed_on < period.end)
    ).select("owner_id", size=_.amount.cast("float64"))
    counted = won.group_by("owner_id", "size").agg(n=_.count()).order_by("owner_id", "size").to_pyarrow()
    counts = _whole(counted["n"])
    owner = counted["owner_id"].to_pylist()
    size = np.nan_to_num(counted["size"].to_numpy(zero_copy_only=False).astype(np.float64))
    used = np.array([person is not None for person in owner], dtype=bool)
    if sized:
        used &= size > 0
    days = time.order_by("person_id").to_pyarrow()
    had = dict(zip(days["person_id"].to_pylist(), days["days"].to_pylist(), strict=True))
    people = sorted({*had, *(person for person, kept in zip(owner, used, strict=True) if kept)})
    least = min(had.values(), default=1.0)
    place = {person: i for i, person in enumerate(people)}
    return _Wins(
        tuple(people),
        np.array([had.get(person, least) for person in people], dtype=np.float64),
        np.array([place[person] for person, kept in zip(owner, used, strict=True) if kept], dtype=np.int64),
        size[used],
        counts[used],
        int(counts[~used].sum()),
    )


def _sums(group: Ints, values: Floats, groups: int) -> Floats:
    return np.bincount(group, values, groups).astype(np.float64)


def _whole(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)


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
    for count, mean in zip(*_grouped(size[~alone], n[~alone]), strict=True):
        out += mean * rng.multinomial(int(count), chance, size=worlds)
    return out


def _grouped(size: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Put sizes (falling) into groups of about as many deals each: deals and mean size of each group."""
    if len(size) == 0:
        return np.zeros(0), np.zeros(0)
    group = np.minimum((np.cumsum(n) - n) / n.sum() * _GROUPS, _GROUPS - 1).astype(np.int64)
    count = _sums(group, n, _GROUPS)
    kept = count > 0
    return count[kept], _sums(group, n * size, _GROUPS)[kept] / count[kept]


def _rates(counts: Floats, time: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Draw the expected wins of each person in the period (`draws × people`) from the gamma–Poisson posterior.

    Rates are gamma with mean m and coefficient of variation c; the grid covers both, c with a half-normal prior.
    """
    relative = time / time.mean()
    middle = np.log(counts.sum() / relative.sum())
    logs = []
    means = []
    for spread in _SPREADS:
        reach = 5.0 * np.sqrt(1.0 / counts.sum() + spread**2 / len(counts))
        mean = np.exp(middle + np.linspace(-reach, reach, _RATES))
        shape = spread**-2
        expected = mean[:, None] * relative
        log = special.gammaln(shape + counts) - special.gammaln(shape) - shape * np.log1p(expected / shape)
        log = log + counts * (np.log(expected) - np.log(shape + expected))
        # Even steps in log m stand for more of it where the reach is wide, and even steps in log c for c itself.
        logs.append(log.sum(axis=1) - 0.5 * (spread / _SPREAD_PRIOR) ** 2 + np.log(spread * reach))
        means.append(mean)
    height = np.concatenate(logs)
    weight = np.exp(height - height.max())
    pick = rng.choice(len(weight), draws, p=weight / weight.sum())
    shape = _SPREADS[pick // _RATES] ** -2
    mean = np.concatenate(means)[pick]
    rate = rng.gamma(shape[:, None] + counts) / ((shape / mean)[:, None] + relative)
    return np.asarray(rate * relative, dtype=np.float64)


def _chances(expected: Floats, size: Floats, n: Floats, target: float, rng: np.random.Generator) -> Floats:
    """Chance of reaching the target in each world: expected wins, and sizes by the Bayesian bootstrap."""
    order = np.argsort(-size, kind="stable")
    counts, sizes = _grouped(size[order], n[order])
    weights = rng.dirichlet(counts, size=len(expected))
    total = np.zeros((len(expected), _FUTURES))
    for place, each in enumerate(sizes):
        total += each * rng.poisson((expected * weights[:, place])[:, None], size=total.shape)
    return np.asarray((total >= target).mean(axis=1), dtype=np.float64)


def _beside(observed: float, lucky: Floats, tail: float) -> BesideLuck:
    low, high = np.quantile(lucky, [tail, 1.0 - tail])
    # Sums of the same deals in another order differ in the last digit.
    at_least = int((lucky >= observed - 1e-12).sum())
    p = (at_least + 1) / (len(lucky) + 1)
    return BesideLuck(observed, float(lucky.mean()), float(low), float(high), p, p < SIZE)


def _estimate(draws: Floats, tail: float) -> Estimate:
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Estimate(float(draws.mean()), float(low), float(high))
