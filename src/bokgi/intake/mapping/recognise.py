"""Which file is what: the saved mapping, the preset and the entity of each file of one import."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bokgi.domain.findings import Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.columns import Context
from bokgi.intake.mapping.contents import fit
from bokgi.intake.mapping.entities import guesses, undecided
from bokgi.intake.mapping.fields import FIELDS
from bokgi.intake.mapping.headers import common_prefix, named
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, Entity, FileMapping, FoundBy, Hints, Option, Question
from bokgi.intake.mapping.preset import Preset, PresetMatch, matches
from bokgi.intake.mapping.target_periods import Periods, periods, says_targets

_ALIKE: Final = 0.6
_ALIKE_OF_SAME_NAME: Final = 0.4
_WORDS: Final = re.compile(r"[\W\d_]+")
_SHOWN: Final = 12
_HALF: Final = 0.5
_WITH_YEAR: Final = frozenset({"targets.year", "targets.period", "targets.period_start"})
_BY_PRESET: Final = 0.99
_BY_NAME: Final = 0.9
_ASKED: Final = 0.5


@dataclass(frozen=True)
class Recognised:
    """What a file is, found by what, with what to ask and to say about it."""

    context: Context
    found_by: FoundBy
    confidence: float
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()


def recognise(
    files: Sequence[StagedFile], presets: Sequence[Preset], saved: Sequence[FileMapping], hints: Hints
) -> tuple[Recognised, ...]:
    """Say what each file is. Files of one import come from one CRM more often than not: the majority breaks ties."""
    prefixes = [common_prefix([column.name for column in file.columns]) for file in files]
    fitting = [
        matches([column.name for column in file.columns], prefix, presets)
        for file, prefix in zip(files, prefixes, strict=True)
    ]
    votes = Counter({found[0].preset.name: 0 for found in fitting if found})
    for found in fitting:
        if found:
            votes[found[0].preset.name] += found[0].known
    return tuple(
        _recognised(file, prefix, _best(found, votes), saved, hints)
        for file, prefix, found in zip(files, prefixes, fitting, strict=True)
    )


def _best(found: Sequence[PresetMatch], votes: Counter[str]) -> PresetMatch | None:
    return max(found, key=lambda match: (match.strength, votes[match.preset.name]), default=None)


def _recognised(
    file: StagedFile, prefix: str | None, match: PresetMatch | None, saved: Sequence[FileMapping], hints: Hints
) -> Recognised:
    given = hints.entities.get(file.name)
    if given is not None:
        fitting = match if match and match.file.entity is given else None
        return Recognised(Context(file, given, prefix, hints, fitting), FoundBy.HAND, 1.0)
    if known := _saved_for(file, saved):
        context = Context(file, known.entity, prefix, hints, saved=known)
        return Recognised(context, FoundBy.SAVED, 1.0, findings=tuple(_changed(file, known)))
    if match is not None:
        context = Context(file, match.file.entity, prefix, hints, match)
        return Recognised(context, FoundBy.PRESET, _BY_PRESET, findings=tuple(_about(file, match)))
    return _by_headers(file, prefix, hints)


def _by_headers(file: StagedFile, prefix: str | None, hints: Hints) -> Recognised:
    found = tuple(
        guess for guess in guesses(file, prefix) if guess.entity is not Entity.TARGETS or _are_targets(file, prefix)
    )
    keeps = bool(found) and Context(file, found[0].entity, prefix, hints).keeps_attributes
    spread = None if keeps else periods(file)
    if spread is not None and (spread.said or says_targets(file)):
        return Recognised(Context(file, Entity.TARGETS, prefix, hints), FoundBy.NAME, _BY_NAME)
    if not found and spread is not None:
        return _unclear_periods(file, prefix, hints, spread)
    if not found:
        context = Context(file, Entity.IGNORE, prefix, hints)
        return Recognised(context, FoundBy.NOTHING, 0.0, findings=(_unknown(file),))
    question = _which_entity(file, [guess.entity for guess in found[:3]])
    answer = hints.answers.get(question.key)
    if answer in {entity.value for entity in Entity}:
        return Recognised(Context(file, Entity(answer), prefix, hints), FoundBy.HAND, 1.0)
    context = Context(file, found[0].entity, prefix, hints)
    findings = () if spread is None else (_periods_in_columns(file, spread, question.key),)
    if undecided(found):
        return Recognised(context, FoundBy.NAME, _ASKED, (question,), findings)
    return Recognised(context, FoundBy.NAME, _BY_NAME, findings=findings)


def _are_targets(file: StagedFile, prefix: str | None) -> bool:
    """Tell whether a file of amounts by month is one of targets: it has whole periods or years, or says so."""
    whole = any(
        field in _WITH_YEAR and (fit(column, FIELDS[field]) or 0) >= _HALF
        for column in file.columns
        for field, _ in named(column.name, prefix)
    )
    return whole or says_targets(file)


def _unclear_periods(file: StagedFile, prefix: str | None, hints: Hints, spread: Periods) -> Recognised:
    """Leave a file alone that has a column for each period and says nowhere that these are targets; unless told so."""
    question = replace(_which_entity(file, [Entity.TARGETS]), suggestion=Entity.IGNORE.value)
    if hints.answers.get(question.key) == Entity.TARGETS.value:
        return Recognised(Context(file, Entity.TARGETS, prefix, hints), FoundBy.HAND, 1.0)
    context = Context(file, Entity.IGNORE, prefix, hints)
    findings = (_unknown(file), _periods_in_columns(file, spread, question.key))
    return Recognised(context, FoundBy.NOTHING, 0.0, (question,), findings)


def _saved_for(file: StagedFile, saved: Sequence[FileMapping]) -> FileMapping | None:
    """Give the saved mapping whose columns the file has, or most of them; fewer will do where the names are alike."""
    headers = {column.name for column in file.columns}
    alike = [
        (share, mapping)
        for mapping in saved
        if (share := _share(headers, mapping)) >= (_ALIKE_OF_SAME_NAME if _same_name(file, mapping) else _ALIKE)
    ]
    return max(alike, key=lambda pair: pair[0])[1] if alike else None


def _same_name(file: StagedFile, mapping: FileMapping) -> bool:
    """Compare names of files without what changes from export to export: digits and signs."""
    return _WORDS.sub("", file.name.casefold()) == _WORDS.sub("", mapping.file.casefold())


def _share(headers: set[str], mapping: FileMapping) -> float:
    known = set(mapping.headers)
    return len(known & headers) / len(known | headers) if known else 0.0


def _changed(file: StagedFile, known: FileMapping) -> list[Finding]:
    """Say what is missing and what is new against the saved mapping."""
    headers = {column.name for column in file.columns}
    missing = [header for header in known.headers if header not in headers]
    new = [column.name for column in file.columns if column.name not in set(known.headers)]
    if not missing and not new:
        return []
    fed = {column.column for column in known.columns if column.field not in {ATTRIBUTES, LEAVE_OUT}}
    severity = Severity.ERROR if fed & set(missing) else Severity.WARNING
    values: dict[str, object] = {
        "file": file.name,
        "mapping": known.name or known.file,
        "missing": _listed(missing),
        "new": _listed(new),
    }
    message = Message(
        N_("{file} is not as in the mapping {mapping}. Missing columns: {missing}. New columns: {new}."), values
    )
    return [Finding("header_changed", severity, message, len(missing) + len(new), values=values)]


def _about(file: StagedFile, match: PresetMatch) -> list[Finding]:
    values: dict[str, object] = {"file": file.name, "about": match.file.about, "preset": match.preset.label}
    if match.file.pivot:
        text = N_(
            "{file} is a pivot table: it has names and sums, but no stages and no dates. Export the rows behind it."
        )
        return [Finding("file_is_pivot", Severity.WARNING, Message(text, values), values=values)]
    if match.file.entity is Entity.IGNORE and match.file.labels is None:
        text = N_("{file} is not taken: such a file of {preset} holds nothing that the facts have a place for.")
        return [Finding("file_ignored", Severity.INFO, Message(text, values), values=values)]
    return []


def _unknown(file: StagedFile) -> Finding:
    values: dict[str, object] = {"file": file.name, "columns": _listed([column.name for column in file.columns])}
    text = N_("{file} is not recognised and not taken (columns: {columns}). A mapping can say what it is.")
    severity = Severity.WARNING if len(file.columns) > 1 else Severity.INFO
    return Finding("file_unknown", severity, Message(text, values), values=values)


def _periods_in_columns(file: StagedFile, spread: Periods, key: str) -> Finding:
    """Say that columns for periods are not taken, and how to have them taken as targets."""
    headers = list(spread.columns)
    values: dict[str, object] = {"file": file.name, "columns": _listed(headers), "answer": f"{key}=targets"}
    text = N_(
        "{file} has a column for each period ({columns}); they are not taken, for nothing says that they are targets. "
        "If they are, put “target” into the file's name or a header, or answer {answer}."
    )
    return Finding("periods_in_columns", Severity.WARNING, Message(text, values), len(headers), values=values)


def _which_entity(file: StagedFile, entities: Sequence[Entity]) -> Question:
    return Question(
        key=f"{file.name}:entity",
        code="entity_unclear",
        file=file.name,
        columns=(),
        message=Message(N_("What does a row of {file} stand for?"), {"file": file.name}),
        options=tuple(Option(entity.value, ENTITY_LABELS[entity]) for entity in (*entities, Entity.IGNORE)),
        suggestion=entities[0].value,
    )


def _listed(names: Sequence[str]) -> str:
    return (", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")) or "–"


ENTITY_LABELS: Final = {
    Entity.DEALS: Message(N_("a deal")),
    Entity.ACCOUNTS: Message(N_("an account")),
    Entity.PEOPLE: Message(N_("one of our people")),
    Entity.CONTACTS: Message(N_("a person at a customer")),
    Entity.DEAL_CONTACTS: Message(N_("a person's part in a deal")),
    Entity.LEADS: Message(N_("a lead")),
    Entity.STAGE_HISTORY: Message(N_("a deal's entry into a stage")),
    Entity.DEAL_HISTORY: Message(N_("a change of a field of a deal")),
    Entity.ACTIVITIES: Message(N_("an activity")),
    Entity.CONTENT: Message(N_("an item of content")),
    Entity.CONTENT_EVENTS: Message(N_("an exposure to content")),
    Entity.RESPONSES: Message(N_("a response of a customer")),
    Entity.STAGES: Message(N_("a stage of the funnel")),
    Entity.PIPELINES: Message(N_("a pipeline")),
    Entity.TARGETS: Message(N_("a target")),
    Entity.STANDARDS: Message(N_("a standard of action")),
    Entity.TEAMS: Message(N_("a person's time in a team")),
    Entity.RATES: Message(N_("an exchange rate")),
    Entity.LINKS: Message(N_("a link between records of other files")),
    Entity.IGNORE: Message(N_("nothing to take")),
}
