"""Decisions of a round as pure functions: what weighs how much, what comes next, what may be done now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from bokgi.apps.evaluation.criteria import WHOLE, Criteria
from bokgi.domain.messages import N_, Message

_CENTS: Final = 100
FEWEST_UNNAMED: Final = 3
"""So many colleagues must have answered before unnamed input is shown: of fewer, one could be guessed."""


def effective_weights(criteria: Criteria, rated: frozenset[str]) -> dict[str, Fraction] | None:
    """Give the share of each rated part in the total: a part that is missing is spread over the others.

    Shares keep the proportions of the weights, none passes its cap, and they add up to one exactly. Null where that
    cannot be: nothing is rated, or the caps of what is rated leave part of the whole to nobody.

    >>> from bokgi.apps.evaluation.default_criteria import default_criteria
    >>> shares = effective_weights(default_criteria("AE"), frozenset({"results", "quality", "execution", "customer"}))
    >>> {key: str(share) for key, share in shares.items()}
    {'results': '7/16', 'quality': '3/16', 'execution': '3/16', 'customer': '3/16'}
    >>> effective_weights(default_criteria("AE"), frozenset({"results"})) is None
    True
    """
    parts = [part for part in criteria.parts if part.key in rated]
    if not parts or sum(part.cap for part in parts) < WHOLE:
        return None
    left, open_parts, shares = Fraction(1), list(parts), dict[str, Fraction]()
    while open_parts:
        weight = sum(part.weight for part in open_parts)
        over = [part for part in open_parts if left * part.weight / weight > Fraction(part.cap, WHOLE)]
        if not over:
            shares |= {part.key: left * part.weight / weight for part in open_parts}
            break
        for part in over:
            shares[part.key] = Fraction(part.cap, WHOLE)
            left -= shares[part.key]
        open_parts = [part for part in open_parts if part not in over]
    return {part.key: shares[part.key] for part in parts}


@dataclass(frozen=True)
class Total:
    """The total of a form and what each part contributes, in hundredths of a point; the parts add up to the total."""

    score: Decimal
    contributions: Mapping[str, Decimal]
    shares: Mapping[str, Fraction]
    missing: tuple[str, ...]


def total(criteria: Criteria, ratings: Mapping[str, int | None]) -> Total | None:
    """Add the parts up; null where too little is rated (see `effective_weights`).

    A part without a rating re-weights the others and never counts as zero. What is shown adds up exactly: the last
    hundredths go to the parts that lost most by rounding.

    >>> from bokgi.apps.evaluation.default_criteria import default_criteria
    >>> found = total(
    ...     default_criteria("AE"), {"results": 4, "quality": 3, "execution": 3, "customer": 5, "skill": None}
    ... )
    >>> found.score, sum(found.contributions.values()) == found.score, found.missing
    (Decimal('3.81'), True, ('skill', 'collaboration'))
    """
    given = {key: rating for key, rating in ratings.items() if rating is not None and criteria.part(key) is not None}
    shares = effective_weights(criteria, frozenset(given))
    if shares is None:
        return None
    exact = {key: share * given[key] for key, share in shares.items()}
    whole = sum(exact.values(), Fraction(0)) * _CENTS
    score = Decimal(whole.numerator) / Decimal(whole.denominator)
    cents = int(score.quantize(Decimal(1), ROUND_HALF_UP))
    floors = {key: int(value * _CENTS) for key, value in exact.items()}
    lost = sorted(exact, key=lambda key: (floors[key] - exact[key] * _CENTS, key))
    for key in lost[: cents - sum(floors.values())]:
        floors[key] += 1
    missing = tuple(part.key for part in criteria.parts if part.key not in given)
    return Total(_points(cents), {key: _points(value) for key, value in floors.items()}, shares, missing)


def _points(cents: int) -> Decimal:
    return (Decimal(cents) / _CENTS).quantize(Decimal("0.01"))


class Step(StrEnum):
    """The steps of one person's evaluation, in their order."""

    CRITERIA = "criteria"
    SELF = "self"
    PEERS = "peers"
    DRAFT = "draft"
    CALIBRATION = "calibration"
    CONVERSATION = "conversation"
    ANSWER = "answer"
    DECISION = "decision"
    SIGN_OFF = "sign_off"
    GROWTH = "growth"
    CLOSED = "closed"


STEP_LABELS: Final = {
    Step.CRITERIA: N_("Read the criteria"),
    Step.SELF: N_("Self evaluation"),
    Step.PEERS: N_("Input of colleagues"),
    Step.DRAFT: N_("Manager’s draft"),
    Step.CALIBRATION: N_("Calibration"),
    Step.CONVERSATION: N_("Conversation"),
    Step.ANSWER: N_("Answer of the person"),
    Step.DECISION: N_("Decision on the appeal"),
    Step.SIGN_OFF: N_("Sign-off"),
    Step.GROWTH: N_("Growth plan"),
    Step.CLOSED: N_("Closed"),
}


