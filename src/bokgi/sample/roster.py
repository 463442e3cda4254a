"""Who works when: the sellers as arrays, with load by week and colleagues to take over."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.draws import Draws, Flags, Floats, Ints, Texts
from bokgi.sample.timeline import Timeline
from bokgi.sample.truth import (
    FALLING_ACTIVITY,
    FALLING_FACTOR,
    FALLING_FOR_WEEKS,
    RAMP,
    RAMP_SKILL,
    SELLERS,
    TEAM_LEADS,
)

_MONTH_DAYS: Final = 30
_NEVER: Final = 1 << 40


class Roster:
    """The sellers in the order of `SELLERS`; team leads follow them in `names`."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.names: Texts = np.array([*(seller.name for seller in SELLERS), *TEAM_LEADS], dtype=object)
        self.team: Ints = np.array([seller.team for seller in SELLERS], dtype=np.int64)
        self.territory: Ints = np.array([seller.territory for seller in SELLERS], dtype=np.int64)
        self.skill: Floats = np.array([seller.skill for seller in SELLERS])
        self.load: Floats = np.array([seller.load for seller in SELLERS])
        self._activity: Floats = np.array([seller.activity for seller in SELLERS])
        self.joined: Ints = np.array([self._day_ago(seller.joined_days_ago) for seller in SELLERS], dtype=np.int64)
        self.left: Ints = np.array([self._day_ago(seller.left_days_ago) for seller in SELLERS], dtype=np.int64)
        self.lead_of_team: Ints = len(SELLERS) + np.arange(len(TEAM_LEADS), dtype=np.int64)

    def _day_ago(self, days: int | None) -> int:
        return _NEVER if days is None else (self._timeline.weekday_ago(days) - self._timeline.start).days

    def active(self, week: int) -> Flags:
        """Tell who works in a week: from the week after joining to the week before leaving."""
        monday = self._timeline.monday(week)
        result: Flags = (self.joined < monday) & (self.left >= monday + 7)
        return result

    def ramp(self, week: int) -> Floats:
        """Give the share of a full load each carries, 0 for those not there."""
        months = np.maximum(self._timeline.monday(week) - self.joined, 0) // _MONTH_DAYS
        share: Floats = np.array(RAMP)[np.minimum(months, len(RAMP) - 1)] * self.active(week)
        return share

    def skill_in(self, week: int) -> Floats:
        """Give the effect of skill in a week, smaller for newcomers."""
        return self.skill + RAMP_SKILL * (1.0 - self.ramp(week)) * self.active(week)

    def activity_in(self, week: int) -> Floats:
        """Give the factor on the usual number of activities."""
        falls = (self.names[: len(SELLERS)] == FALLING_ACTIVITY) & (week >= self._timeline.n_weeks - FALLING_FOR_WEEKS)
        return self._activity * np.where(falls, FALLING_FACTOR, 1.0)

    def colleagues(self, draws: Draws, teams: Ints, week: int) -> Ints:
        """Draw somebody of each team who works in that week."""
        weights = (self.team[None, :] == teams[:, None]) & self.active(week)[None, :]
        return draws.choose(weights.astype(np.float64), len(teams))
