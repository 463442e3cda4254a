"""What a person is judged by: parts with weights and caps, a scale with anchors, who gives input and who sees what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

LOWEST: Final = 1
MIDDLE: Final = 3
HIGHEST: Final = 5
WHOLE: Final = 100
MOST_PARTS: Final = 12
LONGEST_TEXT: Final = 300

SCALE: Final = (
    N_("Well below what was agreed"),
    N_("Below what was agreed"),
    N_("As agreed"),
    N_("Above what was agreed"),
    N_("Well above what was agreed"),
)
"""What the points 1 to 5 are called to begin with; what each means for one part stands in the anchors of the part."""


class Kind(StrEnum):
    """What a part looks at; the guard asks other questions of results than of skill."""

    RESULTS = "results"
    QUALITY = "quality"
    EXECUTION = "execution"
    CUSTOMER = "customer"
    SKILL = "skill"
    COLLABORATION = "collaboration"


KIND_LABELS: Final = {
    Kind.RESULTS: N_("Results"),
    Kind.QUALITY: N_("Opportunity and funnel quality"),
    Kind.EXECUTION: N_("Execution"),
    Kind.CUSTOMER: N_("Customer"),
    Kind.SKILL: N_("Skill"),
    Kind.COLLABORATION: N_("Collaboration and learning"),
}


class PeerInput(StrEnum):
    """Whether colleagues in the same role are asked, and whether their names stand beside what they say."""

    NONE = "none"
    NAMED = "named"
    UNNAMED = "unnamed"


PEER_LABELS: Final = {
    PeerInput.NONE: N_("Colleagues are not asked"),
    PeerInput.NAMED: N_("Colleagues are asked, with their names"),
    PeerInput.UNNAMED: N_("Colleagues are asked, without their names"),
}


class Showing(StrEnum):
    """When a person reads what the manager wrote."""

    AT_ONCE = "at_once"
    AFTER_CALIBRATION = "after_calibration"


SHOWING_LABELS: Final = {
    Showing.AT_ONCE: N_("The person reads the draft as soon as it is handed in"),
    Showing.AFTER_CALIBRATION: N_("The person reads the draft when calibration has ended"),
}


class InputReader(StrEnum):
    """Who reads what colleagues said."""

    BOTH = "both"
    MANAGER = "manager"


READER_LABELS: Final = {
    InputReader.BOTH: N_("The person and the manager read what colleagues said"),
    InputReader.MANAGER: N_("Only the manager and the next level read what colleagues said"),
}


@dataclass(frozen=True)
class Limits:
    """From where on the guard calls a judgement of results too sure; percent, but `fewest_cases`: ended deals."""

    fewest_cases: int = 10
    one_deal: int = 40
    last_weeks: int = 50


LIMIT_LABELS: Final = {
    "fewest_cases": N_("Fewest ended deals for a verdict about results"),
    "one_deal": N_("Share of one deal from which it carries the result"),
    "last_weeks": N_("Share of the last sixth from which it outweighs the period"),
}
LIMIT_RANGES: Final = {"fewest_cases": (5, 200), "one_deal": (20, 80), "last_weeks": (30, 80)}
"""Bounds of the limits: the guard can be made stricter or milder, not switched off."""


def said(text: str, lang: str) -> str:
    """Read a text of the criteria aloud: a marked one in the language, what somebody typed as it was typed.

    >>> said("As agreed", "en"), said("", "ko"), said("100 {{a}}", "ko")
    ('As agreed', '', '100 {a}')
    """
    return Message(text).text(lang) if text else ""


@dataclass(frozen=True)
class Part:
    """One part of the criteria. `weight` and `cap` are percent of the whole; anchors say what a point looks like.

    Texts are marked ones (of the default templates) or what somebody typed, with braces doubled; `said` reads them.
    `asks_colleagues`: colleagues who are asked
    rate this part, too. `skills` names skills of the rubric of coaching with their version; they are then its anchors.
    """

    key: str
    name: str
    kind: Kind
    counts: str
    weight: int
    cap: int
    low: str = ""
    middle: str = ""
    high: str = ""
    asks_colleagues: bool = False
    skills: tuple[tuple[str, int], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Give what is written in the part."""
        return self.name, self.counts, self.low, self.middle, self.high


