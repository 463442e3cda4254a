"""What a column held before its first recorded change: derived from a history that is taken as complete.

A CRM that records changes writes down when a value changed, seldom what it was at the start. Where the mapping says
that a history holds *every* change of a column (`recorded_fields`), two things follow, for the time from the oldest
entry of that column on and up to the last export that brought the history:

- a deal whose column never changed has held its value since it was created;
- a deal whose column changed held the old value of the earliest change until then.

So the deals get the columns that never changed into `known_at_creation` (behind an empty name, so that what an import
said stays apart), and `deal_changes` a first value (`seq` 0,
nothing before it), dated at creation. A deal that is older than the history has its first value from the day of the
oldest entry on: what was before nobody recorded. Where the entries of a deal contradict each other, or a snapshot saw
a value that no entry tells, the history of that column of that deal is not complete, and nothing is added.

Derived, never stored, so that a late file, an undo or another mapping needs no repair.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from bokgi.facts.engine import literal, parquet, quoted
from bokgi.facts.schema import TABLES, TRACKED_COLUMNS
from bokgi.facts.snapshots.canonical import canonical_of_stored, list_of, unpivoted


def add(
    connection: duckdb.DuckDBPyConnection,
    work: Path,
    *,
    deals: Sequence[Path],
    changes: Sequence[Path],
    recorded: Sequence[Path],
) -> tuple[Path, Path | None] | None:
    """Write the deals with more columns known at creation, and the first values; None where no history is complete.

    `deals` and `changes` are the files of the derived state, `recorded` those of `recorded_fields`. Uses the views and
    tables of the derivation: `deals`, `deal_changes`, `visible_imports`.
    """
    connection.execute(
        f"""
        CREATE TEMP TABLE recording AS
        SELECT c.field, i.system, min(c.changed_on) AS begins, max(i.effective_on) AS until
        FROM deal_changes c JOIN visible_imports i USING (import_no)
        JOIN {parquet(recorded)} r ON r.source = i.system AND r.field = c.field AND r.complete
        WHERE c.origin = 'recorded' AND c.field IN ({list_of(TRACKED_COLUMNS)})
        GROUP BY ALL
        """
    )
    if connection.execute("SELECT count(*) FROM recording").fetchone() == (0,):
        return None
    connection.execute(
        f"""
        CREATE TEMP TABLE told AS
        WITH line AS (
            SELECT deal_id, field, changed_on, origin, old, new, not_after_on,
                lag(new) OVER w AS before, lag(deal_id) OVER w IS NOT NULL AS has_before
            FROM (
                SELECT * REPLACE ({canonical_of_stored("old")} AS old, {canonical_of_stored("new")} AS new)
                FROM {parquet(changes)} WHERE field IN (SELECT field FROM recording)
            )
            WINDOW w AS (PARTITION BY deal_id, field ORDER BY changed_on, changed_at NULLS FIRST, seq)
        )
        SELECT deal_id, field, min(changed_on) AS first_on,
            bool_or(origin = 'recorded' AND old IS NOT NULL AND has_before AND before IS DISTINCT FROM old) AS broken,
            min(not_after_on) FILTER (WHERE origin = 'snapshot' AND has_before) AS seen_otherwise_on,
            any_value({{'origin': origin, 'old': old, 'new': new}}) FILTER (WHERE NOT has_before) AS first
        FROM line GROUP BY ALL;

        CREATE TEMP TABLE covered AS
        SELECT d.deal_id, r.field, greatest(d.created_on, r.begins) AS since, r.begins <= d.created_on AS from_creation,
            t.deal_id IS NULL AS never_changed, t.first_on, t.first
        FROM {parquet(deals)} d
        JOIN (SELECT DISTINCT deal_id, system FROM deals JOIN visible_imports USING (import_no)) s USING (deal_id)
        JOIN recording r ON r.system = s.system
        LEFT JOIN told t ON t.deal_id = d.deal_id AND t.field = r.field
        WHERE d.created_on <= r.until AND (d.closed_on IS NULL OR d.closed_on > r.begins)
            AND NOT coalesce(t.broken, false)
            AND NOT coalesce(t.seen_otherwise_on <= r.until, false);

        CREATE TEMP TABLE unchanged AS
        SELECT deal_id, string_agg(field || ',', '' ORDER BY field) AS fields
        FROM covered WHERE never_changed AND from_creation GROUP BY deal_id;
        """
    )
    known = work / "deals-known.parquet"
    connection.execute(
        f"""
        COPY (
            SELECT d.* REPLACE (d.known_at_creation || coalesce(',' || u.fields, '') AS known_at_creation)
            FROM {parquet(deals)} d LEFT JOIN unchanged u USING (deal_id)
        ) TO {literal(str(known))} (FORMAT parquet)
        """
    )
    said = {
        "import_no": "d.import_no",
        "deal_id": "c.deal_id",
        "field": "c.field",
        "seq": "0::BIGINT",
        "new": "CASE WHEN never_changed THEN v.value WHEN c.first.origin = 'recorded' THEN c.first.old "
        "ELSE c.first.new END",
        "changed_on": "c.since",
        "origin": "'recorded'",
    }
    kinds = {"date": "DATE", "instant": "TIMESTAMPTZ", "string": "VARCHAR"}
    columns = ", ".join(
        f"{said.get(column.name, f'NULL::{kinds.get(column.type)}')} AS {quoted(column.name)}"
        for column in TABLES["deal_changes"].columns
    )
    fields = [row[0] for row in connection.execute("SELECT DISTINCT field FROM recording ORDER BY 1").fetchall()]
    first = work / "deal_changes-first.parquet"
    written = connection.execute(
        f"""
        COPY (
            SELECT {columns} FROM covered c
            JOIN {parquet(deals)} d ON d.deal_id = c.deal_id
            LEFT JOIN ({unpivoted(parquet(deals), fields)}) v ON v.deal_id = c.deal_id AND v.field = c.field
            WHERE (c.never_changed AND NOT c.from_creation) OR (
                NOT c.never_changed AND c.since <= c.first_on
                AND NOT (c.since = c.first_on AND c.first.origin = 'recorded' AND c.first.old IS NULL)
            )
        ) TO {literal(str(first))} (FORMAT parquet)
        """
    )
    if written.fetchone() == (0,):
        first.unlink()
        return known, None
    return known, first
