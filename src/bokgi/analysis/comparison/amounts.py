"""Won amounts by person, beside what the deals let expect.

The second part of value per opportunity: the logarithm of a won amount by the conditions of the deal and the person,
with person effects `~ N(0, sd²)` shrunken by their marginal likelihood. The first part, the probability, is that of
`people`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import ibis
import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bokgi.analysis.comparison.cells import UNKNOWN, cells_of, in_order
from bokgi.analysis.cross_tables import PRIOR_SD, Design
from bokgi.analysis.totals import steady_sum

Floats = NDArray[np.float64]

_SPREADS: Final = np.geomspace(0.005, 1.0, 25)
_FEWEST: Final = 10


@dataclass(frozen=True)
class AmountEffects:
    """Draws of each person's log amount ratio (`draws × people`, in the order asked), and the mean won amount."""

    draws: Floats
    mean_amount: float
    n: int


def amount_effects(
    cases: ibis.Table,
    *,
    person: str,
    persons: Sequence[str],
    success: str,
    factors: Sequence[str],
    draws: int,
    seed: int,
) -> AmountEffects | None:
    """Draw how much more (log ratio) each person's won amounts are than the conditions let expect.

    Reads won cases with a positive `amount`. Null with fewer than ten of them: nothing may be said of amounts then.
    """
    keys = [*factors, person]
    won = cases.filter(cases[success] & cases[person].notnull() & (cases.amount > 0))
    log = ibis._.amount.cast("float64").ln()
    counted = (
        won.mutate(**{key: won[key].cast("string").fill_null(UNKNOWN) for key in factors}, log_amount=log)
        .group_by(keys)
        .agg(
            n=ibis._.count(),
            wins=steady_sum(ibis._.log_amount),
            squares=steady_sum(ibis._.log_amount * ibis._.log_amount),
            total=ibis._.amount.cast("decimal(18, 2)").sum().cast("float64"),
        )
        .to_pyarrow()
    )
    counted = in_order(counted, keys)
    n = counted["n"].to_numpy().astype(np.float64)
    if n.sum() < _FEWEST:
        return None
    coded = cells_of(counted, keys=keys, territory=None)
    # Around their mean: the weak prior would draw the level of the logarithms, and so the unit of money, towards 1.
    sums, squares = coded.cells.wins, counted["squares"].to_numpy()
    level = float(sums.sum() / n.sum())
    squares = squares - 2 * level * sums + n * level**2
    sums = sums - n * level
    design = Design(coded.cells.levels[:-1], coded.cells.sizes[:-1])
    information = design.information(n)
    residual_df = max(float(n.sum()) - design.size, 1.0)
    effects = linalg.solve(information + np.eye(design.size) / PRIOR_SD**2, design.gradient(sums), assume_a="pos")
    fitted = design.predictor(effects, len(n))
    variance = max(float((squares - 2 * fitted * sums + n * fitted**2).sum()) / residual_df, 1e-6)
    owner, people = coded.cells.levels[-1], len(coded.persons)
    count = np.bincount(owner, n, people).astype(np.float64)
    mean = np.bincount(owner, sums - n * fitted, people) / count
    height = np.array([_log_marginal(mean, count, variance, spread) for spread in _SPREADS])
    weight = np.exp(height - height.max()) * _SPREADS
    rng = np.random.default_rng(seed)
    spread = rng.choice(_SPREADS, draws, p=weight / weight.sum())
    place = {name: i for i, name in enumerate(coded.persons)}
    out = np.empty((draws, len(persons)))
    for column, name in enumerate(persons):
        i = place.get(name)
        cases_here = 0.0 if i is None else count[i]
        centre = 0.0 if i is None else mean[i]
        precision = cases_here / variance + spread**-2
        out[:, column] = (cases_here / variance * centre) / precision + rng.standard_normal(draws) / np.sqrt(precision)
    total = float(counted["total"].to_numpy().sum())
    return AmountEffects(out, total / float(n.sum()), round(float(n.sum())))


def _log_marginal(mean: Floats, count: Floats, variance: float, spread: float) -> float:
    total = variance / count + spread**2
    return float(-0.5 * (np.log(total) + mean**2 / total).sum())
