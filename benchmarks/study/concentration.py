"""Concentration and resilience on teams with known rates: size of the test, coverage of both intervals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.study.rows import Row, mean_row, share_row
from bokgi.analysis.concentration import concentration, gini, resilience
from bokgi.domain.period import Period

Floats = NDArray[np.float64]

QUARTER: Final = Period(date(2026, 1, 1), date(2026, 4, 1))
TOPIC: Final = "concentration"
SCALES: Final = {"small": 60, "medium": 200, "full": 2_000}


def team(rng: np.random.Generator, rates: Floats, time: Floats, sd: float) -> tuple[ibis.Table, ibis.Table]:
    """Won deals of a quarter and the time of each person; rates are wins a quarter of full time."""
    wins = rng.poisson(rates * time)
    people = [f"p{i:02d}" for i in range(len(rates))]
    amount = np.round(np.exp(rng.normal(3.0, sd, int(wins.sum()))), 2)
    columns = {
        "owner_id": np.repeat(people, wins).tolist(),
        "outcome": ["won"] * len(amount),
        "closed_on": [QUARTER.start] * len(amount),
        "amount": [Decimal(str(value)) for value in amount],
    }
    schema = pa.schema(
        [
            ("owner_id", pa.string()),
            ("outcome", pa.string()),
            ("closed_on", pa.date32()),
            ("amount", pa.decimal128(18, 2)),
        ]
    )
    days = {"person_id": people, "days": 90.0 * time}
    return ibis.memtable(pa.table(columns, schema=schema)), ibis.memtable(pa.table(days))


def equal_team(seed: int) -> tuple[ibis.Table, ibis.Table]:
    """Give a team of 4 to 20 people with one rate, unequal time and deals of very unequal size."""
    rng = np.random.default_rng([1, seed])
    people = int(rng.integers(4, 21))
    time = rng.choice([1.0, 1.0, 0.5, 0.8], people)
    return team(rng, np.full(people, rng.uniform(3, 12)), time, rng.uniform(0.4, 1.2))


def uneven_team(seed: int, spread: float) -> tuple[ibis.Table, ibis.Table, float]:
    """Give a team of 12 whose rates vary (coefficient of variation `spread`), and the Gini of its rates."""
    rng = np.random.default_rng([2, seed])
    rates = 8.0 * rng.gamma(spread**-2, spread**2, 12)
    won, time = team(rng, rates, np.ones(12), 0.8)
    return won, time, float(gini(rates))


def run(scale: str, seed: int) -> list[Row]:
    """Measure the sizes of the tests and the coverage of the intervals."""
    count = SCALES[scale]
    rows = [_size(count, seed, "amount"), _size(count, seed, "count")]
    for spread in (0.2, 0.4, 0.8):
        rows += _rates(count // 2, seed, spread)
    return [*rows, _resilience(count // 4, seed)]


def _size(count: int, seed: int, measure: str) -> Row:
    false = []
    for each in range(count):
        won, time = equal_team(seed * 100_000 + each)
        found = concentration(won, time, period=QUARTER, measure="amount" if measure == "amount" else "count")
        if found.gini is not None and found.top_share is not None:
            false.append(found.gini.more_than_luck or found.top_share.more_than_luck)
    return share_row(TOPIC, f"equal teams called concentrated, by {measure}", false, most=0.07)


def _rates(count: int, seed: int, spread: float) -> list[Row]:
    covered, missed = [], []
    for each in range(count):
        won, time, truth = uneven_team(seed * 100_000 + each, spread)
        found = concentration(won, time, period=QUARTER, worlds=1_000)
        if found.rate_gini is not None:
            covered.append(found.rate_gini.low <= truth <= found.rate_gini.high)
            missed.append(found.rate_gini.estimate - truth)
    return [
        share_row(TOPIC, f"90 % interval of the Gini of rates covers, rates vary by {spread}", covered, least=0.85),
        mean_row(TOPIC, f"bias of the Gini of rates, rates vary by {spread}", missed, least=-0.04, most=0.10),
    ]


def _resilience(count: int, seed: int) -> Row:
    """Coverage of the chance without the top person; the truth by simulation from the true rates."""
    covered = []
    for each in range(count):
        rng = np.random.default_rng([3, seed, each])
        rates = 8.0 * rng.gamma(4.0, 0.25, 8)
        won, time = team(rng, rates, np.ones(8), 0.8)
        mean = float(np.exp(3.0 + 0.5 * 0.8**2))
        target = rates.sum() * mean * 0.85
        found = resilience(won, time, period=QUARTER, target=Decimal(str(round(target, 2))))
        if found.without_top is None or found.top_person is None:
            continue
        left = rates.sum() - rates[int(found.top_person[1:])]
        wins = rng.poisson(left, 2_000)
        sizes = np.exp(rng.normal(3.0, 0.8, int(wins.sum())))
        totals = np.add.reduceat(sizes, np.concatenate([[0], np.cumsum(wins)[:-1]]))
        truth = float((totals >= target).mean())
        covered.append(found.without_top.low - 0.01 <= truth <= found.without_top.high + 0.01)
    return share_row(TOPIC, "90 % interval of the chance without the top person covers", covered, least=0.80)
