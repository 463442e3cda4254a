"""Which column is what, in one file of a known entity: by hand, saved mapping, preset, name, values, in that order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bokgi.domain.messages import N_, Message
from bokgi.facts.schema import TABLES
from bokgi.intake.files.staged import StagedColumn, StagedFile
from bokgi.intake.mapping.contents import about_a_person, fit, looks, said
from bokgi.intake.mapping.fields import FIELDS, Field, Kind, field_named
from bokgi.intake.mapping.headers import LOOSE, key, named, personal, without_prefix
from bokgi.intake.mapping.model import (
    ATTRIBUTES,
    LEAVE_OUT,
    STAGE_ENTERED,
    STAGE_LEFT,
    ColumnMapping,
    Entity,
    FileMapping,
    FoundBy,
    Hints,
    Option,
    Question,
)
from bokgi.intake.mapping.preset import PresetMatch

_PRESET: Final = 0.99
_PRESET_DOUBTED: Final = 0.6
_ASSUMED: Final = 0.5
_BY_VALUES: Final = 0.6
_HALF: Final = 0.5
_CLOSE: Final = 0.05
_SAMPLES: Final = 5
_IDENTIFIER: Final = re.compile(
    r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[A-Za-z]{0,6}[-_]?\d+(?:\.0)?|[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?"
)
_HARMLESS: Final = frozenset({Kind.CATEGORY, Kind.TEXT, Kind.CURRENCY, Kind.BOOLEAN})
_BELIEVED: Final = frozenset({Kind.QUARTER, Kind.MONTH})
"""Kinds whose name is believed whatever the values: a period that cannot be read is refused, never left out."""
_MUST_ANSWER: Final = frozenset({"deals.stage", "deals.outcome", "stage_history.stage"})
_OURS: Final = "deals.owner_name"
_THEIRS: Final = "deals.contact_name"
_KEPT: Final = frozenset({ATTRIBUTES, LEAVE_OUT})


@dataclass(frozen=True)
class Assignment:
    """The columns of a file, what to ask, and the columns left out because they look personal."""

    columns: tuple[ColumnMapping, ...]
    questions: tuple[Question, ...]
    personal: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """What is known of a file before its columns are looked at."""

    staged: StagedFile
    entity: Entity
    prefix: str | None
    hints: Hints
    match: PresetMatch | None = None
    saved: FileMapping | None = None

    @property
    def null_values(self) -> tuple[str, ...]:
        """Texts that mean "empty" in this source."""
        return self.match.preset.null_values if self.match else ()

    @property
    def derived_deals(self) -> bool:
        """Tell whether the deals are made from this file's cases."""
        return bool(self.saved.derived_deals if self.saved else self.match and self.match.file.derived_deals)

    def takes(self, field: Field) -> bool:
        """Tell whether a file of this entity can carry a field; a history describes deals only where it makes them."""
        if self.entity is Entity.STAGE_HISTORY and not self.derived_deals:
            return not field.entities or field.entities[0] is self.entity
        return not field.entities or self.entity in field.entities

    @property
    def keeps_attributes(self) -> bool:
        """Tell whether the entity has a place for other columns."""
        table = TABLES.get(self.entity.value)
        return self.derived_deals or (table is not None and any(c.name == ATTRIBUTES for c in table.columns))


def assign(context: Context) -> Assignment:
    """Say for every column of the file what it feeds; nothing is guessed where two columns claim one field alike."""
    claims: list[ColumnMapping] = []
    for column in context.staged.columns:
        claims += _certain(context, column)
    claimed = {claim.column for claim in claims}
    taken = {claim.field for claim in claims} - _KEPT
    free = [column for column in context.staged.columns if column.name not in claimed]
    by_name, questions = _settled(context, [claim for column in free for claim in _by_name(context, column, taken)])
    by_name, asked = _whose_person(context, by_name, free)
    questions += asked
    claims += by_name
    claimed |= {claim.column for claim in by_name}
    taken |= {claim.field for claim in by_name}
    free = [column for column in free if column.name not in claimed]
    by_values = list(_by_values(context, free, taken))
    claims += by_values
    claimed |= {claim.column for claim in by_values}
    rest = [_rest(context, column) for column in free if column.name not in claimed]
    left_out = [claim.column for claim in rest if claim.field == LEAVE_OUT and claim.found_by is not FoundBy.NOTHING]
    claims += rest
    place = {column.name: column.position for column in context.staged.columns}
    ordered = sorted(claims, key=lambda claim: place[claim.column])
    return Assignment(tuple(ordered), tuple(questions), tuple(left_out))


def mapped(
    column: StagedColumn, field: str, found_by: FoundBy, confidence: float, *, pipeline: str | None = None
) -> ColumnMapping:
    """Write down what a column feeds, with a few samples."""
    samples = tuple(column.samples[:_SAMPLES])
    return ColumnMapping(column.name, field, found_by, round(confidence, 2), samples=samples, pipeline=pipeline)


