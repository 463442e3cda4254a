"""Criteria as somebody types them: what stands in the fields, and criteria out of it.

A marked text that is left as it reads stays marked, so that it goes on being read in both languages.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from django.http import QueryDict

from bokgi.apps.evaluation.criteria import (
    LIMIT_RANGES,
    MOST_PARTS,
    Criteria,
    InputReader,
    Kind,
    Limits,
    Part,
    PeerInput,
    Showing,
    said,
)
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

TEXTS: Final = ("name", "counts", "low", "middle", "high")
_OWN_KEY: Final = re.compile(r"own-[0-9a-f]{8}")
_MOST_DIGITS: Final = 3

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class PartFields:
    """What stands in the fields of one part, as text; `skills` as `key:version`."""

    key: str
    kind: str
    weight: str
    cap: str
    texts: Mapping[str, str] = field(default_factory=dict)
    asks_colleagues: bool = False
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CriteriaFields:
    """What stands in the fields of a page of criteria."""

    parts: Sequence[PartFields]
    scale: Sequence[str]
    most_results: str
    peers: str
    showing: str
    input_reader: str
    limits: Mapping[str, str]


def fields_of(criteria: Criteria, lang: str) -> CriteriaFields:
    """Write criteria into the fields, in the language of who edits them."""
    parts = [
        PartFields(
            part.key,
            part.kind.value,
            str(part.weight),
            str(part.cap),
            dict(zip(TEXTS, (said(text, lang) for text in part.texts), strict=True)),
            part.asks_colleagues,
            frozenset(f"{key}:{version}" for key, version in part.skills),
        )
        for part in criteria.parts
    ]
    return CriteriaFields(
        parts,
        [said(text, lang) for text in criteria.scale],
        str(criteria.most_results),
        criteria.peers.value,
        criteria.showing.value,
        criteria.input_reader.value,
        {name: str(getattr(criteria.limits, name)) for name in LIMIT_RANGES},
    )


def fields_given(given: QueryDict, before: CriteriaFields) -> CriteriaFields:
    """Read what somebody typed; a field that was not sent stays as it was, a part that is crossed out goes."""
    there = {part.key: part for part in before.parts}
    keys = [key for key in given.getlist("part") if key in there or _OWN_KEY.fullmatch(key)] or list(there)
    parts = [
        _part_given(given, there.get(key) or new_part(key), sent="part" in given)
        for key in dict.fromkeys(keys)
        if not given.get(f"drop-{key}")
    ]
    return CriteriaFields(
        parts[: MOST_PARTS + 1],
        [str(given.get(f"scale-{place}", text)) for place, text in enumerate(before.scale, 1)],
        str(given.get("most_results", before.most_results)),
        str(given.get("peers", before.peers)),
        str(given.get("showing", before.showing)),
        str(given.get("input_reader", before.input_reader)),
        {name: str(given.get(f"limit-{name}", text)) for name, text in before.limits.items()},
    )


def _part_given(given: QueryDict, was: PartFields, *, sent: bool) -> PartFields:
    key = was.key
    return PartFields(
        key,
        str(given.get(f"kind-{key}", was.kind)),
        str(given.get(f"weight-{key}", was.weight)),
        str(given.get(f"cap-{key}", was.cap)),
        {name: str(given.get(f"{name}-{key}", was.texts.get(name, ""))) for name in TEXTS},
        bool(given.get(f"asks-{key}")) if sent else was.asks_colleagues,
        frozenset(given.getlist(f"skills-{key}")) if sent else was.skills,
    )


def new_part(key: str = "") -> PartFields:
    """Give the fields of a part that somebody adds; its key is new in every version."""
    return PartFields(key or f"own-{secrets.token_hex(4)}", Kind.EXECUTION.value, "10", "40", dict.fromkeys(TEXTS, ""))


def criteria_typed(
    typed: CriteriaFields, before: Criteria, lang: str, known_skills: Sequence[tuple[str, int]]
) -> Criteria:
    """Make criteria of what stands in the fields; whether they can be used says `Criteria.faults`.

    Raises `UsageError`: `number_unreadable` for what is no whole number, `choice_unknown` for a choice nobody offers.
    """
    known, parts = frozenset(known_skills), []
    for fields in typed.parts:
        was = before.part(fields.key)
        own = {} if was is None else dict(zip(TEXTS, was.texts, strict=True))
        texts = {name: _text(fields.texts.get(name, ""), own.get(name, ""), lang) for name in TEXTS}
        kind = _choice(Kind, fields.kind)
        skills = tuple(one for one in sorted(map(_skill, fields.skills)) if one in known) if kind is Kind.SKILL else ()
        parts.append(
            Part(
                fields.key,
                kind=kind,
                weight=_number(fields.weight),
                cap=_number(fields.cap),
                asks_colleagues=fields.asks_colleagues,
                skills=_in_order(skills, known_skills),
                **texts,
            )
        )
    return Criteria(
        before.role,
        tuple(parts),
        _number(typed.most_results),
        _choice(PeerInput, typed.peers),
        _choice(Showing, typed.showing),
        tuple(_text(text, was, lang) for text, was in zip(typed.scale, before.scale, strict=True)),
        _choice(InputReader, typed.input_reader),
        Limits(**{name: _number(text) for name, text in typed.limits.items()}),
    )


def _in_order(skills: Sequence[tuple[str, int]], known: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    places = {one: place for place, one in enumerate(known)}
    return tuple(sorted(skills, key=lambda one: places.get(one, len(places))))


def _skill(text: str) -> tuple[str, int]:
    key, _, version = text.rpartition(":")
    return key, int(version) if version.isdecimal() and len(version) <= _MOST_DIGITS else 0


def _text(typed: str, was: str, lang: str) -> str:
    """Keep a marked text that was left as it reads; braces of what somebody typed are no places for values."""
    text = "\n".join(typed.strip().splitlines())
    return was if text == said(was, lang) else text.replace("{", "{{").replace("}", "}}")


def _number(text: str) -> int:
    stripped = text.strip()
    if not (stripped.isdecimal() and len(stripped) <= _MOST_DIGITS):
        raise UsageError(
            "number_unreadable",
            Message(N_("“{text}” is no whole number of at most three digits."), {"text": text}),
            Message(N_("Nothing was saved. Change it below and save again.")),
        )
    return int(stripped)


def _choice(choices: type[Choice], text: str) -> Choice:
    if text not in set(choices):
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": choices.__name__, "given": text}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(sorted(choices))}),
        )
    return choices(text)
