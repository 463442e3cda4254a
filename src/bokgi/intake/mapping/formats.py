"""How dates and amounts of each column are written, and what to ask where the column does not tell."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from bokgi.domain.findings import Finding
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.model import FileMapping, Hints, Question


@dataclass(frozen=True)
class Formatted:
    """A mapping whose columns have formats, with what to ask and to say."""

    mapping: FileMapping
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()


def formatted(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, hints: Hints
) -> Formatted:
    """Find formats."""
    return Formatted(mapping)


def sortable(staged: StagedFile, mapping: FileMapping) -> str | None:
    """Give the SQL of the moment of entry."""
    column = mapping.of("stage_history.entered")
    return staged.column(column.column).sql if column else None
