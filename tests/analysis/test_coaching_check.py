"""Checks of plans: slow twins, coverage and false verdicts in simulations, thin data, the ledger's mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bokgi.analysis.coaching_check import Counted, Kind, coaching_check, coaching_ledger


def team(rng: np.random.Generator, *, kind: Kind, lift: float, people: int = 12) -> dict[str, Counted]:
    """Draw a team in which the person with the lowest value before is coached and rises by `lift`."""
    if kind == "rate":
        level = rng.gamma(12, 1 / 12, people) * 8
        common, drift = rng.normal(0, 0.1), rng.normal(0, 0.12, people)
        before = rng.poisson(level * 12)
        low = int(np.argmin(before))
        after = level * np.exp(common + drift) * 8 * np.where(np.arange(people) == low, lift, 1.0)
        cells = [((b, 12.0), (s, 8.0)) for b, s in zip(before, rng.poisson(after), strict=True)]
    else:
        share = rng.beta(6, 4, people)
        n, m = rng.integers(20, 50, people), rng.integers(15, 40, people)
        before = rng.binomial(n, share)
        low = int(np.argmin(before / n))
        later = np.clip(share + rng.normal(0, 0.05, people) + np.where(np.arange(people) == low, lift, 0.0), 0, 1)
        cells = [
            ((float(b), float(a)), (float(s), float(c)))
            for b, a, s, c in zip(before, n, rng.binomial(m, later), m, strict=True)
        ]
    order = [low, *(i for i in range(people) if i != low)]
    return {f"p{place}": Counted(*cells[i]) for place, i in enumerate(order)}


@pytest.mark.parametrize(("kind", "nothing"), [("rate", 1.0), ("share", 0.0)])
def test_who_was_chosen_for_a_low_value_and_did_not_change_is_seldom_called_better(kind: Kind, nothing: float) -> None:
    rng = np.random.default_rng(1)
    found = [coaching_check(team(rng, kind=kind, lift=nothing), "p0", kind=kind) for _ in range(1_500)]
    more, less = (np.mean([one.verdict == word for one in found]) for word in ("more", "less"))
    assert more <= 0.07
    assert less <= 0.07
    assert 0.86 <= 1 - more - less <= 0.97


def test_before_and_after_alone_would_call_them_better_far_too_often() -> None:
    rng = np.random.default_rng(2)
    alone = [coaching_check({"p0": team(rng, kind="rate", lift=1.0)["p0"]}, "p0", kind="rate") for _ in range(600)]
    assert {one.reason for one in alone} == {"no_colleagues"}
    assert np.mean([one.verdict == "more" for one in alone]) > 0.1


def test_a_real_rise_is_found() -> None:
    rng = np.random.default_rng(3)
    found = [coaching_check(team(rng, kind="rate", lift=1.6), "p0", kind="rate") for _ in range(300)]
    assert np.mean([one.verdict == "more" for one in found]) > 0.6


def test_the_figures_are_those_of_a_slow_twin() -> None:
    rng = np.random.default_rng(4)
    cells = team(rng, kind="rate", lift=1.3)
    found = coaching_check(cells, "p0", kind="rate", dispersion=1.7)
    own = cells["p0"]
    far = {key: abs(float(np.log(one.before[0] / own.before[0]))) for key, one in cells.items() if key != "p0"}
    changes: list[float] = []
    variances: list[float] = []
    for key in ["p0", *sorted(far, key=lambda key: (far[key], key))[:8]]:
        (a, e), (b, f) = cells[key].before, cells[key].since
        changes.append(np.log((b + 0.5) / f / ((a + 0.5) / e)))
        variances.append(1.7 * (1 / (a + 0.5) + 1 / (b + 0.5)))
    scatter = float(np.var(changes[1:], ddof=1))
    between = max(0.0, scatter - float(np.mean(variances[1:])))
    error = np.sqrt(variances[0] + between + scatter / 8)
    reach = stats.t(7).ppf(0.95) * error
    middle = changes[0] - np.mean(changes[1:])
    assert found.beside == pytest.approx(np.exp([middle, middle - reach, middle + reach]))
    assert (found.effect, found.error) == pytest.approx((middle, error))


def test_colleagues_of_another_role_are_none() -> None:
    others = {f"c{i}": Counted((40, 12), (20, 6), "SDR") for i in range(9)}
    found = coaching_check(others | {"kim": Counted((40, 12), (20, 6), "AE")}, "kim", kind="rate")
    assert (found.matched, found.reason) == (0, "no_colleagues")


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("rate", Counted((0, 12), (40, 8))),
        ("rate", Counted((4, 12), (3, 8))),
        ("rate", Counted((40, 12), (0, 0))),
        ("share", Counted((3, 7), (9, 20))),
        ("share", Counted((9, 20), (0, 0))),
    ],
)
def test_thin_counts_give_no_figure(kind: Kind, own: Counted) -> None:
    found = coaching_check({"kim": own}, "kim", kind=kind)
    assert (found.verdict, found.reason, found.beside, found.change) == ("cannot_tell", "too_few", None, None)
    assert coaching_check({}, "kim", kind=kind).reason == "too_few"


def test_the_order_of_colleagues_does_not_matter() -> None:
    cells = team(np.random.default_rng(5), kind="share", lift=0.1)
    turned = dict(reversed(cells.items()))
    assert coaching_check(cells, "p0", kind="share") == coaching_check(turned, "p0", kind="share")


def test_the_ledger_is_the_random_effects_mean_with_its_honest_interval() -> None:
    rng = np.random.default_rng(6)
    inside = []
    for _ in range(800):
        error = rng.uniform(0.1, 0.4, 7)
        y = rng.normal(0.2, np.sqrt(error**2 + 0.15**2))
        found = coaching_ledger(list(zip(y, error, strict=True)), kind="share")
        assert found.low is not None
        assert found.high is not None
        inside.append(found.low <= 0.2 <= found.high)
    assert 0.85 <= np.mean(inside) <= 0.95
    # With equal errors it is the mean with Student's interval.
    y = np.array([0.1, 0.3, 0.2, 0.5, 0.4])
    found = coaching_ledger([(float(one), 0.2) for one in y], kind="share")
    low, high = stats.t(4, y.mean(), y.std(ddof=1) / np.sqrt(5)).interval(0.90)
    assert (found.mean, found.low, found.high) == pytest.approx((y.mean(), low, high))


def test_few_plans_are_not_summed_up() -> None:
    found = coaching_ledger([(0.2, 0.1)] * 4, kind="rate")
    assert (found.plans, found.mean, found.reason) == (4, None, "too_few")
