"""Import planned files: judge, keep the sources, write, commit; and try again when somebody else was first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bokgi.domain.errors import ConflictError
from bokgi.domain.findings import Finding, Severity, weightiest_first
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.undo import corrected_again
from bokgi.intake import sources
from bokgi.intake.attempt import ATTEMPTS, Attempted, Counting, Counts, Progress, Task, attempt
from bokgi.intake.entering import correct_again
from bokgi.intake.mapping import saved
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, Entity, FileMapping, FoundBy
from bokgi.intake.mapping.target_periods import lasting
from bokgi.intake.plan import MAPPINGS, Exported, ExportedBy, ImportPlan, PlannedFile, refuse_open_questions
from bokgi.intake.workbench import Workbench, after_commit, told_apart
from bokgi.intake.writing.held import Held

_LEEWAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class ImportResult:
    """What an import did, or would do. `import_no` is null when nothing was new, or when it was only tried.

    `accepted + quarantined + known = read`. `tables` counts the rows written by table, `files` the rows of each file.
    """

    import_no: int | None
    counts: Counts
    tables: Mapping[str, int]
    files: Mapping[str, Counts]
    plan: ImportPlan
    findings: tuple[Finding, ...]
    dry_run: bool
    version: int

    @property
    def read(self) -> int:
        """Rows read."""
        return self.counts.read

    @property
    def accepted(self) -> int:
        """Rows that say something new."""
        return self.counts.accepted

    @property
    def quarantined(self) -> int:
        """Rows refused and kept in quarantine."""
        return self.counts.quarantined

    @property
    def known(self) -> int:
        """Rows that say nothing new."""
        return self.counts.known

    def of_each_file(self) -> list[tuple[PlannedFile, Counts | None]]:
        """Give every planned file with its counts; none for a file whose rows are not taken."""
        taken = self.plan.taken
        labels = dict(zip(map(id, taken), sources.labels([file.staged for file in taken]), strict=True))
        return [(file, self.files.get(labels.get(id(file), ""))) for file in self.plan.files]

    def as_json(self, lang: str) -> dict[str, Any]:
        """Give the result in `lang`; the keys are stable."""
        return {
            "import_no": self.import_no,
            "dry_run": self.dry_run,
            "exported_at": self.plan.exported.at.isoformat(),
            "exported_at_found_by": self.plan.exported.found_by.value,
            "read": self.read,
            "accepted": self.accepted,
            "quarantined": self.quarantined,
            "known": self.known,
            "tables": dict(self.tables),
            "files": {
                name: {
                    "read": counts.read,
                    "accepted": counts.accepted,
                    "quarantined": counts.quarantined,
                    "known": counts.known,
                }
                for name, counts in self.files.items()
            },
            **self.plan.mapping_as_json(lang),
            "findings": [finding.as_json(lang) for finding in self.findings],
        }


def import_files(
    lake: Lake,
    plan: ImportPlan,
    *,
    by: str,
    at: datetime,
    dry_run: bool = False,
    complete: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Import what was planned.

    `by` is who imports and `at` when. `complete`: the files hold every deal (and every person) of their source; deals
    that are missing leave the pipeline. With `dry_run` everything is done but nothing is written. A file that says
    nothing new changes nothing, not even the ledger. Raises `MappingError` while a question is open, `InputError` when
    a file changed meanwhile, `SetupError` for a full disk or a home that cannot be written to (nothing is imported
    then), and `ConflictError` when others keep committing first.
    """
    refuse_open_questions(plan)
    plan = replace(plan, findings=(*plan.findings, *_ahead(plan.exported, at)))
    if dry_run:
        return _tried(lake, plan, complete=complete, progress=progress)
    for number in range(ATTEMPTS):
        try:
            return _imported(lake, plan, by=by, at=at, complete=complete, progress=progress)
        except ConflictError as error:
            if error.code != "ledger_moved" or number == ATTEMPTS - 1:
                raise
    raise AssertionError


def _ahead(exported: Exported, at: datetime) -> tuple[Finding, ...]:
    """Say that files cannot have been exported yet; a day is left to zones and clocks."""
    if exported.at <= at + _LEEWAY:
        return ()
    message = Message(
        N_("The day of export, {on}, is yet to come; whatever is exported before it counts as older than these files."),
        {"on": exported.on},
    )
    return (Finding("exported_at_ahead", Severity.WARNING, message),)


def task_of(plan: ImportPlan, imports: Sequence[Import], *, complete: bool) -> Task:
    """Say what is to be judged."""
    return Task(
        [(file.staged, file.mapping) for file in plan.taken],
        plan.exported.at,
        complete=complete,
        seen=_seen(plan, imports, complete=complete),
        time_zone=plan.time_zone,
        currency=plan.currency,
        language=plan.language,
        people_complete=complete and any(file.mapping.entity is Entity.PEOPLE for file in plan.taken),
        decided=None,
    )


def _seen(plan: ImportPlan, imports: Sequence[Import], *, complete: bool) -> bool:
    """Tell whether each file, byte for byte, was imported as a snapshot of the same moment.

    The time of a file is no evidence of another export: a copy of the file has another time.
    """
    known: dict[str, list[Import]] = {}
    for one in imports:
        if one.committed:
            for kept in sources.of_import(one):
                known.setdefault(kept.sha256, []).append(one)
    by_file_time = plan.exported.found_by is ExportedBy.FILE_TIME
    return all(
        any(
            (by_file_time or one.exported_at == plan.exported.at) and (one.complete or not complete)
            for one in known.get(file.staged.sha256, ())
        )
        for file in plan.taken
    )


