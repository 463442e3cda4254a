"""What becomes of open deals in a week: moved on, back or ended, re-opened, handed over, put off."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.arrivals import STEP_WORDINGS, customers_won, rounded
from bokgi.sample.draws import Flags, Ints
from bokgi.sample.pipeline import NEVER, NOTHING, Journal
from bokgi.sample.rates import week_rates
from bokgi.sample.timeline import WORK_SECONDS
from bokgi.sample.truth import (
    AMOUNT_LIMITS,
    BOTTLENECK,
    FIRST_STAGE,
    LOST,
    MOVES_BACK,
    NEGOTIATION,
    NEW,
    NO_DECISION,
    PROPOSAL,
    RENEWAL,
    REOPENS,
    SKIPS_NEXT,
    SOLUTION,
    WON,
)
from bokgi.sample.world import World

LOST_REASONS: Final = (
    "가격",
    "경쟁사",
    "예산 없음",
    "기능 부족",
    "시기",
    "의사결정자 부재",
    "무응답",
    "부적합",
    "무결정",
    "기타",
)
_LOST_EARLY: Final = (0.08, 0.10, 0.20, 0.06, 0.12, 0.06, 0.20, 0.15, 0.0, 0.03)
_LOST_LATE: Final = (0.26, 0.27, 0.10, 0.12, 0.08, 0.07, 0.06, 0.01, 0.0, 0.03)
_LOST_STUCK: Final = (0.12, 0.30, 0.06, 0.05, 0.20, 0.04, 0.20, 0.0, 0.0, 0.03)
"""In the bottleneck: the quote came too late."""
_NO_DECISION: Final = (0.0, 0.0, 0.12, 0.0, 0.13, 0.12, 0.13, 0.0, 0.50, 0.0)
_UNDECIDED: Final = (0.20, 0.34, 0.10)
"""Share of endings without a decision: in a first stage, later, for renewals."""
_UNDECIDED_WHEN_OLD: Final = 0.20
_OLD_WEEKS: Final = 8

_REQUOTED: Final = (0.50, 0.15)
_DISCOUNTED: Final = (0.35, 0.82, 0.97)
_REDATED_AT_NEGOTIATION: Final = (0.40, 10, 30)
_HANDED_OVER: Final = 0.0012
_REOPENED_AFTER: Final = (3, 20)
_PUT_OFF: Final = 0.78
_PUT_OFF_ASLEEP: Final = 0.25
_PUT_OFF_DAYS: Final = (14, 63)
_TO_QUARTER_END: Final = 0.40
_REDATED: Final = 0.02
_REDATED_DAYS: Final = (-14, 28)
_SOONEST_DAYS: Final = 3
_NO_NEXT_STEP: Final = 0.10
_STEP_DONE: Final = 0.04
_STEP_FOUND: Final = 0.35
_STEP_FOUND_ASLEEP: Final = 0.03
_BY_LEAD: Final = 0.03


def hand_over(world: World, week: int) -> None:
    """Give the deals of who has left to colleagues, and a few others, at the start of the first working day."""
    draws, roster, pipeline = world.moving, world.roster, world.pipeline
    deals = pipeline.open_deals()
    gone = ~roster.active(week)[pipeline.owner[deals]]
    moved = deals[gone | draws.flags(_HANDED_OVER, len(deals))]
    new = roster.colleagues(draws, pipeline.team[moved], week)
    changed = new != pipeline.owner[moved]
    moved, new = moved[changed], new[changed]
    moment = np.full(len(moved), world.timeline.week_first[week] * WORK_SECONDS)
    pipeline.owners.write(deal=moved, moment=moment, old=pipeline.owner[moved], new=new)
    pipeline.owner[moved] = new
    pipeline.assigned[moved] = moment
    pipeline.inherited[moved] = True


def move(world: World, deals: Ints, week: int) -> None:
    """Draw for each open deal whether it moves on, ends or goes back this week."""
    draws, pipeline, timeline = world.moving, world.pipeline, world.timeline
    deals = deals[pipeline.entered_week[deals] < week]
    forwards, ending = week_rates(world, deals, week)
    happens = draws.flags(1.0 - np.exp(-(forwards + ending) * timeline.work_share[week]), len(deals))
    onwards = draws.flags(forwards / (forwards + ending), len(deals))
    stage = pipeline.stage[deals]
    back = ~happens & draws.flags(MOVES_BACK * timeline.work_share[week], len(deals))
    back &= (stage >= SOLUTION) & (stage <= NEGOTIATION)
    moment = timeline.moments_in_week(draws, week, len(deals))
    skips = draws.flags(np.array(SKIPS_NEXT)[pipeline.team[deals]], len(deals)) & (stage < PROPOSAL)
    after = np.where((stage == NEGOTIATION) | (stage == WON - 1), WON, stage + 1 + skips)
    going = happens & onwards
    _enter(world, deals[going], after[going], moment[going], week)
    _enter(world, deals[back], stage[back] - 1, moment[back], week)
    ended = happens & ~onwards
    _end(world, deals[ended], moment[ended], week)


def _end(world: World, deals: Ints, moment: Ints, week: int) -> None:
    draws, pipeline = world.moving, world.pipeline
    stage = pipeline.stage[deals]
    early = np.isin(stage, FIRST_STAGE)
    first, later, renewal = _UNDECIDED
    undecided = np.where(pipeline.type[deals] == RENEWAL, renewal, np.where(early, first, later))
    undecided = undecided + _UNDECIDED_WHEN_OLD * (week - pipeline.entered_week[deals] > _OLD_WEEKS)
    no_decision = draws.flags(undecided, len(deals))
    stuck = (pipeline.team[deals] == BOTTLENECK.team) & (stage == BOTTLENECK.stage)
    weights = np.where(early[:, None], np.array(_LOST_EARLY), np.array(_LOST_LATE))
    weights = np.where(stuck[:, None], np.array(_LOST_STUCK), weights)
    weights = np.where(no_decision[:, None], np.array(_NO_DECISION), weights)
    pipeline.lost_reason[deals] = draws.choose(weights, len(deals))
    _enter(world, deals, np.where(no_decision, NO_DECISION, LOST), moment, week)


def _enter(world: World, deals: Ints, stage: Ints, moment: Ints, week: int) -> None:
    """Put deals into a stage, with what people change when that happens."""
    draws, pipeline = world.moving, world.pipeline
    lead = world.roster.lead_of_team[pipeline.team[deals]]
    by = np.where(draws.flags(_BY_LEAD, len(deals)), lead, pipeline.owner[deals])
    pipeline.stages.write(deal=deals, moment=moment, stage=stage, by=by)
    closed = stage >= WON
    pipeline.left_from[deals] = np.where(closed, pipeline.stage[deals], pipeline.left_from[deals])
    pipeline.stage[deals] = stage
    pipeline.entered_week[deals] = week
    pipeline.moved[deals] = moment
    pipeline.closed[deals] = np.where(closed, moment, NOTHING)
    pipeline.closed_week[deals] = np.where(closed, week, NEVER)
    found = ~closed & ~draws.flags(_NO_NEXT_STEP, len(deals))
    _step(world, deals, found, moment)
    _requote(world, deals, moment)
    redated, soonest, latest = _REDATED_AT_NEGOTIATION
    near = (stage == NEGOTIATION) & draws.flags(redated, len(deals))
    day = world.timeline.day_of(moment) + draws.between(soonest, latest, len(deals))
    _redate(world, deals[near], day[near], moment[near])
    customers_won(world, deals[stage == WON], week)


def _step(world: World, deals: Ints, found: Flags, moment: Ints) -> None:
    """Write down another next step, or none."""
    draws, pipeline = world.moving, world.pipeline
    wording = draws.between(0, STEP_WORDINGS - 1, len(deals))
    new = np.where(found, pipeline.stage[deals] * STEP_WORDINGS + wording, NOTHING)
    old = pipeline.next_step[deals]
    changed = new != old
    _note(world, pipeline.steps, deals[changed], moment[changed], old[changed], new[changed])
    pipeline.next_step[deals] = new


def _requote(world: World, deals: Ints, moment: Ints) -> None:
    """Change amounts when a proposal is written and when it is negotiated."""
    draws, pipeline = world.moving, world.pipeline
    stage, team, old = pipeline.stage[deals], pipeline.team[deals], pipeline.amount[deals]
    share, spread = _REQUOTED
    quoted = (stage == PROPOSAL) & draws.flags(share, len(deals))
    discounted, least, most = _DISCOUNTED
    bargained = (stage == NEGOTIATION) & draws.flags(discounted, len(deals))
    factor = np.where(quoted, np.exp(spread * draws.normal(len(deals))), 1.0)
    factor = np.where(bargained, least + (most - least) * draws.uniform(len(deals)), factor)
    limits = np.array(AMOUNT_LIMITS)[team]
    new = np.where(quoted | bargained, np.clip(rounded(old * factor, team), limits[:, 0], limits[:, 1]), old)
    changed = new != old
    _note(world, pipeline.amounts, deals[changed], moment[changed], old[changed], new[changed])
    pipeline.amount[deals] = new


def _redate(world: World, deals: Ints, day: Ints, moment: Ints) -> None:
    pipeline = world.pipeline
    old = pipeline.expected[deals]
    changed = day != old
    _note(world, pipeline.dates, deals[changed], moment[changed], old[changed], day[changed])
    pipeline.expected[deals] = day


def _note(world: World, journal: Journal, deals: Ints, moment: Ints, old: Ints, new: Ints) -> None:
    """Write down that the owners of some deals changed a field."""
    journal.write(deal=deals, moment=moment, old=old, new=new, by=world.pipeline.owner[deals])


def reopen(world: World, week: int) -> None:
    """Open some deals of new business again that were lost a while ago."""
    draws, pipeline, timeline = world.moving, world.pipeline, world.timeline
    known = np.arange(pipeline.n)
    earliest, latest = _REOPENED_AFTER
    age = week - pipeline.closed_week[known]
    may = (pipeline.stage[known] >= LOST) & (pipeline.type[known] == NEW) & (age >= earliest) & (age <= latest)
    may &= ~pipeline.reopened[known] & ~pipeline.retried[known]
    deals = known[may & draws.flags(REOPENS * timeline.work_share[week], len(known))]
    moment = timeline.moments_in_week(draws, week, len(deals))
    pipeline.reopened[deals] = True
    pipeline.lost_reason[deals] = NOTHING
    _hand_to_present(world, deals, week, moment)
    _enter(world, deals, pipeline.left_from[deals], moment, week)
    soonest, latest = _PUT_OFF_DAYS
    _redate(world, deals, timeline.day_of(moment) + draws.between(soonest, latest, len(deals)), moment)


def _hand_to_present(world: World, deals: Ints, week: int, moment: Ints) -> None:
    pipeline, roster = world.pipeline, world.roster
    gone = ~roster.active(week)[pipeline.owner[deals]]
    moved = deals[gone]
    new = roster.colleagues(world.moving, pipeline.team[moved], week)
    pipeline.owners.write(deal=moved, moment=moment[gone], old=pipeline.owner[moved], new=new)
    pipeline.owner[moved] = new
    pipeline.assigned[moved] = moment[gone]
    pipeline.inherited[moved] = True


def keep_up(world: World, week: int) -> None:
    """Put off expected dates that have passed, change a few others, and look after next steps."""
    draws, pipeline, timeline = world.moving, world.pipeline, world.timeline
    deals = pipeline.open_deals()
    deals = deals[pipeline.entered_week[deals] < week]
    n = len(deals)
    asleep = pipeline.asleep[deals]
    moment = timeline.moments_in_week(draws, week, n)
    day = timeline.day_of(moment)
    passed = pipeline.expected[deals] < timeline.monday(week)
    put_off = passed & draws.flags(np.where(asleep, _PUT_OFF_ASLEEP, _PUT_OFF), n)
    later = day + draws.between(*_PUT_OFF_DAYS, n)
    later = np.where(draws.flags(_TO_QUARTER_END, n), timeline.quarter_end(later), later)
    other = ~passed & ~asleep & draws.flags(_REDATED, n)
    shifted = np.maximum(pipeline.expected[deals] + draws.between(*_REDATED_DAYS, n), day + _SOONEST_DAYS)
    changed = put_off | other
    _redate(world, deals[changed], np.where(put_off, later, shifted)[changed], moment[changed])
    has_step = pipeline.next_step[deals] != NOTHING
    done = has_step & draws.flags(_STEP_DONE, n)
    found = ~has_step & draws.flags(np.where(asleep, _STEP_FOUND_ASLEEP, _STEP_FOUND), n)
    touched = done | found
    _step(world, deals[touched], found[touched], moment[touched])
