"""An import planned again as it was, from its kept files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Import
from bokgi.intake import sources
from bokgi.intake.files import stage_files
from bokgi.intake.importing import mappings_from
from bokgi.intake.mapping.second_table import parted
from bokgi.intake.plan import Exported, ExportedBy, ImportPlan, PlannedFile
from bokgi.intake.workbench import Workbench


def plan_of(lake: Lake, old: Import, folder: Path, bench: Workbench) -> ImportPlan:
    """Plan an import again as it was: its kept files, its mappings, its moment of export.

    Raises `NotFoundError` (`source_gone`) when a file is no longer kept.
    """
    mappings = mappings_from(old.mapping)
    planned = []
    for path, one in zip(sources.found(lake, old), sources.of_import(old), strict=True):
        staging = stage_files(
            [path], work=folder / f"staged-{path.name}", connection=bench.connection, encoding=one.encoding
        )
        for whole in staging.files:
            name = replace(whole, path=whole.path.with_name(one.name)).name
            mapping = next((mapping for mapping in mappings if mapping.file == name), None)
            if mapping is not None:
                mappings.remove(mapping)
                part = parted(bench.connection, whole, work=folder / f"staged-{path.name}")
                planned.append(PlannedFile(whole if mapping.one_table else part.staged, mapping))
    found_by = ExportedBy(old.exported_at_origin or ExportedBy.GIVEN.value)
    exported = Exported(old.exported_at or old.at, found_by)
    findings = tuple(finding for file in planned for finding in file.staged.findings)
    return ImportPlan(tuple(planned), (), findings, exported, folder)
