"""The schemas of docs/reference that answers are held to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SENTENCES: Final = {"said", "caveats", "would_change"}


def fits(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the answer when it is JSON and fits `docs/reference/<name>.schema.json`."""
    schema = json.loads((REFERENCE / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(answer)), schema)
    return answer


@dataclass(frozen=True)
class Schema:
    """A part of a schema: its own `words`, and what it says of a key and of the items of a list."""

    part: dict[str, Any]
    whole: dict[str, Any]

    @classmethod
    def read(cls, name: str) -> Schema:
        """Read one of docs/reference."""
        whole = json.loads((REFERENCE / f"{name}.schema.json").read_text(encoding="utf-8"))
        return cls(whole, whole)

    @property
    def words(self) -> str:
        """Give what it says of itself."""
        return str(self.part.get("description", ""))

    def ways(self) -> Iterator[Schema]:
        """Give the part itself and all that it refers to or may be."""
        yield self
        others = [*self.part.get("anyOf", ()), *self.part.get("oneOf", ()), *self.part.get("allOf", ())]
        if "$ref" in self.part:
            others.append(self.whole["$defs"][self.part["$ref"].rpartition("/")[2]])
        for other in others:
            yield from Schema(other, self.whole).ways()

    def of(self, key: str) -> Iterator[Schema]:
        """Give what it says of a key of an object."""
        for way in self.ways():
            other = way.part.get("additionalProperties")
            found = way.part.get("properties", {}).get(key, other if isinstance(other, dict) else None)
            if found is not None:
                yield from Schema(found, self.whole).ways()

    def items(self) -> Iterator[Schema]:
        """Give what it says of the items of a list."""
        for way in self.ways():
            if isinstance(way.part.get("items"), dict):
                yield from Schema(way.part["items"], self.whole).ways()


def nulls(
    found: object, path: tuple[str, ...] = (), *, reasoned: bool = False, parts: Sequence[Schema] = ()
) -> Iterator[str]:
    """Give the keys, with that around them, at which there is null and no reason beside it or around it.

    Nor do `parts` say what null means there: what a schema (`Schema`) has of the place.

    >>> list(nulls({"a": None, "b": {"c": None, "reason": "too_few"}, "d": None, "d_reason": "late"}))
    ['a']
    """
    if isinstance(found, dict):
        reasoned = reasoned or found.get("reason") is not None
        for key, value in found.items():
            inner = [one for part in parts for one in part.of(key)]
            if value is None:
                said = reasoned or found.get(f"{key}_reason") is not None or key.endswith("reason")
                if not said and not any("null" in one.words.lower() for one in inner):
                    yield ".".join((*path[-1:], key))
            elif key not in SENTENCES:
                yield from nulls(value, (*path, key), reasoned=reasoned, parts=inner)
    elif isinstance(found, list):
        inner = [one for part in parts for one in part.items()]
        for value in found:
            yield from nulls(value, path, reasoned=reasoned, parts=inner)
