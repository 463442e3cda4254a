"""Traces of a person: the words that name one, in the forms in which files hold them, and how they are replaced."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import AnyStr, Final
from xml.sax.saxutils import escape

SHORTEST: Final = 2
"""Words shorter than this say nothing about a person."""

_QUOTES: Final[tuple[dict[str, str], ...]] = (
    {},
    {"'": "&#39;", '"': "&#34;"},
    {"'": "&apos;", '"': "&quot;"},
    {"'": "&#x27;", '"': "&quot;"},
)
"""How programs write quotation marks in XML and HTML: not at all, or by one of these."""
_NEIGHBOURS: Final = {
    "utf-8": (rb"(?<![A-Za-z0-9])", rb"(?![A-Za-z0-9])"),
    "cp949": (rb"(?<![A-Za-z0-9])", rb"(?![A-Za-z0-9])"),
    "utf-16-le": (rb"(?<![A-Za-z0-9]\x00)", rb"(?![A-Za-z0-9]\x00)"),
    "utf-16-be": (rb"(?<!\x00[A-Za-z0-9])", rb"(?!\x00[A-Za-z0-9])"),
}


@dataclass(frozen=True)
class Traces:
    """The words that name a person, and the label that takes their place.

    >>> traces = Traces.of(["김서연", "Seoyeon.Kim@example.com", "x"], "p1-17")
    >>> traces.replaced("김서연 <seoyeon.kim@example.com> x"), traces.inside("김서".encode())
    ('p1-17 <p1-17> x', False)
    >>> Traces.of(["James Kim"], "c7").replaced("James Kim님, James Kimball")
    'c7님, James Kimball'
    """

    words: tuple[str, ...]
    label: str

    @classmethod
    def of(cls, words: Iterable[str | None], label: str) -> Traces:
        """Take the words that are long enough, in every form; longer ones first."""
        forms = {form for word in words if word and len(word.strip()) >= SHORTEST for form in _forms(word.strip())}
        return cls(tuple(sorted(forms, key=lambda form: (-len(form), form))), label)

    @cached_property
    def pattern(self) -> str:
        """The regular expression with which DuckDB finds any of the words; to be asked without regard to case.

        Latin words are found as whole words only, all of them also with a Korean particle.
        """
        return self._pattern(r"\b", r"\b")

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        # To Python a Korean syllable is a letter like any other, so \b would pass "James님" over.
        return re.compile(self._pattern(r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"), re.IGNORECASE)

    def _pattern(self, before: str, after: str) -> str:
        return "|".join(_bounded(word, re.sub(r"([^\w\s@\-])", r"\\\1", word), before, after) for word in self.words)

    def replaced(self, text: str) -> str:
        """Put the label in the place of every word."""
        return self._compiled.sub(lambda _: self.label, text) if self.words else text

    def found(self, text: str) -> bool:
        """Tell whether a text holds one of the words."""
        return bool(self.words) and self._compiled.search(text) is not None

    def inside(self, content: bytes) -> bool:
        """Tell whether bytes hold one of the words in any encoding that files come in."""
        return any(found.search(content) for found in self._encoded)

    @cached_property
    def _encoded(self) -> tuple[re.Pattern[bytes], ...]:
        found = []
        for encoding, (before, after) in _NEIGHBOURS.items():
            for word in self.words:
                try:
                    coded = re.escape(word.encode(encoding))
                except UnicodeEncodeError:
                    continue
                found.append(re.compile(_bounded(word, coded, before, after), re.IGNORECASE))
        return tuple(found)


def _bounded(word: str, pattern: AnyStr, before: AnyStr, after: AnyStr) -> AnyStr:
    """Ask for the end of a word where the word itself ends in a Latin letter or a digit."""
    empty = pattern[:0]
    first = before if re.match(r"[A-Za-z0-9]", word) else empty
    return first + pattern + (after if re.search(r"[A-Za-z0-9]$", word) else empty)


def _forms(word: str) -> set[str]:
    """Give a word as typed, composed and decomposed, and as JSON, XML and HTML write it."""
    forms = {word, unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word)}
    forms |= {json.dumps(form)[1:-1] for form in forms} | {json.dumps(form, ensure_ascii=False)[1:-1] for form in forms}
    return forms | {escape(form, quotes) for form in forms for quotes in _QUOTES}
