"""The fields in which criteria are changed, and criteria as they are read; for a round's and for templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from bokgi.apps.coaching.selectors import rubric_skill
from bokgi.apps.evaluation import selectors
from bokgi.apps.evaluation.criteria import (
    KIND_LABELS,
    LIMIT_LABELS,
    LIMIT_RANGES,
    PEER_LABELS,
    READER_LABELS,
    SHOWING_LABELS,
    Criteria,
    said,
)
from bokgi.apps.evaluation.editing import (
    CriteriaFields,
    PartFields,
    criteria_typed,
    fields_given,
    fields_of,
    new_part,
)
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.errors import BokgiError
from bokgi.domain.messages import N_
from bokgi.ui.blocks import Field

_ADD = "add"


@dataclass
class Editor:
    """What is being typed. `saves`: it is to be saved, not only drawn again with a part more or less."""

    screen: Screen
    before: Criteria
    typed: CriteriaFields
    saves: bool
    fault: BokgiError | None = None

    @classmethod
    def of(cls, screen: Screen, before: Criteria, given: QueryDict) -> Editor:
        """Take what was typed, or what stands there when nothing was."""
        fields = fields_of(before, screen.lang)
        typed = fields_given(given, fields) if given else fields
        if given.get("deed") == _ADD:
            typed = CriteriaFields(**{**vars(typed), "parts": [*typed.parts, new_part()]})
        return cls(screen, before, typed, saves=given.get("deed") not in {_ADD, "draw"})

    def criteria(self) -> Criteria:
        """Give the criteria that were typed; raises `UsageError` for what cannot be read."""
        return criteria_typed(self.typed, self.before, self.screen.lang, self._skills())

    def _skills(self) -> list[tuple[str, int]]:
        """List the skills to choose from: those that count now, and those a part names in an older version."""
        now = selectors.skills_now()
        named = {one for part in self.before.parts for one in part.skills}
        return [*now, *sorted(named - set(now))]

    @property
    def total(self) -> int | None:
        """Give the sum of the weights typed; null where one is no number."""
        weights = [part.weight.strip() for part in self.typed.parts]
        return sum(map(int, weights)) if all(one.isdecimal() for one in weights) else None

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Give what a part can look at."""
        return [(kind.value, self.screen.say(label)) for kind, label in KIND_LABELS.items()]

    @property
    def skills(self) -> list[tuple[str, str]]:
        """Give the skills to choose from, by `key:version`."""
        now, found = set(selectors.skills_now()), []
        for key, version in self._skills():
            skill = rubric_skill(key, version, self.screen.lang)
            if skill is not None:
                older = "" if (key, version) in now else f" ({self.screen.say(N_('version {n}'), n=version)})"
                found.append((f"{key}:{version}", f"{skill.stage} · {skill.name}{older}"))
        return found

    def choice(self, name: str) -> Field:
        """Draw a choice of the whole criteria."""
        label, labels = _CHOICES[name]
        options = [(one, self.screen.say(words)) for one, words in labels.items()]
        return Field(name, self.screen.say(label), "select", getattr(self.typed, name), options, required=True)

    @property
    def limits(self) -> list[Field]:
        """Draw the limits of the guard."""
        return [
            Field(
                f"limit-{name}",
                self.screen.say(label),
                "number",
                self.typed.limits[name],
                hint=self.screen.say(N_("{least} to {most}"), least=LIMIT_RANGES[name][0], most=LIMIT_RANGES[name][1]),
                unit="" if name == "fewest_cases" else "%",
                required=True,
            )
            for name, label in LIMIT_LABELS.items()
        ]

    def title(self, part: PartFields) -> str:
        """Name a part that is being typed."""
        return part.texts["name"] or self.screen.say(N_("A new part"))


_CHOICES: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "peers": (N_("Input of colleagues"), PEER_LABELS),
    "input_reader": (N_("Who reads what colleagues said"), READER_LABELS),
    "showing": (N_("When the person reads the draft"), SHOWING_LABELS),
}


def criteria_shown(screen: Screen, criteria: Criteria) -> dict[str, Any]:
    """Write criteria out to be read."""
    return {
        "parts": [
            {
                "part": part,
                "name": said(part.name, screen.lang),
                "counts": said(part.counts, screen.lang),
                "kind": screen.say(KIND_LABELS[part.kind]),
                "anchors": selectors.anchors_of(part, screen.lang),
            }
            for part in criteria.parts
        ],
        "scale": [said(text, screen.lang) for text in criteria.scale],
        "rules": _rules(screen, criteria),
    }


def _rules(screen: Screen, criteria: Criteria) -> Sequence[str]:
    say, limits = screen.say, criteria.limits
    told = [
        say(N_("Results weigh at most {n}%."), n=criteria.most_results),
        say(PEER_LABELS[criteria.peers]),
        say(SHOWING_LABELS[criteria.showing]),
    ]
    if criteria.peers.value != "none":
        told.append(say(READER_LABELS[criteria.input_reader]))
    told.append(
        say(
            N_(
                "The guard asks again for a verdict from fewer than {cases} ended deals, when one deal is {deal}% of "
                "the result or more, and when the last sixth of the period is {last}% or more."
            ),
            cases=limits.fewest_cases,
            deal=limits.one_deal,
            last=limits.last_weeks,
        )
    )
    return told
