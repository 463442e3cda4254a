"""The effect of one item of content, adjusted for what decided who saw it; and whether to believe the adjustment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from bokgi.analysis.content_effect.panel import MOST_OTHERS, NEVER, DealWeeks, Exposures
from bokgi.analysis.content_effect.regression import Flags, Floats, Ints, dummies, fit

TRUNCATED: Final = 0.01
"""Share of weights cut at either end."""
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
    """Estimate the effect by a weekly hazard with covariates, weighted by the inverse probability of what was seen.

    Doubly robust: right when either the hazard or the model of who is sent the item is right. `beside`: other items
    whose exposure stands in the hazard.
    """
    weight = stabilised_weights(panel, exposures, item, lag)
    seen = [exposed(panel, exposures.week[:, other], lag) for other in (item, *beside)]
    design = sparse.hstack([covariates, sparse.csr_array(np.stack(seen, axis=1).astype(np.float64))], format="csr")
    place = covariates.shape[1]
    found = fit(design, panel.moved, link="cloglog", weight=weight)
    return Estimate(float(found.beta[place]), found.clustered_se(design, panel.deal, place))


def stabilised_weights(panel: DealWeeks, exposures: Exposures, item: int, lag: int) -> Floats:
    """Weigh each row by how unlikely its deal's exposure was given its past, relative to given its traits and stage.

    Products over the deal's weeks up to `lag` weeks before, cut at 1 % of either end.
    """
    first = exposures.week[panel.deal, item]
    due = first >= panel.week
    sent = first == panel.week
    reached = np.bincount(panel.stage, sent & due) > 0
    at_risk = np.flatnonzero(due & reached[panel.stage])
    ratio = np.zeros(len(panel.deal))
    if sent[at_risk].any():
        traits = [level[at_risk] for level in (panel.stage, *panel.traits)]
        past = [panel.in_stage, panel.age, *panel.acted, others_seen(panel, exposures, item)]
        likely = [
            fit(dummies(columns), sent[at_risk], link="logit").p
            for columns in (traits, [*traits, *(level[at_risk] for level in past)])
        ]
        hit = sent[at_risk]
        ratio[at_risk] = np.log(np.where(hit, likely[0] / likely[1], (1.0 - likely[0]) / (1.0 - likely[1])))
    total = np.cumsum(ratio)
    begun = np.append(True, panel.deal[1:] != panel.deal[:-1])
    start = np.maximum.accumulate(np.where(begun, np.arange(len(ratio)), 0))
    before = panel.at(panel.week - lag)
    log_weight = np.where(before >= 0, total[np.maximum(before, 0)] - (total - ratio)[start], 0.0)
    weight = np.exp(log_weight)
    low, high = np.quantile(weight, [TRUNCATED, 1.0 - TRUNCATED])
    return np.asarray(np.clip(weight, low, high), dtype=np.float64)


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