def _certain(context: Context, column: StagedColumn) -> Iterator[ColumnMapping]:
    """Give what a hand, the saved mapping or the preset says of a column."""
    file = context.staged.name
    if field := context.hints.columns.get((file, column.name)):
        yield mapped(column, field, FoundBy.HAND, 1.0)
        return
    if (file, column.name) in context.hints.ticked:
        yield mapped(column, ATTRIBUTES, FoundBy.HAND, 1.0)
        return
    if context.saved is not None:
        for known in context.saved.columns:
            if known.column == column.name:
                yield replace(known, found_by=FoundBy.SAVED, confidence=1.0, samples=tuple(column.samples[:_SAMPLES]))
        return
    if context.match is not None:
        yield from _by_preset(context, context.match, column)


def _by_preset(context: Context, match: PresetMatch, column: StagedColumn) -> Iterator[ColumnMapping]:
    header = column.name if match.file.prefix is None else without_prefix(column.name, context.prefix)
    if known := match.file.columns.get(key(header)):
        for part in known:
            field = _by_reference(part.field, column, context)
            sure = _ASSUMED if part.assumed else _sure(context, column, field_named(field), _PRESET, _PRESET_DOUBTED)
            yield mapped(column, field, FoundBy.PRESET, sure)
        return
    for pattern in match.preset.patterns:
        if found := pattern.match.match(column.name):
            stage = found.groupdict().get("stage", "")
            prefix = {"stage_entered": STAGE_ENTERED, "stage_left": STAGE_LEFT}.get(pattern.field)
            yield mapped(column, f"{prefix}{stage}" if prefix else pattern.field, FoundBy.PRESET, _PRESET)
            return


def _sure(context: Context, column: StagedColumn, field: Field, sure: float, doubted: float) -> float:
    """Lower the confidence where the samples do not read as the field's kind."""
    share = fit(column, field, context.null_values)
    return sure if share is None or share >= _HALF else doubted


def _by_name(context: Context, column: StagedColumn, taken: set[str]) -> Iterator[ColumnMapping]:
    """Give the best field that a column's header names, unless its values say otherwise."""
    found: list[tuple[float, str]] = []
    for name, strength in named(column.name, context.prefix):
        if not context.takes(field_named(name)):
            continue
        field = _by_reference(name, column, context)
        if field in taken:
            continue
        share = fit(column, field_named(field), context.null_values)
        if share is not None and field_named(field).kind in _BELIEVED:
            share = max(share, _HALF)
        if share is None:
            found.append((min(strength, LOOSE), field))
        elif share >= _HALF:
            own = field.startswith(f"{context.entity.value}.")
            found.append((strength * (_HALF + _HALF * share) - (0.0 if own else _CLOSE), field))
    if found:
        confidence, field = max(found, key=lambda pair: pair[0])
        yield mapped(column, field, FoundBy.NAME, confidence)


def _by_reference(name: str, column: StagedColumn, context: Context) -> str:
    """Turn a reference by name into one by e-mail or by id where the values say so."""
    field = field_named(name)
    texts = said(column, context.null_values)
    if field.refers is None or field.kind is not Kind.NAME or not texts:
        return name
    stem = name.removesuffix("_name")
    if f"{stem}_email" in FIELDS and looks(column, Kind.EMAIL):
        return f"{stem}_email"
    if f"{stem}_id" in FIELDS and all(_IDENTIFIER.fullmatch(text) for text in texts):
        return f"{stem}_id"
    return name


def _settled(context: Context, claims: Sequence[ColumnMapping]) -> tuple[list[ColumnMapping], list[Question]]:
    """Let the stronger of two columns have a field; ask where none is stronger and they say different things."""
    by_field: dict[str, list[ColumnMapping]] = defaultdict(list)
    for claim in claims:
        by_field[claim.field].append(claim)
    kept, questions = [], []
    for field, rivals in by_field.items():
        filled = [claim for claim in rivals if context.staged.column(claim.column).filled] or rivals
        ranked = sorted(filled, key=lambda claim: -claim.confidence)
        best = ranked[0]
        close = [
            claim
            for claim in ranked[1:]
            if claim.confidence >= best.confidence - _CLOSE and claim.samples != best.samples
        ]
        if close and (apart := _told_apart(context, field, [best, *close], by_field)):
            kept += apart
            continue
        if close:
            question = _which_column(context, field, [best, *close])
            answer = context.hints.answers.get(question.key)
            chosen = next((claim for claim in ranked if claim.column == answer), None)
            best = replace(chosen, found_by=FoundBy.HAND, confidence=1.0) if chosen else replace(best, confidence=_HALF)
            if chosen is None:
                questions.append(question)
        kept.append(best)
    return kept, questions


def _told_apart(
    context: Context, field: str, rivals: Sequence[ColumnMapping], taken: Mapping[str, object]
) -> list[ColumnMapping]:
    """Let columns that can be something else ("Opportunity": a name) be that where one alone is an id; else nothing."""
    if field_named(field).kind is not Kind.ID:
        return []
    others = [next(_by_name(context, context.staged.column(claim.column), {*taken, field}), None) for claim in rivals]
    fields = [other.field for other in others if other is not None]
    if others.count(None) != 1 or len(set(fields)) < len(fields):
        return []
    return [claim if other is None else other for claim, other in zip(rivals, others, strict=True)]


