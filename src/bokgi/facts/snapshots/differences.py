"""What changed from one snapshot to the next: entries into stages and changes of columns beside the stored ones."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from bokgi.facts.engine import DICTIONARY, literal, quoted
from bokgi.facts.schema import TABLES, TRACKED_COLUMNS
from bokgi.facts.snapshots.canonical import canonical_of_stored, unpivoted
from bokgi.facts.snapshots.observations import CLOSED

_ORIGINS: Final = "ENUM('snapshot', 'entered')"


def stage_events(connection: duckdb.DuckDBPyConnection, work: Path) -> Path | None:
    """Write the stage events that observations add to the stored ones; None when they add nothing."""
    connection.execute(
        f"""
        CREATE TEMP TABLE observed AS
        SELECT o.deal_id, 'stage' AS field, o.day, o.rank, o.import_no,
            {{'pipeline': d.pipeline, 'stage': d.stage}} AS value,
            CASE WHEN d.outcome IN {CLOSED} THEN d.closed_on END AS closed_on
        FROM observations o JOIN deals d ON d.deal_id = o.deal_id AND d.import_no = o.as_in
        WHERE d.stage IS NOT NULL AND NOT o.removed
        UNION ALL
        SELECT d.deal_id, 'stage', i.effective_on, i.rank, d.import_no, {{'pipeline': d.pipeline, 'stage': d.stage}},
            CASE WHEN d.outcome IN {CLOSED} THEN d.closed_on END
        FROM deals d JOIN visible_imports i USING (import_no) ANTI JOIN moved USING (deal_id)
        JOIN stage_last k USING (deal_id)
        WHERE d.stage IS NOT NULL AND (
            k.day > i.effective_on OR k.value.pipeline <> d.pipeline OR k.value.stage <> d.stage
        )
        """
    )
    connection.execute(
        """
        CREATE TEMP VIEW stored AS
        SELECT deal_id, 'stage' AS field, entered_on AS day, entered_at AS instant, seq,
            {'pipeline': pipeline, 'stage': stage} AS value, NULL AS value_before
        FROM stage_events SEMI JOIN observed USING (deal_id)
        """
    )
    _find(connection)
    connection.execute(
        f"""
        CREATE TEMP VIEW alone AS
        SELECT d.import_no, i.rank, i.exported, i.effective_at, d.deal_id, i.effective_on AS day,
            {{'pipeline': d.pipeline, 'stage': d.stage}} AS value, NULL::DATE AS before_on,
            CASE WHEN d.outcome IN {CLOSED} THEN d.closed_on END AS closed_on
        FROM deals d JOIN visible_imports i USING (import_no)
        ANTI JOIN moved USING (deal_id) ANTI JOIN stage_last USING (deal_id)
        WHERE d.stage IS NOT NULL
        """
    )
    path = _written(connection, work, "stage_events", _entries("found"), _entries("alone"))
    _forget(connection)
    return path


def _entries(rows: str) -> str:
    """Give the query for entries into stages: a closed deal entered its closing stage when it closed."""
    return f"""
        SELECT import_no, rank, exported, deal_id, value.pipeline AS pipeline, value.stage AS stage,
            CASE WHEN NOT exported THEN effective_at END AS entered_at,
            CASE WHEN dated THEN closed_on ELSE day END AS entered_on,
            CASE WHEN dated AND closes THEN closed_on ELSE before_on END AS not_before_on,
            CASE WHEN dated THEN closed_on ELSE day END AS not_after_on
        FROM (
            SELECT f.*, c.stage IS NOT NULL AS closes,
                coalesce(f.closed_on BETWEEN coalesce(f.before_on, DATE '0001-01-01') AND f.day, false) AS dated
            FROM {rows} f LEFT JOIN (SELECT DISTINCT pipeline, stage FROM stages WHERE kind IN {CLOSED}) c
                ON c.pipeline = f.value.pipeline AND c.stage = f.value.stage
        )
    """


def deal_changes(connection: duckdb.DuckDBPyConnection, work: Path) -> Path | None:
    """Write the changes that observations add to the stored ones; None when they add nothing.

    The first value of a column that changed later is written as well, with nothing before it.
    """
    recorded = [row[0] for row in connection.execute("SELECT DISTINCT field FROM change_last ORDER BY 1").fetchall()]
    connection.execute(
        f"""
        CREATE TEMP TABLE observed AS
        WITH contents AS (
            {unpivoted("deals SEMI JOIN moved USING (deal_id)", TRACKED_COLUMNS)}
        ),
        of_several AS (
            SELECT o.deal_id, c.field, o.day, o.rank, o.import_no,
                CASE WHEN o.removed AND c.field = 'outcome' THEN 'removed'
                    WHEN o.removed AND c.field = 'closed_on' THEN CAST(o.day AS VARCHAR)
                    ELSE c.value END AS value
            FROM observations o JOIN contents c ON c.deal_id = o.deal_id AND c.as_in = o.as_in
        ),
        differing AS (
            SELECT deal_id, field FROM of_several GROUP BY ALL
            HAVING min(value) IS DISTINCT FROM max(value) OR count(value) NOT IN (0, count(*))
            UNION SELECT deal_id, field FROM change_last
        ),
        of_one AS (
            SELECT c.deal_id, c.field, i.effective_on AS day, i.rank, i.import_no, c.value
            FROM ({unpivoted("deals ANTI JOIN moved USING (deal_id)", recorded)}) c
            JOIN change_last k ON k.deal_id = c.deal_id AND k.field = c.field
            JOIN visible_imports i ON i.import_no = c.as_in
            WHERE k.day > i.effective_on OR k.value IS DISTINCT FROM c.value
        )
        SELECT *, CAST(NULL AS DATE) AS closed_on FROM (
            SELECT * FROM of_several SEMI JOIN differing USING (deal_id, field) UNION ALL FROM of_one
        )
        """
    )
    connection.execute(
        f"""
        CREATE TEMP VIEW stored AS
        SELECT deal_id, field, changed_on AS day, changed_at AS instant, seq, {canonical_of_stored("new")} AS value,
            {canonical_of_stored("old")} AS value_before
        FROM deal_changes SEMI JOIN observed USING (deal_id, field)
        """
    )
    query = """
        SELECT import_no, rank, exported, deal_id, field, before AS old, value AS new,
            CASE WHEN NOT exported THEN effective_at END AS changed_at, day AS changed_on,
            before_on AS not_before_on, day AS not_after_on
        FROM found
    """
    _find(connection)
    path = _written(connection, work, "deal_changes", query)
    _forget(connection)
    return path


def _find(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `found`: the observations that differ from the last thing known by their day.

    Reads `observed` and `stored`. Within a day nobody knows whether the export came before or after an event, so an
    observation that fits either the day's beginning or one of its events is settled and says nothing. How the day began
    is known from what stood before, and from what an event of the day says it found.
    """
    connection.execute(
        """
        CREATE TEMP TABLE found AS
        WITH same_day AS (
            SELECT DISTINCT deal_id, field, day, unnest([value, value_before]) AS value
            FROM stored SEMI JOIN observed USING (deal_id, field, day)
        ),
        doubtful AS (SELECT DISTINCT deal_id, field, day FROM same_day),
        morning AS (
            SELECT *, lag(value) OVER w AS before, lag(is_event) OVER w IS NOT NULL AS has_before FROM (
                SELECT deal_id, field, day, rank, NULL::TIMESTAMPTZ AS instant, NULL AS seq, value, false AS is_event
                FROM observed SEMI JOIN doubtful USING (deal_id, field)
                UNION ALL
                SELECT deal_id, field, day, NULL, instant, seq, value, true
                FROM stored SEMI JOIN doubtful USING (deal_id, field)
            )
            WINDOW w AS (PARTITION BY deal_id, field ORDER BY day, is_event, instant NULLS FIRST, seq, rank)
        ),
        settled AS (
            SELECT m.deal_id, m.field, m.rank FROM morning m SEMI JOIN doubtful USING (deal_id, field, day)
            WHERE NOT m.is_event AND (
                (m.has_before AND m.before IS NOT DISTINCT FROM m.value)
                OR EXISTS (
                    FROM same_day s WHERE s.deal_id = m.deal_id AND s.field = m.field AND s.day = m.day
                        AND s.value IS NOT DISTINCT FROM m.value
                )
            )
        ),
        line AS (
            SELECT deal_id, field, day, rank, import_no, NULL::TIMESTAMPTZ AS instant, NULL AS seq, value, closed_on,
                false AS is_event
            FROM observed ANTI JOIN settled USING (deal_id, field, rank)
            UNION ALL
            SELECT deal_id, field, day, NULL, NULL, instant, seq, value, NULL, true FROM stored
        ),
        compared AS (
            SELECT *, lag(value) OVER w AS before, lag(day) OVER w AS before_on,
                lag(is_event) OVER w IS NOT NULL AS has_before
            FROM line
            WINDOW w AS (PARTITION BY deal_id, field ORDER BY day, NOT is_event, instant NULLS FIRST, seq, rank)
        )
        SELECT c.* EXCLUDE (instant, seq, is_event, has_before), i.exported, i.effective_at
        FROM compared c JOIN visible_imports i ON i.import_no = c.import_no
        WHERE NOT c.is_event AND NOT (c.has_before AND c.before IS NOT DISTINCT FROM c.value)
        """
    )


