"""How open deals move on, are won or are lost, week by week, and how likely each is won within a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bokgi.analysis.forecast.cells import Cells, Moves
from bokgi.analysis.forecast.coding import Coding, numbered
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
    days = cells.weighed(weight, on)
    people = Block.of(days.person, len(coding.persons))
    conditions_block = conditions_of(coding, days.profile)
    exposure = Crossed(days, (timing, *conditions_block, people))
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
    at_risk = np.bincount(stage, days.rmatvec(np.ones(len(days.profile))), stages)
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


def _kinds(hazards: Hazards, coding: Coding, profile: Ints, person: Ints) -> tuple[Floats, Ints]:
    """Give what conditions and person multiply the hazards of deals by (`kinds × causes`, rounded), and each one's."""
    codes = [coding.profile[profile, factor] for factor in range(len(coding.factors))] + [person]
    key = np.zeros(len(profile), dtype=np.int64)
    bounds = []
    for cause in CAUSES:
        log = np.zeros(len(profile))
        for effect, code in zip(hazards.conditions[cause], codes, strict=True):
            log += np.log(effect)[code]
        grains = np.rint(log / _GRAIN).astype(np.int64)
        low, high = int(grains.min(initial=0)), int(grains.max(initial=0))
        bounds.append((low, high - low + 1))
        key = key * (high - low + 1) + grains - low
    found, kind = numbered(key)
    score = np.empty((len(found), len(CAUSES)))
    for place, (low, size) in reversed([*enumerate(bounds)]):
        found, grains = np.divmod(found, size)
        score[:, place] = np.exp((grains + low) * _GRAIN)
    return score, kind


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
    people = np.concatenate([person, entering[1]])
    score, kind = _kinds(hazards, coding, np.concatenate([profile, entering[0]]), people)
    arrivals = _arrivals(hazards, score, steps)
    # Deals of a kind that have stood as long in a stage have the same chance.
    ages, stages = AGE_DAYS[-1] + 1, len(coding.stages)
    alike, place = numbered((kind[: len(profile)] * stages + stage) * ages + np.minimum(age, AGE_DAYS[-1]))
    of_kind, at = np.divmod(alike, stages * ages)
    in_stage, stood = np.divmod(at, ages)
    chance = np.zeros(len(alike))
    for one in np.unique(in_stage):
        rows = np.flatnonzero(in_stage == one)
        bucket = _age_of(stood[rows][:, None] + (steps.starts + steps.days / 2.0)[None, :])
        leaving = _leaving(hazards, score[of_kind[rows]], int(one), bucket, steps.days, steps.phase)
        chance[rows] = _value(hazards, arrivals[of_kind[rows]], int(one), leaving, steps.counts, 0)
    return np.minimum(chance, 1.0 - 1e-9)[place], Chances(arrivals, kind[len(profile) :])
