"""Map the files of one import: what each file is, what each column feeds, what to ask, what is worth knowing.

Nothing is written here. Samples and counts decide, never a look at every row: a file costs the same whatever its size,
but for the few columns whose different values are counted in the engine (stages, categories, references).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from bokgi.domain.errors import MappingError
from bokgi.domain.findings import Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping import assumptions, dates, second_table, target_periods, vocabularies
from bokgi.intake.mapping.columns import Context, assign
from bokgi.intake.mapping.fields import FIELDS, field_of
from bokgi.intake.mapping.formats import Formatted, formatted, sortable
from bokgi.intake.mapping.joins import overlap, references, unmatched
from bokgi.intake.mapping.ladders import choose, evidence, existing, given
from bokgi.intake.mapping.model import (
    LEAVE_OUT,
    SURE,
    Detection,
    Entity,
    FileMapping,
    Hints,
    Question,
    StageDefinition,
)
from bokgi.intake.mapping.preset import Preset, presets
from bokgi.intake.mapping.recognise import Recognised, recognise
from bokgi.intake.mapping.totals import total_rows

UNKNOWN_SOURCE: Final = "file"
_SLUG: Final = re.compile(r"[^\w]+")
_STAGE_FIELDS: Final = ("deals.stage", "stage_history.stage", "stage_history.from_stage")


@dataclass
class _Work:
    """One file on its way to a mapping."""

    staged: StagedFile
    context: Context
    preset: Preset | None
    mapping: FileMapping
    questions: list[Question]
    findings: list[Finding]

    def took(self, step: Formatted) -> None:
        self.mapping = step.mapping
        self.questions += step.questions
        self.findings += step.findings


def map_files(
    files: Sequence[StagedFile],
    *,
    connection: duckdb.DuckDBPyConnection,
    among: Sequence[Preset] | None = None,
    saved: Sequence[FileMapping] = (),
    held: Sequence[StageDefinition] = (),
    hints: Hints | None = None,
) -> Detection:
    """Map the files of one import.

    `among`: presets to try (all of them where it is null). `saved`: mappings that a person saved; they go before
    presets. `held`: the stages that the home has. `hints`: what the person who imports says, which goes before
    everything. The mappings come in the order of the files. A question without a suggestion must be answered before the
    import (`Detection.open_questions`). Raises MappingError where a hint names a file, a column or a field that does
    not exist.
    """
    told = hints or Hints()
    _check(told, files)
    known = recognise(files, presets() if among is None else among, saved, told)
    source = _source(known, told)
    works = [_assigned(recognised, source, told) for recognised in known]
    for work in works:
        _understood(connection, work, told)
    _ladders(connection, works, held, told)
    _labelled(connection, works)
    histories = [work.mapping for work in works if work.mapping.entity in {Entity.STAGE_HISTORY, Entity.DEAL_HISTORY}]
    with_deals = any(work.mapping.entity is Entity.DEALS for work in works)
    for work in works:
        _assumed(work, histories, with_deals=with_deals)
    _compared(connection, works)
    return Detection(
        tuple(work.mapping for work in works),
        tuple(question for work in works for question in work.questions),
        tuple(finding for work in works for finding in work.findings),
    )


def _check(hints: Hints, files: Sequence[StagedFile]) -> None:
    headers = {file.name: [column.name for column in file.columns] for file in files}
    for file in (*hints.entities, *(name for name, _ in (*hints.columns, *hints.ticked))):
        if file not in headers:
            raise _no_such(N_("There is no file {name} in this import."), file, list(headers))
    for file, header in (*hints.columns, *hints.ticked):
        if header not in headers[file]:
            raise _no_such(N_("There is no column {name} in that file."), header, headers[file])
    for field in hints.columns.values():
        if field_of(field) is None:
            raise _no_such(N_("There is no field {name}."), field, sorted(FIELDS))


def _no_such(msgid: str, name: str, there: Sequence[str]) -> MappingError:
    close = difflib.get_close_matches(name, there, n=5, cutoff=0.4) or list(there)
    return MappingError(
        "hint_unknown", Message(msgid, {"name": name}), Message(N_("There are: {names}."), {"names": ", ".join(close)})
    )


def _source(known: Sequence[Recognised], hints: Hints) -> str:
    """Name the source: given, as saved, or the preset of most files."""
    if hints.source:
        return hints.source
    for recognised in known:
        if recognised.context.saved:
            return recognised.context.saved.source
    names = [one.context.match.preset.name for one in known if one.context.match]
    return max(names, key=names.count) if names else UNKNOWN_SOURCE


def _assigned(recognised: Recognised, source: str, hints: Hints) -> _Work:
    context = recognised.context
    staged, saved, match = context.staged, context.saved, context.match
    preset = match.preset if match else None
    mapping = FileMapping(
        file=staged.name,
        entity=context.entity,
        columns=(),
        source=source,
        name=saved.name if saved else _SLUG.sub("-", f"{staged.path.stem} {staged.sheet or ''}".strip()).casefold(),
        preset=saved.preset if saved else preset.name if preset else None,
        found_by=recognised.found_by,
        confidence=recognised.confidence,
        derived_deals=context.derived_deals,
        stages=saved.stages if saved else (),
        known_at_creation=saved.known_at_creation if saved else (),
        fully_recorded=saved.fully_recorded if saved else (),
        time_zone=hints.time_zone or (saved.time_zone if saved else preset.time_zone if preset else None),
        currency=hints.currency or (saved.currency if saved else preset.currency if preset else None),
        constants=saved.constants if saved else match.file.constants if match else {},
        values=saved.values if saved else {},
        null_values=saved.null_values if saved else context.null_values,
        total_rows=saved.total_rows if saved else match.file.total_rows if match else {},
        history_formats=saved.history_formats if saved else {},
        one_table=second_table.is_row(staged, hints) or bool(saved and saved.one_table),
    )
    work = _Work(staged, context, preset, mapping, list(recognised.questions), list(recognised.findings))
    if context.entity is Entity.IGNORE:
        return work
    assignment = assign(context)
    work.mapping = replace(mapping, columns=assignment.columns)
    work.questions += assignment.questions
    if context.entity is Entity.TARGETS:
        _periods(work, hints)
    work.findings += assumptions.left_out(work.mapping, assignment.personal)
    work.findings += assumptions.without_year(work.mapping, staged, context.prefix)
    return work


def _periods(work: _Work, hints: Hints) -> None:
    """Find the columns that hold the target of a period each, and the year of periods that name none."""
    saved = work.context.saved
    if saved is None or saved.target_columns:
        work.mapping, said = target_periods.with_periods(work.staged, work.mapping)
        work.findings += said
    work.mapping, asked, said = target_periods.with_year(work.staged, work.mapping, hints)
    work.questions += asked
    work.findings += said


def _understood(connection: duckdb.DuckDBPyConnection, work: _Work, hints: Hints) -> None:
    """Find what the values of categories mean and how dates and amounts are written."""
    if work.mapping.entity is Entity.IGNORE:
        return
    work.mapping = replace(work.mapping, total_rows=total_rows(connection, work.staged, work.mapping))
    if work.mapping.entity is Entity.DEALS:
        work.mapping = _outcome_or_stage(work)
        work.mapping, asked = dates.unclear(work.mapping, work.staged, hints)
        work.questions += asked
    found, findings = vocabularies.meanings(connection, work.staged, work.mapping, work.preset)
    saved = work.context.saved
    work.mapping = replace(work.mapping, values=saved.values if saved else found)
    work.findings += [] if saved else findings
    work.took(formatted(connection, work.staged, work.mapping, hints))


def _outcome_or_stage(work: _Work) -> FileMapping:
    """Read a column called "status" as the stage where it holds none of the words for how a deal ended."""
    column = work.mapping.of("deals.outcome")
    if column is None or work.mapping.of("deals.stage") or column.confidence >= SURE or not column.samples:
        return work.mapping
    return replace(
        work.mapping,
        columns=tuple(replace(part, field="deals.stage") if part is column else part for part in work.mapping.columns),
    )


def _ladders(
    connection: duckdb.DuckDBPyConnection, works: Sequence[_Work], held: Sequence[StageDefinition], hints: Hints
) -> None:
    """Find the stages of the import and tell every file that names stages."""
    deals = [work for work in works if work.mapping.entity is Entity.DEALS]
    histories = [work for work in works if work.mapping.entity is Entity.STAGE_HISTORY]
    lists = [work for work in works if work.mapping.entity is Entity.STAGES]
    deals.sort(key=lambda work: work.mapping.of("deals.stage") is None)
    listed = tuple(stage for work in lists for stage in given.read(connection, work.staged, work.mapping))
    main = next(iter((*deals, *histories)), None)
    stages = listed
    if main is not None:
        found = _evidence(connection, deals, histories)
        inferred: tuple[StageDefinition, ...] = ()
        stages = _each_once(main.mapping.stages, held) if main.mapping.stages or not listed else ()
        chosen = _chosen(connection, works, main, found, listed, stages, hints)
        stages, inferred = (*stages, *chosen.stages), chosen.inferred
        for work in deals:
            work.mapping = dates.with_stages(work.mapping, work.staged, found, work.context.prefix)
            work.mapping = dates.closing(connection, work.staged, work.mapping, stages)
            asked = choose.which_won(work.staged.name, work.mapping, stages, hints)
            work.questions += asked.questions
            stages = asked.stages
        # What the home has is not said again: it may be changed there.
        main.mapping = replace(main.mapping, stages=tuple(stage for stage in stages if stage not in held))
        main.findings += choose.said(inferred, stages, main.staged.name)
    for work in lists:
        work.mapping = replace(work.mapping, stages=work.mapping.stages or stages)


def _evidence(
    connection: duckdb.DuckDBPyConnection, deals: Sequence[_Work], histories: Sequence[_Work]
) -> tuple[evidence.StageEvidence, ...]:
    """Put together what all files say of the stages."""
    of_deals: dict[tuple[str, str], evidence.StageEvidence] = {}
    for work in deals:
        for part in evidence.of_deals(connection, work.staged, work.mapping):
            of_deals.setdefault((part.pipeline, part.stage), part)
    of_history = [
        part
        for work in histories
        for part in evidence.of_history(connection, work.staged, work.mapping, sortable(work.staged, work.mapping))
    ]
    return evidence.joined(tuple(of_deals.values()), of_history)


def _chosen(
    connection: duckdb.DuckDBPyConnection,
    works: Sequence[_Work],
    main: _Work,
    found: Sequence[evidence.StageEvidence],
    listed: Sequence[StageDefinition],
    known: Sequence[StageDefinition],
    hints: Hints,
) -> choose.Chosen:
    """Choose what is not `known` of the ladder, and let the texts of all files stand for its keys."""
    ladder = main.preset.ladder if main.preset else ()
    if known:
        chosen = existing.fit(found, known, ladder, hints, main.staged.name)
    else:
        chosen = choose.choose(found, listed, _pipeline_labels(connection, works), ladder, hints, main.staged.name)
    main.questions += chosen.questions
    main.findings += chosen.findings
    for work in works:
        if work.mapping.entity in {Entity.DEALS, Entity.STAGE_HISTORY}:
            work.mapping = _with_keys(work.mapping, chosen.stage_values, chosen.pipeline_values)
        if work.mapping.entity is Entity.DEALS and chosen.pipeline and work.mapping.of("deals.pipeline") is None:
            constants = {"deals.pipeline": chosen.pipeline, **work.mapping.constants}
            work.mapping = replace(work.mapping, constants=constants)
    return chosen


def _pipeline_labels(connection: duckdb.DuckDBPyConnection, works: Sequence[_Work]) -> dict[str, str]:
    """Read the labels of pipelines from a list of pipelines."""
    found: dict[str, str] = {}
    for work in works:
        id_, label = work.mapping.of("pipelines.pipeline"), work.mapping.of("pipelines.label")
        if work.mapping.entity is Entity.PIPELINES and id_ and label:
            columns = f"{work.staged.column(id_.column).sql}, {work.staged.column(label.column).sql}"
            rows = connection.execute(f"SELECT {columns} FROM {work.staged.relation}").fetchall()
            found |= {name: text for name, text in rows if name and text}
    return found


def _with_keys(mapping: FileMapping, stages: dict[str, str], pipelines: dict[str, str]) -> FileMapping:
    """Let the labels of stages and pipelines stand for the ids of the CRM's own lists."""
    values = dict(mapping.values)
    for field, found in (
        *((field, stages) for field in _STAGE_FIELDS),
        ("deals.pipeline", pipelines),
        ("stage_history.pipeline", pipelines),
    ):
        if found and mapping.of(field):
            values[field] = {**values.get(field, {}), **found}
    return replace(mapping, values=values)


