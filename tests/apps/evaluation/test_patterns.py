"""The guard over a round: each pattern with a round that shows it and one that does not."""

from __future__ import annotations

import numpy as np

from bokgi.apps.evaluation.guard.patterns import RatedForm, patterns

PARTS = ("results", "quality", "execution", "customer")


def forms(manager: str, n: int = 12, *, seed: int = 3, lift: float = 0.0, **how: object) -> list[RatedForm]:
    """Draw forms of a manager who looks at the adjusted result, and at each part by itself."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        ratio, raw = float(np.exp(rng.normal(0, 0.3))), float(rng.uniform(0.1, 0.6))
        says = raw * 6 if how.get("follows") == "raw" else 3 + 2 * np.log(ratio)
        rating = int(np.clip(round(says), 1, 5))
        ratings = {part: rating if how.get("halo") else int(rng.integers(1, 6)) for part in PARTS}
        if how.get("middle"):
            ratings = dict.fromkeys(PARTS, 3)
        total = float(np.mean(list(ratings.values()))) + lift
        groups = {"part_time": ("yes", "no")[number % 2]}
        if how.get("unfair") and number % 2 == 0:
            total -= 1.2
        made.append(RatedForm(manager, total, ratings, rating, raw, ratio, groups))
    return made


def flagged(round_: list[RatedForm]) -> set[tuple[str, str]]:
    return {(one.code, one.about) for one in patterns(round_) if one.is_flagged}


def test_fair_managers_show_nothing() -> None:
    assert flagged(forms("kim") + forms("seo", seed=4)) == set()


def test_who_follows_raw_results_is_found() -> None:
    assert ("follows_raw", "kim") in flagged(forms("kim", follows="raw") + forms("seo", seed=4))


def test_one_impression_for_all_parts_is_found() -> None:
    assert ("halo", "kim") in flagged(forms("kim", halo=True) + forms("seo", seed=4))


def test_a_lenient_and_a_strict_manager_are_found() -> None:
    found = flagged(forms("kim", lift=1.1) + forms("seo", seed=4))
    assert {("lenient", "kim"), ("strict", "seo")} <= found


def test_everybody_in_the_middle_is_found() -> None:
    assert ("middle", "kim") in flagged(forms("kim", middle=True) + forms("seo", seed=4))


def test_a_group_that_is_rated_lower_beyond_its_results_is_found_and_a_small_one_is_not_looked_at() -> None:
    unfair = forms("kim", unfair=True) + forms("seo", seed=4, unfair=True)
    assert any(code == "group:part_time" for code, _ in flagged(unfair))
    few = forms("kim", n=5, unfair=True)
    small = [form for form in few if form.groups["part_time"] == "yes"][:2]
    rest = [form for form in few if form.groups["part_time"] == "no"]
    assert not any(one.code.startswith("group:") for one in patterns(small + rest))


def test_a_small_round_says_nothing() -> None:
    assert patterns(forms("kim", n=2)) == []
    assert patterns([]) == []


def test_rounds_without_patterns_are_rarely_flagged() -> None:
    hits = sum(bool(flagged(forms("kim", seed=seed) + forms("seo", seed=seed + 500))) for seed in range(60))
    assert hits <= 6
