"""Rows about which a person decided: mended or dismissed in quarantine, they are not judged again.

What the person made of the row counts, or nothing does. The row itself stays in quarantine as it was refused, so that
it counts once, and waits again where the decision is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.refused import raw
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench


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


def find(bench: Workbench, readings: Sequence[Reading], rows: Sequence[Decided]) -> None:
    """Find decided rows in the files: tables `decided_<place>` with `_row, findings`.

    In the file itself it is the row of that number and text; in a later file as many rows of the text as there are
    decided ones.
    """
    if rows:
        names = ("file", "row", "raw", "findings", "own")
        listed = pa.table({name: [getattr(row, name) for row in rows] for name in names})
        bench.connection.register("decided_arrow", listed)
        bench.run("CREATE TEMP TABLE decided AS SELECT * FROM decided_arrow")
        bench.connection.unregister("decided_arrow")
    for reading in readings:
        found = "SELECT 0::BIGINT AS _row, '' AS findings WHERE false"
        if rows and reading.staged.columns:
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
