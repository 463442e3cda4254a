"""Common names of stages: what kind of stage a label names, and where such stages stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from bokgi.domain.stage import StageKind
from bokgi.intake.mapping.headers import key, without_brackets

_FILE: Final = Path(__file__).resolve().parent.parent / "synonyms" / "stages.toml"
_NUMBER: Final = re.compile(r"^\s*[\[(#]?\s*(?P<number>\d{1,2})\s*(?:[-.)\]:_]|단계|\s)\s*(?=\D)")


@cache
def _words() -> Mapping[str, tuple[StageKind, int]]:
    with _FILE.open("rb") as file:
        read = tomllib.load(file)
    return {
        key(name): (StageKind(kind), int(place))
        for kind, places in read.items()
        for place, names in places.items()
        for name in names
    }


def number_of(label: str) -> int | None:
    """Give the number in front of a label.

    >>> number_of("1 - Lead Outreach"), number_of("3단계 제안"), number_of("Proposal")
    (1, 3, None)
    """
    found = _NUMBER.match(label)
    return int(found["number"]) if found else None


def known(label: str) -> tuple[StageKind, int] | None:
    """Give the kind of stage that a label names, and its usual place; null where the label is not a common one.

    >>> known("5. Closed Won (Sales Pipeline)"), known("T06 Determine necessity")
    ((<StageKind.WON: 'won'>, 100), None)
    """
    bare = _NUMBER.sub("", label)
    for text in (label, bare, without_brackets(bare)):
        if found := _words().get(key(text)):
            return found
    return None
