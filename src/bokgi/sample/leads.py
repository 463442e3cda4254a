"""Leads: one for each deal of new business, and those that became nothing; who touched them first, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bokgi.sample.arrivals import enter_accounts
from bokgi.sample.draws import Draws, Flags, Ints, joined
from bokgi.sample.pipeline import NOTHING
from bokgi.sample.timeline import DAY_SECONDS, WORK_SECONDS
from bokgi.sample.truth import (
    DEALS_PER_WEEK,
    NEW,
    SELLERS,
    SLOW_FACTOR,
    SLOW_FOR_DAYS,
    SLOW_RESPONDER,
    TEAM_SOURCES,
    TERRITORY_GRADES,
    TERRITORY_SOURCES,
)
from bokgi.sample.world import World

CONVERTED: Final = 0
IN_HAND: Final = 4
OUTCOMES: Final = ("전환", "부적합", "무응답", "육성 중", "응대 중")
_OUTCOME_WEIGHTS: Final = (0.0, 0.40, 0.35, 0.25, 0.0)
_STREAM: Final = 11
_UNCONVERTED: Final = 1.05
"""Leads that become nothing, for each that becomes a deal."""
_WORSE_GRADES: Final = (0.5, 1.0, 1.6)
_IN_HAND_DAYS: Final = 10
_TOUCHED: Final = (0.97, 0.85)
"""Share of leads touched at all: converted, others."""
_SPREAD: Final = 0.8
_LIMITS: Final = (120, 40 * 3_600)
_WAITS: Final = (WORK_SECONDS // 4, 5 * WORK_SECONDS)
"""From the first touch to the deal."""
_AT_NIGHT: Final = 0.25
_ROUTED_SECONDS: Final = 1_800
_EVENING: Final = (3_600, 12 * 3_600)
_MORNING_SECOND: Final = 9 * 3_600
_MORE_TOUCHES: Final = 0.45
_BY_CALL: Final = 0.6
_WEB: Final = 0


@dataclass(frozen=True)
class Leads:
    """Leads as columns; `deal` is -1 without conversion, moments as in `Timeline`, `created` in civil seconds."""

    owner: Ints
    source: Ints
    grade: Ints
    account: Ints
    created: Ints
    assigned: Ints
    deal: Ints
    outcome: Ints
    touch_lead: Ints
    """Lead of each touch …"""
    touch_moment: Ints
    touch_by_call: Flags


def make_leads(world: World, seed: int) -> Leads:
    """Draw the leads behind the deals and those that became nothing."""
    draws, pipeline, roster, timeline = Draws(seed, _STREAM), world.pipeline, world.roster, world.timeline
    deals = np.flatnonzero(pipeline.type[: pipeline.n] == NEW).astype(np.int64)
    lost_owner, lost_moment = _unconverted(world, draws)
    territory = roster.territory[lost_owner]
    sources = np.array(TEAM_SOURCES)[roster.team[lost_owner]] * np.array(TERRITORY_SOURCES)[territory]
    grades = np.array(TERRITORY_GRADES)[territory] * np.array(_WORSE_GRADES)
    n_lost = len(lost_owner)
    owner = np.concatenate([pipeline.first_owner[deals], lost_owner])
    source = np.concatenate([pipeline.source[deals], draws.choose(sources, n_lost)])
    deal = np.concatenate([deals, np.full(n_lost, NOTHING)])
    wait = draws.between(*_WAITS, len(deals))
    upto = np.concatenate([pipeline.created[deals], np.full(n_lost, timeline.now - 1)])
    response = np.exp(_SPREAD * draws.normal(len(owner)))
    response = response * np.array([seller.response_hours for seller in SELLERS])[owner] * 3_600
    usual = np.clip(response, *_LIMITS).astype(np.int64)
    assigned = np.concatenate([np.maximum(pipeline.created[deals] - usual[: len(deals)] - wait, 0), lost_moment])
    slow = (roster.names[owner] == SLOW_RESPONDER) & (timeline.day_of(assigned) > timeline.today_day - SLOW_FOR_DAYS)
    usual = np.clip(np.where(slow, response * SLOW_FACTOR, response), *_LIMITS).astype(np.int64)
    touched = draws.flags(np.where(deal != NOTHING, *_TOUCHED), len(owner))
    touch = assigned + usual
    outside = touch > upto
    touch = np.where(outside & (deal != NOTHING), upto, touch)
    touched &= ~(outside & (deal == NOTHING))
    recent = timeline.day_of(assigned) > timeline.today_day - _IN_HAND_DAYS
    outcome = np.where(recent, IN_HAND, draws.choose(_OUTCOME_WEIGHTS, len(owner)))
    more = touched & draws.flags(_MORE_TOUCHES, len(owner))
    second = touch + draws.between(WORK_SECONDS // 2, 3 * WORK_SECONDS, len(owner))
    more &= second < upto
    touch_lead = np.concatenate([np.flatnonzero(touched), np.flatnonzero(more)]).astype(np.int64)
    return Leads(
        owner=owner,
        source=source,
        grade=np.concatenate([pipeline.grade[deals], draws.choose(grades, n_lost)]),
        account=np.concatenate([pipeline.account[deals], enter_accounts(world, draws, lost_owner, lost_moment)]),
        created=_created(world, draws, assigned, source == _WEB),
        assigned=assigned,
        deal=deal,
        outcome=np.where(deal != NOTHING, CONVERTED, outcome),
        touch_lead=touch_lead,
        touch_moment=np.concatenate([touch[touched], second[more]]),
        touch_by_call=draws.flags(_BY_CALL, len(touch_lead)),
    )


def _unconverted(world: World, draws: Draws) -> tuple[Ints, Ints]:
    roster, timeline = world.roster, world.timeline
    owners: list[Ints] = []
    moments: list[Ints] = []
    usual = _UNCONVERTED * roster.load * np.array(DEALS_PER_WEEK)[roster.team]
    for week in range(timeline.n_weeks):
        counts = draws.counts(usual * roster.ramp(week) * timeline.work_share[week])
        owners.append(np.repeat(np.arange(len(counts)), counts).astype(np.int64))
        moments.append(timeline.moments_in_week(draws, week, int(counts.sum())))
    return joined(owners), joined(moments)


def _created(world: World, draws: Draws, assigned: Ints, from_web: Flags) -> Ints:
    """Give civil seconds of creation: shortly before assignment, or in the night before for some from the web."""
    seconds = world.timeline.seconds(assigned)
    at_night = from_web & draws.flags(_AT_NIGHT, len(assigned))
    midnight = seconds // DAY_SECONDS * DAY_SECONDS
    night = midnight + _MORNING_SECOND - draws.between(*_EVENING, len(assigned))
    return np.maximum(np.where(at_night, night, seconds - draws.between(0, _ROUTED_SECONDS, len(assigned))), 0)
