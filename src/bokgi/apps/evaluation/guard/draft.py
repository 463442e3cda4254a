"""What the guard reads: a draft, what the facts say of the same person and period, and what has happened so far."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final

from bokgi.apps.evaluation.criteria import Criteria, Kind
from bokgi.domain.messages import N_, Message

SHORTEST_SITUATION: Final = 3
"""Words without digits that a situation has at least."""
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


class Mistake(StrEnum):
    """The five mistakes of evaluations."""

    NUMBERS_ONLY = "numbers_only"
    ONE_YARDSTICK = "one_yardstick"
    LUCK_FOR_SKILL = "luck_for_skill"
    CRITERIA_UNKNOWN = "criteria_unknown"
    NO_DIALOGUE = "no_dialogue"


MISTAKE_LABELS: Final = {
    Mistake.NUMBERS_ONLY: N_("Numbers only"),
    Mistake.ONE_YARDSTICK: N_("One yardstick for unequal conditions"),
    Mistake.LUCK_FOR_SKILL: N_("Luck taken for skill"),
    Mistake.CRITERIA_UNKNOWN: N_("Criteria not known beforehand"),
    Mistake.NO_DIALOGUE: N_("A verdict without dialogue"),
}


class EvidenceKind(StrEnum):
    """What a judgement rests on. A figure is a number; everything else is something that somebody saw or said."""

    FIGURE = "figure"
    OBSERVATION = "observation"
    DEAL = "deal"
    CUSTOMER = "customer"
    COLLEAGUE = "colleague"


EVIDENCE_LABELS: Final = {
    EvidenceKind.FIGURE: N_("A figure"),
    EvidenceKind.OBSERVATION: N_("Something seen"),
    EvidenceKind.DEAL: N_("A deal"),
    EvidenceKind.CUSTOMER: N_("What a customer said"),
    EvidenceKind.COLLEAGUE: N_("What a colleague said"),
}


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence for one part; `seen_on` is the day it is from, null where nobody said."""

    part: str
    kind: EvidenceKind
    seen_on: date | None = None
    text: str = ""

    @property
    def tells_a_situation(self) -> bool:
        """Say whether it is more than a figure: called something seen, “12 deals won” is still a figure."""
        return self.kind is not EvidenceKind.FIGURE and len(_WORD.findall(self.text)) >= SHORTEST_SITUATION


@dataclass(frozen=True)
class Standing:
    """What the facts say. Rates 0 to 1; `ratio` is the result beside what was to be expected, with its 90 % interval.

    `verdict` is `above`, `below` or `cannot_tell`. `largest_share`: share of the largest deal in the won amount;
    `last_share`: share of the won amount that came in the last sixth of the period. Null: cannot be said.
    """

    n: int = 0
    won: int = 0
    raw: float | None = None
    everybody: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str = "cannot_tell"
    largest_share: float | None = None
    last_share: float | None = None
    still_new: bool = False
    alone_in_territory: bool = False
    changed_team: bool = False


@dataclass(frozen=True)
class Draft:
    """A draft as the guard reads it. `ratings` by part (1 to 5, null: not rated), `texts` by part, `""`: the whole.

    `rated_parts` names every part somebody rated, of the criteria or not. `closing`: the form is about to be closed,
    so what belongs to the end is asked for, too. `also_said`: what else the writer wrote, by part: evidence, reasons.
    `lacks_signature`: who wrote the form has signed it and the person has not.
    `compared_roles`: roles in the facts of the people who are held to these criteria.
    """

    criteria: Criteria
    period_start: date
    period_end: date
    ratings: Mapping[str, int | None]
    texts: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    standing: Standing | None = None
    published_on: date | None = None
    acknowledged_on: date | None = None
    changed_on: date | None = None
    compared_roles: frozenset[str] = frozenset()
    self_on: date | None = None
    talked_on: date | None = None
    shown_on: date | None = None
    has_plan: bool = False
    lacks_signature: bool = False
    talk_text: str = ""
    also_said: Mapping[str, str] = field(default_factory=dict)
    closing: bool = False

    @property
    def results(self) -> tuple[str, ...]:
        """Name the parts of the criteria that rate results."""
        return tuple(part.key for part in self.criteria.parts if part.kind is Kind.RESULTS)


@dataclass(frozen=True)
class Finding:
    """One mistake in a draft: which, what it rests on, what would resolve it. `code`, `part`, `words` make its key."""

    code: str
    mistake: Mistake
    message: Message
    evidence: Message
    resolve: Message
    part: str = ""
    words: str = ""

    @property
    def key(self) -> str:
        """Give what an overruling of this finding is kept under; other words are another finding."""
        of_words = sha256(self.words.encode()).hexdigest()[:8] if self.words else ""
        return ":".join(filter(None, (self.code, self.part, of_words)))
