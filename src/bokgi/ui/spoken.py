"""Answers as JSON with their sentences also written out in a language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bokgi.domain.sentences import decoded
from bokgi.ui.format import plain, shower


def sentence(found: Mapping[str, Any], lang: str, as_of: date) -> str:
    """Write one encoded message as text.

    >>> sentence({"message": "{n} deals", "values": {"n": 4}}, "en", date(2026, 11, 23))
    '4 deals'
    """
    return plain(decoded(found).text(lang, shower(as_of)))


def spoken(answer: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Give an answer with each sentence also as `text` in a language; everything else stays as it is.

    Reads `as_of` (ISO date) for the year that dates may leave out.

    >>> spoken({"as_of": "2026-11-23", "said": [{"message": "{n} deals", "values": {"n": 4}}]}, "en")["said"][0]["text"]
    '4 deals'
    """
    as_of = date.fromisoformat(answer["as_of"])

    def walk(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, list):
            return [walk(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "message" in value and "values" in value:
            return {"text": sentence(value, lang, as_of), **value}
        return {name: walk(part) for name, part in value.items()}

    return {name: walk(value) for name, value in answer.items()}
