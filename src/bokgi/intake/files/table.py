"""From a staged Parquet file to its columns, its row numbers and a profile, without reading it again.

What can be taken from the statistics that Parquet keeps (filled cells, ends of the text order) is taken from there; the
different texts are counted in slices spread over the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bokgi.domain.findings import Finding
from bokgi.intake.files import footer
from bokgi.intake.files.header import clean_label, unique_names
from bokgi.intake.files.staged import StagedColumn
from bokgi.intake.sql import identifier, literal

_SLICES: Final = 20
_SLICE_ROWS: Final = 100
_SAMPLES: Final = 8
_LONGEST_SAMPLE: Final = 200
_MOST_CASES: Final = 512
_STRETCH: Final = 100_000
_LOOKED_AT: Final = 500_000
"""Cells up to which each is looked at for letters apart; of a larger file the sample tells."""
_APART: Final = r"[\x{1100}-\x{11ff}\x{0300}-\x{036f}]"
"""Pattern of letters that belong to the one before them."""
OFTEN: Final = 4
"""How often a text must be there on average for a column to repeat."""


@dataclass(frozen=True)
class Table:
    """A staged table: its query with `_row`, the query of its sample, its columns, rows with and without any text.

    `placed_sql` is the query with `_place`, the position in the Parquet file, beside `_row`.
    """

    sql: str
    placed_sql: str
    sample_sql: str
    columns: tuple[StagedColumn, ...]
    rows: int
    blank_rows: int
    findings: tuple[Finding, ...]


def field_name(position: int) -> str:
    """Name the column at a position (from 1) in a staged relation.

    >>> field_name(3)
    'c3'
    """
    return f"c{position}"


def describe(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    *,
    headers: Sequence[str],
    first_row: int,
    left_out: npt.NDArray[np.int64],
    file: str,
    header_row: int,
) -> Table:
    """Describe a staged Parquet file with columns c1 … cn.

    `first_row` is the row number of the first record below the header; `left_out` are the numbers, in order, of the
    records that are not in the Parquet file (empty or refused). A column without a name and without any text is not
    part of the table.
    """
    total = _one(connection, f"SELECT num_rows FROM parquet_file_metadata({literal(str(parquet))})")
    filled, least, greatest = _statistics(connection, parquet, len(headers), total)
    repeating = _repeating(connection, parquet, len(headers), total)
    kept = [i for i, header in enumerate(headers) if clean_label(header) or filled[i]]
    names, findings = unique_names([headers[i] for i in kept], file=file, row=header_row)
    parquet, number = _numbered(connection, parquet, first_row, left_out, total)
    named = [identifier(field_name(i + 1)) for i in kept]
    source = f"read_parquet({literal(str(parquet))}, file_row_number = true)"
    blank_rows, where = 0, ""
    if kept and total and all(filled[i] < total for i in kept):
        all_blank = f"coalesce({', '.join(named)}) IS NULL"
        blank_rows = _one(connection, f"SELECT count(*) FROM {source} WHERE {all_blank}")
        where = f" WHERE NOT ({all_blank})" if blank_rows else ""
    sampled = f"FROM {source} WHERE {_slices(total)}{where.replace(' WHERE', ' AND')}"
    sample_of, row = sampled, number
    if kept and total > _SLICES * _SLICE_ROWS:
        sample = parquet.with_suffix(".sample.parquet")
        texts_of = ", ".join([f"{number} AS _row", *named])
        connection.execute(f"COPY (SELECT {texts_of} {sampled}) TO {literal(str(sample))} (FORMAT parquet)")
        sample_of, row = f"FROM read_parquet({literal(str(sample))})", "_row"
    every = total * len(named) <= _LOOKED_AT
    apart = _in_letters_apart(connection, f"FROM {source}" if every else sample_of, named)
    fields = ", ".join(f"nfc_normalize({one}) AS {one}" if one in apart else one for one in named)
    sql = f"SELECT {number} AS _row, {fields} FROM {source}{where}"
    placed_sql = f"SELECT file_row_number AS _place, {number} AS _row, {fields} FROM {source}{where}"
    sample_sql = f"SELECT {row} AS _row, {fields} {sample_of}"
    seen = _seen(connection, sample_sql, kept)
    columns = tuple(
        StagedColumn(
            position=i + 1,
            header=headers[i],
            name=name,
            field=field_name(i + 1),
            filled=filled[i],
            distinct=len(texts),
            least=least[i],
            greatest=greatest[i],
            samples=tuple(texts[:_SAMPLES]),
            repeats=i in repeating,
        )
        for i, name, texts in zip(kept, names, seen, strict=True)
    )
    return Table(sql, placed_sql, sample_sql, columns, total - blank_rows, blank_rows, findings)


def profiled(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[StagedColumn], sql: str, sample_sql: str
) -> tuple[StagedColumn, ...]:
    """Describe columns anew where only a part of their rows is left; `sql` and `sample_sql` are as those of `Table`.

    A column without a name goes where none of its texts is left.
    """
    told = ", ".join(f"count({c.sql}), min({c.sql}), max({c.sql})" for c in columns)
    ((*ends,),) = connection.execute(f"SELECT {told} FROM ({sql})").fetchall()
    seen = _seen(connection, sample_sql, [column.position - 1 for column in columns])
    return tuple(
        replace(column, filled=n, distinct=len(texts), least=least, greatest=most, samples=tuple(texts[:_SAMPLES]))
        for column, n, least, most, texts in zip(columns, ends[::3], ends[1::3], ends[2::3], seen, strict=True)
        if n or clean_label(column.header)
    )


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    ((number,),) = connection.execute(query).fetchall()
    return int(number)


def _statistics(
    connection: duckdb.DuckDBPyConnection, parquet: Path, width: int, total: int
) -> tuple[list[int], list[str | None], list[str | None]]:
    found = connection.execute(
        f"""SELECT column_id, sum(stats_null_count), count(*) = count(stats_null_count),
                   CASE WHEN bool_and(stats_min_value IS NOT NULL OR stats_null_count = num_values)
                        THEN min(stats_min_value) END,
                   CASE WHEN bool_and(stats_max_value IS NOT NULL OR stats_null_count = num_values)
                        THEN max(stats_max_value) END
            FROM parquet_metadata({literal(str(parquet))}) GROUP BY column_id"""
    ).fetchall()
    filled: list[int] = [0] * width
    least: list[str | None] = [None] * width
    greatest: list[str | None] = [None] * width
    for column, nulls, known, low, high in found:
        if known:
            filled[column] = total - int(nulls)
        else:
            quoted = identifier(field_name(column + 1))
            filled[column] = _one(connection, f"SELECT count({quoted}) FROM read_parquet({literal(str(parquet))})")
        least[column], greatest[column] = low, high
    return filled, least, greatest


def _repeating(connection: duckdb.DuckDBPyConnection, parquet: Path, width: int, total: int) -> set[int]:
    """List the columns whose texts repeat, in a stretch of rows in the middle of the file."""
    rows = min(total, _STRETCH)
    if not rows:
        return set()
    start = (total - rows) // 2
    listed = ", ".join(f"approx_count_distinct({identifier(field_name(i + 1))})" for i in range(width))
    ((*distinct,),) = connection.execute(
        f"""SELECT {listed} FROM read_parquet({literal(str(parquet))}, file_row_number = true)
            WHERE file_row_number BETWEEN {start} AND {start + rows - 1}"""
    ).fetchall()
    return {column for column, texts in enumerate(distinct) if OFTEN * texts < rows}


def _in_letters_apart(connection: duckdb.DuckDBPyConnection, rows: str, fields: Sequence[str]) -> set[str]:
    """List the columns with texts in letters apart (NFD), as a Mac writes names: they are the same texts composed."""
    if not fields:
        return set()
    listed = ", ".join(f"coalesce(bool_or(regexp_matches({field}, {literal(_APART)})), false)" for field in fields)
    ((*found,),) = connection.execute(f"SELECT {listed} {rows}").fetchall()
    return {field for field, apart in zip(fields, found, strict=True) if apart}


def lines_below(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[str, ...]:
    """Give the texts of the lines with a single cell that end a table: what a report may write below it."""
    if len(table.columns) <= 1:
        return ()
    columns = ", ".join(column.sql for column in table.columns)
    first = table.rows + table.blank_rows - footer.LONGEST
    rows = connection.execute(
        f"SELECT {columns} FROM ({table.placed_sql}) WHERE _place >= {first} ORDER BY _place DESC"
    ).fetchall()
    texts: list[str] = []
    for row in rows:
        filled = [text.strip() for text in row if text and text.strip()]
        if len(filled) != 1:
            break
        texts.append(filled[0])
    return tuple(reversed(texts))


def _slices(total: int) -> str:
    """Write the condition that picks rows from slices spread over the file; Parquet is read only there."""
    if total <= _SLICES * _SLICE_ROWS:
        return "true"
    starts = np.linspace(0, total - _SLICE_ROWS, _SLICES).astype(int).tolist()
    return "(" + " OR ".join(f"file_row_number BETWEEN {at} AND {at + _SLICE_ROWS - 1}" for at in starts) + ")"


def _seen(connection: duckdb.DuckDBPyConnection, sample_sql: str, kept: Sequence[int]) -> list[list[str]]:
    """List the different texts of each column in the sample, in the order of the file, long ones cut."""
    if not kept:
        return []
    cut = ", ".join(f"left({identifier(field_name(i + 1))}, {_LONGEST_SAMPLE})" for i in kept)
    table = connection.sql(f"SELECT {cut} FROM ({sample_sql}) ORDER BY _row").to_arrow_table()
    return [[text for text in column.unique().to_pylist() if text is not None] for column in table.columns]


def _numbered(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    first_row: int,
    left_out: npt.NDArray[np.int64],
    total: int,
) -> tuple[Path, str]:
    """Give the expression of the row number: position in the file, shifted by the records left out before it.

    Few shifts make a CASE; with many the numbers are written into a copy of the file.
    """
    at, shift = _shifts(left_out, first_row, total)
    if not len(at):
        return parquet, f"file_row_number + {first_row}"
    if len(at) <= _MOST_CASES:
        return parquet, f"file_row_number + {first_row} + {_case(at.tolist(), [0, *shift.tolist()])}"
    numbered = parquet.with_suffix(".numbered.parquet")
    connection.register("bokgi_steps", pa.table({"at": at, "shift": shift}))
    try:
        connection.execute(
            f"""COPY (SELECT file.* EXCLUDE (file_row_number),
                             file_row_number + {first_row} + coalesce(step.shift, 0) AS _number
                      FROM read_parquet({literal(str(parquet))}, file_row_number = true) AS file
                      ASOF LEFT JOIN bokgi_steps AS step ON file_row_number >= step."at"
                      ORDER BY file_row_number)
                TO {literal(str(numbered))} (FORMAT parquet)"""
        )
    finally:
        connection.unregister("bokgi_steps")
    parquet.unlink()
    return numbered, "_number"


def _shifts(
    left_out: npt.NDArray[np.int64], first_row: int, total: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the positions in the file from which rows are shifted, and by how much, both rising.

    >>> at, shift = _shifts(np.array([3, 4, 7]), 2, 10)
    >>> at.tolist(), shift.tolist()
    ([1, 3], [2, 3])
    """
    positions = left_out - np.arange(len(left_out)) - first_row
    positions = positions[positions < total]
    at, counts = np.unique(positions, return_counts=True)
    return at.astype(np.int64), np.cumsum(counts).astype(np.int64)


def _case(at: list[int], shift: list[int]) -> str:
    """Write a balanced tree of CASE: `shift[i]` holds below `at[i]`, and the last one from there on.

    >>> _case([5], [0, 2])
    '(CASE WHEN file_row_number < 5 THEN 0 ELSE 2 END)'
    """
    if not at:
        return str(shift[0])
    middle = len(at) // 2
    below, above = _case(at[:middle], shift[: middle + 1]), _case(at[middle + 1 :], shift[middle + 1 :])
    return f"(CASE WHEN file_row_number < {at[middle]} THEN {below} ELSE {above} END)"
