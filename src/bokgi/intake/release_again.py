"""What people decided about refused rows, and a release judged again after an undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bokgi.facts.engine import parquet
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.ledger import Entry, Import
from bokgi.facts.schema import TABLES
from bokgi.facts.undo import RELEASE
from bokgi.intake import quarantine
from bokgi.intake.attempt import Task, attempt
from bokgi.intake.judging.decided import OF_TEXT, Decided
from bokgi.intake.quarantine import Place, RefusedRow
from bokgi.intake.release import keep_cells, staged
from bokgi.intake.sql import identifier
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held


@dataclass(frozen=True)
class Decision:
    """One row that a release took out of quarantine: where it stood, in which import's place, and how it left."""

    place: Place
    order: int
    by: int
    how: str
    raw: str | None
    """Its text as quarantine keeps it; null once that is over."""
    findings: str | None


@dataclass(frozen=True)
class Decisions:
    """All decisions that stand when an import is undone, without those about its own rows; and the rows taken in."""

    rows: Sequence[Decision]
    cells: Mapping[int, Sequence[RefusedRow]]

    def of(self, old: Import) -> list[Decided]:
        """Say which rows of an import are not judged again."""
        found = []
        for one in self.rows:
            own = one.place.import_no == old.import_no
            same_text = one.how in OF_TEXT and one.order < old.place and old.kind != RELEASE
            if one.raw is not None and one.findings is not None and (own or same_text):
                found.append(Decided(one.place.file, one.place.row, one.raw, one.findings, own))
        return found


def decisions(lake: Lake, undone: int) -> Decisions:
    """Look up what people decided about refused rows; what the import `undone` refused, or decided, is left out."""
    held = Held.of(lake, None)
    if "releases" not in held.now:
        return Decisions((), {})
    imports = {one.import_no: one for one in lake.imports()}
    # A release from before releases were replayed names an import whose place another one took since.
    moved = {one.replays: number for number, one in imports.items() if one.replays is not None}
    refused = held.now.get("quarantine")
    texts = f"LEFT JOIN {refused} AS q ON q.import_no = now AND q.file = r.file AND q.row = r.row"
    columns = "q.raw, q.findings" if refused else "NULL, NULL"
    with Workbench() as bench:
        rows = bench.rows(
            f"""SELECT now, r.file, r.row, r.import_no, r.how, {columns}
                FROM (SELECT *, {_now("quarantined_by", moved)} AS now FROM {held.now["releases"]}) AS r
                {texts if refused else ""} ORDER BY ALL"""
        )
    found = [
        Decision(Place(number, file, row), imports[number].place if number in imports else 0, by, how, raw, findings)
        for number, file, row, by, how, raw, findings in rows
        if number != by and undone not in (number, by) and imports[by].kind == RELEASE
    ]
    taken_by = {one.by for one in found}
    cells: dict[int, list[RefusedRow]] = {}
    for row in quarantine.kept(lake, sorted(taken_by)):
        cells.setdefault(row.place.import_no, []).append(row)
    return Decisions(found, cells)


def _now(column: str, moved: Mapping[int, int]) -> str:
    """Give the SQL of the import that has the place of another one now."""
    cases = []
    for old in moved:
        new = old
        while new in moved:
            new = moved[new]
        cases.append(f"WHEN {old} THEN {new}")
    return f"CASE {column} {' '.join(cases)} ELSE {column} END" if cases else column


def release_again(
    made: Decisions, there: Lake, old: Import, writing: Writing, numbers: Mapping[int, int], decided: Sequence[Decided]
) -> Entry | None:
    """Judge the mended rows of a release again, with the lake as it is `there`; gives the entry for the ledger.

    `numbers` names the imports that took the place of others. A row that does not pass any more waits as it was mended.
    None where the release was all about rows of the undone import. Of a release whose cells are no longer kept the
    facts stay as they are.
    """
    rows = [one for one in made.rows if one.by == old.import_no]
    if not rows:
        return None
    left = {
        (one.place.file, one.place.row): (
            replace(one.place, import_no=numbers.get(one.place.import_no, one.place.import_no)),
            one.how,
        )
        for one in rows
    }
    entry = Entry(**{name: getattr(old, name) for name in Entry.__dataclass_fields__})
    mended = {key for key, (_, how) in left.items() if how != "dismissed"}
    cells = {(row.place.file, row.place.row): row for row in made.cells.get(old.import_no, ())}
    if not mended <= cells.keys():
        _copy(there, old, writing)
        mended = set()
    if not mended:
        writing.write("releases", quarantine.releases(list(left.values())))
        return entry
    again = [replace(cells[key], place=left[key][0]) for key in sorted(mended)]
    with Workbench() as bench:
        files = [
            staged(bench.folder, file, [row for row in again if row.place.file == file], old, [])
            for file in dict.fromkeys(row.place.file for row in again)
        ]
        task = Task(
            files,
            old.exported_at or old.at,
            releasing=[left[key] for key in sorted(mended)],
            decided=decided,
        )
        done = attempt(bench, task, Held.of(there, old.exported_at), writing, dry_run=False)
        if not done.news:
            return None
        keep_cells(bench, writing, again)
    counts = done.counts
    return replace(
        entry, read=counts.read, accepted=counts.accepted, quarantined=counts.quarantined, known=counts.known
    )


def _copy(lake: Lake, old: Import, writing: Writing) -> None:
    """Write the facts of an import again as they are."""
    with Workbench() as bench:
        for name in old.tables:
            if name == "releases":
                continue
            columns = ", ".join(identifier(column.name) for column in TABLES[name].own_columns)
            rows = f"{parquet([file.path for file in lake.files(name)])} WHERE import_no = {old.import_no}"
            path = writing.path(name)
            bench.copy(f"SELECT {writing.import_no}::BIGINT AS import_no, {columns} FROM {rows}", path)
            writing.write(name, path)
