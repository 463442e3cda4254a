"""Judge quarantined rows again: with a repaired mapping, or with cells that a person corrected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.domain.errors import NotFoundError, RefusalError, UsageError
from bokgi.domain.findings import Finding, weightiest_first
from bokgi.domain.messages import N_, Message
from bokgi.facts.lake import Lake, Writing
from bokgi.facts.ledger import Entry, Import
from bokgi.intake import quarantine, sources
from bokgi.intake.attempt import Attempted, Counts, Task, attempt
from bokgi.intake.files.staged import FoundBy, StagedColumn, StagedFile
from bokgi.intake.importing import mappings_from, mappings_text, save_mappings
from bokgi.intake.mapping import saved, second_table
from bokgi.intake.mapping.model import FileMapping
from bokgi.intake.mapping.target_periods import of_import
from bokgi.intake.plan import MAPPINGS
from bokgi.intake.planned_again import plan_of
from bokgi.intake.quarantine import Place, RefusedRow
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench, after_commit, told_apart
from bokgi.intake.writing.held import Held

_MOST: Final = 1_000_000


@dataclass(frozen=True)
class Released:
    """What judging again gave: rows taken in, rows of the import that wait still, and why.

    `import_no` is null where nothing changed. `sourceless` of the waiting rows could not be read again, because their
    file is no longer kept.
    """

    import_no: int | None
    counts: Counts
    released: int
    refused: int
    findings: tuple[Finding, ...]
    sourceless: int = 0


def what_became(released: int, refused: int, sourceless: int = 0) -> tuple[Message, ...]:
    """Say what became of rows that were judged again; `sourceless` of the `refused` ones have no file any more.

    >>> [said.text("en") for said in what_became(2, 1)]
    ['2 rows were taken in, 1 of this import stays in quarantine.']
    """
    if not sourceless:
        return (_became(released, refused),)
    gone = Message(
        N_("{n} row can only be read from its file, which is no longer kept. Import the file again."),
        {"n": sourceless},
        plural=N_("{n} rows can only be read from their file, which is no longer kept. Import the file again."),
    )
    if released:
        return _became(released, refused), gone
    return (_became(0, refused - sourceless), gone) if refused > sourceless else (gone,)


def _became(released: int, refused: int) -> Message:
    if released and refused:
        return Message(
            N_("{n} row was taken in, {rest} of this import stays in quarantine."),
            {"n": released, "rest": refused},
            plural=N_("{n} rows were taken in, {rest} of this import stays in quarantine."),
        )
    if released:
        return Message(
            N_("{n} row was taken in; no row of this import waits any more."),
            {"n": released},
            plural=N_("{n} rows were taken in; no row of this import waits any more."),
        )
    if refused:
        return Message(
            N_("{n} row is refused as before. Mend it, or correct the mapping, and judge again."),
            {"n": refused},
            plural=N_("{n} rows are refused as before. Mend them, or correct the mapping, and judge again."),
        )
    return Message(N_("No row of this import waits in quarantine."))


def release_by_mapping(
    lake: Lake,
    import_no: int,
    *,
    by: str,
    at: datetime,
    mappings: Sequence[FileMapping] | None = None,
) -> Released:
    """Judge the waiting rows of one import again.

    `mappings` are repaired mappings of its files; left out, the home's saved ones as they are now, and for files
    without one the mapping of the import. Rows that pass are taken in as of the moment of their export and leave
    quarantine; the others stay, with what refuses them now. Rows that were set aside as a second table are read
    from the kept source again where the mapping says by now that the file is one table (`tell_one_table`).
    """
    old = _import(lake, import_no)
    rows = quarantine.quarantined(lake, import_no=import_no, limit=_MOST)
    chosen = _saved(lake) if mappings is None else list(mappings)
    again, sourceless = _read_again(lake, old, rows, chosen)
    # No mapping reads a record that has no cells under headers; judged again, its text would be lost.
    told = _judged_again(lake, old, [row for row in again if not row.is_unread], chosen, how="remapped", by=by, at=at)
    return replace(told, sourceless=sourceless)


def tell_one_table(lake: Lake, import_no: int) -> None:
    """Keep in the saved mappings that rows of an import which wait as a second table are rows like any other.

    Raises `RefusalError` (`mapping_of_other_kind`) where a saved mapping reads another kind of rows than the import
    did; nothing is kept then.
    """
    old = _import(lake, import_no)
    rows = quarantine.quarantined(lake, import_no=import_no, limit=_MOST)
    files = dict.fromkeys(row.place.file for row in rows if second_table.PROBLEM in row.codes)
    own = mappings_from(old.mapping)
    told = {file: replace(_mapping_for(file, own, []), one_table=True) for file in files}
    kinds = {mapping.name: mapping.entity for mapping in _saved(lake)}
    for file, mapping in told.items():
        if kinds.get(mapping.name, mapping.entity) is not mapping.entity:
            raise RefusalError(
                "mapping_of_other_kind",
                Message(
                    N_("The saved mapping {name} reads another kind of rows by now than this import read in {file}."),
                    {"name": mapping.name, "file": file},
                ),
                Message(N_("Import the file again, and say there that they are rows.")),
            )
    save_mappings(lake, list(told.values()))


def _read_again(
    lake: Lake, old: Import, rows: Sequence[RefusedRow], chosen: Sequence[FileMapping]
) -> tuple[Sequence[RefusedRow], int]:
    """Give rows of a second table the cells of the kept source where the file is one table now; others as they are.

    And how many rows could not be read because the source is no longer kept.
    """
    own = mappings_from(old.mapping)
    apart = {row.place.file for row in rows if second_table.PROBLEM in row.codes}
    files = {file for file in apart if _mapping_for(file, own, chosen).one_table}
    if not files:
        return rows, 0
    text = mappings_text([replace(mapping, one_table=True) for mapping in own])
    cells: dict[tuple[str, int], dict[str, str]] = {}
    try:
        with Workbench() as bench:
            plan = plan_of(lake, replace(old, mapping=text), bench.folder, bench)
            tables = [file.staged for file in plan.taken]
            for label, one in zip(sources.labels(tables), tables, strict=True):
                if label not in files:
                    continue
                numbers = ", ".join(str(row.place.row) for row in rows if row.place.file == label)
                columns = ", ".join(column.sql for column in one.columns)
                found = bench.rows(
                    f"SELECT _row, {columns} FROM ({one.rows_at(f'SELECT unnest([{numbers}]) AS _row')})"
                )
                for number, *texts in found:
                    named = zip(one.columns, texts, strict=True)
                    cells[label, number] = {column.name: text for column, text in named if text is not None}
    except NotFoundError:
        return rows, sum(1 for row in rows if row.is_unread and row.place.file in files)
    again = [
        replace(row, cells=cells.get((row.place.file, row.place.row), row.cells)) if row.is_unread else row
        for row in rows
    ]
    return again, 0


def release_by_hand(lake: Lake, place: Place, cells: Mapping[str, str | None], *, by: str, at: datetime) -> Released:
    """Take one row in with corrected cells (header → text; null empties a cell).

    Where the corrected row is refused as well, nothing changes and the findings say why. Raises `NotFoundError` for a
    row that does not wait in quarantine, `UsageError` (`header_unknown`) for a header that its file does not have.
    """
    old = _import(lake, place.import_no)
    row = quarantine.refused_row(lake, place)
    mapping = _mapping_for(place.file, mappings_from(old.mapping), [])
    unknown = [header for header in cells if header not in mapping.headers]
    if unknown:
        raise UsageError(
            "header_unknown",
            Message(N_("{file} has no column “{header}”."), {"file": place.file, "header": unknown[0]}),
            Message(N_("It has: {headers}."), {"headers": ", ".join(mapping.headers)}),
        )
    corrected = {**row.cells, **cells}
    repaired = replace(row, cells={header: text for header, text in corrected.items() if text is not None})
    return _judged_again(lake, old, [repaired], _saved(lake), how="repaired", by=by, at=at)


def _import(lake: Lake, import_no: int) -> Import:
    found = next((one for one in lake.imports() if one.import_no == import_no and one.committed), None)
    if found is None:
        there = ", ".join(str(one.import_no) for one in lake.imports() if one.committed)
        raise NotFoundError(
            "import_unknown",
            Message(N_("There is no import {import_no}."), {"import_no": import_no}),
            Message(N_("There are: {imports}."), {"imports": there}),
        )
    return found


def _saved(lake: Lake) -> list[FileMapping]:
    folder = lake.home / MAPPINGS
    return list(saved.read_folder(folder)) if folder.is_dir() else []


def _judged_again(
    lake: Lake,
    old: Import,
    rows: Sequence[RefusedRow],
    chosen: Sequence[FileMapping],
    *,
    how: str,
    by: str,
    at: datetime,
) -> Released:
    waiting = quarantine.count(lake, import_no=old.import_no)
    if not rows:
        return Released(None, Counts(), 0, waiting, ())
    with told_apart(), lake.begin() as writing, Workbench() as bench:
        held = Held.of(lake, old.exported_at)
        files = [
            staged(bench.folder, file, [row for row in rows if row.place.file == file], old, chosen)
            for file in dict.fromkeys(row.place.file for row in rows)
        ]
        task = Task(files, old.exported_at or old.at, releasing=[(row.place, how) for row in rows])
        done = attempt(bench, task, held, writing, dry_run=False)
        if not done.released or (how == "repaired" and done.counts.quarantined):
            return Released(None, done.counts, 0, waiting, weightiest_first(done.findings))
        keep_cells(bench, writing, rows)
        version = writing.commit(_entry(old, done, files, by=by, at=at))
    with after_commit(writing.import_no, "change"):
        lake.state(version)
    # What is refused for another reason now waits again, beside this import.
    released = done.released - done.counts.quarantined
    return Released(writing.import_no, done.counts, released, waiting - released, weightiest_first(done.findings))


def keep_cells(bench: Workbench, writing: Writing, rows: Sequence[RefusedRow]) -> None:
    """Keep the cells of rows that a release takes in, so that it can be judged again after an undo.

    They stand in quarantine as rows of the release itself that left at once; what it refuses waits there anyway.
    """
    again = set(bench.rows("SELECT file, row FROM refusals WHERE fresh"))
    left = bench.rows("SELECT quarantined_by, file, row, how FROM released")
    how = {(number, file, row): how for number, file, row, how in left if (file, row) not in again}
    taken = [row for row in rows if (row.place.import_no, row.place.file, row.place.row) in how]
    if not taken:
        return
    places = [replace(row.place, import_no=writing.import_no) for row in taken]
    cells = {
        "file": pa.array([place.file for place in places], pa.string()),
        "row": pa.array([place.row for place in places], pa.int64()),
        "raw": pa.array([json.dumps(dict(row.cells), ensure_ascii=False) for row in taken], pa.string()),
        "findings": pa.array(["[]"] * len(taken), pa.string()),
    }
    writing.write("quarantine", pa.table(cells))
    hows = [how[row.place.import_no, row.place.file, row.place.row] for row in taken]
    writing.write("releases", quarantine.releases(list(zip(places, hows, strict=True))))


def _entry(
    old: Import, done: Attempted, files: Sequence[tuple[StagedFile, FileMapping]], *, by: str, at: datetime
) -> Entry:
    return Entry(
        kind="release",
        source=old.source,
        by=by,
        at=at,
        exported_at=old.exported_at,
        exported_at_origin=old.exported_at_origin,
        mapping=mappings_text([mapping for _, mapping in files]),
        read=done.counts.read,
        accepted=done.counts.accepted,
        quarantined=done.counts.quarantined,
        known=done.counts.known,
    )


def _mapping_for(file: str, mappings: Sequence[FileMapping], chosen: Sequence[FileMapping]) -> FileMapping:
    """Give the mapping for a file of an import: a chosen one of the same name, else the import's own.

    Columns that the chosen one does not name are what the import found them to be.
    """
    own = next((mapping for mapping in mappings if mapping.file == quarantine.mapped_as(file)), None) or mappings[0]
    told = next((mapping for mapping in chosen if mapping.name == own.name and mapping.entity is own.entity), own)
    new = [column for column in own.columns if column.column not in told.headers]
    return of_import(replace(told, columns=(*told.columns, *new)), own)


def staged(
    folder: Path, file: str, rows: Sequence[RefusedRow], old: Import, chosen: Sequence[FileMapping]
) -> tuple[StagedFile, FileMapping]:
    """Write waiting rows as a staged file again, with the columns of the file they came from."""
    mapping = _mapping_for(file, mappings_from(old.mapping), chosen)
    headers = list(dict.fromkeys([*mapping.headers, *(header for row in rows for header in row.cells if header)]))
    texts = {header: [row.cells.get(header) for row in rows] for header in headers}
    table = pa.table(
        {
            "_row": pa.array([row.place.row for row in rows], pa.int64()),
            **{f"c{number}": pa.array(texts[header], pa.string()) for number, header in enumerate(headers, start=1)},
        }
    )
    path = folder / f"waiting-{len(list(folder.glob('waiting-*')))}.parquet"
    pq.write_table(table, path)
    columns = [_column(number, header, texts[header]) for number, header in enumerate(headers, start=1)]
    name, _, sheet = file.partition("#")
    listed = ", ".join(["_row", *(column.sql for column in columns)])
    table_of_rows = StagedFile(
        path=Path(name),
        sheet=sheet or None,
        sha256="",
        size=0,
        modified_at=old.exported_at or old.at,
        encoding="utf-8",
        encoding_found_by=FoundBy.GIVEN,
        delimiter=None,
        header_row=1,
        titles=(),
        columns=tuple(columns),
        rows=len(rows),
        rejected=0,
        blank_rows=0,
        exported=None,
        findings=(),
        sql=(query := f"SELECT {listed} FROM read_parquet({literal(str(path))})"),
        sample_sql=query,
        rejects=None,
    )
    return table_of_rows, mapping


def _column(number: int, header: str, texts: Sequence[str | None]) -> StagedColumn:
    filled = [text for text in texts if text is not None]
    return StagedColumn(
        position=number,
        header=header,
        name=header,
        field=f"c{number}",
        filled=len(filled),
        distinct=len(set(filled)),
        least=min(filled, default=None),
        greatest=max(filled, default=None),
        samples=tuple(dict.fromkeys(filled))[:5],
    )