def _labelled(connection: duckdb.DuckDBPyConnection, works: Sequence[_Work]) -> None:
    """Put the labels of a list of ids (teams, roles) in place of the ids in the files that carry them."""
    for work in works:
        marks = work.context.match.file.labels if work.context.match else None
        if work.mapping.entity is not Entity.IGNORE or marks is None:
            continue
        found = vocabularies.labels(connection, work.staged, marks)
        for other in works:
            for field in marks.fields:
                if other.mapping.of(field) and found:
                    values = {**other.mapping.values, field: {**found, **other.mapping.values.get(field, {})}}
                    other.mapping = replace(other.mapping, values=values)


def _assumed(work: _Work, histories: Sequence[FileMapping], *, with_deals: bool) -> None:
    mapping = work.mapping
    if mapping.entity is Entity.IGNORE:
        return
    if work.context.saved is None:
        amounts = [column.column for column in mapping.columns if column.field == "deals.amount"]
        said = {name: text for name, text in vocabularies.said_in_header(amounts).items() if mapping.of(name) is None}
        mapping = replace(
            mapping,
            keys=assumptions.keys(mapping),
            constants={**said, **mapping.constants},
            derived_deals=mapping.derived_deals and not with_deals,
        )
    else:
        mapping = replace(mapping, keys=work.context.saved.keys or assumptions.keys(mapping))
    if mapping.entity is Entity.DEAL_HISTORY:
        if work.context.saved is None:
            mapping = replace(mapping, fully_recorded=assumptions.fully_recorded(mapping))
        work.findings += assumptions.recorded(mapping)
    if mapping.entity is Entity.DEALS or mapping.derived_deals:
        others = [history for history in histories if history is not work.mapping]
        if work.context.saved is None:
            found = assumptions.known_at_creation(mapping, work.preset, others)
            mapping = replace(mapping, known_at_creation=found)
        work.findings += assumptions.assumed(mapping, others)
    taken = [column.column for column in mapping.columns if column.field == LEAVE_OUT]
    if len(taken) == len(mapping.headers):
        text = N_("No column of {file} feeds anything.")
        work.findings.append(
            Finding("columns_unknown", Severity.WARNING, Message(text, {"file": mapping.file}), len(taken))
        )
    work.mapping = mapping


def _compared(connection: duckdb.DuckDBPyConnection, works: Sequence[_Work]) -> None:
    """Look whether what files name in each other is there."""
    by_name = {work.staged.name: work for work in works}
    for reference in references([work.staged for work in works], [work.mapping for work in works]):
        nulls = by_name[reference.child.name].mapping.null_values
        child, parent = (reference.child, reference.header), (reference.parent, reference.parent_header)
        found = overlap(connection, child, parent, nulls, short_ids=reference.short_ids, titled=reference.titled)
        finding = unmatched(reference, found)
        if finding is not None:
            by_name[reference.child.name].findings.append(finding)


def stages_of(detection: Detection) -> tuple[StageDefinition, ...]:
    """Give the stages that the mappings of an import define, each once."""
    return _each_once(*(mapping.stages for mapping in detection.mappings))


def _each_once(*listed: Sequence[StageDefinition]) -> tuple[StageDefinition, ...]:
    found: dict[tuple[str, str], StageDefinition] = {}
    for stages in listed:
        for stage in stages:
            found.setdefault((stage.pipeline, stage.stage), stage)
    return tuple(found.values())
