"""What the steps of a week share: time, people, deals, and a stream of draws for each kind of step."""

from __future__ import annotations

from dataclasses import dataclass

from bokgi.sample.draws import Draws
from bokgi.sample.pipeline import Pipeline
from bokgi.sample.roster import Roster
from bokgi.sample.timeline import Timeline


@dataclass(frozen=True)
class World:
    """The company while its two years pass."""

    timeline: Timeline
    roster: Roster
    pipeline: Pipeline
    arriving: Draws
    moving: Draws
    working: Draws
