"""What sellers do on open deals in a week: meetings, calls, mails, notes, and content sent to the customer."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.draws import Ints
from bokgi.sample.library import stage_weights
from bokgi.sample.pipeline import NOTHING
from bokgi.sample.timeline import WORK_SECONDS
from bokgi.sample.world import World

MEETING, CALL, EMAIL, NOTE, SYSTEM_EMAIL = range(5)
ACTIVITY_KINDS: Final = ("미팅", "전화", "이메일", "메모", "이메일")
_PER_WEEK: Final = (
    (0.24, 0.34, 0.42, 0.30, 0.34, 0.25, 0.30, 0.28),
    (0.44, 0.36, 0.28, 0.38, 0.38, 0.30, 0.30, 0.28),
    (0.44, 0.40, 0.40, 0.46, 0.44, 0.34, 0.38, 0.36),
    (0.12, 0.15, 0.16, 0.12, 0.12, 0.10, 0.10, 0.10),
    (0.16, 0.11, 0.10, 0.15, 0.13, 0.18, 0.16, 0.14),
)
"""Activities a deal and week, by kind and stage; system mails do not depend on the person."""
_HELD: Final = 0.87
_ASLEEP: Final = 0.20
_SENT: Final = 0.19
"""Content sent a deal and week, when a person did something on it in the week before, but held no meeting …"""
_SENT_AFTER_MEETING: Final = 1.7
"""… times this when a meeting was held …"""
_SENT_UNTOUCHED: Final = 0.3
"""… and times this when nobody did anything."""


def act(world: World, deals: Ints, stage: Ints, week: int) -> None:
    """Draw the activities on deals that are open in the week; `stage` is where each stood at its start."""
    draws, pipeline, timeline, roster = world.working, world.pipeline, world.timeline, world.roster
    share = timeline.work_share[week]
    owner = pipeline.owner[deals]
    effort = roster.activity_in(week)[owner] * np.where(pipeline.asleep[deals], _ASLEEP, 1.0) * share
    for kind, rates in enumerate(_PER_WEEK):
        usual = np.array(rates)[stage]
        count = draws.counts(usual * (share if kind == SYSTEM_EMAIL else effort))
        index = np.repeat(np.arange(len(deals)), count)
        moment = timeline.moments_in_week(draws, week, len(index))
        held = (kind == MEETING) & draws.flags(_HELD, len(index))
        on, who, where = deals[index], owner[index], stage[index]
        closed = pipeline.closed[on]
        real = (moment >= pipeline.created[on]) & ((closed == NOTHING) | (moment <= closed))
        pipeline.activities.write(
            deal=on[real],
            moment=moment[real],
            kind=np.full(int(real.sum()), kind),
            owner=who[real],
            held=held[real].astype(np.int64),
            stage=where[real],
        )
        pipeline.held_week[on[real & held]] = week
        if kind != SYSTEM_EMAIL:
            pipeline.touched_week[on[real]] = week


def send(world: World, deals: Ints, stage: Ints, week: int) -> None:
    """Draw what content is sent; in a week in which a deal moves, before it moves."""
    draws, pipeline, timeline = world.working, world.pipeline, world.timeline
    met, touched = (since[deals] == week - 1 for since in (pipeline.held_week, pipeline.touched_week))
    attention = np.where(met, _SENT_AFTER_MEETING, np.where(touched, 1.0, _SENT_UNTOUCHED))
    rate = _SENT * attention * timeline.work_share[week]
    sent = draws.flags(rate, len(deals))
    on, where = deals[sent], stage[sent]
    item = draws.choose(stage_weights()[where], len(on))
    first = timeline.week_first[week] * WORK_SECONDS
    until = np.where(pipeline.moved[on] >= first, pipeline.moved[on], first + timeline.week_count[week] * WORK_SECONDS)
    moment = first + draws.below(until - first)
    pipeline.sends.write(deal=on, moment=moment, item=item, owner=pipeline.owner[on])
    pipeline.see(on, item, week)
