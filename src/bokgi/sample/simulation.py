"""Run the two years."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.arrivals import arrive, customers_before
from bokgi.sample.draws import Draws
from bokgi.sample.moves import hand_over, keep_up, move, reopen
from bokgi.sample.pipeline import Pipeline
from bokgi.sample.roster import Roster
from bokgi.sample.timeline import Timeline
from bokgi.sample.work import act, send
from bokgi.sample.world import World

_CAPACITY: Final = 20_000
"""Deals there is room for; about 6,000 come."""
_ARRIVING, _MOVING, _WORKING = 1, 2, 3


def run(timeline: Timeline, seed: int) -> World:
    """Let the weeks pass one after another and give the company as it stands at the end."""
    world = World(
        timeline=timeline,
        roster=Roster(timeline),
        pipeline=Pipeline(_CAPACITY),
        arriving=Draws(seed, _ARRIVING),
        moving=Draws(seed, _MOVING),
        working=Draws(seed, _WORKING),
    )
    pipeline = world.pipeline
    customers_before(world)
    for week in range(timeline.n_weeks):
        if timeline.week_count[week] == 0:
            continue
        hand_over(world, week)
        before = pipeline.open_deals()
        arrived = arrive(world, week)
        working = np.concatenate([before, arrived])
        stage = pipeline.stage[working].copy()
        move(world, before, week)
        reopen(world, week)
        keep_up(world, week)
        send(world, before, stage[: len(before)], week)
        act(world, working, stage, week)
    return world
