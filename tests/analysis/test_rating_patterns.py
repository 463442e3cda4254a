"""Patterns of raters, held against R, a published table and slow twins."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from bokgi.analysis.rating_patterns import adjusted_p, agreement, difference, follows_raw, share_in_the_middle

FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_agreement_is_that_of_the_table_of_shrout_and_fleiss() -> None:
    # Shrout & Fleiss (1979), table 4: ICC(3,1) = .71; the mean squares of table 3 are 11.24 and 1.02.
    found = agreement(FLEISS)
    assert found is not None
    assert found.share == pytest.approx((11.24 - 1.02) / (11.24 + 3 * 1.02), abs=2e-3)
    # The F limits that the paper gives for ICC(3,1).
    f = 11.2416667 / 1.0194444
    assert found.low == pytest.approx((f / stats.f.ppf(0.95, 5, 15) - 1) / (f / stats.f.ppf(0.95, 5, 15) + 3), abs=1e-4)


def test_one_impression_of_each_person_agrees_fully_and_noise_does_not() -> None:
    assert agreement([[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4], [5, 5, 5]]).share == 1.0  # type: ignore[union-attr]  # five people
    noise = np.random.default_rng(7).integers(1, 6, (60, 6))
    found = agreement(noise.tolist())
    assert found is not None
    assert found.low < 0.05 < found.high + 0.1
    assert abs(found.share) < 0.15


def test_a_difference_is_that_of_r() -> None:
    # R: t.test(c(4,4,5,4,3), c(3,2,3,3,2,4), conf.level = .9) gives 0.3565 to 1.9768 for the difference 1.1667.
    found = difference([4, 4, 5, 4, 3], [3, 2, 3, 3, 2, 4])
    assert found is not None
    assert found.difference == pytest.approx(1.1667, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((0.356518, 1.976815), abs=1e-5)


def test_the_p_of_a_difference_is_that_of_all_divisions() -> None:
    a, b = [4.0, 5.0, 5.0, 3.5], [2.0, 3.0, 3.0, 1.5]
    everything = np.array(a + b)
    gaps = [
        everything[list(chosen)].mean() - np.delete(everything, list(chosen)).mean()
        for chosen in combinations(range(8), 4)
    ]
    gap = np.mean(a) - np.mean(b)
    found = difference(a, b)
    assert found is not None
    assert found.p == pytest.approx(np.mean(np.abs(gaps) >= abs(gap) - 1e-12))


def test_small_groups_say_nothing() -> None:
    assert difference([4, 5], [1, 2, 3]) is None
    assert follows_raw([1, 2, 3, 4], [1, 2, 3, 4], [4, 3, 2, 1]) is None
    assert follows_raw([3] * 6, range(6), range(6)) is None
    assert share_in_the_middle([3, 3, 3, 3], 3) is None
    assert agreement([[1, 2, 3]] * 4) is None


def test_a_group_without_spread_has_an_interval_and_rounding_is_no_difference() -> None:
    found = difference([3.15, 3.15, 3.15 + 1e-15], [2.0, 3.0, 2.5])
    assert found is not None
    assert found.low < found.difference < found.high
    same = difference([3.15, 3.15, 3.15 + 4e-16], [3.15, 3.15, 3.15])
    assert same is not None
    assert (same.difference, same.p) == (0.0, 1.0)


def test_nothing_differs_where_everybody_got_the_same() -> None:
    found = difference([3, 3, 3], [3, 3, 3])
    assert found is not None
    assert (found.difference, found.p) == (0.0, 1.0)


def test_following_raw_results_has_the_p_of_all_exchanges() -> None:
    rng = np.random.default_rng(3)
    raw, adjusted = rng.normal(size=8), rng.normal(size=8)
    ratings = raw + 0.3 * rng.normal(size=8)
    ranks = [stats.zscore(stats.rankdata(values)) for values in (ratings, raw, adjusted)]
    observed = float((ranks[0] * (ranks[1] - ranks[2])).mean())
    exchanged = [float((ranks[0] * (ranks[1] - ranks[2]) * signs).mean()) for signs in product((1, -1), repeat=8)]
    found = follows_raw(list(ratings), list(raw), list(adjusted))
    assert found is not None
    assert found.difference == pytest.approx(observed)
    assert found.p == pytest.approx(np.mean(np.array(exchanged) >= observed - 1e-12))
    plain = stats.spearmanr(ratings, raw).statistic - stats.spearmanr(ratings, adjusted).statistic
    assert found.difference == pytest.approx(plain)


def test_who_looks_at_both_alike_is_rarely_said_to_follow_raw_results() -> None:
    rng, hits = np.random.default_rng(11), 0
    for _ in range(120):
        raw, adjusted = rng.normal(size=(2, 10))
        ratings = raw + adjusted + rng.normal(size=10)
        found = follows_raw(list(ratings), list(raw), list(adjusted))
        hits += found is not None and found.p <= 0.05
    assert hits <= 12


def test_who_follows_raw_results_is_found() -> None:
    rng, hits = np.random.default_rng(12), 0
    for _ in range(60):
        raw, adjusted = rng.normal(size=(2, 10))
        found = follows_raw(list(raw + 0.4 * rng.normal(size=10)), list(raw), list(adjusted))
        hits += found is not None and found.p <= 0.05
    assert hits >= 40


def test_the_share_in_the_middle_is_that_of_r() -> None:
    # R: binom.test(9, 12, conf.level = .9) gives 0.4726734 to 0.9281297.
    found = share_in_the_middle([3] * 9 + [4, 2, 5], 3)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.4726734, 0.9281297), abs=1e-6)


def test_looking_often_raises_p() -> None:
    assert adjusted_p([]) == []
    assert adjusted_p([0.01, 0.02, 0.03, 0.5]) == pytest.approx([0.04, 0.04, 0.04, 0.5])
