"""Plan an import: what each file is, what its columns are, when it was exported, what to ask. Nothing is written."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.domain.errors import InputError, MappingError
from bokgi.domain.findings import Finding, Severity, weightiest_first
from bokgi.domain.messages import N_, Message
from bokgi.domain.stage import StageKind
from bokgi.facts.lake import Lake
from bokgi.facts.settings import DEFAULT_TIME_ZONE, Settings
from bokgi.intake.files import ExportedAt, Place, StagedFile, stage_files
from bokgi.intake.files.staged import Progress
from bokgi.intake.mapping import saved
from bokgi.intake.mapping.assumptions import currency_taken
from bokgi.intake.mapping.detect import map_files
from bokgi.intake.mapping.model import Entity, FileMapping, Hints, Question, StageDefinition, StageFoundBy
from bokgi.intake.mapping.preset import preset_named
from bokgi.intake.mapping.second_table import parted
from bokgi.intake.workbench import Workbench, told_apart

MAPPINGS = "mappings"


class ExportedBy(StrEnum):
    """What the moment of the export was found by."""

    GIVEN = "given"
    FILE_NAME = "file_name"
    CONTENT = "content"
    FILE_TIME = "file_time"


@dataclass(frozen=True)
class Exported:
    """When the files were exported, what that was found by, and the zone in which their people name it."""

    at: datetime
    found_by: ExportedBy
    zone: str = DEFAULT_TIME_ZONE

    @property
    def on(self) -> date:
        """The day of the export in that zone."""
        return self.at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True)
class PlannedFile:
    """One file with its mapping."""

    staged: StagedFile
    mapping: FileMapping

    @property
    def taken(self) -> bool:
        """Tell whether its rows are imported."""
        return self.mapping.entity is not Entity.IGNORE

    def as_json(self) -> dict[str, Any]:
        """Give what the file is and what its columns feed, without any value of the data."""
        mapping = self.mapping
        return {
            "file": self.staged.name,
            "rows": self.staged.read,
            "encoding": self.staged.encoding,
            "entity": mapping.entity.value,
            "source": mapping.source,
            "preset": mapping.preset,
            "found_by": mapping.found_by.value,
            "confidence": mapping.confidence,
            "columns": [
                {
                    "column": column.column,
                    "field": column.field,
                    "format": column.format,
                    "found_by": column.found_by.value,
                    "confidence": column.confidence,
                }
                for column in mapping.columns
            ],
            "stages": [
                {
                    "pipeline": stage.pipeline,
                    "stage": stage.stage,
                    "order": stage.stage_order,
                    "kind": stage.kind.value,
                    "origin": stage.origin,
                    "found_by": stage.found_by.value,
                }
                for stage in mapping.stages
            ],
        }


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do. It keeps the staged text in a temporary folder: `close` it, or use it as a context."""

    files: tuple[PlannedFile, ...]
    questions: tuple[Question, ...]
    findings: tuple[Finding, ...]
    exported: Exported
    folder: Path
    time_zone: str | None = None
    currency: str | None = None
    language: str = "ko"

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Questions that stop the import until somebody answers."""
        return tuple(question for question in self.questions if question.suggestion is None)

    @property
    def taken(self) -> tuple[PlannedFile, ...]:
        """Files whose rows are imported."""
        return tuple(file for file in self.files if file.taken)

    @property
    def source(self) -> str:
        """Name of the source system: that of the deals, else of the first file."""
        taken = self.taken
        deals = [file for file in taken if file.mapping.entity is Entity.DEALS]
        return next((file.mapping.source for file in (*deals, *taken)), "file")

    def as_json(self, lang: str) -> dict[str, Any]:
        """Give the plan for a person to look at before anything is written."""
        return {
            "exported_at": self.exported.at.isoformat(),
            "exported_at_found_by": self.exported.found_by.value,
            "files": [file.as_json() for file in self.files],
            "questions": [question.as_json(lang) for question in self.questions],
            "findings": [finding.as_json(lang) for finding in self.findings],
        }

    def mapping_as_json(self, lang: str) -> dict[str, Any]:
        """Give what each file was taken for, and each question with the answer it goes by; null: it is open."""
        return {
            "mapping": [file.as_json() for file in self.files],
            "questions": [question.as_json(lang) for question in self.questions],
        }

    def close(self) -> None:
        """Delete the staged text."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Keep the staged text for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the staged text at the end of the block."""
        self.close()


