"""What one sees from one origin: each open deal's chance, business yet to come, and drawn totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.amounts import Amounts, fit_amounts
from bokgi.analysis.forecast.arrivals import expect_arrivals
from bokgi.analysis.forecast.coding import numbered
from bokgi.analysis.forecast.counting import AGE_DAYS
from bokgi.analysis.forecast.credibility import Block, Effects, multiplicative
from bokgi.analysis.forecast.hazards import Hazards, win_chances
from bokgi.analysis.forecast.history import NEVER, History, Standing
from bokgi.analysis.forecast.many_deals import MOST_DRAWN, MOST_OF_A_SUM, Cumulants, drawn_apart, sums_by_group
from bokgi.analysis.forecast.values_then import MOST_PUSHES
from bokgi.analysis.forecast.windows import Window, day_number, in_months, steps_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DUE_SHARES: Final = (-0.3, 0.0, 0.34, 0.67, 1.0, 1.5)
_DUE_LEVELS: Final = len(_DUE_SHARES) + 2
_SIZE_LEVELS: Final = 5
_LEVEL_SD: Final = 0.03
"""How far the stage model as a whole is expected to be off."""
_PRIOR_NEW_WINS: Final = 20.0
_PRIOR_AMOUNT: Final = 10.0
_PRIOR_SHOCK: Final = 0.10
"""Sd of what moves all deals of a month together, before past windows tell; it grows like a random walk."""
_PRIOR_SHOCK_ORIGINS: Final = 4.0
_LARGEST_SHOCK: Final = 0.5
_CHUNK: Final = 4_000_000
_MOST_OVER: Final = 2.0
_ENOUGH_WINS: Final = 10


@dataclass(frozen=True)
class Outlook:
    """The view from one origin before anything is drawn.

    `raw`: each open deal's cumulative hazard to be won within the window by the stage model; `load`: the same after
    recalibration by `correction`, which tells deals apart by `traits`; `amount`: its expected won amount, `unknown`
    where that is fitted; `stated`: the same before amounts far above any won so far were bounded. `new_wins`: wins
    expected of deals yet to enter (`new_raw` before recalibration), drawn like the entries `pool` with `pool_weight`.
    `shock`: sd of what all deals share. `learnt`: the effects behind `correction`; null: nothing was learnt.
    """

    window: Window
    standing: Standing
    hazards: Hazards
    traits: Block
    raw: Floats
    load: Floats
    correction: Floats
    amount: Floats
    stated: Floats
    unknown: NDArray[np.bool_]
    amounts: Amounts | None
    new_raw: float
    new_wins: float
    new_spread: float
    pool: Ints
    pool_weight: Floats
    shock: float
    learnt: Effects | None
    realised_new_wins: float = field(default=0.0)

    @property
    def chance(self) -> Floats:
        """Chance of each open deal to be won within the window."""
        return -np.expm1(-self.load)


def _traits(standing: Standing, window: Window, stages: int) -> Block:
    """What recalibration tells open deals apart by: due date, how often it was put off, size, stage, time in stage.

    A group is a combination of these, so that a round of the fit looks at each deal once and not for each factor.
    """
    share = standing.due / max(window.until, 1)
    due = np.where(standing.due >= NEVER, _DUE_LEVELS - 1, np.searchsorted(np.array(_DUE_SHARES), share, side="left"))
    known = ~np.isnan(standing.amount)
    size = np.full(len(standing), _SIZE_LEVELS - 1, dtype=np.int64)
    if known.sum() >= _SIZE_LEVELS:
        cuts = np.quantile(standing.amount[known], [0.25, 0.5, 0.75])
        size[known] = np.searchsorted(cuts, standing.amount[known])
    age = np.searchsorted(np.array(AGE_DAYS), standing.age, side="right") - 1
    sizes = (_DUE_LEVELS, _SIZE_LEVELS, stages, len(AGE_DAYS), MOST_PUSHES + 1)
    group = np.ravel_multi_index((due, size, standing.stage, age, standing.times_pushed), sizes)
    due, size, stage, age, pushed = np.unravel_index(np.arange(np.prod(sizes)), sizes)
    return Block(
        group,
        (due, size, stage, age, due * stages + stage, pushed * _DUE_LEVELS + due, pushed * stages + stage),
        (*sizes[:-1], _DUE_LEVELS * stages, sizes[-1] * _DUE_LEVELS, sizes[-1] * stages),
    )


def _recalibration(traits: Block, earlier: Sequence[Outlook]) -> Effects | None:
    """Learn from earlier origins how chances by the stage model turned out."""
    if not any(len(one.raw) for one in earlier):
        return None
    groups, group = numbered(np.concatenate([one.traits.group for one in earlier]))
    raw, won = (np.concatenate(rows) for rows in zip(*((one.raw, one.standing.won) for one in earlier), strict=True))
    overlap = in_months(earlier[-1].window.days)
    return multiplicative(
        [Block(group, tuple(level[groups] for level in traits.levels), traits.sizes)],
        raw,
        won.astype(np.float64),
        dispersion=overlap,
        bounded=True,
        drawn_to_one=overlap / _LEVEL_SD**2,
        start=earlier[-1].learnt,
    )


def _amount_ratio(earlier: Sequence[Outlook]) -> float:
    """How won amounts compared with what stood there when the deal was open (deals with a known amount)."""
    then = final = mean = 0.0
    for one in earlier:
        known = one.standing.won & ~one.unknown & (one.standing.won_amount > 0)
        then += float(one.amount[known].sum())
        final += float(one.standing.won_amount[known].sum())
        mean = max(mean, then / max(float(known.sum()), 1.0))
    prior = _PRIOR_AMOUNT * mean
    return (final + prior) / (then + prior) if prior > 0 else 1.0


def _shock(earlier: Sequence[Outlook], until: int) -> float:
    """Sd of what moves all deals of a window together, by moments over earlier origins.

    Shrunken to a tenth for a month ahead, for `until` days to as much more as a random walk goes.
    """
    surplus = expected = 0.0
    for one in earlier:
        chance = one.chance
        won, mean = float(one.standing.won.sum()), float(chance.sum())
        surplus += (won - mean) ** 2 - float((chance * (1.0 - chance)).sum())
        expected += mean**2
    n = len(earlier)
    prior = _PRIOR_SHOCK**2 * in_months(until)
    found = max(surplus / expected, 0.0) if expected > 0 else 0.0
    pooled = (n * found + _PRIOR_SHOCK_ORIGINS * prior) / (n + _PRIOR_SHOCK_ORIGINS)
    return float(min(np.sqrt(pooled), _LARGEST_SHOCK))


def look_ahead(
    history: History,
    place: int,
    window: Window,
    hazards: Hazards,
    earlier: Sequence[Outlook],
    *,
    like: Outlook | None = None,
) -> Outlook:
    """Look ahead from an origin with what had happened by its end.

    `earlier` are outlooks whose window was over then.
    With `like` the recalibration is that of another outlook, which learnt from the same `earlier` ones.
    """
    on = day_number(window.origin)
    first = day_number(history.first) if history.first is not None else on
    standing, coding, steps = history.standing[place], history.coding, steps_of(window, history.year_starts)
    coming = expect_arrivals(history.entries, steps, on=on, first=first, year_starts=history.year_starts)
    entries, pool = history.entries, coming.pool
    chance, chances = win_chances(
        hazards,
        coding,
        steps,
        standing=(standing.profile, standing.person, standing.stage, standing.age),
        entering=(entries.profile[pool], entries.person[pool]),
    )
    traits = _traits(standing, window, len(coding.stages))
    raw = -np.log1p(-chance)
    learnt = _recalibration(traits, earlier) if like is None else like.learnt
    correction = np.ones(len(raw)) if learnt is None else learnt.rate * learnt.of([traits])
    amounts = fit_amounts(history.wins, coding, on=on)
    unknown = np.isnan(standing.amount)
    fitted = np.zeros(len(standing)) if amounts is None else amounts.mean[standing.profile]
    stated = np.where(unknown, fitted, standing.amount * _amount_ratio(earlier))
    weight = np.zeros(len(pool))
    if len(pool):
        each = chances.arrivals[chances.kind, entries.stage[pool], : len(steps)]
        weight = each @ coming.expected / len(pool)
    new_raw = float(weight.sum())
    seen, due = (sum(getattr(one, name) for one in earlier) for name in ("realised_new_wins", "new_raw"))
    return Outlook(
        window,
        standing,
        hazards,
        traits,
        raw,
        raw * correction,
        correction,
        np.where(unknown, stated, np.minimum(stated, _largest(history, on))),
        stated,
        unknown,
        amounts,
        new_raw,
        new_raw * (seen + _PRIOR_NEW_WINS) / (due + _PRIOR_NEW_WINS),
        coming.spread,
        pool,
        weight / new_raw if new_raw > 0 else weight,
        _shock(earlier, window.until),
        learnt,
        _new_wins(history, standing, window),
    )


def _largest(history: History, on: int) -> float:
    """Give what an open deal may count for at most: twice the largest amount won so far, once there are ten.

    Else one mistyped amount, or one hope larger than anything that ever came true, is the whole forecast.
    """
    won = history.wins.amount[(history.wins.on <= on) & (history.wins.amount > 0)]
    return _MOST_OVER * float(won.max()) if len(won) >= _ENOUGH_WINS else np.inf


def _new_wins(history: History, standing: Standing, window: Window) -> float:
    """Count the wins of the window that were not open at its origin (0 while the window is not over)."""
    on = day_number(window.origin)
    return float(history.wins.between(on + window.after, on + window.until).sum() - standing.won.sum())


@dataclass(frozen=True)
class Split:
    """Pairs of person and team that draws are summed by, and each open deal's and each entry's pair."""

    person: Ints
    team: Ints
    open: Ints
    new: Ints

    @property
    def groups(self) -> int:
        """Number of pairs."""
        return len(self.person)


def groups_of(history: History, outlook: Outlook) -> Split:
    """Group deals by person and team."""
    teams = len(history.coding.teams)
    standing, entries, pool = outlook.standing, history.entries, outlook.pool
    open_pair = standing.person * teams + standing.team
    new_pair = entries.person[pool] * teams + entries.team[pool]
    pairs = np.unique(np.concatenate([open_pair, new_pair]))
    return Split(*np.divmod(pairs, teams), np.searchsorted(pairs, open_pair), np.searchsorted(pairs, new_pair))


@dataclass(frozen=True)
class Draws:
    """Drawn won amounts of the window: `paths` long, and by group (`groups × paths`)."""

    open: Floats
    new: Floats
    open_by_group: Floats
    new_by_group: Floats


def draw(outlook: Outlook, history: History, *, paths: int, seed: int, split: Split | None = None) -> Draws:
    """Draw what is won of the open deals and of those yet to enter; deals of one path share a shock.

    Of more than `MOST_DRAWN` open deals (`MOST_OF_A_SUM` without groups) those that matter least for the range are
    drawn as one sum.
    """
    rng = np.random.default_rng([seed, day_number(outlook.window.origin)])
    shared = np.exp(outlook.shock * rng.standard_normal(paths) - 0.5 * outlook.shock**2)
    groups = 0 if split is None else split.groups
    total, by_group = np.zeros(paths), np.zeros((groups, paths))
    variance = outlook.amount**2 * outlook.chance * (1.0 - outlook.chance)
    one_by_one = drawn_apart(variance, MOST_OF_A_SUM if split is None else MOST_DRAWN)
    deals = np.flatnonzero(one_by_one)
    rows = max(_CHUNK // paths, 1)
    strength = shared.astype(np.float32)
    for start in range(0, len(deals), rows):
        part = deals[start : start + rows]
        load = outlook.load[part].astype(np.float32)
        won = rng.standard_exponential((len(load), paths), dtype=np.float32) < load[:, None] * strength
        worth = outlook.amount[part].astype(np.float32)[:, None] * won
        open_ended = np.flatnonzero(outlook.unknown[part])
        if len(open_ended) and outlook.amounts is not None:
            deal, path = np.nonzero(won[open_ended])
            ratio = rng.choice(outlook.amounts.ratio, len(deal), p=outlook.amounts.weight)
            worth[open_ended[deal], path] *= ratio.astype(np.float32)
        if split is None:
            total += worth.sum(axis=0, dtype=np.float64)
        else:
            order = np.argsort(split.open[part], kind="stable")
            here, begin = np.unique(split.open[part][order], return_index=True)
            by_group[here] += np.add.reduceat(worth[order], begin, axis=0, dtype=np.float64)
    if not one_by_one.all():
        rest = _rest(outlook, np.flatnonzero(~one_by_one), shared, split).draw(rng)
        if split is None:
            total += rest[0]
        else:
            by_group += rest
    if split is not None:
        total = by_group.sum(axis=0)
    new, new_by_group = np.zeros(paths), np.zeros((groups, paths))
    if outlook.new_wins > 0 and outlook.amounts is not None:
        level = np.exp(outlook.new_spread * rng.standard_normal(paths) - 0.5 * outlook.new_spread**2)
        expected = outlook.new_wins * level * shared
        if outlook.new_wins > MOST_DRAWN:
            drawn = _new_business(outlook, outlook.amounts, history, expected, split).draw(rng)
            new = drawn.sum(axis=0)
            new_by_group = drawn if split is not None else new_by_group
        else:
            counts = rng.poisson(expected)
            entry = rng.choice(len(outlook.pool), int(counts.sum()), p=outlook.pool_weight)
            worth_new = outlook.amounts.draw(rng, history.entries.profile[outlook.pool[entry]])
            path = np.repeat(np.arange(paths), counts)
            new = np.bincount(path, worth_new, paths).astype(np.float64)
            if split is not None:
                np.add.at(new_by_group, (split.new[entry], path), worth_new)
    return Draws(total, new, by_group, new_by_group)


def _new_business(
    outlook: Outlook, amounts: Amounts, history: History, expected: Floats, split: Split | None
) -> Cumulants:
    """Give the moments of what very many deals yet to enter will bring, of all together or by group, on each path.

    A Poisson number of independent amounts: its cumulants are the number expected times the moments of an amount.
    """
    mean = amounts.mean[history.entries.profile[outlook.pool]]
    group = np.zeros(len(outlook.pool), dtype=np.int64) if split is None else split.new
    groups = 1 if split is None else split.groups
    moments = (
        np.bincount(group, outlook.pool_weight * mean**power * float(amounts.weight @ amounts.ratio**power), groups)
        for power in (1, 2, 3)
    )
    return Cumulants(*(moment[:, None] * expected for moment in moments))


def _rest(outlook: Outlook, deals: Ints, shared: Floats, split: Split | None) -> Cumulants:
    """Give the moments of the deals that are not drawn one by one, of all together or by group, on each path."""
    square, cube = np.ones(len(deals)), np.ones(len(deals))
    if outlook.amounts is not None:
        unknown = outlook.unknown[deals]
        square[unknown], cube[unknown] = (outlook.amounts.weight @ outlook.amounts.ratio**power for power in (2, 3))
    group = np.zeros(len(deals), dtype=np.int64) if split is None else split.open[deals]
    return sums_by_group(
        outlook.load[deals],
        shared,
        outlook.amount[deals],
        (square, cube),
        group,
        1 if split is None else split.groups,
    )


def fresh_chance(outlook: Outlook, history: History, rows: Ints) -> Floats:
    """Chance of some open deals if they had entered their stage at the end of the origin."""
    standing = outlook.standing
    none = np.zeros(0, dtype=np.int64)
    chance, _ = win_chances(
        outlook.hazards,
        history.coding,
        steps_of(outlook.window, history.year_starts),
        standing=(standing.profile[rows], standing.person[rows], standing.stage[rows], np.zeros_like(rows)),
        entering=(none, none),
    )
    return -np.expm1(np.log1p(-chance) * outlook.correction[rows])