def _tried(lake: Lake, plan: ImportPlan, *, complete: bool, progress: Progress | None) -> ImportResult:
    version = lake.version()
    with Workbench(plan.folder) as bench:
        held = Held.of(lake, plan.exported.at)
        task = task_of(plan, lake.imports(), complete=complete)
        done = attempt(bench, task, held, Counting(bench.folder), dry_run=True, progress=progress)
    return result_of(plan, done, None, version, dry_run=True)


def _imported(
    lake: Lake, plan: ImportPlan, *, by: str, at: datetime, complete: bool, progress: Progress | None
) -> ImportResult:
    with told_apart(), lake.begin() as writing:
        with Workbench(plan.folder) as bench:
            held = Held.of(lake, plan.exported.at)
            task = task_of(plan, writing.imports(), complete=complete)
            done = attempt(bench, task, held, writing, dry_run=False, progress=progress)
        if not done.news:
            return result_of(plan, done, None, writing.version, dry_run=False)
        try:
            kept = sources.keep(lake, writing.import_no, (file.staged for file in plan.taken))
            result = result_of(plan, done, writing.import_no, writing.version, dry_run=False)
            entry = entry_of(plan, result, kept, by=by, at=at, complete=complete)
            version = _committed(writing, entry, late=held.late)
        except BaseException:
            sources.drop(lake, writing.import_no)
            raise
    with after_commit(writing.import_no):
        save_mappings(lake, [file.mapping for file in plan.taken])
        lake.state(version)
    return replace(result, version=version)


def _committed(writing: Writing, entry: Entry, *, late: bool) -> int:
    """Commit an import; with a late one the corrections made since are written again, on top of what it shows."""
    if not late:
        return writing.commit(entry)
    row = writing.row(entry)
    return writing.commit_rows([row, *corrected_again(writing, row, correct_again)])


def result_of(plan: ImportPlan, done: Attempted, import_no: int | None, version: int, *, dry_run: bool) -> ImportResult:
    findings = weightiest_first((*plan.findings, *done.findings, *_about_known(done)))
    return ImportResult(import_no, done.counts, done.tables, done.by_file, plan, findings, dry_run, version)


def _about_known(done: Attempted) -> tuple[Finding, ...]:
    if done.news:
        return ()
    message = Message(N_("Nothing in these files is new; nothing was changed."))
    return (Finding("nothing_new", Severity.INFO, message),)


def entry_of(
    plan: ImportPlan, result: ImportResult, kept: Sequence[sources.Kept], *, by: str, at: datetime, complete: bool
) -> Entry:
    """Write down for the ledger what an import did. No cell of a file stands there: rows expire, the ledger stays."""
    return Entry(
        kind="file",
        source=plan.source,
        by=by,
        at=at,
        files=json.dumps([one.as_json() for one in kept], ensure_ascii=False),
        exported_at=plan.exported.at,
        exported_at_origin=plan.exported.found_by.value,
        complete=complete,
        mapping=mappings_text([file.mapping for file in plan.taken]),
        read=result.read,
        accepted=result.accepted,
        quarantined=result.quarantined,
        known=result.known,
        findings=json.dumps([_for_ledger(one) for one in result.findings], ensure_ascii=False),
    )


def _for_ledger(finding: Finding) -> dict[str, Any]:
    """Give a finding in English, and under `said` so that it can be read in any language."""
    return {**finding.without_cells().as_json("en"), "said": encoded(finding.message)}


_BETWEEN: Final = "# ---------------------------------------------------------------- next file\n"


def mappings_text(mappings: Sequence[FileMapping]) -> str:
    """Write the mappings of an import as one text for the ledger."""
    return _BETWEEN.join(saved.write(mapping) for mapping in mappings)


def mappings_from(text: str) -> list[FileMapping]:
    """Read the mappings of an import back from the ledger's text."""
    return [saved.read(part) for part in text.split(_BETWEEN)] if text else []


def save_mappings(lake: Lake, mappings: Sequence[FileMapping]) -> None:
    """Save the mappings of a successful import for the next one.

    What a person saved or edited is left alone, but for columns that somebody mapped otherwise for this import, and a
    row that somebody said is no header: the next one reads them so, too. The year of targets is found anew each time.
    """
    folder = lake.home / MAPPINGS
    with told_apart():
        folder.mkdir(parents=True, exist_ok=True)
        for mapping in map(lasting, mappings):
            path = folder / f"{mapping.name}.toml"
            kept = _told_otherwise(saved.read_file(path), mapping) if path.exists() else mapping
            if kept is not None:
                whole = path.with_suffix(".new")
                whole.write_text(saved.write(kept), encoding="utf-8")
                whole.replace(path)


def _told_otherwise(before: FileMapping, now: FileMapping) -> FileMapping | None:
    """Give a saved mapping with what was told by hand since; null where that is nothing new."""
    if now.entity is not before.entity:
        return now if now.found_by is FoundBy.HAND else None
    told = [column for column in now.columns if column.found_by is FoundBy.HAND]
    if {column.as_saved() for column in told} <= {column.as_saved() for column in before.columns}:
        return replace(before, one_table=True) if now.one_table and not before.one_table else None
    here = {column.column for column in now.columns}
    headers, fields = {column.column for column in told}, {column.field for column in told} - {ATTRIBUTES, LEAVE_OUT}
    # A header that is gone gives the field over to the one that was told in its place.
    stays = [
        column
        for column in before.columns
        if column.column not in headers and (column.column in here or column.field not in fields)
    ]
    return replace(before, columns=(*stays, *told), one_table=now.one_table)


__all__ = ["Exported", "ImportResult", "import_files", "mappings_from", "mappings_text", "save_mappings"]
