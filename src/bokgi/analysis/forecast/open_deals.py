"""Open deals of a forecast: which are at risk, and on which the range hangs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bokgi.analysis.forecast.benchmarks import stage_chances
from bokgi.analysis.forecast.counting import UNKNOWN
from bokgi.analysis.forecast.history import NEVER, History
from bokgi.analysis.forecast.outlook import Outlook, fresh_chance
from bokgi.analysis.forecast.result import DealOutlook
from bokgi.analysis.forecast.windows import Window, day_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHOWN: Final = 10
_MUCH_BETTER: Final = 1.25


@dataclass(frozen=True)
class OpenDeals:
    """All open deals with their chances, as arrays; only those that are shown are written out."""

    history: History
    outlook: Outlook
    amount: Floats
    stage_chance: Floats
    share: Floats

    def told(self, rows: Ints) -> tuple[DealOutlook, ...]:
        """Write some of them out."""
        standing, coding, outlook = self.outlook.standing, self.history.coding, self.outlook
        chance, fresh = outlook.chance[rows], fresh_chance(outlook, self.history, rows)
        persons = [None if name == UNKNOWN else name for name in coding.persons]
        ids = standing.deal_id.take(rows).to_pylist()
        return tuple(
            DealOutlook(
                deal_id,
                persons[standing.person[row]],
                coding.stages[standing.stage[row]][1],
                float(self.amount[row]),
                not outlook.unknown[row],
                float(p),
                float(self.stage_chance[row]),
                None if standing.due[row] >= NEVER else int(standing.due[row]),
                float(self.share[row]),
                bool(p_fresh > _MUCH_BETTER * p),
            )
            for deal_id, row, p, p_fresh in zip(ids, rows.tolist(), chance, fresh, strict=True)
        )


def open_deals(history: History, outlook: Outlook) -> OpenDeals:
    """Give every open deal with its chance."""
    standing = outlook.standing
    by_stage = stage_chances(history.ends, history.stage_probability, on=day_number(outlook.window.origin))
    chance = outlook.chance
    variance = outlook.amount**2 * chance * (1.0 - chance)
    return OpenDeals(
        history,
        outlook,
        np.where(outlook.unknown, outlook.amount, standing.amount),
        np.where(np.isnan(standing.probability), by_stage[standing.stage], standing.probability),
        variance / max(float(variance.sum()), 1e-300),
    )


def at_risk(deals: OpenDeals, window: Window) -> tuple[DealOutlook, ...]:
    """Give the deals that the pipeline counts on for the period and experience does not, by the money between the two.

    Deals due by the end of the period (overdue ones too) whose stage promises more than their own chance; without any
    due date all open deals.
    """
    due = deals.outlook.standing.due
    gap = deals.amount * (deals.stage_chance - deals.outlook.chance)
    asked = (due <= window.until) if (due < NEVER).any() else np.ones(len(due), dtype=bool)
    return deals.told(_largest(np.where(asked, gap, 0.0), positive=True))


def widest(deals: OpenDeals) -> tuple[DealOutlook, ...]:
    """Give the deals on which the range of the open part hangs most: whether they are won or not."""
    return deals.told(_largest(deals.share, positive=False))


def _largest(values: Floats, *, positive: bool) -> Ints:
    """Give the rows of the largest values, the largest first; of equal ones the first in the order of the ids."""
    rows = np.argsort(-values, kind="stable")[:SHOWN]
    return rows[values[rows] > 0.0] if positive else rows
