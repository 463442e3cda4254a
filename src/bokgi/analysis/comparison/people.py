"""Results of people beside what was to be expected of them, and whether people can be told apart at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import ibis
import numpy as np
from numpy.typing import NDArray
from scipy import special

from bokgi.analysis.comparison.amounts import AmountEffects, amount_effects
from bokgi.analysis.comparison.cells import CountedCases, components, count_cases
from bokgi.analysis.mixed_logit import Posterior, fit
from bokgi.domain.errors import RefusalError
from bokgi.domain.messages import N_, Message

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Verdict = Literal["above", "below", "cannot_tell"]

DETECTABLE: Final = 0.01
"""P-value below which people are said to differ at all."""
SURE: Final = 0.95
"""Posterior probability from which a person is said to be above (or below) the others."""
MIX_POINTS: Final = 128
HAND_POINTS: Final = 64
_DRAWS_AT_ONCE: Final = 256
CONDITIONS_SHOWN: Final = 3
CASES_TO_BE_JUDGED: Final = 3
MANY_PEOPLE: Final = 3
ONLY_WON_SHARE: Final = 0.5
"""From this share of people on won deals only, the person was filled in after the outcome."""
MOST_MORE_CASES: Final = 50.0
"""More than so many times the present cases is as good as never."""


@dataclass(frozen=True)
class Condition:
    """A condition that moved what was to be expected: its level that stands out, shares and effect in win rate."""

    factor: str
    level: str
    share: float
    share_of_all: float
    effect: float


@dataclass(frozen=True)
class Value:
    """Value per opportunity in money, with interval, and how much larger won amounts are than expected (a ratio)."""

    amount: float
    low: float
    high: float
    amount_ratio: float
    amount_ratio_low: float
    amount_ratio_high: float


@dataclass(frozen=True)
class PersonResult:
    """One person: cases, raw and expected rate, rate on the common mix with interval, probabilities and verdict.

    Rates are 0 to 1. `ratio`: the person's rate on the own cases beside what was expected of an average person with
    them, shrunken as far as the cases ask for it. `p_top_third` is null where the component has fewer than three
    people. `hand` is what an average person reaches with these cases relative to all cases (1: the same), `hand_p` the
    probability that it is not less.
    """

    person_id: str
    n: int
    raw: float
    expected: float
    ratio: float
    ratio_low: float
    ratio_high: float
    adjusted: float
    low: float
    high: float
    p_top_third: float | None
    p_above_average: float
    verdict: Verdict
    component: int
    conditions: tuple[Condition, ...]
    value: Value | None
    hand: float
    hand_p: float


@dataclass(frozen=True)
class Pair:
    """Two people: how likely the first is better; more cases that would settle it (null: settled, or out of reach)."""

    a: str
    b: str
    p_a_better: float
    more_cases: int | None


@dataclass(frozen=True)
class Comparison:
    """All people, pairs within components, and whether there is any difference to be found."""

    level: float
    n: int
    people: tuple[PersonResult, ...]
    pairs: tuple[Pair, ...]
    heterogeneity_p: float
    detectable: bool
    person_sd: tuple[float, float, float]
    territory_sd: tuple[float, float, float] | None
    separated: tuple[tuple[str, ...], ...]


def compare_people(  # noqa: PLR0913 - the question has that many sides
    cases: ibis.Table,
    *,
    factors: Sequence[str],
    territory: str | None = None,
    person: str = "owner_id",
    success: str = "won",
    with_value: bool = False,
    level: float = 0.90,
    draws: int = 2_000,
    seed: int = 1,
) -> Comparison:
    """Compare each person's rate with what was to be expected of the hand that was dealt.

    Reads one row per ended case: `person` (text, null rows are left out), `success` (boolean), one column per condition
    in `factors`, known when the case was assigned, and `territory`.

    With `with_value` also `amount` (one currency): value per opportunity is the rate on the common mix × the mean won
    amount × the person's shrunken ratio of won amounts to those the conditions let expect.

    Gives each person's raw rate, the rate expected of an average person with the same cases, and the rate on the one
    mix of all cases ("adjusted") with its interval at `level`, shrunken towards the others as far as the cases ask for
    it. People in `person_id` order. Rates are 0 to 1.

    Counts how: cells of conditions, rare levels together; effects of person and territory crossed and random; the
    posterior of both sds is integrated over.

    Small numbers: any n is allowed; the interval grows and the verdict is `cannot_tell`. No verdict at all unless the
    test of all people being equal fails at 1 %. People whom no shared territory connects are in different components
    and are compared within theirs only.

    Refuses: fewer than two people; outcome known for won cases only (or none won and lost both).

    Do not use it for ranking people by `adjusted`: two neighbours are rarely told apart; take `pairs`.

    Source: methods of Rue, Martino & Chopin (2009), Chung et al. (2013), Abowd, Kramarz & Margolis (1999);
    `tests/analysis/comparison` holds it against R's lme4 and the simulator.

    >>> import pyarrow as pa
    >>> rows = {"owner_id": ["p1"] * 40 + ["p2"] * 40, "won": [True] * 30 + [False] * 10 + [True] * 10 + [False] * 30}
    >>> rows["source"] = ["inbound", "outbound"] * 40
    >>> result = compare_people(ibis.memtable(pa.table(rows)), factors=["source"])
    >>> result.detectable, [person.verdict for person in result.people]
    (True, ['above', 'below'])
    """
    counted = count_cases(cases, person=person, success=success, factors=factors, territory=territory)
    _refuse_unanswerable(counted)
    posterior = fit(counted.cells, draws=draws, seed=seed)
    component = components(counted)
    adjusted = _standardised(counted, posterior)
    reached, ratio = _expected(counted, posterior)
    expected = reached.mean(axis=0)
    detectable = posterior.heterogeneity_p < DETECTABLE
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(adjusted, [tail, 1.0 - tail], axis=0)
    ratio_low, ratio_high = np.quantile(ratio, [tail, 1.0 - tail], axis=0)
    n = counted.by_person(counted.cells.n)
    wins = counted.by_person(counted.cells.wins)
    hands = reached / (reached @ n / n.sum())[:, None]
    log = np.log(hands)
    # As far out as many people ask for, draws count none; the logarithm is next to normal.
    hand_p = special.ndtr(log.mean(axis=0) / np.maximum(log.std(axis=0), 1e-9))
    above, top = _standing(adjusted, component)
    conditions = _conditions(counted, posterior)
    ratios = None
    if with_value:
        ratios = amount_effects(
            cases, person=person, persons=counted.persons, success=success, factors=factors, draws=draws, seed=seed
        )
    people = tuple(
        PersonResult(
            person_id,
            round(n[i]),
            float(wins[i] / n[i]),
            float(expected[i]),
            float(ratio[:, i].mean()),
            float(ratio_low[i]),
            float(ratio_high[i]),
            float(adjusted[:, i].mean()),
            float(low[i]),
            float(high[i]),
            None if np.isnan(top[i]) else float(top[i]),
            float(above[i]),
            _verdict(float(above[i]), detectable=detectable),
            int(component[i]),
            conditions[i],
            None if ratios is None else _value(adjusted[:, i], ratios, i, tail),
            float(hands[:, i].mean()),
            float(hand_p[i]),
        )
        for i, person_id in enumerate(counted.persons)
    )
    groups = [tuple(np.array(counted.persons)[component == number]) for number in range(1, int(component.max()) + 1)]
    sds = np.quantile(posterior.sd_draws, [0.5, tail, 1.0 - tail], axis=0)
    return Comparison(
        level,
        round(n.sum()),
        people,
        _pairs(counted, adjusted, component, n),
        posterior.heterogeneity_p,
        detectable,
        (float(sds[0, 0]), float(sds[1, 0]), float(sds[2, 0])),
        (float(sds[0, 1]), float(sds[1, 1]), float(sds[2, 1])) if territory else None,
        tuple(tuple(str(person_id) for person_id in group) for group in groups) if len(groups) > 1 else (),
    )


def _refuse_unanswerable(counted: CountedCases) -> None:
    if len(counted.persons) < 2:  # noqa: PLR2004 - a comparison takes two
        raise RefusalError(
            "too_few_people",
            Message(
                N_("A comparison takes at least two people with deals that ended; these data have {people}."),
                {"people": len(counted.persons)},
            ),
        )
    wins, n = counted.by_person(counted.cells.wins), counted.by_person(counted.cells.n)
    judged = n >= CASES_TO_BE_JUDGED
    only_won = judged & (wins == n)
    if wins.sum() == n.sum() or (judged.sum() >= MANY_PEOPLE and only_won.sum() >= ONLY_WON_SHARE * judged.sum()):
        raise RefusalError(
            "only_won_cases",
            Message(
                N_(
                    "{people} of {all} {all:person|people} {people:stands|stand} on won deals only, so "
                    "there is no win rate to compare."
                ),
                {"people": int((wins == n).sum()), "all": len(n)},
            ),
            Message(N_("Import lost deals together with their owner.")),
        )
    if wins.sum() == 0:
        raise RefusalError(
            "no_won_cases",
            Message(
                N_("None of the {n} {n:case|cases} is won, so there is nothing to compare."), {"n": round(n.sum())}
            ),
        )


def _points(weights: Floats, order: Floats, count: int) -> Ints:
    """Pick `count` cells systematically along `order`, in proportion to their weight: next to no error."""
    index = np.argsort(order, kind="stable")
    share = np.cumsum(weights[index]) / weights.sum()
    at = (np.arange(count) + 0.5) / count
    return np.asarray(index[np.minimum(np.searchsorted(share, at), len(index) - 1)], dtype=np.int64)


def _without_person(counted: CountedCases, effects: Floats, posterior: Posterior, cells: Ints) -> Floats:
    """Linear predictor of an average person at some cells: `columns of effects × cells`."""
    total = np.repeat(effects[:1], len(cells), axis=0)
    for f, level in enumerate(counted.cells.levels):
        if f != counted.cells.person:
            # Rows are picked several times faster than columns.
            total += effects[posterior.starts[f] + level[cells]]
    return np.ascontiguousarray(total.T)


def _standardised(counted: CountedCases, posterior: Posterior) -> Floats:
    """Rate of each person on the mix of all cases: `draws × people`."""
    everything = np.arange(len(counted.cells.n))
    at_mode = _without_person(counted, posterior.mode.effects[:, None], posterior, everything)[0]
    cells = _points(counted.cells.n, at_mode, MIX_POINTS)
    eta = _without_person(counted, posterior.draws.T, posterior, cells)
    person = posterior.factor(counted.cells.person)
    return np.stack([_mean_chance(eta, person[:, i]) for i in range(person.shape[1])], axis=1)


def _mean_chance(eta: Floats, moved: Floats) -> Floats:
    """Mean chance of a win over the cells of each draw, with the linear predictor moved by that of the draw.

    In parts that stay in the cache of a core, and by `exp` of whole arrays: a third of the time of `expit`, of which
    it differs in the last digit.
    """
    out = np.empty(len(eta))
    for start in range(0, len(eta), _DRAWS_AT_ONCE):
        rows = slice(start, start + _DRAWS_AT_ONCE)
        part = np.subtract(-moved[rows, None], eta[rows])
        with np.errstate(over="ignore"):  # beyond the largest number the chance is 0
            np.exp(part, out=part)
        part += 1.0
        np.reciprocal(part, out=part).mean(axis=1, out=out[rows])
    return out


def _expected(counted: CountedCases, posterior: Posterior) -> tuple[Floats, Floats]:
    """Rate an average person would have reached with each person's own cases, and the ratio to it: `draws × people`.

    The ratio is that of the person's own rate on the same cases.
    """
    owner = counted.cells.levels[counted.cells.person]
    everything = np.arange(len(owner))
    at_mode = _without_person(counted, posterior.mode.effects[:, None], posterior, everything)[0]
    drawn = np.ascontiguousarray(posterior.draws.T)
    person = posterior.factor(counted.cells.person)
    reached, ratio = np.empty_like(person), np.empty_like(person)
    by_owner = np.argsort(owner, kind="stable")
    ends = np.cumsum(np.bincount(owner, minlength=person.shape[1]))
    for i, own in enumerate(np.split(by_owner, ends[:-1])):
        cells = own[_points(counted.cells.n[own], at_mode[own], min(HAND_POINTS, 4 * len(own)))]
        eta = _without_person(counted, drawn, posterior, cells)
        reached[:, i] = _mean_chance(eta, np.zeros(len(eta)))
        ratio[:, i] = _mean_chance(eta, person[:, i]) / reached[:, i]
    return reached, ratio


def _standing(adjusted: Floats, component: Ints) -> tuple[Floats, Floats]:
    """Probability of being above the average, and in the top third, of the own component."""
    above, top = np.full(adjusted.shape[1], 0.5), np.full(adjusted.shape[1], np.nan)
    for number in range(1, int(component.max()) + 1):
        members = np.flatnonzero(component == number)
        values = adjusted[:, members]
        if len(members) > 1:
            above[members] = (values > values.mean(axis=1, keepdims=True)).mean(axis=0)
        third = len(members) // 3
        if third:
            rank = np.argsort(np.argsort(-values, axis=1), axis=1)
            top[members] = (rank < third).mean(axis=0)
    return above, top


def _value(adjusted: Floats, ratios: AmountEffects, i: int, tail: float) -> Value:
    ratio = np.exp(ratios.draws[:, i])
    value = adjusted * ratios.mean_amount * ratio
    low, high = np.quantile(value, [tail, 1.0 - tail])
    ratio_low, ratio_high = np.quantile(ratio, [tail, 1.0 - tail])
    return Value(float(value.mean()), float(low), float(high), float(ratio.mean()), float(ratio_low), float(ratio_high))


def _verdict(p_above: float, *, detectable: bool) -> Verdict:
    if not detectable or 1.0 - SURE < p_above < SURE:
        return "cannot_tell"
    return "above" if p_above >= SURE else "below"


def _pairs(counted: CountedCases, adjusted: Floats, component: Ints, n: Floats) -> tuple[Pair, ...]:
    """Compare all pairs within components."""
    mean = adjusted.mean(axis=0)
    cov = np.cov(adjusted, rowvar=False)
    drawn = np.ascontiguousarray(adjusted.T)
    out = []
    for a in range(len(mean) - 1):
        others = a + 1 + np.flatnonzero(component[a + 1 :] == component[a])
        better = (drawn[a] > drawn[others]).mean(axis=1)
        sd = np.sqrt(np.maximum(cov[a, a] + cov[others, others] - 2 * cov[a, others], 0.0))
        more = _more_cases(better, mean[a] - mean[others], sd, n[a] + n[others])
        names = (counted.persons[b] for b in others)
        out += [Pair(counted.persons[a], *pair) for pair in zip(names, better.tolist(), more, strict=True)]
    return tuple(out)


def _more_cases(better: Floats, difference: Floats, sd: Floats, n: Floats) -> list[int | None]:
    """How many more cases of each two would settle the comparison if the difference stays as estimated."""
    open_ones = (better > 1.0 - SURE) & (better < SURE) & (difference != 0.0)
    factor = (special.ndtri(SURE) * sd / np.where(open_ones, np.abs(difference), np.inf)) ** 2
    told = open_ones & (factor > 1.0) & (factor < MOST_MORE_CASES)
    more = np.ceil((factor - 1.0) * n)
    return [int(cases) if settles else None for cases, settles in zip(more.tolist(), told.tolist(), strict=True)]


def _conditions(counted: CountedCases, posterior: Posterior) -> list[tuple[Condition, ...]]:
    """For each person the conditions that moved the expectation most, largest first."""
    cells, effects = counted.cells, posterior.mode.effects
    n = counted.by_person(cells.n)
    rate = cells.wins.sum() / cells.n.sum()
    found: list[list[tuple[float, Condition]]] = [[] for _ in counted.persons]
    for f, labels in enumerate(counted.names):
        if f == cells.person:
            continue
        size = len(labels)
        counts = np.bincount(cells.levels[cells.person] * size + cells.levels[f], cells.n, len(n) * size)
        share = counts.reshape(len(n), size) / n[:, None]
        overall = np.bincount(cells.levels[f], cells.n, size) / cells.n.sum()
        effect = effects[posterior.starts[f] : posterior.starts[f] + size]
        part = (share - overall) * effect * rate * (1.0 - rate)
        total = part.sum(axis=1)
        # The level that explains most of the total names the condition.
        leading = np.argmax(part * np.sign(total)[:, None], axis=1)
        for i in range(len(n)):
            k = int(leading[i])
            condition = Condition(counted.columns[f], labels[k], float(share[i, k]), float(overall[k]), float(total[i]))
            found[i].append((-abs(float(total[i])), condition))
    return [tuple(c for _, c in sorted(each, key=lambda pair: pair[0])[:CONDITIONS_SHOWN]) for each in found]
