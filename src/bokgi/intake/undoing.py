"""Undo an import: the later ones are judged again, as if it had never been."""

from __future__ import annotations

from collections.abc import Sequence
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
from bokgi.intake.importing import entry_of, result_of, task_of
from bokgi.intake.judging.decided import Decided
from bokgi.intake.planned_again import plan_of
from bokgi.intake.release_again import Decisions, decisions, release_again
from bokgi.intake.workbench import Workbench, after_commit
from bokgi.intake.writing.held import Held


def undo_import(lake: Lake, import_no: int, *, by: str, at: datetime, reason: str | None = None) -> Undone:
    """Undo an import, and replay the later ones without it, in one commit of the ledger.

    Raises `NotFoundError` for an import that does not exist, `UsageError` for one that is undone already, and
    `RefusalError` (`source_gone`) where the kept files of a later import are gone: nothing is changed then.
    """
    kept: list[int] = []
    made: dict[int, Decisions] = {}
    numbers: dict[int, int] = {}

    def replay(there: Lake, old: Import, writing: Writing) -> Entry | None:
        if old.source == facts_undo.CORRECTIONS:
            return correct_again(there, old, writing)
        if writing.version not in made:
            made[writing.version] = decisions(lake, import_no)
        decided = made[writing.version].of(old)
        numbers[old.import_no] = writing.import_no
        if old.kind == facts_undo.RELEASE:
            return release_again(made[writing.version], there, old, writing, numbers, decided)
        entry = _replayed(lake, there, old, writing, decided)
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


def _replayed(lake: Lake, there: Lake, old: Import, writing: Writing, decided: Sequence[Decided]) -> Entry | None:
    """Judge the kept files of one import again against the lake as it would be, and write what is new."""
    with TemporaryDirectory(prefix="bokgi-") as name, Workbench(Path(name)) as bench:
        plan = plan_of(lake, old, Path(name), bench)
        held = Held.of(there, plan.exported.at)
        task = replace(task_of(plan, there.imports(), complete=old.complete), decided=decided)
        done = attempt(bench, task, held, writing, dry_run=False)
        if not done.news:
            return None
        files = sources.keep(lake, writing.import_no, (file.staged for file in plan.taken))
    result = result_of(plan, done, writing.import_no, writing.version, dry_run=False)
    entry = entry_of(plan, result, files, by=old.by, at=old.at, complete=old.complete)
    return replace(entry, exported_at_origin=old.exported_at_origin, mapping=old.mapping)
