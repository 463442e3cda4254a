"""What is a row of this file? Decided by the headers that only one kind of file has, and by the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.contents import fit
from bokgi.intake.mapping.fields import FIELDS
from bokgi.intake.mapping.headers import entity_words, key, named
from bokgi.intake.mapping.model import Entity

_WHOLE_WORD: Final = 4
_HALF: Final = 0.5
_BONUS: Final = 1.5
_BONUS_PER_LETTER: Final = 0.1
_CLOSE: Final = 0.9
_WORDS: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class EntityGuess:
    """One entity that a file could be: how much speaks for it, and whether the file's name does."""

    entity: Entity
    score: float
    named: bool


def guesses(staged: StagedFile, prefix: str | None) -> tuple[EntityGuess, ...]:
    """Give the entities whose needs the headers meet, the likeliest first; none where no header tells anything."""
    fields_of = {column.name: tuple(_fields(staged, column.name, prefix)) for column in staged.columns}
    entities_of = {name: {_entity(field) for field in fields} for name, fields in fields_of.items()}
    all_fields = {field for fields in fields_of.values() for field in fields}
    found = []
    for entity, words in entity_words().items():
        if words.unless and all(all_fields & set(group) for group in words.unless):
            continue
        fields = {field for field in all_fields if _entity(field) is entity}
        if not all(fields & set(group) for group in words.needs):
            continue
        matched = [entities for entities in entities_of.values() if entity in entities]
        if len(matched) < len(words.needs):
            continue
        score = sum(1 / len(entities) for entities in matched) + _HALF * len(fields & words.tells)
        word = _name_tells(staged, words.files)
        found.append(EntityGuess(entity, score + word, word > 0))
    return tuple(sorted(found, key=lambda guess: (-guess.score, guess.entity.value)))


def undecided(found: tuple[EntityGuess, ...]) -> bool:
    """Tell whether the two likeliest entities are too close to choose without asking."""
    return len(found) > 1 and found[1].score >= _CLOSE * found[0].score and found[0].named is found[1].named


def _fields(staged: StagedFile, name: str, prefix: str | None) -> Iterator[str]:
    column = staged.column(name)
    for field, _ in named(name, prefix):
        share = fit(column, FIELDS[field])
        if share is None or share >= _HALF:
            yield field


def _entity(field: str) -> Entity | None:
    prefix = field.partition(".")[0]
    return None if prefix == "row" else Entity(prefix)


def _name_tells(staged: StagedFile, words: tuple[str, ...]) -> float:
    """Weigh the longest word of an entity that the file's name, or its sheet's, begins a word with."""
    return max((_weight(text, word) for text in (staged.path.stem, staged.sheet or "") for word in words), default=0.0)


def _weight(text: str, word: str) -> float:
    spaced = " " + " ".join(_WORDS.findall(_CAMEL.sub(" ", text).casefold())) + " "
    if word.isascii():
        within = f" {word} " if len(word) < _WHOLE_WORD else f" {word}"
        hit = within in spaced or f" {word}s " in spaced
    else:
        hit = key(word) in key(text)
    return _BONUS + _BONUS_PER_LETTER * len(word) if hit else 0.0