@dataclass(frozen=True)
class PlanOptions:
    """What the person who imports says beforehand; whatever is null is found out.

    `mappings` go before the home's saved ones; `preset` is tried alone. `exported_at` without a zone is in the zone of
    the files. `hints` answer questions and name columns.
    """

    preset: str | None = None
    mappings: Sequence[FileMapping] = ()
    exported_at: datetime | None = None
    time_zone: str | None = None
    currency: str | None = None
    encoding: str | None = None
    language: str = "ko"
    hints: Hints = field(default_factory=Hints)


def plan_import(
    paths: Sequence[Path],
    *,
    lake: Lake | None = None,
    options: PlanOptions | None = None,
    progress: Progress | None = None,
) -> ImportPlan:
    r"""Find out what files are and how they would be imported.

    `lake` gives the mappings saved earlier and the organisation's zone; without one (or without a home there yet)
    everything is found from the files. Raises `InputError` for files that cannot be read, `MappingError` for a preset
    or mapping that does not exist.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "deals.csv"
    >>> _ = path.write_text("Deal ID,Deal name,Stage,Amount\nD1,Server,Proposal,500\nD2,Cloud,Won,700\n")
    >>> with plan_import([path]) as plan:
    ...     [(file.mapping.entity.value, len(file.mapping.columns)) for file in plan.files]
    [('deals', 4)]
    >>> folder.cleanup()
    """
    told = options or PlanOptions()
    with told_apart():
        folder = Path(tempfile.mkdtemp(prefix="bokgi-"))
    try:
        plan = _plan(paths, lake, told, folder, progress)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(plan, shutil.rmtree, folder, ignore_errors=True)
    return plan


def _plan(
    paths: Sequence[Path], lake: Lake | None, told: PlanOptions, folder: Path, progress: Progress | None
) -> ImportPlan:
    hints = replace(
        told.hints,
        time_zone=told.hints.time_zone or told.time_zone,
        currency=told.hints.currency or told.currency,
    )
    known = (*told.mappings, *(() if lake is None or told.preset else _saved(lake)))
    among = None if told.preset is None else [preset_named(told.preset)]
    with Workbench(folder) as bench:
        staging = stage_files(
            paths, work=folder / "staged", connection=bench.connection, encoding=told.encoding, progress=progress
        )
        if not staging.files:
            raise InputError(
                "nothing_to_read",
                Message(N_("There is no table to read.")),
                Message(N_("Name files or a folder that holds some.")),
            )
        parts = [parted(bench.connection, file, work=folder / "staged", hints=hints) for file in staging.files]
        detection = map_files(
            [part.staged for part in parts],
            connection=bench.connection,
            among=among,
            saved=known,
            held=_stages(lake),
            hints=hints,
        )
        taken = (
            []
            if _rows_of(lake, "settings") is not None
            else [
                finding
                for part, mapping in zip(parts, detection.mappings, strict=True)
                for finding in currency_taken(bench.connection, part.staged, mapping, Settings().currency)
            ]
        )
    files = tuple(
        PlannedFile(whole if mapping.one_table or mapping.entity is Entity.IGNORE else part.staged, mapping)
        for whole, part, mapping in zip(staging.files, parts, detection.mappings, strict=True)
    )
    asked = (
        question
        for part, file in zip(parts, files, strict=True)
        if file.staged is part.staged
        for question in part.questions
    )
    exported, said = _exported(files, told.exported_at, told.time_zone or _own_zone(lake))
    findings = [*staging.findings, *(finding for file in files for finding in file.staged.findings)]
    return ImportPlan(
        files=files,
        questions=(*asked, *detection.questions),
        findings=weightiest_first((*findings, *detection.findings, *taken, *said)),
        exported=exported,
        folder=folder,
        time_zone=told.time_zone,
        currency=told.currency,
        language=told.language,
    )


def _own_zone(lake: Lake | None) -> str:
    """Give the organisation's zone, in which its people name the moment of an export."""
    settings = _rows_of(lake, "settings")
    return DEFAULT_TIME_ZONE if settings is None else Settings.of(settings).time_zone