def _which_column(context: Context, field: str, rivals: Sequence[ColumnMapping]) -> Question:
    label = field_named(field).label
    names = [claim.column for claim in rivals]
    return Question(
        key=f"{context.staged.name}:column:{field}",
        code="two_columns_one_field",
        file=context.staged.name,
        columns=tuple(names),
        message=Message(
            N_("Several columns of {file} could be “{field}”: {columns}. Which one is it?"),
            {"file": context.staged.name, "field": label, "columns": ", ".join(names)},
        ),
        options=tuple(
            Option(claim.column, Message(N_("for example {samples}"), {"samples": ", ".join(claim.samples[:3])}))
            for claim in rivals
        ),
        suggestion=names[0] if field_named(field).kind in _HARMLESS and field not in _MUST_ANSWER else None,
    )


def _whose_person(
    context: Context, claims: list[ColumnMapping], free: Sequence[StagedColumn]
) -> tuple[list[ColumnMapping], list[Question]]:
    """Ask whether a person in a file of deals is ours or the customer's, where a position stands beside the name."""
    owner = next((claim for claim in claims if claim.field == _OURS), None)
    if context.entity is not Entity.DEALS or owner is None:
        return claims, []
    either = any(field == "contacts.name" for field, _ in named(owner.column, context.prefix))
    titled = any(field == "contacts.title" for column in free for field, _ in named(column.name, context.prefix))
    if not either or not titled or any(claim.field == _THEIRS for claim in claims):
        return claims, []
    question = Question(
        key=f"{context.staged.name}:person:{owner.column}",
        code="person_unclear",
        file=context.staged.name,
        columns=(owner.column,),
        message=Message(
            N_("Is the person in “{column}” of {file} one of ours or the customer's?"),
            {"column": owner.column, "file": context.staged.name},
        ),
        options=(Option(_THEIRS, Message(N_("the customer's"))), Option(_OURS, Message(N_("one of ours")))),
        suggestion=_THEIRS,
    )
    answer = context.hints.answers.get(question.key)
    field = answer if answer in {_OURS, _THEIRS} else _THEIRS
    found_by, sure = (FoundBy.HAND, 1.0) if answer == field else (FoundBy.NAME, _HALF)
    changed = replace(owner, field=field, found_by=found_by, confidence=sure)
    return [changed if claim is owner else claim for claim in claims], [] if answer == field else [question]


def _by_values(context: Context, free: Sequence[StagedColumn], taken: set[str]) -> Iterator[ColumnMapping]:
    """Give what only the values tell: a column of e-mail addresses in a file of people."""
    field = {Entity.PEOPLE: "people.email", Entity.CONTACTS: "contacts.email"}.get(context.entity)
    if field is None or field in taken:
        return
    addresses = [column for column in free if looks(column, Kind.EMAIL)]
    if len(addresses) == 1:
        yield mapped(addresses[0], field, FoundBy.VALUES, _BY_VALUES)


def _rest(context: Context, column: StagedColumn) -> ColumnMapping:
    """Keep a column under its header, unless it looks personal or the entity has no place for it."""
    if not context.keeps_attributes or (context.derived_deals and not _of_the_case(column)):
        return mapped(column, LEAVE_OUT, FoundBy.NOTHING, 0.0)
    if about_a_person(column, context.prefix) is not None:
        by_header = personal(column.name, context.prefix) is not None
        return mapped(column, LEAVE_OUT, FoundBy.NAME if by_header else FoundBy.VALUES, _HALF)
    return mapped(column, ATTRIBUTES, FoundBy.NOTHING, 0.0)


def _of_the_case(column: StagedColumn) -> bool:
    """Tell whether a column of an event log describes the case and not the event."""
    return column.name.casefold().startswith("case:")


def stage_of(text: str, labels: Mapping[str, str], pipelines: Mapping[str, str]) -> tuple[str, str | None]:
    """Split what stands in a header into stage and pipeline: "Closed Won (Sales Pipeline)".

    `labels` and `pipelines`: key → text as the deals write it. A stage that the deals write with its pipeline in
    brackets stays whole.

    >>> stage_of("Closed Won (Sales)", {key("Closed Won"): "Closed Won"}, {key("Sales"): "Sales"})
    ('Closed Won', 'Sales')
    """
    if whole := labels.get(key(text)):
        return whole, None
    found = re.fullmatch(r"(?P<stage>.+?)\s*\((?P<pipeline>[^()]*(?:\([^()]*\))?[^()]*)\)", text)
    if found is None:
        return text, None
    stage, pipeline = found["stage"], found["pipeline"]
    known = key(stage) in labels or key(pipeline) in pipelines
    if not known and labels:
        return text, None
    return labels.get(key(stage), stage), pipelines.get(key(pipeline), pipeline)
