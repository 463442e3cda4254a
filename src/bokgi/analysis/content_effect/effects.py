"""Whether each item of content helps deals move on, and how far that may be believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import ibis
import numpy as np
import pyarrow as pa
from scipy import sparse, special

from bokgi.analysis.content_effect import items
from bokgi.analysis.content_effect.panel import DealWeeks, Exposures, read, read_exposures
from bokgi.analysis.content_effect.regression import Floats, Ints, dummies, fit
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

Grade = Literal["A", "B", "C", "D"]
Verdict = Literal["helps", "hurts", "cannot_tell"]

LEVEL: Final = 0.95
ITEM_LIMIT: Final = 2.58
POOLED_LIMIT: Final = 1.64
"""A control further from 0 than this, of an item or of all together, shows what the adjustment does not hold.

That of all together stops at most one in ten where nothing is hidden; in the study it scatters by .6, not by 1, so that
hardly one in a hundred is stopped, and of those with hidden momentum more are caught than at 1.96.
"""
LEAST_DEALS: Final = 30
LEAST_MOVES: Final = 20
"""Deals that saw an item, and moves with and without it, below which nothing is said."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class ItemEffect:
    """One item: how far its figure may be believed (`grade`), and the figure.

    A: given by lot. B: adjusted, and the control passes. C: associated only, the control fails. D: too little data.
    `effect` (A, B) and `association` (C) are logs of the ratio of weekly rates of moving on, seen over not seen: 0.3 is
    1.35 times as often. `control_z`: far from 0, deals were sent the item after they had moved on. `n_exposed` deals
    had seen it while open; `moves` happened after, `moves_before` without it. `verdict` is null for C and D.
    """

    content_id: str
    grade: Grade
    effect: Interval | None
    association: Interval | None
    control_z: float | None
    n_exposed: int
    moves: int
    moves_before: int
    verdict: Verdict | None
    reason: str | None


@dataclass(frozen=True)
class ContentEffects:
    """All items in order of their ids, the control of all together, deals and deal-weeks behind them."""

    items: tuple[ItemEffect, ...]
    control_z: float | None
    n_deals: int
    n_weeks: int
    level: float


def content_effect(
    panel: ibis.Table, *, content: ibis.Table, lag: int = 1, randomised: ibis.Table | None = None
) -> ContentEffects:
    """How much sooner deals move on that were sent an item of content, beyond what decided who was sent it.

    Reads `panel` (`deal_weeks`: one row per deal and week that it began in an open stage), `content`
    (`first_exposures`: the week in which a deal first saw an item) and, for items that were given by lot, `randomised`
    (`deal_id, content_id, given`). What was seen counts from `lag` weeks later on: it must precede.

    Gives for each item the log of the ratio of weekly rates of moving on to a later stage or winning, seen over not
    seen, with its interval (95 %), and its grade; see `ItemEffect`. Only A and B may be called an effect.

    Counts how: a weekly hazard (complementary log-log) with stage, time in stage, age of the deal by stage, what was
    done in the two weeks before and in the six before those, person, segment, industry, source, grade, type and the
    other items seen, and with the exposure that was to be expected of the deal's own past (`items.expected_exposure`);
    standard errors clustered by deal. The control asks whether deals that move on are sent the item more often in the
    four weeks after; what comes later cannot have helped. It must pass for the item and for all items together. By lot:
    the same hazard by what was drawn. A verdict says `helps` or `hurts` only for items that stand out among all with an
    effect (Holm at 5 %): the answer is read every week, and each reading is another chance to err. Where deals differ
    in ways nobody knows, an effect looks smaller than it is (by lot, too); where there is none, none is seen.

    Small numbers: fewer than 30 deals that saw an item, or 20 moves with or without it, give grade D and no figure.
    Refuses: a lag below one week. Do not compare win rates of deals that saw an item with those that did not: who lives
    longer sees more (immortal time).

    Source: Robins, Mark & Newey (1992); Shah & Peters (2020) for the control; `tests/analysis/content_effect`
    holds the regression against statsmodels, the study measures bias and false claims.

    >>> nothing = pa.schema([("deal_id", pa.string()), ("content_id", pa.string()), ("week", pa.date32())])
    >>> weeks = {"deal_id": ["d"], "week": pa.array([20_000], pa.date32()), "pipeline": ["p"], "stage": ["talk"]}
    >>> weeks |= {"weeks_in_stage": [0], "moved": [True], "acted_1": [0], "acted_2": [0], "acted_before": [0]}
    >>> weeks |= {"weeks_open": [0], "owner_id": ["kim"], "segment": ["SMB"], "industry": ["IT"], "source": ["web"]}
    >>> weeks |= {"lead_grade": ["A"], "type": ["new"]}
    >>> found = content_effect(ibis.memtable(pa.table(weeks)), content=ibis.memtable(nothing.empty_table()))
    >>> found.items, found.n_deals
    ((), 1)
    """
    if lag < 1:
        raise UsageError(
            "lag_too_short",
            Message(
                N_("Content must precede what it is to explain: the lag is at least one week, not {given}."),
                {"given": lag},
            ),
        )
    weeks = read(panel)
    seen = read_exposures(content, weeks)
    if not len(weeks.deal) or not seen.items:
        return ContentEffects((), None, len(weeks.ids), len(weeks.deal), LEVEL)
    arms = {} if randomised is None else _arms(randomised, weeks)
    alike = [weeks.stage, weeks.in_stage, *weeks.acted, *weeks.traits]
    covariates = dummies([*alike, weeks.age_by_stage])
    counted = [items.counts(weeks, seen.week[:, item], lag) for item in range(len(seen.items))]
    enough = [item for item, n in enumerate(counted) if n[0] >= LEAST_DEALS and min(n[1:]) >= LEAST_MOVES]
    # Without age by stage, which takes up some of a hidden momentum: the control is there to see it.
    moving = fit(dummies([*alike, weeks.age]), weeks.moved, link="cloglog").p
    controls = {item: items.control(weeks, seen, item, moving) for item in enough if seen.items[item] not in arms}
    pooled = items.z_of(np.sum(list(controls.values()), axis=0)) if controls else None
    found = _judged(
        _item(weeks, seen, item, lag, covariates, enough, counted[item], controls.get(item), pooled, arms)
        for item in range(len(seen.items))
    )
    return ContentEffects(found, pooled, len(weeks.ids), len(weeks.deal), LEVEL)


