"""How open deals move on, are won or are lost, week by week, and how likely each is won within a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from bokgi.analysis.forecast.cells import Cells, Moves
from bokgi.analysis.forecast.coding import Coding
from bokgi.analysis.forecast.counting import AGE_DAYS
from bokgi.analysis.forecast.credibility import Block, Crossed, Effects, multiplicative_of_table
from bokgi.analysis.forecast.windows import PHASES, Steps

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CAUSES: Final = ("on", "won", "lost")
_HALF_LIFE: Final = 364.0
_GRAIN: Final = 0.05
"""Deals whose log hazards differ by less are counted as alike."""


@dataclass(frozen=True)
class Hazards:
    """Daily rates of leaving a stage by cause: of stage × time in stage × part of the quarter, times the conditions.

    `base[cause]` has the shape stages × ages × phases; `conditions[cause]` the effects of each factor and of the
    person. `back[stage]` is the rate of moving back, `forward` and `backward` say where to (rows sum to 1 or 0).
    """

    base: dict[str, Floats]
    conditions: dict[str, tuple[Floats, ...]]
    back: Floats
    forward: Floats
    backward: Floats


def fit_each(cells: Cells, moves: Moves, coding: Coding, days: Sequence[int]) -> list[Hazards]:
    """Fit the hazards on what had happened by the end of each day; older weeks count less (half after a year).

    Days in their order: each fit starts from what the one before found, on nearly the same cells.
    """
    found: list[Hazards] = []
    start: dict[str, Effects] = {}
    for on in days:
        hazards, start = _fit(cells, moves, coding, on, start)
        found.append(hazards)
    return found


def _fit(
    cells: Cells, moves: Moves, coding: Coding, on: int, start: dict[str, Effects]
) -> tuple[Hazards, dict[str, Effects]]:
    seen = cells.marks <= on
    weight = np.where(seen, 0.5 ** ((on - cells.marks) / _HALF_LIFE), 0.0)
    stages, ages = len(coding.stages), len(AGE_DAYS)
    stage, age, phase = (axis.ravel() for axis in np.meshgrid(*map(np.arange, (stages, ages, PHASES)), indexing="ij"))
    timing = Block(np.arange(len(stage)), *_timing(stages, stage, age, phase))
    people = Block.of(cells.person, len(coding.persons))
    conditions_block = conditions_of(coding, cells.profile)
    exposure = Crossed(_days(cells, weight, len(stage)), (timing, *conditions_block, people))
    base, conditions, found = {}, {}, {}
    for cause in CAUSES:
        counts = [weight @ by_group for by_group in cells.events[cause]]
        effects = multiplicative_of_table(
            exposure,
            counts if conditions_block else [counts[0], counts[2]],
            start=start.get(cause),
        )
        rate = effects.rate * effects.of_groups(0, timing.levels)
        base[cause] = rate.reshape(stages, ages, PHASES)
        conditions[cause] = (*(effect for block in effects.blocks[1:] for effect in block),)
        found[cause] = effects
    at_risk = np.bincount(stage, exposure.cells.sum(axis=0), stages)
    back = np.bincount(stage, weight @ cells.events["back"][0], stages) / np.maximum(at_risk, 1.0)
    went = moves.on <= on
    forward, backward = (_shares(moves, went & way, stages) for way in (moves.forward, ~moves.forward))
    return Hazards(base, conditions, back, forward, backward), found


_PARTS: Final = ("base", "conditions", "back", "forward", "backward")


def table_of(found: Sequence[Hazards]) -> pa.Table:
    """Write hazards out, a row each: their numbers one after the other; see `hazards_of`."""
    rows = [
        (
            np.concatenate([one.base[cause].ravel() for cause in CAUSES]),
            np.concatenate([effect for cause in CAUSES for effect in one.conditions[cause]]),
            one.back,
            one.forward.ravel(),
            one.backward.ravel(),
        )
        for one in found
    ]
    columns = zip(*rows, strict=True)
    return pa.table(
        {name: pa.array(column, pa.list_(pa.float64())) for name, column in zip(_PARTS, columns, strict=True)}
    )


def hazards_of(table: pa.Table, coding: Coding) -> list[Hazards]:
    """Read hazards that `table_of` has written."""
    stages = len(coding.stages)
    bounds = np.cumsum([*map(len, coding.levels), len(coding.persons)])
    found = []
    for row in table.to_pylist():
        base, conditions, back, forward, backward = (np.array(row[name], dtype=np.float64) for name in _PARTS)
        shaped = base.reshape(len(CAUSES), stages, len(AGE_DAYS), PHASES)
        effects = conditions.reshape(len(CAUSES), bounds[-1])
        found.append(
            Hazards(
                dict(zip(CAUSES, shaped, strict=True)),
                {cause: tuple(np.split(each, bounds[:-1])) for cause, each in zip(CAUSES, effects, strict=True)},
                back,
                forward.reshape(stages, stages),
                backward.reshape(stages, stages),
            )
        )
    return found


def _days(cells: Cells, weight: Floats, timings: int) -> sparse.csr_array:
    """Weigh the days of each pair and timing; what lies in eras without weight only is left out."""
    days, timing, first = cells.days(weight), cells.timing, cells.first
    kept = days > 0.0
    if not kept.all():
        first = np.append(0, np.cumsum(np.add.reduceat(kept, first[:-1], dtype=np.int64)))
        days, timing = days[kept], timing[kept]
    return sparse.csr_array((days, timing, first), shape=(len(cells.profile), timings))


def _timing(stages: int, stage: Ints, age: Ints, phase: Ints) -> tuple[tuple[Ints, ...], tuple[int, ...]]:
    """Give levels and sizes of the factors of stage and time.

    Time in stage counts by steps: what changes at each bound, for all stages and for each. So a time that nobody has
    stood yet is like the longest that is known, and not like the average.
    """
    levels, sizes = [stage, phase, stage * PHASES + phase], [stages, PHASES, stages * PHASES]
    for bound in range(1, len(AGE_DAYS)):
        longer = age >= bound
        levels += [longer.astype(np.int64), np.where(longer, 1 + stage, 0)]
        sizes += [2, 1 + stages]
    return tuple(levels), tuple(sizes)


def conditions_of(coding: Coding, profile: Ints) -> list[Block]:
    """Give the block of the conditions; none where deals have no conditions."""
    if not coding.factors:
        return []
    levels = tuple(coding.profile[:, factor] for factor in range(len(coding.factors)))
    return [Block(profile, levels, tuple(map(len, coding.levels)))]


def _shares(moves: Moves, which: NDArray[np.bool_], stages: int) -> Floats:
    known = which & (moves.to >= 0)
    table = np.zeros((stages, stages))
    np.add.at(table, (moves.stage[known], moves.to[known]), moves.n[known])
    shares: Floats = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
    return shares


def scores(hazards: Hazards, coding: Coding, profile: Ints, person: Ints) -> Floats:
    """Give what the conditions and the person of each deal multiply its hazards by: `deals × causes`, rounded."""
    codes = [coding.profile[profile, factor] for factor in range(len(coding.factors))] + [person]
    out = np.empty((len(profile), len(CAUSES)))
    for place, cause in enumerate(CAUSES):
        log = np.zeros(len(profile))
        for effect, code in zip(hazards.conditions[cause], codes, strict=True):
            log += np.log(effect)[code]
        out[:, place] = np.exp(np.round(log / _GRAIN) * _GRAIN)
    return out


def _age_of(days: Floats) -> Ints:
    return np.searchsorted(np.array(AGE_DAYS), days, side="right") - 1


def _leaving(
    hazards: Hazards, score: Floats, stage: int, age: Ints, days: Floats, phase: Ints
) -> tuple[Floats, Floats, Floats, Floats]:
    """Give the chances of moving on, back, being won, and of leaving at all, in each step: `deals × steps`."""
    rates = [hazards.base[cause][stage][age, phase] * score[:, place, None] for place, cause in enumerate(CAUSES)]
    total = rates[0] + rates[1] + rates[2] + hazards.back[stage]
    leaves = -np.expm1(-total * days)
    share = leaves / np.maximum(total, 1e-300)
    return rates[0] * share, hazards.back[stage] * share, rates[1] * share, leaves


def _arrivals(hazards: Hazards, score: Floats, steps: Steps) -> Floats:
    """Chance to be won within the window for a deal that enters a stage in a step: `deals × stages × (steps + 1)`.

    Computed backwards from the end of the window. Who enters a stage does so in the middle of a step and may leave it
    in the half that is left.
    """
    stages, count = len(hazards.back), len(steps)
    chance = np.zeros((len(score), stages, count + 1))
    for entry in range(count - 1, -1, -1):
        days = steps.days[entry:].copy()
        days[0] /= 2.0
        begins = steps.starts[entry:] - steps.starts[entry] - days[0]
        begins[0] = 0.0
        age = _age_of(begins + days / 2.0)[None, :]
        for stage in range(stages - 1, -1, -1):
            leaving = _leaving(hazards, score, stage, age, days, steps.phase[entry:])
            chance[:, stage, entry] = _value(hazards, chance, stage, leaving, steps.counts, entry)
    return chance


def _value(
    hazards: Hazards,
    chance: Floats,
    stage: int,
    leaving: tuple[Floats, Floats, Floats, Floats],
    counts: Floats,
    first: int,
) -> Floats:
    """Sum over the steps in which a deal may leave: won then, or moved to where it may still be won."""
    on, back, won, leaves = leaving
    stays = np.ones_like(leaves)
    np.cumprod(1.0 - leaves[:, :-1], axis=1, out=stays[:, 1:])
    gain = won * counts[first:]
    for to in np.flatnonzero(hazards.forward[stage]):
        gain = gain + on * hazards.forward[stage, to] * chance[:, to, first:-1]
    for to in np.flatnonzero(hazards.backward[stage]):
        gain = gain + back * hazards.backward[stage, to] * chance[:, to, first + 1 :]
    total: Floats = (stays * gain).sum(axis=1)
    return total


@dataclass(frozen=True)
class Chances:
    """Chances to be won within a window, for kinds of deals: `kinds × stages × (steps + 1)`, and each deal's kind."""

    arrivals: Floats
    kind: Ints


def win_chances(
    hazards: Hazards,
    coding: Coding,
    steps: Steps,
    *,
    standing: tuple[Ints, Ints, Ints, Ints],
    entering: tuple[Ints, Ints],
) -> tuple[Floats, Chances]:
    """Give each open deal's chance to be won within the window, and those of deals that will yet enter.

    `standing`: profile, person, stage and days in it of the open deals; `entering`: profile and person of deals like
    those to come. Exact for the hazards: nothing is drawn.
    """
    profile, person, stage, age = standing
    every = scores(hazards, coding, np.concatenate([profile, entering[0]]), np.concatenate([person, entering[1]]))
    kinds, kind = np.unique(every, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    arrivals = _arrivals(hazards, kinds, steps)
    chance = np.zeros(len(profile))
    for place in np.unique(stage):
        rows = np.flatnonzero(stage == place)
        ages = _age_of(age[rows][:, None] + (steps.starts + steps.days / 2.0)[None, :])
        leaving = _leaving(hazards, every[rows], int(place), ages, steps.days, steps.phase)
        chance[rows] = _value(hazards, arrivals[kind[rows]], int(place), leaving, steps.counts, 0)
    return np.minimum(chance, 1.0 - 1e-9), Chances(arrivals, kind[len(profile) :])
