"""Undo an import: the later ones are judged again, as if it had never been."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bokgi.facts import undo as facts_undo
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.undo import Undone
from bokgi.intake import sources
from bokgi.intake.attempt import attempt
from bokgi.intake.entering import correct_again
from bokgi.intake.files import stage_files
from bokgi.intake.importing import entry_of, mappings_from, result_of, task_of
from bokgi.intake.mapping.second_table import parted
from bokgi.intake.plan import Exported, ExportedBy, ImportPlan, PlannedFile
from bokgi.intake.workbench import Workbench, after_commit
from bokgi.intake.writing.held import Held


def undo_import(lake: Lake, import_no: int, *, by: str, at: datetime, reason: str | None = None) -> Undone:
    """Undo an import, and replay the later ones without it, in one commit of the ledger.

    Raises `NotFoundError` for an import that does not exist, `UsageError` for one that is undone already, and
    `RefusalError` (`source_gone`) where the kept files of a later import are gone: nothing is changed then.
    """
    kept: list[int] = []

    def replay(there: Lake, old: Import, writing: Writing) -> Entry | None:
        if old.source == facts_undo.CORRECTIONS:
            return correct_again(there, old, writing)
        entry = _replayed(lake, there, old, writing)
        if entry is not None:
            kept.append(writing.import_no)
        return entry

    try:
        undone = facts_undo.undo(lake, import_no, replay=replay, by=by, at=at, reason=reason)
    except BaseException:
        for number in kept:
            sources.drop(lake, number)
        raise
    with after_commit(import_no, "undo"):
        lake.state(undone.version)
    return undone


def _replayed(lake: Lake, there: Lake, old: Import, writing: Writing) -> Entry | None:
    """Judge the kept files of one import again against the lake as it would be, and write what is new."""
    with TemporaryDirectory(prefix="bokgi-") as name, Workbench(Path(name)) as bench:
        plan = plan_of(lake, old, Path(name), bench)
        held = Held.of(there, plan.exported.at)
        task = task_of(plan, there.imports(), complete=old.complete)
        done = attempt(bench, task, held, writing, dry_run=False)
        if not done.news:
            return None
        files = sources.keep(lake, writing.import_no, (file.staged for file in plan.taken))
    result = result_of(plan, done, writing.import_no, writing.version, dry_run=False)
    entry = entry_of(plan, result, files, by=old.by, at=old.at, complete=old.complete)
    return replace(entry, exported_at_origin=old.exported_at_origin, mapping=old.mapping)


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
