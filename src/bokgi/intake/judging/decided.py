"""Rows about which a person decided: mended or dismissed in quarantine, they are not judged again.

What the person made of the row counts, or nothing does. The row itself stays in quarantine as it was refused, so that
it counts once, and waits again where the decision is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.refused import raw
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held


@dataclass(frozen=True)
class Decided:
    """One such row: where it stood, its text and what was found, both as quarantine keeps them.

    `own`: in the very file that is judged; otherwise a later file may show the same text again.
    """

    file: str
    row: int
    raw: str
    findings: str
    own: bool


OF_TEXT: Final = ("dismissed", "repaired")
"""How a row leaves when a person looked at it alone: a later file that shows the same text shows the same row."""


def find(bench: Workbench, readings: Sequence[Reading], rows: Sequence[Decided] | None, held: Held) -> None:
    """Find decided rows in the files: tables `decided_<place>` with `_row, findings`.

    In the file itself it is the row of that number and text; in a later file as many rows of the text as there are
    decided ones. Without `rows` the files are later ones, and all decisions that the lake holds stand.
    """
    decided = _listed(bench, rows) if rows else _standing(held) if rows is None else ""
    if decided:
        bench.run(f"CREATE TEMP TABLE decided AS {decided}")
        bench.connection.unregister("decided_arrow")
    some = bool(decided) and bench.number("SELECT count(*) FROM decided") > 0
    for reading in readings:
        found = "SELECT 0::BIGINT AS _row, '' AS findings WHERE false"
        if some and reading.staged.columns:
            column = max(reading.staged.columns, key=lambda one: (one.distinct, one.filled))
            text = f"coalesce(raw::JSON ->> {literal(column.name)}, '')"
            narrow = f"coalesce({column.sql}, '') IN (SELECT {text} FROM decided)"
            found = f"""
                WITH here AS (SELECT _row, {raw(reading)} AS raw FROM {reading.staged.relation} WHERE {narrow}),
                own AS (
                    SELECT h._row, h.raw, d.findings FROM here AS h
                    JOIN decided AS d
                        ON d.own AND d.file = {literal(reading.label)} AND d.row = h._row AND d.raw = h.raw
                ),
                rest AS (
                    SELECT _row, raw, row_number() OVER (PARTITION BY raw ORDER BY _row) AS nth
                    FROM here ANTI JOIN own USING (_row)
                ),
                others AS (
                    SELECT raw, findings, row_number() OVER (PARTITION BY raw ORDER BY file, row) AS nth
                    FROM decided WHERE NOT own
                )
                SELECT _row, findings FROM own UNION ALL
                SELECT r._row, o.findings FROM rest AS r JOIN others AS o ON r.raw = o.raw AND r.nth = o.nth"""
        bench.run(f"CREATE TEMP TABLE decided_{reading.place} AS {found}")


def _listed(bench: Workbench, rows: Sequence[Decided]) -> str:
    names = ("file", "row", "raw", "findings", "own")
    listed = pa.table({name: [getattr(row, name) for row in rows] for name in names})
    bench.connection.register("decided_arrow", listed)
    return "SELECT * FROM decided_arrow"


def _standing(held: Held) -> str:
    """Give the query for decisions about rows that the lake holds; none where it holds no decision."""
    if not {"releases", "quarantine"} <= held.now.keys():
        return ""
    hows = ", ".join(map(literal, OF_TEXT))
    # A release keeps the cells of the rows that it took in under its own number.
    return f"""SELECT q.file, q.row, q.raw, q.findings, false AS own
        FROM {held.now["quarantine"]} AS q JOIN {held.now["releases"]} AS r
            ON r.quarantined_by = q.import_no AND r.file = q.file AND r.row = q.row
        WHERE r.how IN ({hows}) AND r.import_no <> q.import_no"""
