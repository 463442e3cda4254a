"""Which date is which: stages named in headers, dates nobody names, and whether a close date is expected or actual."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import duckdb

from bokgi.domain.messages import N_, Message
from bokgi.domain.stage import StageKind
from bokgi.intake.files.staged import StagedColumn, StagedFile
from bokgi.intake.mapping.columns import stage_of
from bokgi.intake.mapping.contents import looks
from bokgi.intake.mapping.fields import Kind
from bokgi.intake.mapping.headers import key, named, without_prefix
from bokgi.intake.mapping.ladders.evidence import StageEvidence, text_of
from bokgi.intake.mapping.ladders.words import known
from bokgi.intake.mapping.model import (
    ATTRIBUTES,
    STAGE_ENTERED,
    STAGE_LEFT,
    ColumnMapping,
    FileMapping,
    FoundBy,
    Hints,
    Option,
    Question,
    StageDefinition,
)
from bokgi.intake.sql import literal

NONE: Final = "none"
_AROUND: Final = re.compile(
    r"^(?:date entered|entered|date of|date)\s+(?P<a>.+)$|^(?P<b>.+?)[\s_]+(?:entered|date|on|at|time)$"
    r"|^(?P<c>.+?)\s*(?:진입일시|진입일자|진입일|일자|일시|날짜|일)$",
    re.IGNORECASE,
)
_OTHERWISE: Final = re.compile(
    r"modif|updat|activ|view|sync|contact|수정|변경|활동|조회|갱신|연락|birth|생일", re.IGNORECASE
)
_BY_LABEL: Final = 0.85
_BY_COMMON_NAME: Final = 0.6
_DECIDED: Final = 0.8
_HARDLY_ANY: Final = 0.02
_MOST: Final = 0.5
_ENDINGS: Final = ("deals.closed", "deals.close", "deals.won", "deals.lost", "deals.expected_close")


def with_stages(
    mapping: FileMapping, staged: StagedFile, evidence: Sequence[StageEvidence], prefix: str | None
) -> FileMapping:
    """Name the stages behind headers as the deals write them, and find further columns that name a stage."""
    labels = {key(part.stage): part.stage for part in evidence}
    pipelines = {key(part.pipeline): part.pipeline for part in evidence}
    columns = []
    for column in mapping.columns:
        if column.stage is not None and column.found_by is not FoundBy.SAVED:
            stage, pipeline = stage_of(column.stage, labels, pipelines)
            start = STAGE_ENTERED if column.field.startswith(STAGE_ENTERED) else STAGE_LEFT
            columns.append(replace(column, field=f"{start}{stage}", pipeline=pipeline))
        elif column.field == ATTRIBUTES and column.found_by is FoundBy.NOTHING:
            columns.append(_stage_date(column, staged.column(column.column), labels, prefix))
        else:
            columns.append(column)
    return replace(mapping, columns=tuple(columns))


def _stage_date(
    column: ColumnMapping, there: StagedColumn, labels: dict[str, str], prefix: str | None
) -> ColumnMapping:
    if not looks(there, Kind.DATE):
        return column
    found = _AROUND.match(without_prefix(column.column, prefix))
    text = next((part for part in found.groups() if part), "") if found else ""
    if stage := labels.get(key(text)):
        return replace(column, field=f"{STAGE_ENTERED}{stage}", found_by=FoundBy.NAME, confidence=_BY_LABEL)
    if not labels and text and known(text):
        return replace(column, field=f"{STAGE_ENTERED}{text}", found_by=FoundBy.NAME, confidence=_BY_COMMON_NAME)
    return column


def closing(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, stages: Sequence[StageDefinition]
) -> FileMapping:
    """Tell an expected close date from an actual one by the deals that carry it, where only the name spoke.

    Filled for closed deals only: the day it closed. Filled for open deals only: the day expected. Filled for both: the
    day expected while open, the day it closed afterwards.
    """
    column = mapping.of("deals.close") or mapping.of("deals.closed")
    if column is None or column.found_by is not FoundBy.NAME:
        return mapping
    ended = _ended(staged, mapping, stages)
    text = text_of(staged, mapping, column.field)
    if ended is None or text is None:
        return mapping
    open_, open_filled, closed, closed_filled = connection.execute(
        f"""SELECT count(*) FILTER (NOT ended), count(text) FILTER (NOT ended),
                   count(*) FILTER (ended), count(text) FILTER (ended)
            FROM (SELECT {ended} AS ended, {text} AS text FROM {staged.relation})"""
    ).fetchall()[0]
    field = column.field
    if open_filled <= _HARDLY_ANY * open_ and closed_filled > 0:
        field = "deals.closed"
    elif open_filled > _MOST * open_ and not closed_filled and mapping.of("deals.expected_close") is None:
        field = "deals.expected_close"
    elif open_filled > _MOST * open_ and closed_filled and mapping.of("deals.expected_close") is None:
        field = "deals.close"
    return _with_field(mapping, column, field) if closed + open_ else mapping


def _ended(staged: StagedFile, mapping: FileMapping, stages: Sequence[StageDefinition]) -> str | None:
    """Give the SQL of "this deal has ended", by outcome, flags or stage; null where the file does not say."""
    if outcome := text_of(staged, mapping, "deals.outcome"):
        words = mapping.values.get("deals.outcome", {})
        open_words = [*(word for word, ours in words.items() if ours == "open"), "open"]
        return f"coalesce({outcome} NOT IN ({_listed(open_words)}), false)"
    if closed := text_of(staged, mapping, "deals.is_closed"):
        return f"coalesce(lower({closed}) IN ('true', '1', 'yes', 'y', '예'), false)"
    ends = [stage.stage for stage in stages if stage.kind is not StageKind.OPEN]
    ends += [text for text, meant in mapping.values.get("deals.stage", {}).items() if meant in ends]
    stage = text_of(staged, mapping, "deals.stage")
    return f"coalesce({stage} IN ({_listed(ends)}), false)" if stage and ends else None


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(literal(text) for text in texts)


def _with_field(mapping: FileMapping, column: ColumnMapping, field: str) -> FileMapping:
    changed = replace(column, field=field, found_by=FoundBy.VALUES, confidence=_DECIDED)
    kept = column if field == column.field else changed
    return replace(mapping, columns=tuple(kept if part is column else part for part in mapping.columns))


def unclear(mapping: FileMapping, staged: StagedFile, hints: Hints) -> tuple[FileMapping, list[Question]]:
    """Ask which of the dates that nobody names is the creation, and which the end, of a deal.

    A preset knows its dates; and a header that says what its date is, is no question.
    """
    questions: list[Question] = []
    if mapping.preset is not None or mapping.found_by is FoundBy.SAVED:
        return mapping, questions
    for field, fields, text in (
        ("deals.created", ("deals.created",), N_("Which column of {file} says when a deal was created?")),
        ("deals.close", _ENDINGS, N_("Which column of {file} says when a deal closed or is expected to close?")),
    ):
        if any(mapping.of(name) for name in fields):
            continue
        dates = [
            column
            for column in mapping.columns
            if column.field == ATTRIBUTES
            and looks(staged.column(column.column), Kind.DATE)
            and not named(column.column)
            and not _OTHERWISE.search(column.column)
        ]
        if not dates:
            continue
        question = _which_date(mapping, field, dates, text)
        answer = hints.answers.get(question.key)
        if answer is None:
            questions.append(question)
        else:
            mapping = _answered(mapping, field, answer)
    return mapping, questions


def _which_date(mapping: FileMapping, field: str, dates: Sequence[ColumnMapping], text: str) -> Question:
    options = [
        Option(column.column, Message(N_("for example {samples}"), {"samples": ", ".join(column.samples[:3])}))
        for column in dates
    ]
    return Question(
        key=f"{mapping.file}:column:{field}",
        code="date_unclear",
        file=mapping.file,
        columns=tuple(column.column for column in dates),
        message=Message(text, {"file": mapping.file}),
        options=(*options, Option(NONE, Message(N_("none of them")))),
        suggestion=NONE,
    )


def _answered(mapping: FileMapping, field: str, answer: str) -> FileMapping:
    columns = tuple(
        replace(column, field=field, found_by=FoundBy.HAND, confidence=1.0)
        if column.column == answer and column.field == ATTRIBUTES
        else column
        for column in mapping.columns
    )
    return replace(mapping, columns=columns)
