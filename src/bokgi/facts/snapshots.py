"""What the comparison of snapshots says: the current row of each deal, and what changed from one to the next.

A snapshot holds the state of deals at its export and no history. An import stores a row of `deals` when it is new or
differs, and a sighting when it equals an earlier one. Put in the order of export, these observations say since when a
row holds, when a deal was seen first and last, which deals a complete file no longer had, and what changed in between.
History that was stored (recorded, dates in columns, entered) comes first: an observation adds a stage event or a change
only where it differs from the last thing known by its day. So a late file or an undo needs no repair.

All functions work on the views and tables that `bokgi.facts.state` prepares in a DuckDB of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from bokgi.facts.engine import literal, quoted
from bokgi.facts.schema import TABLES, TRACKED_COLUMNS

CLOSED: Final = "('won', 'lost', 'no_decision')"


def observe(connection: duckdb.DuckDBPyConnection) -> None:
    """Collect the observations of the deals that may have changed.

    Makes `observations`: one row per deal and observation, with `since`, the day from which its content holds without
    a break; and `sighted`, the first and last observation of every deal that was ever found unchanged. A deal may have
    changed when it has several rows, is missing from a complete file after it was first seen, or has stored history
    from after its row. The many others are left out: their row says it all.
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
        SELECT deal_id, min(i.effective_on) AS first_day, max(i.effective_on) AS last_day,
            count(DISTINCT i.import_no) FILTER (WHERE i.complete) AS in_complete
        FROM sightings JOIN visible_imports i USING (import_no) GROUP BY deal_id;

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
            SELECT DISTINCT deal_id, import_no, as_in FROM (
                SELECT deal_id, import_no, import_no AS as_in FROM deals SEMI JOIN moved USING (deal_id)
                UNION ALL SELECT deal_id, import_no, as_in FROM sightings SEMI JOIN moved USING (deal_id)
            )
        ),
        placed AS (
            SELECT s.deal_id, s.as_in, i.import_no, i.rank, i.effective_on AS day,
                last_value(CASE WHEN i.exported THEN i.system END IGNORE NULLS)
                    OVER (PARTITION BY deal_id ORDER BY i.rank) AS system,
                lead(i.rank) OVER (PARTITION BY deal_id ORDER BY i.rank) AS next_rank
            FROM seen s JOIN visible_imports i USING (import_no)
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
            {'pipeline': pipeline, 'stage': stage} AS value
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
        SELECT deal_id, field, changed_on AS day, changed_at AS instant, seq, {canonical_of_stored("new")} AS value
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
    observation that fits either the day's beginning or one of its events is settled and says nothing.
    """
    connection.execute(
        """
        CREATE TEMP TABLE found AS
        WITH same_day AS (
            SELECT DISTINCT deal_id, field, day, value FROM stored SEMI JOIN observed USING (deal_id, field, day)
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
        "origin": "CASE WHEN exported THEN 'snapshot' ELSE 'entered' END",
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
    written = connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO {literal(str(path))} (FORMAT parquet)")
    if written.fetchone() == (0,):
        path.unlink()
        return None
    return path


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DROP VIEW stored; DROP TABLE observed; DROP TABLE found")


def unpivoted(rows: str, columns: Sequence[str]) -> str:
    """Give the query for deal, import, field and value as canonical text.

    Without a value for a next step the source has no such column: that is no observation.
    """
    if not columns:
        return "SELECT '' AS deal_id, 0 AS as_in, '' AS field, '' AS value WHERE false"
    texts = ", ".join(f"{_text(column)} AS {quoted(column)}" for column in columns)
    names = ", ".join(quoted(column) for column in columns)
    return f"""
        SELECT deal_id, as_in, field, value FROM (SELECT deal_id, import_no AS as_in, {texts} FROM {rows})
        UNPIVOT INCLUDE NULLS (value FOR field IN ({names})) WHERE value IS NOT NULL OR field <> 'has_next_step'
    """


def _text(column: str) -> str:
    """Give the SQL for a value as canonical text: ISO date, plain decimal without needless zeros."""
    text = f"CAST({quoted(column)} AS VARCHAR)"
    return f"rtrim(rtrim({text}, '0'), '.')" if column == "amount" else text


def canonical_of_stored(column: str) -> str:
    """Give the SQL for a stored text in the same form."""
    amount = f"CAST(TRY_CAST({column} AS DECIMAL(18, 2)) AS VARCHAR)"
    number = f"CAST(TRY_CAST({column} AS DOUBLE) AS VARCHAR)"
    plain = f"rtrim(rtrim({amount}, '0'), '.')"
    return f"CASE field WHEN 'amount' THEN {plain} WHEN 'probability' THEN {number} ELSE {column} END"


def list_of(texts: Sequence[str]) -> str:
    """Give texts as a list of SQL literals."""
    return ", ".join(literal(text) for text in texts)
