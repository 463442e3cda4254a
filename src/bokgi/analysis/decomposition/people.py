"""Why did one person win more than another, as far as chance leaves anything to explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import ibis
import numpy as np
from numpy.typing import NDArray
from scipy import special

from bokgi.analysis.comparison.amounts import amount_effects
from bokgi.analysis.decomposition.changes import CENT, Decomposition, Part, names
from bokgi.analysis.decomposition.factors import filled, handed, rates
from bokgi.analysis.decomposition.intervals import stands_out
from bokgi.analysis.decomposition.pool import WON, Pools, Window, count_pools, moves_recorded
from bokgi.analysis.decomposition.shapley import apportioned, shapley
from bokgi.analysis.mixed_logit import Cells, fit
from bokgi.domain.errors import RefusalError
from bokgi.domain.messages import N_, Message
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWS = 400
_PRIOR_WINS = 3.0
"""The mean amount of a cell is drawn towards the mean of all as if so many more deals of that mean had been won."""
_TOGETHER = 0.90
"""Share of the posterior in which all parts lie within their stretched intervals at once."""


def person_gap(  # noqa: PLR0913 - the question has that many sides
    deals: ibis.Table,
    visits: ibis.Table | None,
    deal_changes: ibis.Table,
    *,
    person: str,
    other: str,
    period: Period,
    as_of: date,
    by: Sequence[str] = ("source", "segment"),
    owner: str = "owner_id",
    step: Decimal = CENT,
    level: float = 0.95,
    seed: int = 1,
) -> Decomposition:
    """Why did one person win more, or less, than another in the same period.

    Reads what `won_change` reads, with the deals of everybody: `owner` says whose they are. Gives `person` less
    `other`, in the parts of `won_change` and one more, last: `chance`.

    Counts how: the deals that each was handed (`volume`, `mix`, `head_start`) are taken as they are. Every rate, and
    the mean amount, is that of the cell for the whole team, moved by what the person's own cases show, shrunken as far
    as all people's cases ask for it (a mixed model per factor, cells of `by` and start). `chance` is what the two
    really won beyond what these rates give: it makes the parts add up to the whole exactly, and no rate stands behind
    it.

    Small numbers: parts are posterior means, with intervals at `level`; `by_chance` as in `won_change`. With few
    cases the rates of the two are nearly the team's, and nearly the whole gap is `volume`, `mix` and `chance`.
    Refuses: a person who owned no deal that could close in the period. Do not read `chance` as a quality of a person.

    Source: as `won_change`; shrinkage as in `compare_people`.
    """
    window = Window(period, as_of)
    moves_known = moves_recorded(deal_changes)
    pools = count_pools(deals, visits, deal_changes if moves_known else None, [window], by=by, person=owner)
    people = pools.names[-1]
    for who in (person, other):
        if who not in people:
            raise RefusalError(
                "person_without_deals",
                Message(N_("{person} owned no deal that could close in the period."), {"person": who}),
            )
    pair = (people.index(other), people.index(person))
    won = _won_deals(deals, period, as_of)
    found = _drawn_factors(pools, pair, by=by, seed=seed)
    amount = _drawn_amounts(pools, won, pair, by=by, owner=owner, seed=seed)
    before, after = filled(
        np.concatenate([found[:, 0], amount[:, 0, None]], axis=1),
        np.concatenate([found[:, 1], amount[:, 1, None]], axis=1),
    )
    draws = shapley(before, after)
    mean = draws.mean(axis=0)
    whole = pools.won[pair[1]] - pools.won[pair[0]]
    rounded = apportioned([*mean.tolist(), float(whole) - float(mean.sum())], whole, step)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    clear = stands_out(draws, _TOGETHER)
    parts = [
        Part(name, stage, rounded[i], float(low[i]), float(high[i]), by_chance=not clear[i])
        for i, (name, stage) in enumerate(names(pools.stages))
    ]
    n = pools.n.sum(axis=(1, 2))
    undecided = pools.n[:, :, 0].sum(axis=1)
    return Decomposition(
        whole,
        None,
        None,
        None,
        pools.won[pair[0]],
        pools.won[pair[1]],
        (*parts, Part("chance", None, rounded[-1], None, None, by_chance=True)),
        level,
        period,
        period,
        round(n[pair[0]]),
        round(n[pair[1]]),
        round(undecided[pair[0]]),
        round(undecided[pair[1]]),
        moves_known,
    )


def _won_deals(deals: ibis.Table, period: Period, as_of: date) -> ibis.Table:
    inside = (deals.closed_on >= period.start) & (deals.closed_on < period.end) & (deals.closed_on <= as_of)
    won = deals.filter((deals.outcome == Outcome.WON.value) & inside)
    return won.mutate(won=ibis.literal(value=True))


def _levels(pools: Pools, by: Sequence[str]) -> tuple[tuple[Ints, ...], tuple[int, ...]]:
    """Levels of the columns and of the start, for each cell."""
    sizes = [len(name) for name in pools.names[: len(by)]]
    levels = []
    rest = pools.combination
    for size in reversed(sizes):
        levels.append(rest % size)
        rest = rest // size
    starts, start = np.unique(pools.start, return_inverse=True)
    return (*reversed(levels), start.astype(np.int64)), (*sizes, len(starts))


def _drawn_factors(pools: Pools, pair: tuple[int, int], *, by: Sequence[str], seed: int) -> Floats:
    """All factors but the amount for the two people: `draws × 2 × factors × cells`; the rates shrunken."""
    people, cells, __ = pools.n.shape
    told = rates(pools.n)
    levels, sizes = _levels(pools, by)
    given = handed(pools.n, pools.combination)[list(pair)]
    out = np.empty((DRAWS, 2, given.shape[1] + told.cases.shape[1], cells))
    out[:, :, : given.shape[1]] = given
    for factor in range(told.cases.shape[1]):
        cases, hits = told.cases[:, factor], told.hits[:, factor]
        # The way before the start is behind a deal: there everybody has gone on, and there is nothing to learn.
        passed = _passed(pools, factor)
        who, cell = np.nonzero((cases > 0) & ~passed)
        at = given.shape[1] + factor
        if len(who) == 0 or hits[who, cell].sum() == cases[who, cell].sum():
            out[:, :, at] = 1.0
            continue
        model = Cells(
            (*(level[cell] for level in levels), who),
            (*sizes, people),
            len(levels),
            None,
            cases[who, cell],
            hits[who, cell],
        )
        posterior = fit(model, draws=DRAWS, seed=seed + factor)
        eta = np.repeat(posterior.draws[:, :1], cells, axis=1)
        for position, level in enumerate(levels):
            eta += posterior.factor(position)[:, level]
        person = posterior.factor(len(levels))[:, list(pair)]
        out[:, :, at] = np.where(passed, 1.0, special.expit(eta[:, None, :] + person[:, :, None]))
    return out


def _passed(pools: Pools, factor: int) -> NDArray[np.bool_]:
    """Tell the cells whose deals had passed this factor's stage when the period began (factor 0 is `undecided`)."""
    of_stage = 1 <= factor <= max(len(pools.stages), 1)
    return (pools.start > factor) if of_stage else np.zeros(len(pools.start), dtype=bool)


def _drawn_amounts(
    pools: Pools, won: ibis.Table, pair: tuple[int, int], *, by: Sequence[str], owner: str, seed: int
) -> Floats:
    """Mean won amount in each cell for the two people: `draws × 2 × cells`."""
    cells = pools.n.shape[1]
    same = (pools.combination[:, None] == pools.combination[None, :]).astype(np.float64)
    count, total = same @ pools.n[:, :, WON].sum(axis=0), same @ pools.amount.sum(axis=0)
    wins = float(pools.n[:, :, WON].sum())
    mean = float(pools.amount.sum()) / wins if wins else 0.0
    of_cell = (total + _PRIOR_WINS * mean) / (count + _PRIOR_WINS)
    # Everybody is asked for, so that the draws of one person do not depend on whom the other one is.
    effects = amount_effects(
        won, person=owner, persons=pools.names[-1], success="won", factors=list(by), draws=DRAWS, seed=seed
    )
    ratio = np.ones((DRAWS, 2)) if effects is None else np.exp(effects.draws[:, list(pair)])
    return np.asarray(np.broadcast_to(of_cell, (DRAWS, 2, cells)) * ratio[:, :, None], dtype=np.float64)
