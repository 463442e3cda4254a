"""How fast open deals move on and end: the true model behind the sample."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.draws import Floats, Ints
from bokgi.sample.truth import (
    AMOUNT_SPREAD,
    BOTTLENECK,
    CONTENT_EFFECTS,
    CONVERSION,
    GRADE_EFFECT,
    INDUSTRY_EFFECT,
    INHERITED_EFFECT,
    MEDIAN_AMOUNT,
    MEDIAN_WEEKS,
    NEGOTIATION,
    NEW,
    PROPOSAL,
    QUARTER_END_RUSH,
    RECENT_MEETING_EFFECT,
    REGION_EFFECT,
    SIZE_EFFECT,
    SOURCE_EFFECT,
    bottleneck_since,
)
from bokgi.sample.world import World

_PACE: Final = (0.60, 0.95, 1.15, 1.15, 1.05, 1.0, 0.95, 0.90, 0.85, 0.80, 0.75, 0.70, 0.65, 0.60, 0.55, 0.50)
"""Factor on both rates by weeks in the stage, from the first; the last holds from then on."""
_ASLEEP_PACE: Final = 1 / 7
_RUSH_DAYS: Final = 21
_RECENT_WEEKS: Final = 2


def week_rates(world: World, deals: Ints, week: int) -> tuple[Floats, Floats]:
    """Give the weekly rates of moving on and of ending for some open deals, in a week of five working days."""
    pipeline = world.pipeline
    stage, kind, team = pipeline.stage[deals], pipeline.type[deals], pipeline.team[deals]
    new = kind == NEW
    conversion = np.array(CONVERSION)[kind, stage]
    odds = conversion / (1.0 - conversion) * np.exp(_conditions(world, deals, week))
    weeks_in = np.minimum(week - pipeline.entered_week[deals] - 1, len(_PACE) - 1)
    leaving = np.log(2.0) / np.array(MEDIAN_WEEKS)[team, stage] * np.array(_PACE)[weeks_in]
    leaving = leaving * np.where(pipeline.asleep[deals], _ASLEEP_PACE, 1.0)
    forwards = np.zeros(len(deals))
    ending = np.zeros(len(deals))
    if world.timeline.monday(week) >= (bottleneck_since(world.timeline.today) - world.timeline.start).days:
        stuck = new & (team == BOTTLENECK.team) & (stage == BOTTLENECK.stage)
        forwards += BOTTLENECK.moving_on * stuck
        ending += BOTTLENECK.ending * stuck
    forwards += RECENT_MEETING_EFFECT * (week - pipeline.held_week[deals] <= _RECENT_WEEKS)
    seen = pipeline.seen_week[deals] < week
    forwards += new * (seen @ np.array(list(CONTENT_EFFECTS.values())))
    monday = np.array([world.timeline.monday(week)], dtype=np.int64)
    if (world.timeline.quarter_end(monday) - monday)[0] < _RUSH_DAYS:
        forwards += QUARTER_END_RUSH * (new & (stage >= PROPOSAL) & (stage <= NEGOTIATION))
    return leaving * odds / (1.0 + odds) * np.exp(forwards), leaving / (1.0 + odds) * np.exp(ending)


def _conditions(world: World, deals: Ints, week: int) -> Floats:
    """Add up the effects of person, origin, account and size on the log-odds of moving on."""
    pipeline, accounts = world.pipeline, world.pipeline.accounts
    effect: Floats = world.roster.skill_in(week)[pipeline.owner[deals]]
    new = pipeline.type[deals] == NEW
    team, account = pipeline.team[deals], pipeline.account[deals]
    size = np.log(pipeline.amount[deals] / np.array(MEDIAN_AMOUNT)[team])
    origin = (
        np.array(SOURCE_EFFECT)[pipeline.source[deals]]
        + np.array(GRADE_EFFECT)[pipeline.grade[deals]]
        + np.array(INDUSTRY_EFFECT)[accounts.industry[account]]
        + np.array(REGION_EFFECT)[accounts.region[account]]
        + SIZE_EFFECT * np.clip(size, -3 * AMOUNT_SPREAD[0], 3 * AMOUNT_SPREAD[0])
    )
    return effect + np.where(new, origin, 0.0) + INHERITED_EFFECT * pipeline.inherited[deals]
