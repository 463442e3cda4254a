"""Open deals of a forecast: which are at risk, and on which the range hangs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bokgi.analysis.forecast.benchmarks import stage_chances
from bokgi.analysis.forecast.counting import UNKNOWN
from bokgi.analysis.forecast.history import NEVER, History
from bokgi.analysis.forecast.outlook import Outlook, fresh_chance
from bokgi.analysis.forecast.result import DealOutlook
from bokgi.analysis.forecast.windows import Window, day_number

SHOWN: Final = 10
_MUCH_BETTER: Final = 1.25


def deal_outlooks(history: History, outlook: Outlook) -> list[DealOutlook]:
    """Give every open deal with its chance."""
    standing, coding = outlook.standing, history.coding
    by_stage = stage_chances(history.ends, history.stage_probability, on=day_number(outlook.window.origin))
    stage_chance = np.where(np.isnan(standing.probability), by_stage[standing.stage], standing.probability)
    chance = outlook.chance
    variance = outlook.amount**2 * chance * (1.0 - chance)
    share = variance / max(float(variance.sum()), 1e-300)
    fresh = fresh_chance(outlook, history)
    persons = [None if name == UNKNOWN else name for name in coding.persons]
    return [
        DealOutlook(
            str(deal_id),
            persons[person],
            coding.stages[stage][1],
            amount,
            not unknown,
            p,
            expected,
            None if due >= NEVER else due,
            part,
            p_fresh > _MUCH_BETTER * p,
        )
        for deal_id, person, stage, amount, unknown, p, expected, due, part, p_fresh in zip(
            standing.deal_id.tolist(),
            standing.person.tolist(),
            standing.stage.tolist(),
            np.where(outlook.unknown, outlook.amount, standing.amount).tolist(),
            outlook.unknown.tolist(),
            chance.tolist(),
            stage_chance.tolist(),
            standing.due.tolist(),
            share.tolist(),
            fresh.tolist(),
            strict=True,
        )
    ]


def at_risk(deals: Sequence[DealOutlook], window: Window) -> tuple[DealOutlook, ...]:
    """Give the deals that the pipeline counts on for the period and experience does not, by the money between the two.

    Deals due by the end of the period (overdue ones too) whose stage promises more than their own chance; without any
    due date all open deals.
    """
    dated = any(deal.due_in is not None for deal in deals)
    due = [deal for deal in deals if not dated or (deal.due_in is not None and deal.due_in <= window.until)]
    gap = {deal.deal_id: deal.amount * (deal.stage_chance - deal.chance) for deal in due}
    found = sorted((deal for deal in due if gap[deal.deal_id] > 0), key=lambda deal: (-gap[deal.deal_id], deal.deal_id))
    return tuple(found[:SHOWN])


def widest(deals: Sequence[DealOutlook]) -> tuple[DealOutlook, ...]:
    """Give the deals on which the range of the open part hangs most: whether they are won or not."""
    return tuple(sorted(deals, key=lambda deal: (-deal.share, deal.deal_id))[:SHOWN])