class AnswerKind(StrEnum):
    """What a person says to the evaluation."""

    AGREES = "agrees"
    COMMENTS = "comments"
    APPEALS = "appeals"


ANSWER_LABELS: Final = {
    AnswerKind.AGREES: N_("I agree"),
    AnswerKind.COMMENTS: N_("I have something to add"),
    AnswerKind.APPEALS: N_("I appeal: somebody else shall decide"),
}


@dataclass(frozen=True)
class Progress:
    """How far one evaluation is. `period` includes its start and excludes its end; days are null until it happened."""

    period_start: date
    period_end: date
    published_on: date | None = None
    acknowledged_on: date | None = None
    self_on: date | None = None
    peers_asked: int = 0
    peers_answered: int = 0
    drafted_on: date | None = None
    calibrated_on: date | None = None
    talked_on: date | None = None
    answer: AnswerKind | None = None
    decided_on: date | None = None
    person_signed_on: date | None = None
    manager_signed_on: date | None = None
    has_plan: bool = False
    closed_on: date | None = None


def current_step(progress: Progress) -> Step:
    """Give the step that is next for this evaluation.

    >>> current_step(Progress(date(2026, 7, 1), date(2026, 10, 1), published_on=date(2026, 6, 20))).value
    'criteria'
    """
    if progress.closed_on is not None:
        return Step.CLOSED
    waiting = (
        (Step.CRITERIA, progress.acknowledged_on is None and progress.drafted_on is None),
        (Step.SELF, progress.self_on is None and progress.drafted_on is None),
        (Step.PEERS, progress.peers_answered < progress.peers_asked and progress.drafted_on is None),
        (Step.DRAFT, progress.drafted_on is None),
        (Step.CALIBRATION, progress.calibrated_on is None),
        (Step.CONVERSATION, progress.talked_on is None),
        (Step.ANSWER, progress.answer is None),
        (Step.DECISION, progress.answer is AnswerKind.APPEALS and progress.decided_on is None),
        (Step.SIGN_OFF, progress.person_signed_on is None or progress.manager_signed_on is None),
    )
    return next((step for step, open_ in waiting if open_), Step.GROWTH)


def refusal(step: Step, progress: Progress, *, on: date, waits: bool = True) -> Message | None:
    """Say why a step cannot be taken now; null where it can.

    Nobody waits for ever for somebody who is ill, gone or does not want to: a draft may be written without self
    evaluation, a form closed without acknowledgement and, once the person is not waited for any more (`waits`), without
    answer and signature; the guard then says what is missing. An appeal is always decided first.
    """
    undecided = progress.answer is AnswerKind.APPEALS and progress.decided_on is None
    checks: dict[Step, tuple[tuple[bool, Message], ...]] = {
        Step.CRITERIA: ((progress.published_on is None, Message(N_("The criteria are not published yet."))),),
        Step.SELF: (
            (progress.published_on is None, Message(N_("The criteria are not published yet."))),
            (on < progress.period_start, Message(N_("The period has not begun."))),
            (progress.drafted_on is not None, Message(N_("The manager’s draft is handed in already."))),
        ),
        Step.PEERS: (
            (on < progress.period_start, Message(N_("The period has not begun."))),
            (progress.drafted_on is not None, Message(N_("The manager’s draft is handed in already."))),
        ),
        Step.DRAFT: (
            (progress.published_on is None, Message(N_("The criteria are not published yet."))),
            (on < progress.period_start, Message(N_("The period has not begun."))),
            (progress.calibrated_on is not None, Message(N_("Calibration has ended; the draft stands."))),
        ),
        Step.CALIBRATION: (
            (progress.drafted_on is None, Message(N_("The manager’s draft is not handed in yet."))),
            (progress.calibrated_on is not None, Message(N_("Calibration has ended."))),
        ),
        Step.CONVERSATION: ((progress.calibrated_on is None, Message(N_("Calibration has not ended yet."))),),
        Step.ANSWER: (
            (progress.talked_on is None, Message(N_("The conversation has not been held yet."))),
            (progress.person_signed_on is not None, Message(N_("The form is signed already."))),
        ),
        Step.DECISION: (
            (progress.answer is not AnswerKind.APPEALS, Message(N_("Nobody has appealed."))),
            (progress.decided_on is not None, Message(N_("The appeal is decided already."))),
        ),
        Step.SIGN_OFF: (
            (progress.calibrated_on is None, Message(N_("Calibration has not ended yet."))),
            (waits and progress.answer is None, Message(N_("The person has not answered yet."))),
            (undecided, Message(N_("The appeal is not decided yet."))),
        ),
        Step.GROWTH: ((progress.talked_on is None, Message(N_("The conversation has not been held yet."))),),
        Step.CLOSED: (
            (
                progress.manager_signed_on is None or (waits and progress.person_signed_on is None),
                Message(N_("Both must sign before it is closed.")),
            ),
            (undecided, Message(N_("The appeal is not decided yet."))),
        ),
    }
    if progress.closed_on is not None:
        return Message(N_("This evaluation is closed."))
    return next((message for holds, message in checks[step] if holds), None)
