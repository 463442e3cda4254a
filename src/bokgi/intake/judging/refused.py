"""Refused rows as `quarantine` keeps them: raw text and findings, new ones apart from those that wait there already."""

from __future__ import annotations

from collections.abc import Sequence

from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.typed import id_field
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held


def raw(reading: Reading) -> str:
    """Give the SQL of a row as JSON object header → text, without empty cells."""
    cells = ", ".join(f"{{'key': {literal(column.name)}, 'value': {column.sql}}}" for column in reading.staged.columns)
    return f"to_json(map_from_entries(list_filter([{cells}], lambda e: e.value IS NOT NULL)))::VARCHAR"


def collect(bench: Workbench, readings: Sequence[Reading], held: Held) -> None:
    """Collect the refused rows of all files: table `refusals` with `place, file, row, raw, findings, fresh`.

    A row is not new when it stood in quarantine before with the same text and the same findings.
    """
    parts = ["SELECT 0 AS place, '' AS file, 0::BIGINT AS row, '' AS raw, '' AS findings WHERE false"]
    for reading in readings:
        parts.append(
            f"""SELECT {reading.place}, {literal(reading.label)}, t._row, {raw(reading)}, r.findings
                FROM set_aside_{reading.place} AS t JOIN refused_{reading.place} AS r ON t._row = r._row"""
        )
        if reading.staged.rejected:
            parts.append(
                f"""SELECT {reading.place}, {literal(reading.label)}, _row, to_json(map([''], [raw]))::VARCHAR,
                    to_json([{{'code': problem, 'column': NULL::VARCHAR, 'value': NULL::VARCHAR}}])::VARCHAR
                    FROM {reading.staged.rejects_relation}"""
            )
    bench.run(f"CREATE TEMP TABLE refusals_all AS {' UNION ALL '.join(parts)}")
    there = "SELECT NULL::VARCHAR AS raw, NULL::VARCHAR AS findings, 0::BIGINT AS n WHERE false"
    if "quarantine" in held.now:
        there = f"SELECT raw, findings, count(*) AS n FROM {held.now['quarantine']} GROUP BY ALL"
    bench.run(
        f"""CREATE TEMP TABLE refusals AS
            SELECT a.place, a.file, a.row, a.raw, a.findings, a.nth > coalesce(q.n, 0) AS fresh
            FROM (
                SELECT *, row_number() OVER (PARTITION BY raw, findings ORDER BY place, row) AS nth FROM refusals_all
            ) AS a
            LEFT JOIN ({there}) AS q ON a.raw = q.raw AND a.findings = q.findings"""
    )


def released(bench: Workbench, readings: Sequence[Reading], held: Held) -> int:
    """Find rows in quarantine that this import takes in, or refuses for another reason: table `released`.

    `quarantined_by, file, row, how`. A row is taken in when the same text, or a row of the same id, is accepted now.
    Of a file that is one table, rows that waited as a second one are its rows now; what is refused of them waits again.
    """
    bench.run("CREATE TEMP TABLE released (quarantined_by BIGINT, file VARCHAR, row BIGINT, how VARCHAR)")
    if "quarantine" not in held.now:
        return 0
    bench.run(f"CREATE TEMP TABLE waiting AS SELECT import_no, file, row, raw, findings FROM {waiting(held)}")
    if not bench.number("SELECT count(*) FROM waiting"):
        return 0
    taken = ["SELECT raw FROM refusals WHERE fresh"]
    by_id = []
    for reading in readings:
        taken.append(f"SELECT {raw(reading)} AS raw FROM {reading.kept} WHERE {_maybe_waiting(reading)}")
        if reading.mapping.one_table:
            record = f"to_json(map([''], [{reading.staged.record}]))::VARCHAR"
            taken += [
                f"SELECT {record} AS raw FROM {rows} WHERE {record} IN (SELECT raw FROM waiting)"
                for rows in (reading.kept, f"set_aside_{reading.place}")
            ]
        field = id_field(reading)
        header = None if field is None else reading.header(field)
        if field is not None and header is not None:
            by_id.append(
                f"""SELECT w.import_no, w.file, w.row FROM waiting AS w
                    WHERE trim(w.raw::JSON ->> {literal(header)}) IN
                        (SELECT {reading.sql(field)} FROM {reading.kept})"""
            )
    ids = " UNION ".join(["SELECT 0::BIGINT AS import_no, '' AS file, 0::BIGINT AS row WHERE false", *by_id])
    bench.run(
        f"""INSERT INTO released
            SELECT import_no, file, row, 'remapped' FROM waiting WHERE raw IN ({" UNION ALL ".join(taken)})
            UNION SELECT import_no, file, row, 'remapped' FROM ({ids})"""
    )
    return bench.number("SELECT count(*) FROM released")


def _maybe_waiting(reading: Reading) -> str:
    """Narrow the rows whose whole text is compared, by the column with the most different texts."""
    if not reading.staged.columns:
        return "false"
    column = max(reading.staged.columns, key=lambda found: (found.distinct, found.filled))
    return f"{column.sql} IN (SELECT raw::JSON ->> {literal(column.name)} FROM waiting)"


def waiting(held: Held) -> str:
    """Give the relation of quarantined rows that nobody released yet."""
    rows = held.now["quarantine"]
    if "releases" not in held.now:
        return rows
    return f"""(SELECT q.* FROM {rows} AS q ANTI JOIN {held.now["releases"]} AS r
        ON r.quarantined_by = q.import_no AND r.file = q.file AND r.row = q.row)"""