def _stages(lake: Lake | None) -> tuple[StageDefinition, ...]:
    """Give the stages that the home has."""
    rows = _rows_of(lake, "stages")
    return tuple(
        StageDefinition(
            pipeline=row["pipeline"],
            stage=row["stage"],
            label=row["label"],
            stage_order=row["stage_order"],
            kind=StageKind(row["kind"]),
            origin=row["origin"],
            found_by=StageFoundBy.HELD,
        )
        for row in (
            () if rows is None else rows.sort_by([("pipeline", "ascending"), ("stage_order", "ascending")]).to_pylist()
        )
    )


def _rows_of(lake: Lake | None, table: str) -> pa.Table | None:
    """Read a table of the home as it is now; null where nothing was imported yet."""
    if lake is None or not lake.folder.is_dir() or not any(one.committed for one in lake.imports()):
        return None
    # What came by file and what was entered on screen may differ in which columns can be null.
    return pa.concat_tables((pq.read_table(path) for path in lake.state()[table]), promote_options="default")


def _saved(lake: Lake) -> tuple[FileMapping, ...]:
    folder = lake.home / MAPPINGS
    return saved.read_folder(folder) if folder.is_dir() else ()


_PLACES: Mapping[Place, ExportedBy] = {
    Place.FILE_NAME: ExportedBy.FILE_NAME,
    Place.TITLE: ExportedBy.CONTENT,
    Place.PROPERTIES: ExportedBy.CONTENT,
}


def _exported(files: Sequence[PlannedFile], given: datetime | None, zone: str) -> tuple[Exported, tuple[Finding, ...]]:
    """Find when the files were exported: given, else said by name or content of the deals file, else its file time."""
    taken = [file for file in files if file.taken] or list(files)
    first = next((file for file in taken if file.mapping.entity is Entity.DEALS), None)
    main = [file for file in taken if first is None or file is first]
    zone = main[0].mapping.time_zone or zone
    own = ZoneInfo(zone)
    if given is not None:
        at = given if given.tzinfo is not None else given.replace(tzinfo=own)
        return Exported(at.astimezone(UTC), ExportedBy.GIVEN, zone), ()
    said = [(file, file.staged.exported) for file in (*main, *taken) if file.staged.exported is not None]
    if said:
        file, found = said[0]
        assert isinstance(found, ExportedAt)  # noqa: S101 - filtered in the line above
        at = found.moment if found.moment.tzinfo is not None else found.moment.replace(tzinfo=own)
        exported = Exported(at.astimezone(UTC), _PLACES[found.place], zone)
        text = (
            N_("{file} was exported on {on}, when the workbook was last saved.")
            if found.place is Place.PROPERTIES
            else N_("{file} was exported on {on}, as “{text}” says.")
        )
        message = Message(text, {"file": file.staged.name, "on": at.date(), "text": found.text})
        return exported, (Finding("exported_at_found", Severity.INFO, message),)
    latest = max(main, key=lambda file: file.staged.modified_at)
    exported = Exported(latest.staged.modified_at.astimezone(UTC), ExportedBy.FILE_TIME, zone)
    message = Message(
        N_("Nothing says when {file} was exported; the time of the file is taken: {on}."),
        {"file": latest.staged.name, "on": exported.on},
    )
    return exported, (Finding("exported_at_assumed", Severity.WARNING, message),)


_WHY_NOT: Final = ("periods_in_columns", "file_is_pivot", "file_unknown")
"""Findings that say why a file is not taken, and what to do."""


def refuse_open_questions(plan: ImportPlan) -> None:
    """Raise `MappingError` where a question must be answered first, or where no file can be taken."""
    if plan.open_questions:
        question = plan.open_questions[0]
        raise MappingError(
            "question_open",
            question.message,
            Message(
                N_("Answer it: {key} is one of {answers}."),
                {"key": question.key, "answers": ", ".join(option.answer for option in question.options)},
            ),
        )
    if not plan.taken:
        raise MappingError(
            "nothing_to_import",
            Message(
                N_("None of the files can be imported: {files}."),
                {"files": ", ".join(file.staged.name for file in plan.files)},
            ),
            next(
                (finding.message for code in _WHY_NOT for finding in plan.findings if finding.code == code),
                Message(N_("Say what a file is with a mapping or a preset.")),
            ),
            told=plan.mapping_as_json(plan.language),
        )
