"""Criteria to begin with: account executive, sales development, customer success, team manager. All can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bokgi.apps.evaluation.criteria import KIND_LABELS, Criteria, Kind, Part
from bokgi.domain.messages import N_

_ANCHORS: Final = {
    Kind.RESULTS: (
        N_("Beside what was to be expected of the same hand, clearly less in most of the period."),
        N_("About what was to be expected of the same hand, or the data cannot tell."),
        N_("Beside what was to be expected of the same hand, clearly more in most of the period, not by one deal."),
    ),
    Kind.QUALITY: (
        N_("Deals stand in stages whose exit criterion the customer has not met; close dates move again and again."),
        N_("Stages, amounts and next steps are right in most deals when somebody looks."),
        N_("Deals that will not close are given up early; what is in the forecast comes, and others copy the notes."),
    ),
    Kind.EXECUTION: (
        N_("What was agreed in the weekly review is often not done, and nobody hears of it beforehand."),
        N_("What was agreed is done, or it is said in time why not."),
        N_("Does what was agreed, finds out what did not work, and changes it without being asked."),
    ),
    Kind.CUSTOMER: (
        N_("Promises to customers are forgotten; customers ask for somebody else."),
        N_("Customers get answers within the standard and know what happens next."),
        N_("Customers name this person when they say why they stayed or recommended us."),
    ),
    Kind.SKILL: (
        N_("Needs somebody beside them at a stage that the role carries alone."),
        N_("Carries every stage of the role alone in usual cases."),
        N_("Carries difficult cases, and can show others how."),
    ),
    Kind.COLLABORATION: (
        N_("Hand-offs arrive incomplete; what was learned stays with this person."),
        N_("Hand-offs are complete; tells wins and losses so that others can use them."),
        N_("Colleagues won or kept customers because of what this person shared."),
    ),
}

_COUNTS: Final = {
    ("AE", Kind.RESULTS): N_("Won amount and win rate beside what was to be expected of the deals that were given."),
    ("AE", Kind.QUALITY): N_("Exit criteria met, amounts and close dates that hold, next steps set."),
    ("AE", Kind.EXECUTION): N_("Commitments of the weekly review kept, response times within the standard."),
    ("AE", Kind.CUSTOMER): N_("What customers said, promises kept, people on the customer's side who are involved."),
    ("AE", Kind.SKILL): N_("Discovery, proposal and negotiation, by the rubric of each stage."),
    ("SDR", Kind.RESULTS): N_("Opportunities accepted by sales beside what was to be expected of the same leads."),
    ("SDR", Kind.QUALITY): N_("Share of handed-over opportunities that sales keeps, reasons for refusals."),
    ("SDR", Kind.EXECUTION): N_("First response within the standard, follow-ups done, accounts prepared."),
    ("SDR", Kind.CUSTOMER): N_("How the first conversation went for the customer; no pressure, no empty promises."),
    ("SDR", Kind.SKILL): N_("Opening, questions, qualification, by the rubric of each stage."),
    ("CSM", Kind.RESULTS): N_("Renewals and expansion beside what was to be expected of the same accounts."),
    ("CSM", Kind.QUALITY): N_("Health of accounts known early, renewals prepared in time, risks named."),
    ("CSM", Kind.EXECUTION): N_("First value reached as planned, reviews with customers held, follow-ups done."),
    ("CSM", Kind.CUSTOMER): N_("What customers said, promises kept, several contacts in each account."),
    ("CSM", Kind.SKILL): N_("Onboarding, value conversation, difficult conversations, by the rubric."),
    ("manager", Kind.RESULTS): N_("Result of the team beside what was to be expected of its deals."),
    ("manager", Kind.QUALITY): N_("A forecast that holds, a funnel whose figures can be trusted."),
    ("manager", Kind.EXECUTION): N_("Weekly reviews held and prepared, agreements checked the week after."),
    ("manager", Kind.CUSTOMER): N_("Presence in important deals, problems of customers solved."),
    ("manager", Kind.SKILL): N_("Coaching that finds the cause first, feedback in situation, behaviour and effect."),
}
_COLLABORATION: Final = N_("Complete hand-offs, help for colleagues, what was learned and shared.")

_WEIGHTS: Final = {
    "AE": (35, 15, 15, 15, 10, 10),
    "SDR": (30, 20, 20, 10, 10, 10),
    "CSM": (30, 15, 15, 20, 10, 10),
    "manager": (25, 15, 20, 10, 20, 10),
}
SKILLS: Final = {
    "AE": ("qualification", "discovery", "validation", "proposal", "closing"),
    "SDR": ("first-contact", "qualification"),
    "CSM": ("discovery", "retention"),
    "manager": (),
}
"""Skills of the rubric that a role needs; a manager's own (coaching) stands in the anchors of the part."""
_MOST_RESULTS: Final = 50
_CAP_OF_OTHERS: Final = 40

ROLES: Final = tuple(_WEIGHTS)
ROLE_LABELS: Final = {
    "AE": N_("Account executive"),
    "SDR": N_("Sales development"),
    "CSM": N_("Customer success"),
    "manager": N_("Team manager"),
}


_ASKED: Final = frozenset({Kind.EXECUTION, Kind.CUSTOMER, Kind.COLLABORATION})
"""What colleagues see enough of to say something."""


def default_criteria(role: str, skills: Mapping[str, int] | None = None) -> Criteria:
    """Give the criteria to begin with; an unknown role begins with those of an account executive.

    `skills` are those of the rubric that count now, with their versions: the role's own become the anchors of skill.

    >>> [(part.kind.value, part.weight) for part in default_criteria("SDR").parts][:2]
    [('results', 30), ('quality', 20)]
    """
    known = role if role in _WEIGHTS else "AE"
    parts = []
    for kind, weight in zip(Kind, _WEIGHTS[known], strict=True):
        low, middle, high = _ANCHORS[kind]
        counts = _COUNTS.get((known, kind), _COLLABORATION)
        cap = _MOST_RESULTS if kind is Kind.RESULTS else _CAP_OF_OTHERS
        of_role = tuple((key, version) for key, version in (skills or {}).items() if key in SKILLS[known])
        rubric = of_role if kind is Kind.SKILL else ()
        asks = kind in _ASKED
        parts.append(Part(kind.value, KIND_LABELS[kind], kind, counts, weight, cap, low, middle, high, asks, rubric))
    return Criteria(role, tuple(parts), _MOST_RESULTS)
