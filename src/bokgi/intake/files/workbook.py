"""Stage the sheets of an Excel workbook as text.

Cells are read as stored: formulas give their last value; numbers without a fraction are written without one, as Excel
shows them; dates and times as ISO. Hidden sheets are read too, for some CRMs keep data there, and it is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files import archive, groups, notes
from bokgi.intake.files.exported import exported_at, found_in
from bokgi.intake.files.faults import damaged, empty
from bokgi.intake.files.header import SAMPLE_RECORDS, find_header
from bokgi.intake.files.kinds import Kind, protected
from bokgi.intake.files.source import Source, examine, free_name
from bokgi.intake.files.staged import ExportedAt, FoundBy, Place, Progress, StagedFile
from bokgi.intake.files.table import describe, field_name, lines_below

_BATCH: Final = 20_000
_DIGITS: Final = 15

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def stage_workbook(
    source: Source,
    kind: Kind,
    *,
    work: Path,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress | None = None,
) -> tuple[list[StagedFile], list[Finding]]:
    """Stage every sheet that holds a table; findings tell which sheets hold none."""
    inspected = archive.Archive({}, None)
    if kind is Kind.XLSX:
        inspected = archive.inspect(source.path)
    else:
        archive.refuse_bomb(source.path)
    sha256 = examine(source.path, None, digest=True)
    staged: list[StagedFile] = []
    findings: list[Finding] = []
    try:
        with _opened(source.path) as workbook:
            sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            for number, about in enumerate(sheets, start=1):
                sheet = workbook.get_sheet_by_name(about.name)
                part = inspected.sheets.get(about.name, archive.SheetPart(0, 0))
                one = _stage_sheet(source, sheet, part, sha256, inspected.saved, work=work, connection=connection)
                if one is None:
                    findings.append(_empty(source, about.name))
                elif about.visible != SheetVisibleEnum.Visible:
                    staged.append(replace(one, findings=(*one.findings, _hidden(one))))
                else:
                    staged.append(one)
                if progress is not None:
                    progress(source.path.name, source.size * number // len(sheets), source.size)
    except PasswordError as error:
        raise protected(source.path) from error
    except CalamineError as error:
        raise damaged(source.path) from error
    if not staged:
        raise empty(source.path)
    return staged, findings


def _opened(path: Path) -> CalamineWorkbook:
    """Open a workbook by what its bytes are where its name says otherwise, as of an .xlsx that was called .xls."""
    try:
        return CalamineWorkbook.from_path(path)
    except PasswordError:
        raise
    except CalamineError:
        return CalamineWorkbook.from_filelike(BytesIO(path.read_bytes()))


def cell_text(cell: Cell) -> str | None:
    """Write a cell as text, a number with the fifteen digits that a sheet shows; null when empty.

    >>> [cell_text(cell) for cell in (125000.0, 0.1, True, "", dt.date(2026, 11, 23), 1e-7, 12345678901234567890.0)]
    ['125000', '0.1', 'TRUE', None, '2026-11-23', '0.0000001', '12345678901234600000']
    """
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        text = f"{cell:.{_DIGITS}g}"
        return _without_exponent(text) if "e" in text else text
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def _without_exponent(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    point = len(whole) + int(exponent)
    digits = whole + fraction
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits.ljust(point, '0')[:point]}" + (f".{digits[point:]}" if digits[point:] else "")


def _stage_sheet(
    source: Source,
    sheet: CalamineSheet,
    part: archive.SheetPart,
    sha256: str,
    saved: str | None,
    *,
    work: Path,
    connection: duckdb.DuckDBPyConnection,
) -> StagedFile | None:
    archive.refuse_wide(source.path, sheet.name, sheet.total_height, sheet.total_width)
    rows = sheet.iter_rows()
    head = list(islice(rows, SAMPLE_RECORDS))
    texts = [[cell_text(cell) or "" for cell in row] for row in head]
    first_column = sheet.start[1] if sheet.start else 0
    merged = [
        ((top, left - first_column), (bottom, right - first_column))
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    ]
    header = find_header(texts, merged=merged)
    if not header.headers:
        return None
    below = header.last or next((i for i, row in enumerate(texts) if sum(map(bool, row)) > 1), 0)
    parquet = free_name(work, f"{source.path.stem}_{sheet.name}", ".parquet")
    spread: dict[int, int] = {}
    _write(parquet, groups.unmerged(chain(head[below:], rows), below, merged, spread), len(header.headers))
    cursor = connection.cursor()
    try:
        grouped = groups.fill(cursor, parquet, len(header.headers))
        table = describe(
            cursor,
            parquet,
            headers=header.headers,
            first_row=below + 1,
            left_out=np.empty(0, dtype=np.int64),
            file=source.path.name,
            header_row=header.last,
        )
        under = lines_below(cursor, table)
    finally:
        cursor.close()
    staged = StagedFile(
        path=source.path,
        sheet=sheet.name,
        sha256=sha256,
        size=source.size,
        modified_at=source.modified_at,
        encoding="utf-8",
        encoding_found_by=FoundBy.WORKBOOK,
        delimiter=None,
        header_row=header.last,
        titles=header.titles,
        columns=table.columns,
        rows=table.rows,
        rejected=0,
        blank_rows=table.blank_rows,
        exported=exported_at(source.path.stem, (*header.titles, *under)) or _saved_at(saved),
        findings=table.findings,
        sql=table.sql,
        placed_sql=table.placed_sql,
        sample_sql=table.sample_sql,
        rejects=None,
        stamp=source.stamp,
    )
    both = groups.Filled({**spread, **grouped.cells}).findings(staged.name, header.headers)
    return replace(staged, findings=(*staged.findings, *notes.on_table(staged), *both, *_on_formulas(staged, part)))


def _write(parquet: Path, rows: Iterator[Sequence[Cell]], width: int) -> None:
    """Write cells as text, column by column, in batches."""
    schema = pa.schema([(field_name(i + 1), pa.string()) for i in range(width)])
    writer: Any = pq.ParquetWriter(parquet, schema)
    with writer:
        while batch := list(islice(rows, _BATCH)):
            columns = zip(*batch, strict=True)
            arrays = [pa.array(map(cell_text, column), pa.string()) for column in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _saved_at(saved: str | None) -> ExportedAt | None:
    return None if saved is None else found_in(saved, Place.PROPERTIES)


def _on_formulas(staged: StagedFile, part: archive.SheetPart) -> tuple[Finding, ...]:
    found = []
    place = (Example(staged.name),)
    if part.without_value:
        n = {"n": part.without_value}
        message = Message(
            N_("{n} {n:formula has no stored value and reads|formulas have no stored value and read} as empty."),
            n,
        )
        found.append(Finding("formula_without_value", Severity.WARNING, message, part.without_value, place))
    if part.formulas > part.without_value:
        n = {"n": part.formulas - part.without_value}
        message = Message(
            N_("{n} {n:formula was read with its last value|formulas were read with their last values}."), n
        )
        found.append(Finding("formula_value", Severity.INFO, message, n["n"], place))
    return tuple(found)


def _hidden(staged: StagedFile) -> Finding:
    message = Message(N_("Sheet {sheet} is hidden and was read."), {"sheet": staged.sheet})
    return Finding("sheet_hidden", Severity.INFO, message, 1, (Example(staged.name),))


def _empty(source: Source, sheet: str) -> Finding:
    message = Message(N_("Sheet {sheet} is empty."), {"sheet": sheet})
    return Finding("sheet_empty", Severity.INFO, message, 1, (Example(f"{source.path.name} › {sheet}"),))
