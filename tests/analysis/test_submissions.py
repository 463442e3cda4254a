"""How right submitted numbers have been: a jackknife twin, coverage where the truth is known, small numbers."""

from __future__ import annotations

import numpy as np
import pytest

from bokgi.analysis.submissions import MINIMUM_N, submission_accuracy


def test_a_case_computed_by_hand() -> None:
    found = submission_accuracy([12.0, 9.0, 10.0, 13.0], [10.0, 10.0, 10.0, 10.0])
    assert found.bias is not None
    assert found.error is not None
    # Differences 2, -1, 0, 3: sum 4 and absolute sum 6, each over 40. Rests 1, -2, -1, 2: variance of the mean 10/12.
    assert [found.bias.value, found.error.value] == pytest.approx([0.1, 0.15])
    reach = 2.3533634348018264 * np.sqrt(10 / 12) / 10
    assert [found.bias.low, found.bias.high] == pytest.approx([0.1 - reach, 0.1 + reach])


def test_the_spread_is_near_that_of_leaving_one_period_out() -> None:
    draws = np.random.default_rng(7)
    came = draws.uniform(80, 120, 40)
    said = came * draws.normal(1.1, 0.15, 40)
    found = submission_accuracy(said.tolist(), came.tolist())
    assert found.bias is not None
    n = len(came)
    left_out = np.array([np.delete(said, i).sum() / np.delete(came, i).sum() - 1 for i in range(n)])
    jackknife = np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    half = (found.bias.high - found.bias.low) / 2
    assert half == pytest.approx(1.6848751217112 * jackknife, rel=0.03)


@pytest.mark.parametrize(("n", "low", "high"), [(6, 0.84, 0.95), (12, 0.86, 0.94)])
def test_nine_of_ten_intervals_hold_the_truth(n: int, low: float, high: float) -> None:
    draws = np.random.default_rng(20261128)
    held = 0
    for _ in range(2000):
        came = draws.gamma(8.0, 12.0, n)
        said = came * draws.normal(1.08, 0.2, n)
        bias = submission_accuracy(said.tolist(), came.tolist()).bias
        assert bias is not None
        held += bias.low <= 0.08 <= bias.high
    assert low < held / 2000 < high


def test_too_few_periods_and_nothing_won_say_so() -> None:
    few = submission_accuracy([1.0] * (MINIMUM_N - 1), [1.0] * (MINIMUM_N - 1))
    assert (few.bias, few.error, few.reason, few.n) == (None, None, "few", 3)
    assert submission_accuracy([1.0] * 5, [0.0] * 5).reason == "nothing_came"
    assert submission_accuracy([], []).reason == "few"


def test_the_order_of_periods_and_the_unit_of_money_change_nothing() -> None:
    said, came = [12.0, 9.0, 10.0, 13.0], [10.0, 11.0, 9.0, 10.0]
    found = submission_accuracy(said, came)
    assert found.bias is not None
    for other in (
        submission_accuracy(said[::-1], came[::-1]),
        submission_accuracy([1e4 * x for x in said], [1e4 * x for x in came]),
    ):
        assert other.bias is not None
        assert [other.bias.value, other.bias.low] == pytest.approx([found.bias.value, found.bias.low])


def test_sequences_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one number"):
        submission_accuracy([1.0], [])
