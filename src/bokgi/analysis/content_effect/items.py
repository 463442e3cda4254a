"""The effect of one item of content, adjusted for what decided who saw it; and whether to believe the adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse, special

from bokgi.analysis.content_effect.panel import MOST_OTHERS, NEVER, DealWeeks, Exposures
from bokgi.analysis.content_effect.regression import Flags, Floats, Ints, dummies, fit

MOST_CHANCE: Final = 0.999
"""No week is taken to be surer than this to bring an item."""
LEADS: Final = 4
"""Weeks after a move in which the control looks for content."""


@dataclass(frozen=True)
class Estimate:
    """Log of the ratio of weekly rates of moving on, seen over not seen, and its standard error."""

    effect: float
    se: float


def exposed(panel: DealWeeks, week: Ints, lag: int) -> Flags:
    """Tell in which rows the deal had seen an item at least `lag` weeks before; `week` is its first, by deal."""
    return np.asarray(week[panel.deal] <= panel.week - lag, dtype=bool)


def others_seen(panel: DealWeeks, exposures: Exposures, item: int) -> Ints:
    """Count the other items a deal had seen before each week, `MOST_OTHERS` at most."""
    seen = np.zeros(len(panel.deal), dtype=np.int64)
    for other in range(len(exposures.items)):
        if other != item:
            seen += exposures.week[panel.deal, other] < panel.week
    return np.minimum(seen, MOST_OTHERS)


def adjusted(
    panel: DealWeeks, exposures: Exposures, item: int, lag: int, covariates: sparse.csr_array, beside: Sequence[int]
) -> Estimate:
    """Estimate the effect by a weekly hazard with covariates and with the exposure that was to be expected.

    Doubly robust: right when either the hazard or the model of who is sent the item is right. What is left of the
    exposure beyond the expected hangs on nothing that came before, known or not, as long as sending hangs only on what
    is known: so a deal that sleeps and collects content, or one that is quick, weighs on neither side. `beside`: other
    items whose exposure stands in the hazard.
    """
    seen = [exposed(panel, exposures.week[:, other], lag).astype(np.float64) for other in (item, *beside)]
    seen.append(expected_exposure(panel, exposures, item, lag))
    design = sparse.hstack([covariates, sparse.csr_array(np.stack(seen, axis=1))], format="csr")
    place = covariates.shape[1]
    found = fit(design, panel.moved, link="cloglog")
    return Estimate(float(found.beta[place]), found.clustered_se(design, panel.deal, place))


def expected_exposure(panel: DealWeeks, exposures: Exposures, item: int, lag: int) -> Floats:
    """Give for each row how likely its deal had seen the item at least `lag` weeks before, given the deal's own past.

    One minus the product of the chances not to have been sent it: before the deal's first week, by traits and stage,
    and in each week up to `lag` weeks before, by all that was known then.
    """
    first = exposures.week[panel.deal, item]
    begun = np.append(True, panel.deal[1:] != panel.deal[:-1])
    known = (panel.stage, *panel.traits)
    before = _chance(known, event=first < panel.week, at_risk=begun)[begun]
    past = (*known, panel.in_stage, panel.age, *panel.acted, others_seen(panel, exposures, item))
    spared = np.log1p(-_chance(past, event=first == panel.week, at_risk=first >= panel.week))
    total = np.cumsum(spared)
    start = np.maximum.accumulate(np.where(begun, np.arange(len(total)), 0))
    last = panel.at(panel.week - lag)
    weeks = np.where(last >= 0, total[np.maximum(last, 0)] - (total - spared)[start], 0.0)
    return np.asarray(1.0 - (1.0 - before[panel.deal]) * np.exp(weeks), dtype=np.float64)


def _chance(levels: Sequence[Ints], *, event: Flags, at_risk: Flags) -> Floats:
    """Give every row its chance of an event, learnt from the rows at risk; 0 in stages (`levels[0]`) without one."""
    chance = np.zeros(len(event))
    rows = np.flatnonzero((np.bincount(levels[0], event & at_risk) > 0)[levels[0]])
    if len(rows):
        design = dummies([level[rows] for level in levels])
        learnt = np.flatnonzero(at_risk[rows])
        found = fit(design[learnt], event[rows][learnt], link="logit")
        chance[rows] = np.minimum(special.expit(design @ found.beta), MOST_CHANCE)
    return chance


def control(panel: DealWeeks, exposures: Exposures, item: int, moving: Floats) -> Floats:
    """Give for each deal how much more often than others like it it was sent the item in the weeks after it moved on.

    What comes later cannot have helped: a sum far from 0 shows momentum that the covariates do not hold. Products of
    two residuals, of moving on and of being sent first 1 to `LEADS` weeks later, summed by deal (generalised covariance
    measure, Shah & Peters 2020). Whom the item is sent to is expected from the stage, activity and other content of
    that later week; `moving` is the probability of moving on, by row.
    """
    first = exposures.week[panel.deal, item]
    sent, able = first == panel.week, first >= panel.week
    reached = np.bincount(panel.stage, sent & able) > 0
    rows = np.flatnonzero(able & reached[panel.stage])
    sums = np.zeros(len(panel.ids))
    if not sent[rows].any():
        return sums
    past = [panel.stage, panel.age, *panel.acted, *panel.traits, others_seen(panel, exposures, item)]
    left = np.full(len(sent), np.nan)
    left[rows] = sent[rows] - fit(dummies([level[rows] for level in past]), sent[rows], link="logit").p
    later = panel.following
    for _ in range(LEADS):
        product = (panel.moved - moving) * np.where(later >= 0, left[later], np.nan)
        product = np.where(first > panel.week, product, np.nan)
        sums += np.bincount(panel.deal, np.nan_to_num(product), len(sums))
        later = np.where(later >= 0, panel.following[later], -1)
    return sums


def z_of(sums: Floats) -> float | None:
    """Standardise sums by deal; null where all are 0."""
    spread = float(np.sqrt((sums**2).sum()))
    return float(sums.sum()) / spread if spread > 0.0 else None


def randomised(panel: DealWeeks, arm: Ints, covariates: sparse.csr_array) -> Estimate:
    """Estimate the effect of being given an item by lot; `arm` by deal: 1 given, 0 not, -1 not in the trial."""
    rows = np.flatnonzero(arm[panel.deal] >= 0)
    given = (arm[panel.deal[rows]] == 1).astype(np.float64)
    design = sparse.hstack([covariates[rows], sparse.csr_array(given[:, None])], format="csr")
    place = covariates.shape[1]
    found = fit(design, panel.moved[rows], link="cloglog")
    return Estimate(float(found.beta[place]), found.clustered_se(design, panel.deal[rows], place))


def counts(panel: DealWeeks, week: Ints, lag: int) -> tuple[int, int, int]:
    """Count deals that had seen the item while open, and moves with and without it."""
    seen = exposed(panel, week, lag)
    deals = len(np.unique(panel.deal[seen & (week[panel.deal] < NEVER)]))
    return deals, int((panel.moved & seen).sum()), int((panel.moved & ~seen).sum())
