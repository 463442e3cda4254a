"""Which stage and unit is the bottleneck, what does it cost a month, and how sure is that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

import ibis
import numpy as np
from numpy.typing import NDArray
from scipy import special

from bokgi.analysis.bottleneck.counts import (
    DAYS_IN_MONTH,
    NOBODY,
    STAGE,
    Arrivals,
    Key,
    Window,
    column_of,
    count_arrivals,
    count_cells,
    is_past,
    joined,
    win_after_stages,
    won_a_month,
)
from bokgi.analysis.bottleneck.gains import Gain, GainInDeals, Least, gains
from bokgi.analysis.bottleneck.past import against_the_past
from bokgi.analysis.bottleneck.screening import (
    Cell,
    Elsewhere,
    Screened,
    benjamini_hochberg,
    elsewhere,
    gate,
    screen,
)
from bokgi.analysis.bottleneck.standing import Place, deals_there

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GATE: Final = 0.005
"""P-value that the test of all units together must reach before any unit is flagged."""
WINDOW_DAYS: Final = 364
LEAST_GAIN_SHARE: Final = 0.005
"""Without a floor given: a flag must promise this share of the won amount of a month."""
LEFT_UNEXPLAINED: Final = 0.01
"""A flag stays if, without the flagged units of narrower views, chance is still less likely than this."""
MOST_MORE_CASES: Final = 20.0
ENOUGH: Final = 10
"""Cases that all moved on, from which it is not the number of cases that is missing."""


@dataclass(frozen=True)
class Unit:
    """One unit at one stage. `z`, `q_value` and gains are null where cases are too few, or none stopped (`reason`).

    `gain` (in money) is null, too, where no deal that came to the stage has an amount; `gain_in_deals` is not.
    """

    pipeline: str
    stage: str
    stage_order: int
    by: str
    unit: str
    n: int
    conversion: float
    expected: float
    arrivals: int
    z: float | None
    q_value: float | None
    flagged: bool
    gain: Gain | None
    gain_in_deals: GainInDeals | None
    more_cases: int | None
    deals: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True)
class Bottlenecks:
    """All units, those with the largest gain first, and the p-value of the gate with its verdict."""

    units: tuple[Unit, ...]
    gate_p: float
    passed: bool
    start: date
    end: date
    level: float


def bottlenecks(  # noqa: PLR0913 - the question has that many sides
    progressions: ibis.Table,
    visits: ibis.Table,
    deals: ibis.Table,
    *,
    as_of: date,
    by: Sequence[str],
    conditions: Sequence[str],
    days: int = WINDOW_DAYS,
    fdr: float = 0.10,
    min_gain: float | None = None,
    level: float = 0.90,
    seed: int = 1,
) -> Bottlenecks:
    """Find the stage and unit in which the funnel stops, and what that costs a month.

    Reads `progressions` and `visits` (of the same names' modules) and `deals` (one row per deal: `deal_id, outcome,
    closed_on, amount`, the columns of `by` and `conditions`; one currency). `by` is a sequence of views, broad ones
    first: `stage` compares each stage's last 182 days with the 364 days before, `COLUMN:past` does so for each value
    of a column, any other name is a column of `deals` whose values are compared with each other. A view that is itself
    a condition is compared with its own level at the other stages.

    Gives a unit per view, stage and value. `conversion` is the share of ended first visits that reached a later stage
    or won, `expected` what the same cases let expect; `gain` the amount a month at the benchmark, by arrivals × their
    mean amount × win probability that is missing.

    Counts how: first visits that ended within `days` before the day after `as_of`; open ones wait. A unit that is
    flagged in a broad view explains its part before narrower views are screened.

    Small numbers: units with less than about ten cases have no z and no gain. Nothing is flagged unless the test of all
    views together passes at 0.5 %; then Benjamini–Hochberg at `fdr` among the views, and within those that are left at
    `fdr` × their share of all views (Benjamini & Bogomolov 2014; `q_value` has that share in it). A flag also takes a
    gain of at least `min_gain` (0.5 % of what is won in a month; else `reason` is `gain_too_small`) whose interval lies
    above zero (`gain_not_sure`). Where no deal that came has an amount, the gain in deals is held to the same rule; it
    cannot tell whether a `min_gain` that was given is reached (`amounts_unknown`).

    Refuses: nothing; without cases there are no units. Do not use `conversion` for finding the bottleneck: the lowest
    one is usually the stage where most deals should end.

    Source: docs/explanation/methods/bottleneck.md; `tests/analysis/bottleneck` and the study hold it.
    """
    start, end = as_of + timedelta(days=1 - days), as_of + timedelta(days=1)
    columns = list(dict.fromkeys([*conditions, *(column_of(view) for view in by if view != STAGE)]))
    stages = count_cells(progressions, deals, columns, conditions, by, (start, end))
    question = _Question(
        stages,
        tuple(conditions),
        {view: _past(progressions, deals, view, as_of) for view in by if is_past(view)},
        count_arrivals(progressions, deals, columns, by, (start, end)),
        win_after_stages(visits, [key for key, __ in stages], (start, end), seed),
        days / DAYS_IN_MONTH,
        (1.0 - level) / 2.0,
        seed,
    )
    view_p = [_gate(question, view, seed + place) for place, view in enumerate(by)]
    gate_p = min(1.0, min(view_p, default=1.0) * len(by))
    passed = gate_p < GATE
    chosen = benjamini_hochberg(np.array(view_p)) <= fdr
    # Of the rate of false flags each view may use the part of the views that show something.
    share = float(max(chosen.sum(), 1)) / max(len(by), 1)
    least = _least(deals, (start, end), min_gain)
    units: list[Unit] = []
    for view, shows in zip(by, chosen.tolist(), strict=True):
        flagged = [unit for unit in units if unit.flagged and unit.by != STAGE]
        found = _units(question, view, flagged)
        units += _flag(found, passed=passed and shows, fdr=fdr, share=share, least=least)
    units = _prune(question, units)
    shown = deals_there(visits, deals, (_key(unit) for unit in units if unit.flagged), by)
    units = [replace(unit, deals=shown.get(_key(unit), ())) for unit in units]
    units.sort(key=_place)
    return Bottlenecks(tuple(units), gate_p, passed, start, end, level)


def _key(unit: Unit) -> Place:
    return unit.pipeline, unit.stage, unit.by, unit.unit


def _place(unit: Unit) -> tuple[bool, float, float, str, str, int, str]:
    amount = unit.gain.amount if unit.gain else -np.inf
    won = unit.gain_in_deals.n if unit.gain_in_deals else -np.inf
    return (not unit.flagged, -amount, -won, unit.by, unit.pipeline, unit.stage_order, unit.unit)


@dataclass(frozen=True)
class _Question:
    """All that the engine has counted for one question, and what was estimated of it, by stage and view."""

    stages: list[tuple[Key, Cell]]
    conditions: tuple[str, ...]
    past: dict[str, dict[Key, Screened]]
    arrivals: dict[str, dict[tuple[str, str, str], Arrivals]]
    after: dict[tuple[str, str], Floats]
    months: float
    tail: float
    seed: int
    screened: dict[tuple[int, str], Screened] = field(default_factory=dict)
    levels: dict[tuple[int, str], Elsewhere] = field(default_factory=dict)


def _past(progressions: ibis.Table, deals: ibis.Table, view: str, as_of: date) -> dict[Key, Screened]:
    if view == STAGE:
        return against_the_past(progressions, as_of=as_of, unit=None)
    column = column_of(view)
    return against_the_past(joined(progressions, deals, [column]), as_of=as_of, unit=f"of_{column}")


def _gate(question: _Question, view: str, seed: int) -> float:
    """P-value of "nobody of this view is behind", over all stages."""
    screened = [_screen(question, place, view, None) for place in range(len(question.stages))]
    return gate([found for found in screened if found is not None], seed=seed)


def _screen(question: _Question, here: int, view: str, flagged: Ints | None) -> Screened | None:
    """Screen the units of one view at one stage; null: nothing to compare with."""
    key, cell = question.stages[here]
    if is_past(view):
        return question.past[view].get(key)
    if flagged is None and (here, view) in question.screened:
        return question.screened[here, view]
    position = _position(view, question.conditions)
    level = None if position is None else _level(question, here, view, position)
    found = screen(cell, view, position=position, level=level, flagged=flagged)
    if flagged is None:
        question.screened[here, view] = found
    return found


def _level(question: _Question, here: int, view: str, position: int) -> Elsewhere:
    """Estimate how the units of a view that is a condition do at the other stages of the pipeline."""
    if (here, view) not in question.levels:
        pipeline = question.stages[here][0][0]
        same = [i for i, (other, __) in enumerate(question.stages) if other[0] == pipeline]
        cells = [question.stages[i][1] for i in same]
        question.levels[here, view] = elsewhere(cells, same.index(here), view, position)
    return question.levels[here, view]


def _position(view: str, conditions: Sequence[str]) -> int | None:
    return list(conditions).index(view) if view in conditions else None


def _units(question: _Question, view: str, flagged: Sequence[Unit]) -> list[Unit]:
    """All units of one view with z and gain; what broader views flagged is taken as explained."""
    rng = np.random.default_rng([question.seed, *view.encode()])
    out = []
    for here, (key, cell) in enumerate(question.stages):
        explained = _explained(cell, [unit for unit in flagged if (unit.pipeline, unit.stage) == key[:2]])
        found = _screen(question, here, view, explained)
        if found is None:
            continue
        named = [i for i, name in enumerate(found.names) if name is not None and found.n[i] > 0]
        if named:
            drawn = _gains(question, key, view, found, np.array(named), rng)
            out += [_unit(question, key, view, found, i, *gain) for i, gain in zip(named, drawn, strict=True)]
    return out


def _explained(cell: Cell, flagged: Sequence[Unit]) -> Ints | None:
    """Mark the cells of units that a broader view has flagged at this stage."""
    if not flagged:
        return None
    mark = np.zeros(len(cell.n), dtype=np.int64)
    for number, unit in enumerate(flagged, start=1):
        column = column_of(unit.by)
        mark = np.where(cell.units[column] == cell.names[column].index(unit.unit), number, mark)
    return np.unique(mark, return_inverse=True)[1].astype(np.int64)


def _gains(
    question: _Question, key: Key, view: str, found: Screened, named: Ints, rng: np.random.Generator
) -> Sequence[tuple[GainInDeals, Gain | None]]:
    """Draw the gain a month of each unit, in deals and in money."""
    arrivals = [question.arrivals[view].get((key[0], key[1], str(found.names[i])), NOBODY) for i in named]
    return gains(
        (found.n[named], found.wins[named], found.expected[named]),
        np.array([arrival.n for arrival in arrivals], dtype=np.float64),
        np.array([arrival.amounts for arrival in arrivals], dtype=np.float64),
        question.after[key[0], key[1]],
        question.months,
        question.tail,
        rng,
    )


def _unit(
    question: _Question, key: Key, view: str, found: Screened, i: int, in_deals: GainInDeals, gain: Gain | None
) -> Unit:
    z = None if np.isnan(found.z[i]) else float(found.z[i])
    name = str(found.names[i])
    n = float(found.n[i])
    return Unit(
        pipeline=key[0],
        stage=key[1],
        stage_order=key[2],
        by=view,
        unit=name,
        n=round(n),
        conversion=float(found.wins[i] / n),
        expected=float(found.expected[i] / n),
        arrivals=question.arrivals[view].get((key[0], key[1], name), NOBODY).n,
        z=z,
        q_value=None,
        flagged=False,
        gain=None if z is None else gain,
        gain_in_deals=None if z is None else in_deals,
        more_cases=None,
        deals=(),
        reason=None if z is not None else "none_stopped" if n >= ENOUGH and found.wins[i] == n else "too_few_cases",
    )


def _least(deals: ibis.Table, window: Window, min_gain: float | None) -> Least:
    """Give what a flag must promise a month, in money and, where that is not known, in deals."""
    if min_gain is None:
        amount, won = won_a_month(deals, window)
        return Least(LEAST_GAIN_SHARE * amount, LEAST_GAIN_SHARE * won)
    return Least(min_gain, 0.0 if min_gain <= 0.0 else np.inf)


def _flag(units: Sequence[Unit], *, passed: bool, fdr: float, share: float, least: Least) -> list[Unit]:
    """Add q-values and flag units that are below beyond chance, at a cost that is sure and worth the effort."""
    p = np.array([special.ndtr(unit.z) for unit in units if unit.z is not None])
    values = np.minimum(benjamini_hochberg(p) / share, 1.0)
    # What the next unit must reach: a place more in the ranking, or the gate where it is shut.
    next_p = fdr * share * (int((values <= fdr).sum()) + 1) / max(len(p), 1) if passed else GATE / max(len(p), 1)
    q = iter(values.tolist())
    out = []
    for unit in units:
        if unit.z is None or unit.gain_in_deals is None:
            out.append(unit)
            continue
        value = float(next(q))
        below = passed and value <= fdr and unit.conversion < unit.expected
        withheld = least.withholds(unit.gain_in_deals, unit.gain)
        out.append(
            replace(
                unit,
                q_value=value,
                flagged=below and withheld is None,
                more_cases=None if passed and value <= fdr else _more_cases(unit, next_p),
                reason=withheld if below else None,
            )
        )
    return out


def _more_cases(unit: Unit, p: float) -> int | None:
    """Cases that would bring a unit which stays as far below to a p-value; null: above, or out of reach."""
    if unit.z is None or unit.z >= 0:
        return None
    factor = float((special.ndtri(p) / unit.z) ** 2)
    return max(round((factor - 1.0) * unit.n), 1) if 1.0 < factor < MOST_MORE_CASES else None


def _prune(question: _Question, units: Sequence[Unit]) -> list[Unit]:
    """Take a flag back when flagged units of narrower views explain it: a team is not slow because one person is."""
    flagged = [unit for unit in units if unit.flagged and unit.by != STAGE]
    views = list(dict.fromkeys(unit.by for unit in units))
    out = []
    for unit in units:
        narrower = [
            other
            for other in flagged
            if (other.pipeline, other.stage) == (unit.pipeline, unit.stage)
            and views.index(other.by) > views.index(unit.by)
        ]
        if unit in flagged and narrower:
            here = next(i for i, (key, __) in enumerate(question.stages) if key[:2] == (unit.pipeline, unit.stage))
            found = _screen(question, here, unit.by, _explained(question.stages[here][1], narrower))
            z = np.nan if found is None else found.z[found.names.index(unit.unit)]
            if not z <= special.ndtri(LEFT_UNEXPLAINED):
                out.append(replace(unit, flagged=False, reason="explained_by_narrower"))
                continue
        out.append(unit)
    return out
