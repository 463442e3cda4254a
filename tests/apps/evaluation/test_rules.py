"""Weights, totals and the order of steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bokgi.apps.evaluation.criteria import Criteria, Kind, Limits, Part
from bokgi.apps.evaluation.default_criteria import ROLES, default_criteria
from bokgi.apps.evaluation.rules import AnswerKind, Progress, Step, current_step, effective_weights, refusal, total
from bokgi.domain.errors import UsageError

START, END = date(2026, 7, 1), date(2026, 10, 1)


@st.composite
def criteria(draw: st.DrawFn) -> Criteria:
    """Draw criteria whose weights add up to 100, each with a cap at or above its weight."""
    count = draw(st.integers(1, 7))
    cuts = sorted(draw(st.lists(st.integers(1, 99), min_size=count - 1, max_size=count - 1, unique=True)))
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    kinds = [draw(st.sampled_from([kind for kind in Kind if kind is not Kind.RESULTS])) for _ in weights]
    parts = tuple(
        Part(f"p{i}", f"Part {i}", kind, "", weight, draw(st.integers(weight, 100)), "a", "b", "c")
        for i, (weight, kind) in enumerate(zip(weights, kinds, strict=True))
    )
    return Criteria("AE", parts)


@given(criteria(), st.data())
def test_shares_add_up_to_one_keep_caps_and_the_order_of_weights(found: Criteria, data: st.DataObject) -> None:
    assert found.faults() == []
    rated = frozenset(data.draw(st.sets(st.sampled_from([part.key for part in found.parts]))))
    shares = effective_weights(found, rated)
    present = [part for part in found.parts if part.key in rated]
    assert (shares is None) == (sum(part.cap for part in present) < 100)
    if shares is not None:
        assert sum(shares.values()) == 1
        assert set(shares) == rated
        free = [part for part in present if shares[part.key] < Fraction(part.cap, 100)]
        assert all(shares[part.key] <= Fraction(part.cap, 100) for part in present)
        assert len({shares[part.key] / part.weight for part in free}) <= 1
        assert all(shares[part.key] >= Fraction(part.weight, 100) for part in present)


@given(criteria(), st.data())
def test_parts_add_up_to_the_total_exactly_and_a_missing_one_never_counts_as_zero(
    found: Criteria, data: st.DataObject
) -> None:
    ratings = {part.key: data.draw(st.none() | st.integers(1, 5)) for part in found.parts}
    told = total(found, ratings)
    rated = [rating for rating in ratings.values() if rating is not None]
    if told is not None:
        assert sum(told.contributions.values()) == told.score
        assert min(rated) <= told.score <= max(rated)
        assert set(told.missing) == {key for key, rating in ratings.items() if rating is None}
        exact = sum((share * (ratings[key] or 0) for key, share in told.shares.items()), Fraction(0))
        assert abs(Fraction(told.score) - exact) <= Fraction(1, 200)
        if all(rating == rated[0] for rating in rated):
            assert told.score == rated[0]


def test_a_cap_hands_what_is_over_to_the_others() -> None:
    found = default_criteria("AE")
    shares = effective_weights(found, frozenset({"results", "quality", "skill"}))
    assert shares == {"results": Fraction(1, 2), "quality": Fraction(3, 10), "skill": Fraction(1, 5)}


def test_of_too_little_no_total_is_made() -> None:
    assert total(default_criteria("AE"), {"results": 5}) is None
    assert total(default_criteria("AE"), {}) is None


def test_a_case_by_hand() -> None:
    told = total(
        default_criteria("AE"),
        {"results": 4, "quality": 3, "execution": 5, "customer": 2, "skill": 3, "collaboration": 3},
    )
    assert told is not None
    assert told.score == Decimal("3.50")
    assert told.contributions["results"] == Decimal("1.40")


@pytest.mark.parametrize("role", ROLES)
def test_default_criteria_are_fit_and_are_read_back_as_they_were(role: str) -> None:
    found = default_criteria(role)
    assert found.faults() == []
    assert Criteria.read(found.as_json()) == found
    assert {part.kind for part in found.parts} == set(Kind)


def weighing(found: Criteria, **weights: int) -> Criteria:
    """Give the criteria with other weights; a part of weight 0 is left out."""
    parts = tuple(replace(part, weight=weights.get(part.key, part.weight)) for part in found.parts)
    return replace(found, parts=tuple(part for part in parts if part.weight))


def test_unfit_criteria_are_refused_with_what_is_wrong() -> None:
    found = default_criteria("AE")
    with pytest.raises(UsageError, match="add up to 105%"):
        weighing(found, skill=15).checked()
    with pytest.raises(UsageError, match="at most the cap"):
        weighing(found, quality=0, customer=0, execution=45).checked()
    with pytest.raises(UsageError, match="limit of 30%"):
        replace(found, most_results=30).checked()
    with pytest.raises(UsageError, match="from 5 to 200"):
        replace(found, limits=Limits(fewest_cases=0)).checked()
    with pytest.raises(UsageError, match="points of the scale"):
        replace(found, scale=("a", "b", "c", "d", " ")).checked()
    with pytest.raises(UsageError, match="what 1, 3 and 5 look like"):
        replace(found, parts=(replace(found.parts[0], high=""), *found.parts[1:])).checked()


DAYS = {
    "published_on": date(2026, 6, 20),
    "acknowledged_on": date(2026, 6, 22),
    "self_on": date(2026, 10, 5),
    "drafted_on": date(2026, 10, 12),
    "calibrated_on": date(2026, 10, 15),
    "talked_on": date(2026, 10, 20),
    "answer": AnswerKind.AGREES,
    "person_signed_on": date(2026, 10, 22),
    "manager_signed_on": date(2026, 10, 22),
    "closed_on": date(2026, 10, 25),
}


def progress(until: str) -> Progress:
    """Give an evaluation that has come so far."""
    names = list(DAYS)
    return replace(Progress(START, END), **{name: DAYS[name] for name in names[: names.index(until) + 1]})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("until", "step"),
    [
        ("published_on", Step.CRITERIA),
        ("acknowledged_on", Step.SELF),
        ("self_on", Step.DRAFT),
        ("drafted_on", Step.CALIBRATION),
        ("calibrated_on", Step.CONVERSATION),
        ("talked_on", Step.ANSWER),
        ("answer", Step.SIGN_OFF),
        ("person_signed_on", Step.SIGN_OFF),
        ("manager_signed_on", Step.GROWTH),
        ("closed_on", Step.CLOSED),
    ],
)
def test_each_step_follows_the_one_before(until: str, step: Step) -> None:
    assert current_step(progress(until)) is step


def test_colleagues_who_were_asked_are_waited_for_until_the_draft() -> None:
    waiting = replace(progress("self_on"), peers_asked=3, peers_answered=2)
    assert current_step(waiting) is Step.PEERS
    assert refusal(Step.DRAFT, waiting, on=END) is None
    assert current_step(replace(waiting, drafted_on=END)) is Step.CALIBRATION


def test_an_appeal_waits_for_its_decision_before_anybody_signs() -> None:
    appealed = replace(progress("talked_on"), answer=AnswerKind.APPEALS)
    assert current_step(appealed) is Step.DECISION
    assert refusal(Step.SIGN_OFF, appealed, on=END) is not None
    decided = replace(appealed, decided_on=END)
    assert current_step(decided) is Step.SIGN_OFF
    assert refusal(Step.SIGN_OFF, decided, on=END) is None
    assert refusal(Step.DECISION, decided, on=END) is not None


@pytest.mark.parametrize(
    ("step", "until", "on"),
    [
        (Step.SELF, "acknowledged_on", date(2026, 6, 25)),
        (Step.SELF, "drafted_on", END),
        (Step.DRAFT, "calibrated_on", END),
        (Step.CALIBRATION, "self_on", END),
        (Step.CONVERSATION, "drafted_on", END),
        (Step.ANSWER, "calibrated_on", END),
        (Step.SIGN_OFF, "talked_on", END),
        (Step.CLOSED, "person_signed_on", END),
        (Step.GROWTH, "closed_on", END),
    ],
)
def test_a_step_out_of_order_is_refused_with_a_reason(step: Step, until: str, on: date) -> None:
    message = refusal(step, progress(until), on=on)
    assert message is not None
    assert message.text("ko") != message.text("en")


def test_nothing_begins_before_criteria_are_published() -> None:
    early = Progress(START, END)
    assert all(refusal(step, early, on=START) for step in (Step.CRITERIA, Step.SELF, Step.DRAFT))


def test_who_is_not_waited_for_any_more_keeps_no_form_open_but_an_appeal_does() -> None:
    silent = progress("calibrated_on")
    assert refusal(Step.SIGN_OFF, silent, on=END) is not None
    assert refusal(Step.SIGN_OFF, silent, on=END, waits=False) is None
    signed = replace(silent, manager_signed_on=END)
    assert refusal(Step.CLOSED, signed, on=END) is not None
    assert refusal(Step.CLOSED, signed, on=END, waits=False) is None
    appealed = replace(signed, talked_on=END, answer=AnswerKind.APPEALS)
    assert refusal(Step.CLOSED, appealed, on=END, waits=False) is not None
    assert current_step(replace(signed, closed_on=END)) is Step.CLOSED
