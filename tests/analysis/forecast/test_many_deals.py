"""The sum of very many deals, drawn at once, is distributed as the sum of deals that are drawn one by one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from bokgi.analysis.forecast.benchmarks import weighted_pipeline
from bokgi.analysis.forecast.history import Standing
from bokgi.analysis.forecast.many_deals import Cumulants, cumulants_of, drawn_apart, sums_by_group
from bokgi.analysis.forecast.windows import Window

PATHS = 4_000


def one_by_one(
    load: np.ndarray, amount: np.ndarray, strength: np.ndarray, rng: np.random.Generator, scatter: np.ndarray
) -> np.ndarray:
    won = rng.random((len(load), len(strength))) < -np.expm1(-load[:, None] * strength)
    totals: np.ndarray = (won * amount[:, None] * rng.choice(scatter, won.shape)).sum(axis=0)
    return totals


@pytest.mark.parametrize("shock", [0.0, 0.3])
def test_a_sum_drawn_at_once_is_like_deals_drawn_one_by_one(shock: float) -> None:
    rng = np.random.default_rng(5)
    load = rng.gamma(0.5, 0.1, 3_000)
    amount = rng.lognormal(10.0, 1.2, 3_000)
    scatter = np.array([0.25, 1.0, 1.75])
    strength = np.exp(shock * rng.standard_normal(PATHS) - 0.5 * shock**2)
    square, cube = (np.full(3_000, float((scatter**power).mean())) for power in (2, 3))
    group = np.zeros(3_000, dtype=np.int64)
    drawn = sums_by_group(load, strength, amount, (square, cube), group, 1).draw(rng)[0]
    twin = one_by_one(load, amount, strength, rng, scatter)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    found, right = np.quantile(drawn, levels), np.quantile(twin, levels)
    assert found == pytest.approx(right, rel=0.0, abs=0.1 * twin.std())
    assert drawn.mean() == pytest.approx(twin.mean(), abs=4 * twin.std() * np.sqrt(2 / PATHS))
    assert drawn.std() == pytest.approx(twin.std(), rel=0.06)


def test_groups_have_the_moments_of_their_own_deals() -> None:
    load, amount = np.array([0.1, 0.2, 0.3]), np.array([10.0, 20.0, 30.0])
    known = np.ones(3), np.ones(3)
    found = sums_by_group(load, np.array([0.5, 1.5]), amount, known, np.array([0, 1, 1]), 2)
    for path, strength in enumerate((0.5, 1.5)):
        each = cumulants_of(-np.expm1(-load * strength), amount, known)
        for got, of_each in zip(
            (found.mean, found.variance, found.third), (each.mean, each.variance, each.third), strict=True
        ):
            assert got[:, path] == pytest.approx([of_each[0], of_each[1] + of_each[2]])


def test_the_moments_of_a_deal_are_those_of_its_two_ends() -> None:
    found = cumulants_of(np.array([0.2]), np.array([10.0]), (np.ones(1), np.ones(1)))
    values, chances = np.array([10.0, 0.0]), np.array([0.2, 0.8])
    mean = float(values @ chances)
    assert [found.mean[0], found.variance[0], found.third[0]] == pytest.approx(
        [mean, float((values - mean) ** 2 @ chances), float((values - mean) ** 3 @ chances)]
    )


def test_nothing_is_drawn_of_deals_without_worth() -> None:
    none = np.zeros((2, 3))
    assert Cumulants(none, none, none).draw(np.random.default_rng(1)).tolist() == none.tolist()


def test_the_deals_on_which_the_range_hangs_are_drawn_by_themselves() -> None:
    variance = np.arange(10_000.0)
    assert np.flatnonzero(drawn_apart(variance, 4_000)).tolist() == list(range(6_000, 10_000))


def test_a_sum_of_many_deals_has_the_same_quantiles_however_many_are_drawn_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    p, amount = rng.uniform(0.02, 0.4, 3_000), rng.lognormal(3.0, 1.2, 3_000)
    n = len(p)
    none = np.zeros(n, dtype=np.int64)
    standing = Standing(
        deal_id=pa.chunked_array([pa.array(np.arange(n).astype(str))]),
        profile=none,
        person=none,
        team=none,
        stage=none,
        age=none,
        amount=amount,
        due=none,
        times_pushed=none,
        probability=p,
        won=none.astype(bool),
        won_amount=amount,
    )
    window = Window(date(2026, 1, 4), date(2026, 1, 5), date(2026, 2, 1))

    def quantiles() -> NDArray[np.float64]:
        drawn = weighted_pipeline(np.random.default_rng(1), standing, p, amount, window, due_only=False, paths=20_000)
        assert drawn is not None
        return np.quantile(drawn, [0.05, 0.5, 0.95])

    some = quantiles()
    monkeypatch.setattr("bokgi.analysis.forecast.benchmarks.MOST_OF_A_SUM", n)
    np.testing.assert_allclose(some, quantiles(), rtol=0.006)


def test_moments_between_the_strengths_that_are_worked_out_are_exact_where_paths_differ_as_usual() -> None:
    rng = np.random.default_rng(3)
    load, amount = rng.exponential(0.3, 500), rng.lognormal(3.0, 1.0, 500)
    strength = np.exp(0.1 * rng.standard_normal(40))
    scatter, group = (np.ones(500), np.ones(500)), rng.integers(0, 3, 500)
    found = sums_by_group(load, strength, amount, scatter, group, 3)
    for path, level in enumerate(strength):
        each = cumulants_of(-np.expm1(-load * level), amount, scatter)
        for name in ("mean", "variance", "third"):
            exact = np.bincount(group, getattr(each, name), 3)
            assert getattr(found, name)[:, path] == pytest.approx(exact, rel=1e-6)
