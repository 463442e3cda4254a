"""The e-detector against closed forms and a slow obvious twin."""

from __future__ import annotations

from dataclasses import replace
from math import exp, lgamma, log
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bokgi.analysis.change_detection import baseline, detector
from bokgi.analysis.change_detection.panel import Panel

Floats = NDArray[np.float64]


def single(counts: Floats, trials: Floats | None = None, metric: str = "meeting") -> Panel:
    """One series of one team."""
    weeks = len(counts)
    return Panel(
        (("team" if trials is not None else "person", "kim", metric),),
        np.arange(weeks, dtype=np.int64) * 7,
        counts[None, :].astype(np.float64),
        np.ones((1, weeks)),
        (np.full(weeks, np.nan) if trials is None else trials.astype(np.float64))[None, :],
        np.zeros((1, weeks), dtype=np.int64),
        np.zeros((1, weeks), dtype=np.int64),
        np.zeros(1, dtype=np.int64),
    )


def negative_binomial(mean: float, scatter: float) -> Any:  # noqa: ANN401 - a frozen distribution, of which scipy has no public type
    size = 1.0 / scatter
    return stats.nbinom(size, size / (size + mean))


def test_the_gain_of_a_count_is_the_likelihood_ratio_of_scipy() -> None:
    gain = detector.count_gain(
        np.array([7.0]), np.array([12.0]), np.array([0.8]), np.array([[15.0, 13.0]]), np.array([0.07])
    )
    for place, before in enumerate((15.0, 13.0)):
        for size, change in enumerate(detector.CHANGES):
            changed = negative_binomial(0.8 * before * change, 0.07)
            ratio = changed.logpmf(7) - negative_binomial(12.0, 0.07).logpmf(7)
            assert gain[0, place, size] == pytest.approx(ratio, abs=1e-10)


def test_the_gain_of_a_share_is_the_likelihood_ratio_of_scipy() -> None:
    one = np.ones(1)
    gain = detector.share_gain(3 * one, 11 * one, 0.4 * one, np.array([[0.45]]), 60 * one)
    for size, change in enumerate(detector.CHANGES):
        p = 0.45 * change / (0.55 + 0.45 * change)
        ratio = stats.betabinom(11, 60 * p, 60 * (1 - p)).logpmf(3) - stats.betabinom(11, 24, 36).logpmf(3)
        assert gain[0, 0, size] == pytest.approx(ratio, abs=1e-9)


@pytest.mark.parametrize(("mean", "scatter"), [(0.7, 0.3), (6.0, 0.05), (40.0, 0.002)])
def test_a_week_without_change_gives_no_evidence_on_average(mean: float, scatter: float) -> None:
    x = np.arange(0, 600, dtype=np.float64)
    one = np.ones(len(x))
    gain = detector.count_gain(x, mean * one, one, mean * one[:, None], scatter * one)[:, 0]
    chance = negative_binomial(mean, scatter).pmf(x)
    np.testing.assert_allclose(chance @ np.exp(gain), 1.0, atol=1e-8)
    assert (chance @ np.exp(np.minimum(gain, detector.MOST_A_WEEK)) <= 1.0 + 1e-9).all()


def log_chance(count: float, mean: float, scatter: float) -> float:
    """Logarithm of the negative binomial probability of a count."""
    size = 1.0 / scatter
    ways = lgamma(count + size) - lgamma(size) - lgamma(count + 1)
    return ways + size * log(size / (size + mean)) + count * log(mean / (size + mean))


