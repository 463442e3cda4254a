"""Shares and times with open ends: against R, lifelines and products worked out one by one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import lifelines
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bokgi.analysis.survival import Incidence, incidence, interval, quantile
from tests.referees.r import run_r

KINDS = ("won", "lost")
COURSES = [
    (0, 1, "won"),
    (0, 2, "lost"),
    (0, 2, ""),
    (0, 3, "won"),
    (0, 4, "won"),
    (0, 4, "lost"),
    (0, 5, ""),
    (0, 7, "won"),
    (0, 8, "lost"),
    (0, 9, ""),
    (0, 0, "won"),
    (0, 0, ""),
]
LATE = [(start, end, kind) for start, (_, end, kind) in zip([0, 0, 0, 1, 2, 1, 3, 0, 0, 4, 0, 0], COURSES, strict=True)]


def found(courses: Sequence[tuple[int, int, str]], kinds: Sequence[str] = KINDS) -> Incidence:
    start, end = (np.array([course[place] for course in courses], dtype=np.int64) for place in (0, 1))
    return incidence(start, end, [course[2] for course in courses], np.ones(len(courses), np.int64), kinds=kinds)


def columns(courses: Sequence[tuple[int, int, str]]) -> dict[str, list[Any]]:
    """Give R its half-open intervals: on day 0 somebody entered just before it."""
    return {
        "s": [start - 0.5 for start, _, _ in courses],
        "t": [end for _, end, _ in courses],
        "k": [(*KINDS, "").index(kind) + 1 if kind else 0 for _, _, kind in courses],
        "id": list(range(len(courses))),
    }


@pytest.mark.peer
@pytest.mark.parametrize("courses", [COURSES, LATE], ids=["from the start", "left truncated"])
def test_shares_are_those_of_r(courses: list[tuple[int, int, str]]) -> None:
    ours = found(courses)
    script = """
    library(survival)
    f <- survfit(Surv(s, t, factor(k, 0:2)) ~ 1, data = d, id = id, conf.type = "log-log")
    keep <- rowSums(f$n.event) > 0
    out <- list(day = f$time[keep], risk = f$n.risk[keep, 1], open = f$pstate[keep, 1], won = f$pstate[keep, 2],
                lost = f$pstate[keep, 3], error = f$std.err[keep, 2], low = f$lower[keep, 2], high = f$upper[keep, 2])
    """
    theirs = run_r(script, columns(courses))
    assert ours.day.tolist() == theirs["day"]
    assert ours.at_risk.tolist() == theirs["risk"]
    np.testing.assert_allclose(ours.open_share, theirs["open"], atol=1e-9)
    np.testing.assert_allclose(ours.share["won"], theirs["won"], atol=1e-9)
    np.testing.assert_allclose(ours.share["lost"], theirs["lost"], atol=1e-9)
    if courses is COURSES:
        # With late entries R's infinitesimal jackknife is another estimator of the error than the delta method.
        np.testing.assert_allclose(np.sqrt(ours.variance["won"]), theirs["error"], atol=1e-6)
        low, high = interval(ours.share["won"], ours.variance["won"])
        np.testing.assert_allclose(low, theirs["low"], atol=1e-6)
        np.testing.assert_allclose(high, theirs["high"], atol=1e-6)


@pytest.mark.peer
@pytest.mark.parametrize("courses", [COURSES, LATE], ids=["from the start", "left truncated"])
def test_open_share_and_quantiles_are_those_of_r(courses: list[tuple[int, int, str]]) -> None:
    ours = found([(start, end, kind and "left") for start, end, kind in courses], ["left"])
    script = """
    library(survival)
    f <- survfit(Surv(s, t, k > 0) ~ 1, data = d, conf.type = "log-log")
    q <- quantile(f, c(.45, .8))
    keep <- f$n.event > 0
    out <- list(open = f$surv[keep], error = (f$std.err * f$surv)[keep], low = f$lower[keep], high = f$upper[keep],
                quantile = q$quantile, from = q$lower, to = q$upper)
    """
    theirs = run_r(script, columns(courses))
    np.testing.assert_allclose(ours.open_share, theirs["open"], atol=1e-9)
    np.testing.assert_allclose(np.sqrt(ours.open_variance), theirs["error"], atol=1e-6)
    low, high = interval(ours.open_share, ours.open_variance)
    np.testing.assert_allclose(low, theirs["low"], atol=1e-6)
    np.testing.assert_allclose(high, theirs["high"], atol=1e-6)
    times = [quantile(ours, share) for share in (0.45, 0.8)]
    assert [time.day for time in times] == theirs["quantile"]
    assert [time.low for time in times] == theirs["from"]
    assert [time.high for time in times] == theirs["to"]


def test_shares_are_those_of_lifelines() -> None:
    ours = found(COURSES)
    days, kinds = [end + 1 for _, end, _ in COURSES], [(*KINDS, "").index(kind) + 1 for _, _, kind in COURSES]
    kaplan_meier = lifelines.KaplanMeierFitter().fit(days, [kind < 3 for kind in kinds])
    np.testing.assert_allclose(kaplan_meier.survival_function_at_times(ours.day + 1), ours.open_share, atol=1e-9)
    # lifelines moves tied times about; one kind at a time has no ties to break here.
    one = found([(0, end, "won") for _, end, _ in COURSES if end not in {0, 2, 4}], ["won"])
    aalen_johansen = lifelines.AalenJohansenFitter(calculate_variance=False).fit(
        [end for _, end, _ in COURSES if end not in {0, 2, 4}], [1] * 6, event_of_interest=1
    )
    np.testing.assert_allclose(aalen_johansen.cumulative_density_.iloc[1:, 0], one.share["won"], atol=1e-9)


@st.composite
def courses(draw: st.DrawFn) -> list[tuple[int, int, str]]:
    made = []
    for _ in range(draw(st.integers(1, 25))):
        start = draw(st.integers(0, 6))
        made.append((start, start + draw(st.integers(0, 6)), draw(st.sampled_from([*KINDS, ""]))))
    return made


def twin(courses: Sequence[tuple[int, int, str]]) -> tuple[Fraction, dict[str, Fraction]]:
    """Walk through the days with exact fractions."""
    left, share = Fraction(1), dict.fromkeys(KINDS, Fraction(0))
    for day in range(14):
        present = [course for course in courses if course[0] <= day <= course[1]]
        ended = {kind: sum(course[1] == day and course[2] == kind for course in present) for kind in KINDS}
        if sum(ended.values()) == 0:
            continue
        for kind in KINDS:
            share[kind] += left * Fraction(ended[kind], len(present))
        left *= 1 - Fraction(sum(ended.values()), len(present))
    return left, share


@given(courses(), st.integers(1, 5))
@settings(max_examples=200)
def test_shares_agree_with_exact_fractions_and_add_up(courses: list[tuple[int, int, str]], times: int) -> None:
    ours = found(courses * times)
    left, share = twin(courses)
    if len(ours.day) == 0:
        assert left == 1
        return
    assert ours.open_share[-1] == pytest.approx(float(left), abs=1e-12)
    for kind in KINDS:
        assert ours.share[kind][-1] == pytest.approx(float(share[kind]), abs=1e-12)
        assert (ours.variance[kind] >= 0).all()
    np.testing.assert_allclose(ours.open_share + ours.share["won"] + ours.share["lost"], 1)


@given(courses())
@settings(max_examples=100)
def test_variance_is_the_delta_method_over_the_multinomial_of_each_day(courses: list[tuple[int, int, str]]) -> None:
    ours = found(courses)
    if ours.broke_on is not None or len(ours.day) == 0 or ours.open_share[-1] == 0:
        return
    hazards = {kind: ours.events[kind] / ours.at_risk for kind in KINDS}

    def share_of(changed: dict[str, Any]) -> float:
        left, total = 1.0, 0.0
        for place in range(len(ours.day)):
            total += left * changed["won"][place]
            left *= 1 - changed["won"][place] - changed["lost"][place]
        return total

    expected, step = 0.0, 1e-6
    for place, n in enumerate(ours.at_risk):
        slope = {}
        for kind in KINDS:
            up, down = ({name: values.copy() for name, values in hazards.items()} for _ in range(2))
            up[kind][place] += step
            down[kind][place] -= step
            slope[kind] = (share_of(up) - share_of(down)) / (2 * step)
        won, lost = hazards["won"][place], hazards["lost"][place]
        expected += (
            slope["won"] ** 2 * won * (1 - won)
            + slope["lost"] ** 2 * lost * (1 - lost)
            - 2 * slope["won"] * slope["lost"] * won * lost
        ) / n
    assert ours.variance["won"][-1] == pytest.approx(expected, abs=1e-8)


def test_a_risk_set_that_runs_empty_is_told_and_gives_no_quantile_after_it() -> None:
    ours = found([(0, 1, "won"), (5, 9, "won"), (5, 10, "lost")])
    assert ours.broke_on == 1
    assert quantile(ours, 0.5).day is None


def test_nobody_observed_gives_no_figures() -> None:
    ours = found([])
    assert (ours.last_day, ours.broke_on, len(ours.day)) == (None, None, 0)
    assert quantile(ours, 0.5).day is None


def test_a_share_of_none_or_all_has_no_bounds() -> None:
    low, high = interval(np.array([0.0, 1.0, 0.5]), np.array([0.1, 0.1, 0.0]))
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_all_that_ended_one_way_are_all_whatever_rounding_leaves() -> None:
    for n in range(2, 60):
        seen = found([(0, day, KINDS[0]) for day in range(1, n + 1)])
        low, high = interval(seen.share[KINDS[0]], seen.variance[KINDS[0]])
        assert seen.share[KINDS[0]][-1] == 1.0
        assert np.isnan([low[-1], high[-1]]).all()