def _written(
    connection: duckdb.DuckDBPyConnection, work: Path, name: str, query: str, alone: str | None = None
) -> Path | None:
    """Write rows of an event table; None when there are none.

    Origin says whether an export told it; `seq` comes after the stored rows of the day. Rows of `alone` are the only
    ones of their deal.
    """
    table = TABLES[name]
    group = [column for column in table.key if column != "seq" and not column.endswith("_at")]
    same = ", ".join(quoted(column) for column in group)
    derived = {
        "by_id": "CAST(NULL AS VARCHAR)",
        "source_event_id": "CAST(NULL AS VARCHAR)",
        # An enumeration, written as text: the writer need not find out which texts there are.
        "origin": f"CASE WHEN exported THEN 'snapshot'::{_ORIGINS} ELSE 'entered'::{_ORIGINS} END",
        "not_before_on": "CASE WHEN exported THEN not_before_on END",
        "not_after_on": "CASE WHEN exported THEN not_after_on END",
    }
    columns = [f"{derived.get(column.name, quoted(column.name))} AS {quoted(column.name)}" for column in table.columns]
    parts = [
        f"""
        SELECT {", ".join(columns)} FROM (
            SELECT r.*, coalesce(s.last_seq, 0) + row_number() OVER (PARTITION BY {same} ORDER BY rank) AS seq
            FROM ({query}) r
            LEFT JOIN (
                SELECT {same}, max(seq) AS last_seq FROM {quoted(name)} SEMI JOIN found USING (deal_id) GROUP BY ALL
            ) s USING ({same})
        )
        """
    ]
    if alone is not None:
        parts.append(f"SELECT {', '.join(columns)} FROM (SELECT *, 1 AS seq FROM ({alone}))")
    path = work / f"{name}-snapshots.parquet"
    options = f"(FORMAT parquet, DICTIONARY_SIZE_LIMIT {DICTIONARY})"
    written = connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO {literal(str(path))} {options}")
    if written.fetchone() == (0,):
        path.unlink()
        return None
    return path


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DROP VIEW stored; DROP TABLE observed; DROP TABLE found")
