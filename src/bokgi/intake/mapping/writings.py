"""The ways in which the columns of a file write their values: what `intake.values` detects, asked for by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import duckdb

from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.fields import Kind
from bokgi.intake.values import Detected, MomentFormat, ProbabilityScale, ValueKind, Wanted, detect_formats
from bokgi.intake.values.moment_shapes import EPOCH_MILLISECONDS, EPOCH_SECONDS, EXCEL

KINDS: Final = {
    Kind.MOMENT: ValueKind.MOMENT,
    Kind.DATE: ValueKind.MOMENT,
    Kind.AMOUNT: ValueKind.AMOUNT,
    Kind.NUMBER: ValueKind.NUMBER,
    Kind.INTEGER: ValueKind.INTEGER,
    Kind.PROBABILITY: ValueKind.PROBABILITY,
}
"""Kinds of field that have a format."""

SCANNED_ROWS: Final = 200_000
"""Rows up to which every row is looked at."""
_PLACES: Final = re.compile(r"%([mdyY])")
_EXAMPLE: Final = datetime(2026, 11, 23, 14, 5, 33, tzinfo=UTC)


def scanned(staged: StagedFile) -> str:
    """Give the rows of a file that are looked at one by one, as a parenthesised query: of a large one the sample."""
    return staged.relation if staged.rows <= SCANNED_ROWS else staged.sample


def detected(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, wanted: Mapping[str, tuple[str, Wanted]]
) -> dict[str, Detected]:
    """Detect formats over a staged file. `wanted`: name → (expression over its columns, what it is read as).

    In a large file the sample decides, and every row is looked at only where the sample leaves a doubt.
    """
    if not wanted or staged.rows <= SCANNED_ROWS:
        return _detected(connection, staged.relation, staged.sample, wanted)
    found = _detected(connection, staged.sample, staged.sample, wanted)
    doubts = {name for name, one in found.items() if _doubtful(one)}
    if any(found[name].kind is ValueKind.MOMENT for name in doubts):
        doubts |= {name for name, one in found.items() if one.kind is ValueKind.MOMENT}
    again = {name: want for name, want in wanted.items() if name in doubts}
    return found | _detected(connection, staged.relation, staged.sample, again)


def _doubtful(one: Detected) -> bool:
    """Tell whether rows outside the sample could change a format: another order, a time of day, a percentage."""
    timeless = one.kind is ValueKind.MOMENT and bool(one.format) and MomentFormat.of(one.format).day_only
    of_one = one.kind is ValueKind.PROBABILITY and one.format == ProbabilityScale.ONE.value
    return one.ambiguous or timeless or of_one


def _detected(
    connection: duckdb.DuckDBPyConnection, rows: str, few_rows: str, wanted: Mapping[str, tuple[str, Wanted]]
) -> dict[str, Detected]:
    if not wanted:
        return {}
    columns = ", ".join(f"{sql} AS v{place}" for place, (sql, _) in enumerate(wanted.values()))
    relation, sample = (f"(SELECT {columns} FROM {source})" for source in (rows, few_rows))
    asked = {f"v{place}": want for place, (_, want) in enumerate(wanted.values())}
    found = detect_formats(connection, relation, sample, asked)
    return {name: found[f"v{place}"] for place, name in enumerate(wanted)}


def order_of(form: str) -> str:
    """Give the order in which the first open pattern of a format names day, month and year.

    >>> order_of("%d/%m/%Y %H:%M"), order_of("%Y-%m-%d | %y.%m.%d")
    ('dmy', 'ymd')
    """
    return "".join(place.lower() for place in _PLACES.findall(pattern_in_doubt(form)))[:3]


def pattern_in_doubt(form: str) -> str:
    """Give the pattern of a format that names day, month and year in an open order: the last that names them.

    >>> pattern_in_doubt("%Y-%m-%d | %y.%m.%d | excel")
    '%y.%m.%d'
    """
    return next((one for one in reversed(MomentFormat.of(form).patterns) if _PLACES.search(one)), "")


def example_of(form: str) -> str:
    """Write 23 November 2026, 14:05:33, as a format would.

    >>> example_of("%Y. %m. %d. | excel")
    '2026. 11. 23.'
    """
    pattern = MomentFormat.of(form).patterns[0]
    special = {EXCEL: "46349.59", EPOCH_SECONDS: "1795442733", EPOCH_MILLISECONDS: "1795442733000"}
    if pattern in special:
        return special[pattern]
    return _EXAMPLE.strftime(pattern.replace("%n", "000000000").replace("%f", "000000"))
