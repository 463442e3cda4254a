"""What a header says, whatever its case, spaces, prefix, brackets and language.

The names that headers carry for a field are data (`synonyms/*.toml`); this module loads and compares them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from bokgi.intake.mapping.model import Entity

_FOLDER: Final = Path(__file__).resolve().parent / "synonyms"
_LANGUAGES: Final = ("en", "ko", "cs", "de")

_NOISE: Final = re.compile(r"\(do not modify\)|^property_(?:hs_)?|__c$|_c$", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\s*[(\[（【<].*?[)\]）】>]\s*$")
_JOINED: Final = " - "
_SHARE_OF_PREFIX: Final = 0.8
_FEWEST_PREFIXED: Final = 3

_ALIKE: Final = {"journey_stage": "content.journey_stage", "forecast_category": "deals.forecast_category"}

EXACT: Final = 0.95
"""Strength of a header that is a known name, letter by letter."""
LOOSE: Final = 0.85
"""Strength of a header that is a known name without its brackets, its prefix or the marks of a custom field."""


@cache
def key(header: str) -> str:
    """Give what two spellings of one header share: letters and digits only, folded.

    >>> key("Stage_Name") == key("StageName") == key("stage name")
    True
    >>> key("Probability (%)")
    'probability'
    """
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def without_brackets(header: str) -> str:
    """Take a bracket at the end off: a unit, a remark.

    >>> without_brackets("예상매출(만원)")
    '예상매출'
    """
    bare = _BRACKETS.sub("", header).strip()
    return bare or header


def common_prefix(headers: Sequence[str]) -> str | None:
    """Give the word that most headers carry before " - ", as an export writes that names its object in each column.

    >>> common_prefix(["Deal - ID", "Deal - Title", "Deal - Stage"])
    'Deal'
    >>> common_prefix(["ID", "Title", "Stage"]) is None
    True
    """
    prefixes = Counter(header.split(_JOINED, 1)[0].strip() for header in headers if _JOINED in header)
    if not prefixes:
        return None
    prefix, n = prefixes.most_common(1)[0]
    return prefix if n >= _FEWEST_PREFIXED and n >= _SHARE_OF_PREFIX * len(headers) else None


def without_prefix(header: str, prefix: str | None) -> str:
    """Take the file's common prefix off a header.

    >>> without_prefix("Obchod - Název", "Obchod")
    'Název'
    """
    start = f"{prefix}{_JOINED}"
    return header[len(start) :].strip() if prefix and header.startswith(start) else header


@cache
def _read(name: str) -> Mapping[str, Any]:
    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Give every known name: its key → the fields that carry it, over all languages."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for language in _LANGUAGES:
        for section, fields in _read(language).items():
            for field, names in fields.items():
                for name in names:
                    found[key(name)][f"{section}.{field}"] = None
    return {name: tuple(fields) for name, fields in found.items()}


def named(header: str, prefix: str | None = None) -> tuple[tuple[str, float], ...]:
    """Give the fields that a header names, of any entity, with the strength of the likeness.

    >>> [field for field, _ in named("거래처(END)") if field.startswith("deals.")]
    ['deals.account_name']
    """
    bare = without_prefix(header, prefix)
    for text, strength in (
        (bare, EXACT),
        (_NOISE.sub("", bare), LOOSE),
        (without_brackets(bare), LOOSE),
        (without_brackets(bare.rsplit(_JOINED, 1)[-1]), LOOSE - 0.1),
    ):
        if fields := synonyms().get(key(text)):
            exact = strength if text == bare and _BRACKETS.search(bare) is None else min(strength, LOOSE)
            return tuple((field, exact) for field in fields)
    # "금액(만원) - 예상": what is told apart below a merged header is an amount each; of a name there is one.
    above = synonyms().get(key(without_brackets(bare.split(_JOINED, 1)[0])), ()) if _JOINED in bare else ()
    return tuple((field, LOOSE - 0.2) for field in above if field.endswith(".amount"))


@dataclass(frozen=True)
class EntityWords:
    """What makes a file this entity: words of its name, groups of which each needs a column, fields that tell most.

    `unless`: groups that make it another entity, when each has a column.
    """

    files: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    tells: frozenset[str]
    unless: tuple[tuple[str, ...], ...]


@cache
def entity_words() -> Mapping[Entity, EntityWords]:
    """Give the marks of every entity."""
    return {
        Entity(name): EntityWords(
            tuple(mark["files"]),
            tuple(tuple(group) for group in mark["needs"]),
            frozenset(mark["tells"]),
            tuple(tuple(group) for group in mark.get("unless", ())),
        )
        for name, mark in _read("entities").items()
    }


@cache
def value_words(field: str) -> Mapping[str, str]:
    """Give the known words of a closed vocabulary: key of the word → ours. Empty where the field has none.

    >>> value_words("deals.outcome")[key("계약 완료")]
    'won'
    """
    own = _ALIKE.get(field.partition(".")[2], field)
    return {key(word): ours for ours, words in _read("values").get(own, {}).items() for word in (ours, *words)}


@cache
def _personal(kind: str) -> tuple[tuple[str, ...], frozenset[str]]:
    words = _read("personal")[kind]
    return tuple(key(word) for word in words["part"]), frozenset(key(word) for word in words["whole"])


def personal(header: str, prefix: str | None = None) -> str | None:
    """Tell whether a header announces something about a person (`person`) or free text (`text`).

    >>> personal("휴대폰 번호"), personal("Description"), personal("Region")
    ('person', 'text', None)
    """
    name = key(without_prefix(header, prefix))
    for kind in ("person", "text"):
        parts, wholes = _personal(kind)
        if name in wholes or any(part in name for part in parts):
            return kind
    return None