@dataclass(frozen=True)
class Criteria:
    """What people of one role are judged by. `most_results` is the limit for the weight of results, in percent."""

    role: str
    parts: tuple[Part, ...]
    most_results: int = 50
    peers: PeerInput = PeerInput.NONE
    showing: Showing = Showing.AFTER_CALIBRATION
    scale: tuple[str, ...] = SCALE
    input_reader: InputReader = InputReader.BOTH
    limits: Limits = Limits()

    def part(self, key: str) -> Part | None:
        """Find a part; null where there is none of that key."""
        return next((part for part in self.parts if part.key == key), None)

    @property
    def results_weight(self) -> int:
        """Give the weight of results in percent."""
        return sum(part.weight for part in self.parts if part.kind is Kind.RESULTS)

    def as_json(self) -> dict[str, Any]:
        """Give the criteria as they are kept."""
        return asdict(self)

    @staticmethod
    def read(kept: Mapping[str, Any]) -> Criteria:
        """Read criteria as they were kept.

        >>> made = Criteria("AE", (Part("results", "Results", Kind.RESULTS, "", 100, 100),))
        >>> Criteria.read(made.as_json()) == made
        True
        """
        parts = tuple(
            Part(
                **{
                    **part,
                    "kind": Kind(part["kind"]),
                    "skills": tuple((key, version) for key, version in part.get("skills", ())),
                }
            )
            for part in kept["parts"]
        )
        return Criteria(
            kept["role"],
            parts,
            kept["most_results"],
            PeerInput(kept["peers"]),
            Showing(kept["showing"]),
            tuple(kept.get("scale", SCALE)),
            InputReader(kept.get("input_reader", InputReader.BOTH)),
            Limits(**kept.get("limits", {})),
        )

    def faults(self) -> list[Message]:
        """Say what keeps these criteria from being used; an empty list where nothing does."""
        found = []
        total = sum(part.weight for part in self.parts)
        if total != WHOLE:
            found.append(Message(N_("The weights add up to {total}%; they must add up to 100%."), {"total": total}))
        if not 1 <= len(self.parts) <= MOST_PARTS or len({part.key for part in self.parts}) != len(self.parts):
            found.append(Message(N_("There must be 1 to {most} parts, each once."), {"most": MOST_PARTS}))
        for part in self.parts:
            found += _part_faults(part)
        if self.results_weight > self.most_results:
            found.append(
                Message(
                    N_("Results weigh {weight}%, more than the limit of {limit}%."),
                    {"weight": self.results_weight, "limit": self.most_results},
                )
            )
        return found + self._rule_faults()

    def _rule_faults(self) -> list[Message]:
        found = []
        if len(self.scale) != HIGHEST or not all(0 < len(text.strip()) <= LONGEST_TEXT for text in self.scale):
            found.append(Message(N_("Each of the five points of the scale needs a name.")))
        for name, (least, most) in LIMIT_RANGES.items():
            if not least <= getattr(self.limits, name) <= most:
                values = {"limit": Message(LIMIT_LABELS[name]), "least": least, "most": most}
                found.append(Message(N_("{limit}: from {least} to {most}."), values))
        return found

    def checked(self) -> Criteria:
        """Give the criteria, or raise `UsageError` (`criteria_unfit`) with the first fault."""
        faults = self.faults()
        if faults:
            raise UsageError(
                "criteria_unfit", faults[0], Message(N_("Nothing was saved. Change it below and save again."))
            )
        return self

    def changed(self, other: Criteria) -> tuple[str, ...]:
        """Name the keys of the parts that are not the same in other criteria, those that came or went included."""
        mine, theirs = ({part.key: part for part in one.parts} for one in (self, other))
        return tuple(key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key))


def _part_faults(part: Part) -> list[Message]:
    found, values = [], {"part": Message(part.name), "weight": part.weight, "cap": part.cap}
    if not 0 < part.weight <= part.cap <= WHOLE:
        found.append(
            Message(N_("{part}: the weight ({weight}%) must be above 0 and at most the cap ({cap}%)."), values)
        )
    if not part.name.strip() or max(len(text) for text in part.texts) > LONGEST_TEXT:
        found.append(Message(N_("Each part needs a name; texts have at most 300 characters.")))
    if not part.skills and not (part.low.strip() and part.middle.strip() and part.high.strip()):
        found.append(Message(N_("{part}: say what 1, 3 and 5 look like."), values))
    return found
