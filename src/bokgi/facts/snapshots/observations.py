"""Which exports saw a deal, and the row that it has since."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from bokgi.facts.engine import literal, quoted
from bokgi.facts.schema import TABLES, TRACKED_COLUMNS, UNREAD
from bokgi.facts.snapshots.canonical import canonical_of_stored, list_of

CLOSED: Final = "('won', 'lost', 'no_decision')"


def observe(connection: duckdb.DuckDBPyConnection) -> None:
    """Collect the observations of the deals that may have changed.

    Makes `observations`: one row per deal and observation, with `since`, the day from which its content holds without
    a break; and `sighted`, the first and last observation of every deal that was ever found unchanged. A deal may have
    changed when it has several rows, is missing from a complete file after it was first seen, or has stored history
    from after its row. The many others are left out: their row says it all. A snapshot whose row was refused saw the
    deal as it stood before, and nothing where no earlier one tells how that was: refused rows of deals that no other
    import tells of cost nothing.
    """
    connection.execute(
        f"""
        CREATE TEMP TABLE stage_last AS
        SELECT deal_id, max(entered_on) AS day, arg_max(
            {{'pipeline': pipeline, 'stage': stage}},
            {{'a': entered_on, 'b': coalesce(entered_at, '-infinity'::TIMESTAMPTZ), 'c': seq, 'd': pipeline,
                'e': stage}}
        ) AS value FROM stage_events GROUP BY deal_id;

        CREATE TEMP TABLE change_last AS
        SELECT deal_id, field, max(changed_on) AS day, arg_max(
            {{'value': {canonical_of_stored("new")}}},
            {{'a': changed_on, 'b': coalesce(changed_at, '-infinity'::TIMESTAMPTZ), 'c': seq}}
        ).value AS value FROM deal_changes WHERE field IN ({list_of(TRACKED_COLUMNS)}) GROUP BY ALL;

        CREATE TEMP TABLE removing AS
        SELECT s.system, i.rank, min_by(c.import_no, c.rank) AS import_no, min(c.rank) AS removed_rank,
            min_by(c.effective_on, c.rank) AS day, count(*) AS n
        FROM (SELECT DISTINCT system FROM visible_imports) s CROSS JOIN visible_imports i
        JOIN visible_imports c ON c.complete AND c.system = s.system AND c.rank > i.rank
        GROUP BY s.system, i.rank;

        CREATE TEMP TABLE sighted AS
        SELECT deal_id, min(i.effective_on) FILTER (as_in <> {UNREAD}) AS first_day, max(i.effective_on) AS last_day,
            count(DISTINCT i.import_no) FILTER (i.complete AND as_in <> {UNREAD}) AS in_complete
        FROM sightings s SEMI JOIN deals d ON d.deal_id = s.deal_id AND d.import_no <> s.import_no
        JOIN visible_imports i USING (import_no) GROUP BY deal_id;

        CREATE TEMP TABLE moved AS
        WITH largest AS (SELECT import_no FROM deals GROUP BY import_no ORDER BY count(*) DESC, import_no LIMIT 1),
        elsewhere AS (SELECT DISTINCT deal_id FROM deals ANTI JOIN largest USING (import_no))
        SELECT deal_id FROM deals SEMI JOIN elsewhere USING (deal_id) GROUP BY deal_id HAVING count(*) > 1
        UNION SELECT d.deal_id FROM deals d JOIN visible_imports i USING (import_no)
            JOIN removing r ON r.system = i.system AND r.rank = i.rank LEFT JOIN sighted s ON s.deal_id = d.deal_id
            WHERE coalesce(s.in_complete, 0) < r.n
        UNION SELECT s.deal_id FROM sighted s
            JOIN (SELECT deal_id, day FROM stage_last UNION ALL SELECT deal_id, day FROM change_last) k USING (deal_id)
            JOIN deals d USING (deal_id) JOIN visible_imports i ON i.import_no = d.import_no
            WHERE k.day > i.effective_on;

        CREATE TEMP TABLE observations AS
        WITH seen AS (
            SELECT deal_id, import_no, max(as_in) AS as_in FROM (
                SELECT deal_id, import_no, import_no AS as_in FROM deals SEMI JOIN moved USING (deal_id)
                UNION ALL SELECT deal_id, import_no, as_in FROM sightings SEMI JOIN moved USING (deal_id)
            ) GROUP BY ALL
        ),
        known AS (
            SELECT s.deal_id, s.import_no, last_value(nullif(s.as_in, {UNREAD}) IGNORE NULLS)
                OVER (PARTITION BY deal_id ORDER BY i.rank) AS as_in
            FROM seen s JOIN visible_imports i USING (import_no)
        ),
        placed AS (
            SELECT s.deal_id, s.as_in, i.import_no, i.rank, i.effective_on AS day,
                last_value(CASE WHEN i.exported THEN i.system END IGNORE NULLS)
                    OVER (PARTITION BY deal_id ORDER BY i.rank) AS system,
                lead(i.rank) OVER (PARTITION BY deal_id ORDER BY i.rank) AS next_rank
            FROM known s JOIN visible_imports i USING (import_no) WHERE s.as_in IS NOT NULL
        ),
        missing AS (
            SELECT p.deal_id, p.as_in, r.import_no, r.removed_rank AS rank, r.day
            FROM placed p JOIN removing r ON r.system = p.system AND r.rank = p.rank
            JOIN deals d ON d.deal_id = p.deal_id AND d.import_no = p.as_in
            WHERE (p.next_rank IS NULL OR p.next_rank > r.removed_rank) AND d.outcome NOT IN {CLOSED}
        ),
        ordered AS (
            SELECT *, lag(as_in) OVER o IS DISTINCT FROM as_in OR lag(removed) OVER o IS DISTINCT FROM removed AS begins
            FROM (
                SELECT deal_id, as_in, import_no, rank, day, false AS removed FROM placed
                UNION ALL SELECT deal_id, as_in, import_no, rank, day, true FROM missing
            )
            WINDOW o AS (PARTITION BY deal_id ORDER BY rank)
        )
        SELECT *, max(CASE WHEN begins THEN day END) OVER (PARTITION BY deal_id ORDER BY rank) AS since
        FROM ordered
        """
    )


def deals(connection: duckdb.DuckDBPyConnection, work: Path) -> Path | None:
    """Write the current row of every deal; None when each deal has one row and one observation."""
    found = connection.execute("SELECT (SELECT count(*) FROM observations) + (SELECT count(*) FROM sighted)").fetchone()
    if found == (0,):
        return None
    connection.execute(
        """
        CREATE TEMP TABLE latest AS
        SELECT deal_id, arg_max(as_in, rank) AS as_in, arg_max(since, rank) AS observed_on,
            arg_max(removed, rank) AS removed, arg_max(day, rank) AS day, min(day) AS first_seen_on,
            max(day) FILTER (WHERE NOT removed) AS last_seen_on
        FROM observations GROUP BY deal_id;

        CREATE TEMP TABLE attributes_of AS
        WITH differing AS (
            SELECT deal_id FROM deals SEMI JOIN moved USING (deal_id)
            GROUP BY deal_id HAVING count(DISTINCT hash(attributes)) > 1
        ),
        last_of_day AS (
            SELECT deal_id, day, arg_max(as_in, rank) AS as_in
            FROM observations SEMI JOIN differing USING (deal_id) GROUP BY ALL
        ),
        compared AS (
            SELECT l.deal_id, l.day, d.attributes, lag(l.day) OVER w IS NULL AS is_first,
                lag(d.attributes) OVER w IS DISTINCT FROM d.attributes AS differs
            FROM last_of_day l JOIN deals d ON d.deal_id = l.deal_id AND d.import_no = l.as_in
            WINDOW w AS (PARTITION BY l.deal_id ORDER BY l.day)
        )
        SELECT deal_id, list({'from_on': day, 'attributes': attributes} ORDER BY day) AS seen
        FROM compared WHERE is_first OR differs GROUP BY deal_id
        """
    )
    rebuilt = {
        "outcome": "CASE WHEN l.removed THEN 'removed' ELSE d.outcome END",
        "closed_on": "CASE WHEN l.removed THEN l.day ELSE d.closed_on END",
        "closed_at": "CASE WHEN l.removed THEN NULL ELSE d.closed_at END",
    }
    columns = [
        f"{rebuilt.get(column.name, f'd.{quoted(column.name)}')} AS {quoted(column.name)}"
        for column in TABLES["deals"].columns
    ]
    path = work / "deals.parquet"
    connection.execute(
        f"""
        COPY (
            SELECT {", ".join(columns)},
                coalesce(l.observed_on, least(s.first_day, i.effective_on)) AS observed_on,
                coalesce(l.first_seen_on, least(s.first_day, i.effective_on)) AS first_seen_on,
                coalesce(l.last_seen_on, greatest(s.last_day, i.effective_on)) AS last_seen_on,
                ',' AS unknown_then, a.seen AS attributes_seen
            FROM deals d JOIN visible_imports i USING (import_no)
            LEFT JOIN latest l ON l.deal_id = d.deal_id LEFT JOIN sighted s ON s.deal_id = d.deal_id
            LEFT JOIN attributes_of a ON a.deal_id = d.deal_id
            WHERE l.deal_id IS NULL OR l.as_in = d.import_no
        ) TO {literal(str(path))} (FORMAT parquet)
        """
    )
    return path
