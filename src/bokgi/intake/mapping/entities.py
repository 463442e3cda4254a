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
_FEWEST: Final = 2
_FEW_ROWS: Final = 10
_MOSTLY: Final = 0.9
SAMPLED_ROWS: Final = 2_000
"""Rows from which the profile of a staged file counts different texts."""
_HISTORIES: Final = frozenset({Entity.STAGE_HISTORY, Entity.DEAL_HISTORY})
_BY_DEAL: Final = _HISTORIES | {Entity.DEALS}
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
    """Give the entities whose needs the headers meet, the likeliest first; none where no header tells anything.

    A header that names a field of few entities tells more than one that could be anything.
    """
    fields_of = [tuple(_fields(staged, column.name, prefix)) for column in staged.columns]
    every = {field for fields in fields_of for field in fields}
    repeating = _repeating(staged, prefix)
    found = []
    for entity, words in entity_words().items():
        if words.unless and all(every & set(group) for group in words.unless):
            continue
        if not all(every & set(group) for group in words.needs):
            continue
        matched = [fields for fields in fields_of if any(_entity(field) is entity for field in fields)]
        if len(matched) < min(len(words.needs), _FEWEST):
            continue
        score = sum(_weight_of(fields, words.tells) for fields in matched)
        word = _name_tells(staged, words.files)
        against = repeating is not None and repeating is not (entity in _HISTORIES) and entity in _BY_DEAL
        found.append(EntityGuess(entity, (score + word) * (_HALF if against else 1.0), word > 0))
    return tuple(sorted(found, key=lambda guess: (-guess.score, guess.entity.value)))


def _weight_of(fields: tuple[str, ...], tells: frozenset[str]) -> float:
    entities = {_entity(field) for field in fields}
    return (1 + _HALF * any(field in tells for field in fields)) / len(entities)


def _repeating(staged: StagedFile, prefix: str | None) -> bool | None:
    """Tell whether the ids of deals repeat, as in a history; null where the sample is not the whole file.

    A repetition within a sample is one; none in a sample says nothing.
    """
    columns = [
        column
        for column in staged.columns
        if column.filled and any(field == "deals.deal_id" for field, _ in named(column.name, prefix))
    ]
    if not columns or staged.rows < _FEW_ROWS:
        return None
    repeats = all(column.distinct < _MOSTLY * min(column.filled, SAMPLED_ROWS) for column in columns)
    return True if repeats else False if staged.rows <= SAMPLED_ROWS else None


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
