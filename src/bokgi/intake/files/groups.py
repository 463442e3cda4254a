"""Groups of a report: what stands once, in the first row of a group or in a merged cell, holds for all its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files import footer
from bokgi.intake.files.table import field_name
from bokgi.intake.sql import identifier, literal

_MOST_ROWS: Final = 200_000
"""Rows of a file in which groups are looked for: what a CRM writes as a report has fewer."""
_MOST_COLUMNS: Final = 4
"""Columns by which a report is grouped at most."""
_TOTALS: Final = re.compile(footer.TOTALS)
_COUNTED: Final = re.compile(r"(?P<text>.*\S)\s*\((?P<n>[\d,]+)\)")


@dataclass(frozen=True)
class Filled:
    """Cells that were filled from the first one of their group: how many in each column, by place from 0."""

    cells: Mapping[int, int]

    def findings(self, file: str, headers: Sequence[str]) -> tuple[Finding, ...]:
        """Say by which columns a table is grouped; nothing where it is not."""
        if not self.cells:
            return ()
        n, columns = sum(self.cells.values()), ", ".join(headers[place] for place in sorted(self.cells))
        message = Message(
            N_(
                "{file} is grouped by {columns}: what stands once for a group was read for each of its rows, "
                "in {n} empty {n:cell|cells}."
            ),
            {"file": file, "columns": columns, "n": n},
        )
        return (Finding("groups_filled", Severity.INFO, message, n, (Example(file),)),)


def unmerged(
    rows: Iterator[Sequence[Any]],
    first: int,
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    filled: dict[int, int],
) -> Iterator[Sequence[Any]]:
    """Give the rows of a sheet with the text or date of a merged cell in each row it reaches over.

    `filled` counts them by column; `first` is the number of the first row, from 0 as in `merged`. A number is not
    repeated: it is the sum of its rows.

    >>> rows = iter([["Kim", "D1", 7], ["", "D2", ""], ["", "", ""]])
    >>> list(unmerged(rows, 0, [((0, 0), (2, 0)), ((0, 2), (1, 2))], {}))
    [['Kim', 'D1', 7], ['Kim', 'D2', ''], ['', '', '']]
    """
    starts: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, _) in merged:
        if bottom > top >= first:
            starts.setdefault(top, []).append((left, bottom))
    held: dict[int, tuple[int, Any]] = {}
    for number, row in enumerate(rows, first):
        held = {left: (bottom, cell) for left, (bottom, cell) in held.items() if number <= bottom}
        if held and any(cell != "" for place, cell in enumerate(row) if place not in held):
            yield [held[place][1] if place in held and cell == "" else cell for place, cell in enumerate(row)]
            for place in held:
                filled[place] = filled.get(place, 0) + 1
        else:
            yield row
        for left, bottom in starts.get(number, ()):
            if left < len(row) and row[left] != "" and not _is_number(row[left]):
                held[left] = (bottom, row[left])


def fill(connection: duckdb.DuckDBPyConnection, parquet: Path, width: int) -> Filled:
    """Fill the columns c1 … of a staged Parquet file by which a report is grouped.

    A column is one where its texts stand in the first rows of groups alone: each group ends with a line of totals, or
    each text tells how many rows it holds for ("Proposal (8)"), and does so truly; the number is taken off then. Beside
    such a column the next one is looked at, whose groups end with lines of totals named in that column: an amount that
    is known of the first deal of each group alone is none of the others. Everything else stays as it is.
    """
    fields = [identifier(field_name(place + 1)) for place in range(width)]
    source = f"read_parquet({literal(str(parquet))}, file_row_number = true)"
    ((total,),) = connection.execute(f"SELECT num_rows FROM parquet_file_metadata({literal(str(parquet))})").fetchall()
    if not 1 < total <= _MOST_ROWS:
        return Filled({})
    filled = ", ".join(f"count({field})" for field in fields)
    ((*counts,),) = connection.execute(f"SELECT {filled} FROM {source}").fetchall()
    places = [place for place in range(width) if counts[place]][:_MOST_COLUMNS]
    if not places or counts[places[0]] == total:
        return Filled({})
    texts = f"list_filter([{', '.join(f'trim({field})' for field in fields)}], lambda x: x IS NOT NULL AND x != '')"
    words = f"list_filter(texts, lambda x: NOT regexp_full_match(x, {literal(footer.FIGURE)}))"
    told, named = (
        f"len(list_filter(words, lambda x: regexp_full_match(x, {literal(pattern)})))"
        for pattern in (footer.TOTALS, footer.NAMES_OF_TOTALS)
    )
    rows = connection.execute(
        f"""SELECT len(texts), {told} > 0 AND {named} = len(words), {", ".join(fields[p] for p in places)}
            FROM (SELECT *, {words} AS words FROM (SELECT *, {texts} AS texts FROM {source}))
            ORDER BY file_row_number"""
    ).fetchall()
    last = max((number for number, (texts, *_) in enumerate(rows) if texts > 1), default=0)
    new: dict[int, list[str | None]] = {}
    for index, place in enumerate(places):
        # Single cells at the end are what a report writes below its table.
        said = [(texts > 0 and number <= last, *row) for number, (texts, *row) in enumerate(rows)]
        column = _column([(says, ends, cells[index]) for says, ends, *cells in said], inner=index > 0)
        if column is None:
            break
        new[place] = column
    if not new:
        return Filled({})
    _write(parquet, new)
    return Filled({place: sum(cell is not None for cell in column) - counts[place] for place, column in new.items()})


def _column(rows: Sequence[tuple[bool, bool, str | None]], *, inner: bool) -> list[str | None] | None:
    """Fill a column of (row says something, row is a line of totals, text); null where it is not one of groups.

    An `inner` one stands within the groups of another: only lines of totals that it names itself end its groups.
    """
    groups: list[list[int]] = []
    closed: list[bool] = []
    before = True
    for number, (says, ends, text) in enumerate(rows):
        if ends or not says:
            before = before or (ends and (not inner or _TOTALS.fullmatch((text or "").strip()) is not None))
            continue
        if text is not None:
            groups.append([])
            closed.append(before)
        elif not groups:
            return None
        groups[-1].append(number)
        before = False
    ended = before and all(closed) and len(groups) > 1
    counted = [_COUNTED.fullmatch(str(rows[group[0]][2])) for group in groups]
    true = all(
        found is not None and int(found["n"].replace(",", "") or 0) == len(group)
        for found, group in zip(counted, groups, strict=True)
    )
    if not (ended or true) or all(len(group) == 1 for group in groups):
        return None
    column = [text for _, _, text in rows]
    for found, group in zip(counted, groups, strict=True):
        text = found["text"] if true and found is not None else rows[group[0]][2]
        for number in group:
            column[number] = text
    return column


def _write(parquet: Path, new: Mapping[int, list[str | None]]) -> None:
    """Put the filled columns into the file, its rows in their order."""
    table = pq.read_table(parquet)
    for place, column in new.items():
        name = field_name(place + 1)
        table = table.set_column(table.column_names.index(name), name, pa.array(column, pa.string()))
    pq.write_table(table, parquet)


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