def slow_twin(counts: Floats, false_alarms: float) -> list[tuple[int, int, float]]:
    """One series of counts, week by week, all sums and products written out: (week, since, evidence) of each alarm."""
    memory, alarms = baseline.MEMORY, []
    weeks_known: list[tuple[int, float]] = []  # weeks of the present level: (week, count)
    errors: list[tuple[int, float, float]] = []  # (week, excess, square)
    candidates: dict[int, list[float]] = {}  # since → log evidence by size of change

    def weighted(rows: list[tuple[int, float]], now: int) -> tuple[float, float]:
        return (
            sum(count * memory ** (now - 1 - week) for week, count in rows),
            sum(memory ** (now - 1 - week) for week, _ in rows),
        )

    for week, count in enumerate(counts.tolist()):
        total, exposure = weighted(weeks_known, week)
        prior = (total + 0.5) / (exposure + 1.0)
        strength = baseline.PRIOR_COUNTS / prior
        rate = (total + prior * strength) / (exposure + strength)
        old = [row for row in errors if row[0] < week - baseline.SCATTER_LAG]
        scatter = baseline.PRIOR_SCATTER
        if old:
            excess, square = sum(row[1] for row in old), sum(row[2] for row in old)
            usual = square / len(old)
            pooled = (excess + baseline.PRIOR_SCATTER * usual) / (square + usual)
            scatter = (excess + baseline.SCATTER_WEEKS * pooled * usual) / (square + baseline.SCATTER_WEEKS * usual)
            scatter = min(max(scatter, baseline.LEAST_SCATTER), baseline.MOST_SCATTER)
        ready, learnt = len(weeks_known) >= baseline.WEEKS, count
        if ready:
            candidates[week] = [0.0] * len(detector.CHANGES)
        candidates = {since: logs for since, logs in candidates.items() if since > week - detector.WINDOW}
        if ready:
            for since, logs in candidates.items():
                pre = weighted([row for row in weeks_known if row[0] < since], week)
                before = (pre[0] + prior * strength) / (pre[1] + strength)
                for place, change in enumerate(detector.CHANGES.tolist()):
                    gain = log_chance(count, before * change, scatter) - log_chance(count, rate, scatter)
                    logs[place] += min(gain, detector.MOST_A_WEEK)
            variance = rate + scatter * rate**2
            learnt = min(count, rate + baseline.LARGEST_ERROR * variance**0.5)
            errors.append((week, (learnt - rate) ** 2 - rate, rate**2))
        weeks_known.append((week, learnt))
        sums = {
            since: sum(w * exp(value) for w, value in zip(detector.WEIGHTS, logs, strict=True))
            for since, logs in candidates.items()
        }
        evidence = sum(sums.values())
        low, size = rate * detector.WATCHED_CHANGE, 1.0 / scatter
        visible = low * log(detector.WATCHED_CHANGE) + (low + size) * log((size + rate) / (size + low))
        watched = ready and detector.WATCHED_WEEKS * visible >= log(1.0 / false_alarms)
        if watched and evidence >= max(detector.OVERSHOOT / false_alarms, detector.LEAST_EVIDENCE):
            since = max(sums, key=lambda one: sums[one])
            alarms.append((week, since, evidence))
            weeks_known = [row for row in weeks_known if row[0] >= since]
            candidates = {}
    return alarms


@pytest.mark.parametrize("seed", range(4))
def test_the_detector_agrees_with_a_slow_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level = np.repeat([14.0, 6.0, 15.0], 40)
    counts = rng.poisson(level * rng.gamma(30, 1 / 30, len(level))).astype(np.float64)
    found = detector.Detector(single(counts), false_alarms=0.002, z=1.645).run().alarms
    twin = slow_twin(counts, 0.002)
    assert twin, "the planted changes are there to be found"
    assert [(alarm.week, alarm.since) for alarm in found] == [(week, since) for week, since, _ in twin]
    np.testing.assert_allclose([alarm.evidence for alarm in found], [row[2] for row in twin], rtol=1e-8)


def test_a_share_that_falls_is_found_and_a_steady_one_is_not() -> None:
    rng = np.random.default_rng(1)
    trials = np.full(60, 20.0)
    p = np.repeat([0.5, 0.15], [40, 20])
    fell = detector.Detector(
        single(rng.binomial(20, p).astype(np.float64), trials, "win_rate"), false_alarms=0.005, z=1.645
    ).run()
    assert [alarm.up for alarm in fell.alarms] == [False]
    assert 40 <= fell.alarms[0].week < 48
    assert fell.alarms[0].high < 1.0
    steady = detector.Detector(
        single(rng.binomial(20, 0.4, 60).astype(np.float64), trials, "win_rate"), false_alarms=0.005, z=1.645
    ).run()
    assert steady.alarms == ()


def test_what_a_week_weighs_halves_in_twenty_weeks() -> None:
    panel = single(np.array([40.0] + [0.0] * 40))
    base, here, one = baseline.Baseline(panel), np.array([True]), np.ones(1)
    weighed = []
    for week in range(41):
        base.learn(week, here, one, np.full(1, 40.0))
        weighed.append(float(base.total[0]))
    assert [weighed[week] for week in (0, 20, 40)] == pytest.approx([40.0, 20.0, 10.0])


@pytest.mark.parametrize("series", [1, 4])
def test_series_of_a_team_share_its_false_alarms(series: int) -> None:
    """Four series in which a change would show alike get a quarter each: all together as many as one by itself."""
    one = single(np.repeat([30.0, 8.0], [30, 10]))
    together = replace(
        one,
        keys=tuple(("person", f"p{number}", "meeting") for number in range(series)),
        **{
            name: np.repeat(getattr(one, name), series, axis=0)
            for name in ("count", "time", "trials", "team", "metric")
        },
        # Each is its own peer, so that what all have in common does not excuse it.
        peers=np.repeat(np.arange(series)[:, None], 40, axis=1),
    )
    alarms = detector.Detector(together, false_alarms=0.001, z=1.645).run().alarms
    assert len(alarms) == series
    assert [alarm.threshold for alarm in alarms] == pytest.approx([detector.OVERSHOOT * series / 0.001] * series)
