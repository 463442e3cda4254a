"""What all deals of a window share: drawn as wide as it is, and learnt as wide as past windows show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import cast

import numpy as np
import pyarrow as pa
import pytest

from bokgi.analysis.forecast.amounts import Amounts
from bokgi.analysis.forecast.credibility import Block
from bokgi.analysis.forecast.hazards import Hazards
from bokgi.analysis.forecast.history import Entries, History, Standing
from bokgi.analysis.forecast.outlook import Outlook, _shock, draw
from bokgi.analysis.forecast.windows import Window

WINDOW = Window(date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 1))
DEALS, CHANCE = 200, 0.2
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


def outlook(shock: float, *, new_wins: float = 0.0, won: np.ndarray | None = None) -> Outlook:
    """Give a view of equal deals, each worth 1, and of equal deals yet to come."""
    whole, none = np.zeros(DEALS, dtype=np.int64), np.zeros(DEALS)
    came = np.zeros(DEALS, dtype=bool) if won is None else won
    ids = pa.chunked_array([[f"d{n}" for n in range(DEALS)]])
    standing = Standing(ids, whole, whole, whole, whole, whole, none + 1, whole, whole, none, came, none)
    load = np.full(DEALS, -np.log1p(-CHANCE))
    return Outlook(
        window=WINDOW,
        standing=standing,
        hazards=cast(Hazards, None),
        traits=Block.of(whole, 1),
        raw=load,
        load=load,
        correction=np.ones(DEALS),
        amount=np.ones(DEALS),
        stated=np.ones(DEALS),
        unknown=np.zeros(DEALS, dtype=bool),
        amounts=Amounts(np.ones(1), np.ones(1), np.ones(1), 10),
        new_raw=new_wins,
        new_wins=new_wins,
        new_spread=0.0,
        pool=np.zeros(1, dtype=np.int64),
        pool_weight=np.ones(1),
        shock=shock,
        learnt=None,
    )


def history() -> History:
    """Give a history of one entry, which is all that drawing reads of it."""
    one = np.zeros(1, dtype=np.int64)
    return cast(History, SimpleNamespace(entries=Entries(one, one, one, one, one)))


def moments(shock: float, new_wins: float) -> tuple[float, float, float]:
    """Variance of what open deals bring, of what comes new, and their covariance, integrated over the shock."""
    strength = np.exp(shock * NODES - 0.5 * shock**2)
    weight = WEIGHTS / WEIGHTS.sum()
    p = -np.expm1(np.log1p(-CHANCE) * strength)
    opened, new = DEALS * p, new_wins * strength
    within = weight @ (DEALS * p * (1.0 - p))
    mean, mean_new = weight @ opened, weight @ new
    return (
        float(within + weight @ (opened - mean) ** 2),
        float(weight @ new + weight @ (new - mean_new) ** 2),
        float(weight @ ((opened - mean) * (new - mean_new))),
    )


@pytest.mark.parametrize("shock", [0.0, 0.15, 0.4])
def test_deals_of_a_path_share_a_shock_with_those_yet_to_come(shock: float) -> None:
    drawn = draw(outlook(shock, new_wins=50.0), history(), paths=20_000, seed=3)
    variance, of_new, together = moments(shock, 50.0)
    assert drawn.open.var() == pytest.approx(variance, rel=0.05)
    assert drawn.new.var() == pytest.approx(of_new, rel=0.05)
    found = float(np.cov(drawn.open, drawn.new)[0, 1])
    assert found == pytest.approx(together, abs=0.05 * np.sqrt(variance * of_new))


def test_a_shock_that_past_windows_show_is_learnt() -> None:
    rng = np.random.default_rng(5)

    def past(shock: float) -> list[Outlook]:
        strength = np.exp(shock * rng.standard_normal(80) - 0.5 * shock**2)
        p = -np.expm1(np.log1p(-CHANCE) * strength)
        return [replace(outlook(0.0, won=rng.random(DEALS) < one)) for one in p]

    # By moments, of the mean number of wins: the shock of the hazard, less what the chance is bounded by.
    assert _shock(past(0.4), 30) == pytest.approx(0.36, abs=0.07)
    assert _shock(past(0.0), 30) < 0.06
    # Before any is over: a tenth in a month or less, and over four months twice as much.
    assert [_shock([], days) for days in (10, 30, 120)] == pytest.approx([0.1, 0.1, 0.2])