def _item(  # noqa: PLR0913, PLR0917 - all that one item is judged by
    weeks: DealWeeks,
    seen: Exposures,
    item: int,
    lag: int,
    covariates: sparse.csr_array,
    enough: list[int],
    counted: tuple[int, int, int],
    sums: Floats | None,
    pooled: float | None,
    arms: dict[str, Ints],
) -> ItemEffect:
    content_id = seen.items[item]
    if content_id in arms:
        return _by_lot(weeks, content_id, covariates, counted, arms[content_id])
    if item not in enough:
        return ItemEffect(content_id, "D", None, None, None, *counted, None, "too_little_data")
    beside = [other for other in enough if other != item]
    figure = _interval(items.adjusted(weeks, seen, item, lag, covariates, beside))
    z = None if sums is None else items.z_of(sums)
    # Where nothing was ever sent after a move there is nothing to pass.
    passes = z is not None and abs(z) < ITEM_LIMIT and (pooled is None or abs(pooled) < POOLED_LIMIT)
    if not passes:
        return ItemEffect(content_id, "C", None, figure, z, *counted, None, "control_fails")
    return ItemEffect(content_id, "B", figure, None, z, *counted, None, None)


def _by_lot(
    weeks: DealWeeks, content_id: str, covariates: sparse.csr_array, counted: tuple[int, int, int], arm: Ints
) -> ItemEffect:
    of_row = arm[weeks.deal]
    moves = [int((weeks.moved & (of_row == given)).sum()) for given in (1, 0)]
    deals = len(np.unique(weeks.deal[of_row == 1]))
    told = (deals, moves[0], moves[1])
    if deals < LEAST_DEALS or min(moves) < LEAST_MOVES:
        return ItemEffect(content_id, "D", None, None, None, *counted, None, "too_little_data")
    figure = _interval(items.randomised(weeks, arm, covariates))
    return ItemEffect(content_id, "A", figure, None, None, *told, None, None)


def _arms(randomised: ibis.Table, weeks: DealWeeks) -> dict[str, Ints]:
    """Read who was given what by lot: by item, 1 given, 0 not, -1 not in the trial."""
    rows = randomised.select("deal_id", "content_id", "given").to_pyarrow()
    place = {deal_id: number for number, deal_id in enumerate(weeks.ids)}
    deals = np.array([place.get(deal_id, -1) for deal_id in rows["deal_id"].to_pylist()], dtype=np.int64)
    given = rows["given"].cast(pa.int64()).to_numpy()
    names = np.array(rows["content_id"].to_pylist(), dtype=object)
    arms: dict[str, Ints] = {}
    for name in sorted(set(names.tolist())):
        arm = np.full(len(weeks.ids), -1, dtype=np.int64)
        own = (names == name) & (deals >= 0)
        arm[deals[own]] = given[own]
        arms[name] = arm
    return arms


def _interval(found: items.Estimate) -> Interval:
    reach = float(special.ndtri((1.0 + LEVEL) / 2.0)) * found.se
    return Interval(found.effect, found.effect - reach, found.effect + reach)


def _judged(found: Iterable[ItemEffect]) -> tuple[ItemEffect, ...]:
    """Give the verdicts, so that one in twenty times any of those who are said to help or hurt does not (Holm 1979)."""
    told = list(found)
    judged = [place for place, item in enumerate(told) if item.effect is not None]
    p = np.array([_p(item.effect) for item in told if item.effect is not None])
    order = np.argsort(p, kind="stable")
    failed = np.flatnonzero(p[order] > (1.0 - LEVEL) / np.arange(len(p), 0, -1))
    clear = {judged[place] for place in order[: int(failed.min()) if len(failed) else len(p)].tolist()}
    return tuple(
        item if item.effect is None else replace(item, verdict=_verdict(item.effect, clear=place in clear))
        for place, item in enumerate(told)
    )


def _p(figure: Interval) -> float:
    """P-value of no effect, from the interval."""
    se = (figure.high - figure.low) / (2.0 * float(special.ndtri((1.0 + LEVEL) / 2.0)))
    return float(2.0 * special.ndtr(-abs(figure.estimate) / max(se, 1e-12)))


def _verdict(figure: Interval, *, clear: bool) -> Verdict:
    if not clear:
        return "cannot_tell"
    return "helps" if figure.estimate > 0.0 else "hurts"
