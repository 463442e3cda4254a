"""How near the forecast comes to one who knows the truth of the organisation, for whom only chance is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.simulator import Organisation, World, simulate
from benchmarks.simulator.history import Paths, simulate_paths
from benchmarks.simulator.organisation import intake, stage_weights
from benchmarks.study.forecast import SIZES, replayed
from benchmarks.study.rows import Row, mean_row
from bokgi.analysis.forecast.scoring import crps
from bokgi.analysis.forecast.windows import day_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOPIC: Final = "forecast_limit"
NOTE: Final = """\
Who knows the truth knows the chances of every deal and person, how long stages take, how close dates are set and how
many deals come in; what each deal will do, and how many will come, is left to chance. No forecast can be further below
the run rate, but for luck. The organisations are none of those of the table of the forecast."""
SCALES: Final = ("small", "medium", "full")
PERIODS: Final = {1: "month", 3: "quarter"}
SEED_AFTER: Final = 5_000
"""So far from the seeds of the topic `forecast`: other organisations."""
COUNT: Final = {"small": {30: 1, 12: 2, 6: 2}, "medium": {30: 2, 12: 3, 6: 16}, "full": {30: 20, 12: 40, 6: 100}}
"""Scale → people → organisations."""
_FUTURES: Final = 1_000
"""Futures drawn of each open deal, of which those count that agree with what is seen of it."""
_ROWS: Final = 400_000
_NEW: Final = 20_000
_PATHS: Final = 4_000
_DUE_EARLY: Final = 45
"""A close date is set up to so many days, not included, before the day that was planned, each alike."""
_DUE_AFTER: Final = 7
"""A close date is never set earlier than so many days after a deal began."""


def run(scale: str, seed: int) -> list[Row]:
    """Measure the forecast and who knows the truth on the same windows of the same organisations."""
    return [row for months in PERIODS for row in measured(months, COUNT[scale], seed + SEED_AFTER)]


def measured(months: int, count: Mapping[int, int], seed: int) -> list[Row]:
    """Measure both on windows of so many months, in so many organisations of each number of people."""
    rows: list[Row] = []
    for reps, deals in SIZES.items():
        truth, own = [], []
        for each in range(count[reps]):
            organisation = Organisation(seed=seed + each, reps=reps, deals=deals)
            found = replayed(organisation, months).found
            known = Known(simulate(organisation))
            rng = np.random.default_rng([organisation.seed, months])
            errors = [crps(known.draws(rng, one.origin, one.start, one.end), one.came) for one in found.origins]
            rate = found.scores["run_rate"].crps
            truth.append(1.0 - float(np.mean(errors)) / rate)
            own.append(1.0 - found.scores["forecast"].crps / rate)
        for who, below in (("who knows the truth", truth), ("the forecast", own)):
            rows.append(mean_row(TOPIC, f"CRPS below the run rate, {PERIODS[months]}, {reps} people: {who}", below))
    return rows


@dataclass(frozen=True)
class Seen:
    """Open deals as seen on a day: since when in which stage; `doomed`: they end in it, and it is not the last.

    A deal that went back or was opened again is seen in the stage to which it returns, from the day it does.
    """

    deal: Ints
    stage: Ints
    since: Ints
    doomed: NDArray[np.bool_]


class Known:
    """A simulated organisation to one who knows all about it but the future."""

    def __init__(self, world: World) -> None:
        organisation, deals = world.organisation, world.tables["deals"]
        if organisation.acts_on != "winning" or organisation.defects:
            message = "chances of stages are known of organisations without defects only"
            raise ValueError(message)
        self.organisation, self.paths = organisation, world.paths
        self.conversion = world.truth.p_win[:, None] ** stage_weights(organisation)[None, :]
        self.created = _days(deals["created_on"])
        self.amount = np.asarray(deals["amount"].cast("float64").to_numpy(), dtype=np.float64)
        self.due = _first_due(world)
        start, share = intake(organisation)
        self.start, self.intake = start, organisation.deals * share

    def draws(self, rng: np.random.Generator, origin: date, start: date, end: date) -> Floats:
        """Draw what is won from `start` to before `end` of the deals open at the end of `origin` and those after it."""
        on, after, until = (day_number(day) for day in (origin, start, end))
        deal, chance = self.chances(rng, on, after, until)
        won = rng.random((_PATHS, len(deal))) < chance
        return won @ self.amount[deal] + self._new(rng, on, after, until)

    def chances(self, rng: np.random.Generator, on: int, after: int, until: int) -> tuple[Ints, Floats]:
        """Give the deals open at the end of a day, and the chance of each to be won from a day to before another.

        Futures are drawn from the stage that is seen on; those count in which nothing else would be seen by now, by how
        likely they made the first close date.
        """
        seen = seen_on(self.paths, self.created, on, stages=self.organisation.stages)
        chance = np.zeros(len(seen.deal))
        at_once = max(_ROWS // _FUTURES, 1)
        for low in range(0, len(seen.deal), at_once):
            part = slice(low, low + at_once)
            n = len(seen.deal[part])
            deal, stage, since = (np.repeat(column[part], _FUTURES) for column in (seen.deal, seen.stage, seen.since))
            paths = self._simulated(rng, since, self.conversion[deal], stage)
            others = np.bincount(paths.deal[paths.entered <= on], minlength=len(deal)) > 1
            agrees = (paths.closed > on) & ~others
            weight = agrees * self._likelihood(deal, paths.planned_close)
            won = paths.won & (paths.closed >= after) & (paths.closed < until)
            total, hits = (sums.reshape(n, _FUTURES).sum(axis=1) for sums in (weight, weight * won))
            chance[part] = np.where(seen.doomed[part], 0.0, hits / np.maximum(total, 1e-300))
        return seen.deal, chance

    def _likelihood(self, deal: Ints, planned: Ints) -> Floats:
        """How likely the first close date of a deal was, had it been planned for a day."""
        early = planned - self.due[deal]
        at_least = self.due[deal] == self.created[deal] + _DUE_AFTER
        return np.where(
            at_least,
            np.clip(_DUE_EARLY - np.maximum(early, 0), 0, _DUE_EARLY),
            (early >= 0) & (early < _DUE_EARLY),
        ).astype(np.float64)

    def _new(self, rng: np.random.Generator, on: int, after: int, until: int) -> Floats:
        """Draw what is won of deals that begin after a day: like all deals, as many as come on average."""
        days = np.arange(on + 1, until)
        expected = self.intake[days - self.start]
        deal = rng.integers(0, len(self.created), _NEW)
        created = rng.choice(days, _NEW, p=expected / expected.sum())
        paths = self._simulated(rng, created, self.conversion[deal], np.zeros(_NEW, dtype=np.int64))
        won = self.amount[deal[paths.won & (paths.closed >= after) & (paths.closed < until)]]
        counts = rng.poisson(expected.sum() * len(won) / _NEW, _PATHS)
        path = np.repeat(np.arange(_PATHS), counts)
        return np.bincount(path, rng.choice(won, len(path)) if len(path) else None, _PATHS).astype(np.float64)

    def _simulated(self, rng: np.random.Generator, created: Ints, conversion: Floats, begun: Ints) -> Paths:
        return simulate_paths(
            rng,
            created=created,
            conversion=conversion,
            never_close=self.organisation.never_close,
            cycle_days=self.organisation.cycle_days,
            rush=self.organisation.rush,
            begun=begun,
        )


def seen_on(paths: Paths, created: Ints, on: int, *, stages: int) -> Seen:
    """Give the deals that are open at the end of a day as their stage history shows them."""
    is_open = (created <= on) & (paths.closed > on)
    rows = np.flatnonzero((paths.entered <= on) & is_open[paths.deal])
    deal, stage, entered = paths.deal[rows], paths.stage[rows], paths.entered[rows]
    last = np.append(deal[1:] != deal[:-1], True)
    there, since, furthest = deal[last], entered[last], np.full(len(created), -1)
    np.maximum.at(furthest, deal, stage)
    # A deal goes back, or is lost for a while, from the stage it ends in, and returns after as many days again.
    fell = np.flatnonzero((deal[1:] == deal[:-1]) & (stage[1:] < stage[:-1])) + 1
    back = np.zeros(len(created), dtype=bool)
    returns = np.zeros(len(created), dtype=np.int64)
    back[deal[fell]], returns[deal[fell]] = True, 2 * entered[fell] - entered[fell - 1]
    stage_now = furthest[there]
    return Seen(there, stage_now, np.where(back[there], returns[there], since), back[there] & (stage_now < stages - 1))


def _days(column: object) -> Ints:
    return np.asarray(column.cast("int32").to_numpy(), dtype=np.int64)  # type: ignore[attr-defined]  # an Arrow column


def _first_due(world: World) -> Ints:
    """Give the close date that each deal began with."""
    changes = world.tables["deal_changes"].sort_by([("changed_on", "descending")])
    due = _days(world.tables["deals"]["expected_close_on"])
    place = pc.index_in(changes["deal_id"], world.tables["deals"]["deal_id"]).to_numpy()
    due[place] = _days(pc.cast(changes["old"], "date32"))  # of several the earliest comes last
    return due
