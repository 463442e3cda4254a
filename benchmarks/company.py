"""A company of any size as Parquet in the schema of facts, made by the engine in one pass."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from bokgi.facts.schema import STATE_COLUMNS, TABLES

AS_OF: Final = "2025-12-31"
WEEK_AGO: Final = "2025-12-01"
STAGES: Final = 7
_TYPES: Final = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "instant": "TIMESTAMPTZ",
    "amount": "DECIMAL(18, 2)",
    "rate": "DECIMAL(18, 6)",
    "map": "MAP(VARCHAR, VARCHAR)",
}

# A deal walks through 7 stages in 8 to 12 entries, one a week or so: mostly on, sometimes back,
# sometimes over a stage.
_DEAL: Final = """
    SELECT i, 'd' || i AS deal_id, 'p' || (hash(i, 1) % {people}) AS owner_id,
        'a' || (hash(i, 2) % ({deals} // 3 + 1)) AS account_id,
        DATE '2024-01-01' + (hash(i, 3) % 730)::INTEGER AS created_on,
        CAST(8 + hash(i, 4) % 5 AS INTEGER) AS entries,
        CASE hash(i, 5) % 10 WHEN 0 THEN 'no_decision' WHEN 1 THEN 'no_decision' WHEN 2 THEN 'won' WHEN 3 THEN 'won'
            WHEN 4 THEN 'won' ELSE 'lost' END AS ending,
        CASE WHEN hash(i, 6) % 12 = 0 THEN NULL ELSE (1 + hash(i, 7) % 100000) * 1000 END AS worth,
        ['web', 'partner', 'event', 'outbound'][1 + (hash(i, 8) % 4)::INTEGER] AS source
    FROM range({deals}) AS numbers(i)
"""
_MADE: Final = {
    "deals": """
        SELECT deal_id, account_id, owner_id, 'default' AS pipeline, source, created_on,
            CASE WHEN closes_on <= DATE '{as_of}' THEN ending ELSE 's' || least({stages},
                (DATE '{as_of}' - created_on) // 7 + 1)
            END AS stage,
            worth AS amount, CASE WHEN worth IS NOT NULL THEN 'KRW' END AS currency,
            CASE WHEN hash(i, 9) % 15 > 0 THEN created_on + 40 + (hash(i,
                10) % 60)::INTEGER + {shift} END AS expected_close_on,
            CASE WHEN closes_on <= DATE '{as_of}' THEN closes_on END AS closed_on,
            CASE WHEN closes_on <= DATE '{as_of}' THEN ending ELSE 'open' END AS outcome,
            CASE WHEN closes_on <= DATE '{as_of}' AND ending = 'lost'
                THEN ['price', 'timing', 'competitor', NULL][1 + (hash(i, 11) % 4)::INTEGER] END AS lost_reason,
            hash(i, 12) % 3 > 0 AS has_next_step,
            CASE WHEN hash(i, 12) % 3 > 1 THEN DATE '{as_of}' + (hash(i, 13) % 20)::INTEGER - 10 END AS next_step_on,
            ',' AS known_at_creation, ',' AS unknown_then
        FROM (SELECT *, created_on + entries * 7 AS closes_on FROM ({deal}))
        WHERE created_on <= DATE '{as_of}'
    """,
    "stage_events": """
        SELECT deal_id, j AS seq, 'default' AS pipeline,
            CASE WHEN j = entries THEN ending
                ELSE 's' || greatest(1, least({stages}, j - 1 + (hash(i, j) % 4)::INTEGER)) END AS stage,
            created_on + j * 7 + CASE WHEN j = entries THEN 0 ELSE (hash(i, j, 1) % 6)::INTEGER END AS entered_on,
            'recorded' AS origin
        FROM ({deal}), (SELECT CAST(n AS INTEGER) AS j FROM range(13) AS steps(n))
        WHERE j <= entries AND entered_on <= DATE '{as_of}'
    """,
    "deal_changes": """
        SELECT deal_id, 'expected_close_on' AS field, j AS seq, CAST(created_on + j * 20 AS VARCHAR) AS old,
            CAST(created_on + j * 20 + 10 + (hash(i, j) % 20)::INTEGER - 5 AS VARCHAR) AS new,
            created_on + j * 10 AS changed_on, 'recorded' AS origin
        FROM ({deal}), (SELECT CAST(n AS INTEGER) AS j FROM range(4) AS steps(n))
        WHERE hash(i, j, 2) % 2 = 0
    """,
    "activities": """
        SELECT 'x' || i || '-' || j AS activity_id, ['meeting', 'call', 'email', 'note'][1 + (hash(i,
            j) % 4)::INTEGER] AS kind,
            deal_id, account_id, created_on + j * 20 + (hash(i, j, 3) % 15)::INTEGER AS happened_on,
            CASE WHEN hash(i, j, 4) % 3 = 0 THEN 'connected' END AS outcome,
            created_on + j * 20 + 15 <= DATE '{as_of}' AS done, hash(i, j, 5) % 5 = 0 AS automatic
        FROM ({deal}), (SELECT CAST(n AS INTEGER) AS j FROM range(3) AS steps(n))
    """,
    "activity_people": """
        SELECT 'x' || i || '-' || j AS activity_id, owner_id AS person_id FROM ({deal}),
            (SELECT CAST(n AS INTEGER) AS j FROM range(3) AS steps(n))
    """,
    "stages": """
        SELECT 'default' AS pipeline, stage, stage AS label, place AS stage_order, kind, 14 AS expected_days,
            'given' AS origin
        FROM (SELECT 's' || place AS stage, place, 'open' AS kind FROM range(1, {stages} + 1) AS steps(place)
            UNION ALL SELECT 'won', {stages} + 1, 'won' UNION ALL SELECT 'lost', {stages} + 2, 'lost'
            UNION ALL SELECT 'no_decision', {stages} + 3, 'no_decision')
    """,
    "calendar": """
        SELECT CAST(moment AS DATE) AS day, dayofweek(moment) BETWEEN 1 AND 5 AS working,
            CAST(date_trunc('week', moment) AS DATE) AS week_start, strftime(moment, '%G-W%V') AS iso_week,
            count(*) FILTER (dayofweek(moment) BETWEEN 1 AND 5) OVER (ORDER BY moment) AS working_days
        FROM range(DATE '2023-01-01', DATE '2027-01-01', INTERVAL 1 DAY) AS days(moment)
    """,
    "targets": """
        SELECT 'person' AS subject_kind, 'p' || k AS subject_id, 'won_amount' AS metric,
            DATE '2025-10-01' AS period_start,
            DATE '2026-01-01' AS period_end, 'all' AS lead_source, 1000000 * (50 + k) AS amount, 'KRW' AS currency
        FROM range({people}) AS numbers(k)
    """,
}


def make(folder: Path, deals: int) -> dict[str, Path]:
    """Write the tables of a company with so many deals, ten stage events each, unless the folder has them already."""
    folder.mkdir(parents=True, exist_ok=True)
    people = max(10, min(400, deals // 2500))
    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    paths = {}
    tables = [*((name, AS_OF, 0) for name in _MADE), ("deals_before", WEEK_AGO, 3)]
    for name, as_of, shift in tables:
        paths[name] = folder / f"{name}.parquet"
        if not paths[name].exists():
            made = _MADE[name.removesuffix("_before")]
            deal = _DEAL.format(deals=deals, people=people)
            select = made.format(deal=deal, as_of=as_of, shift=shift, stages=STAGES, people=people)
            columns = _columns(name.removesuffix("_before"), connection.sql(select).columns)
            part = paths[name].with_suffix(".part")
            connection.execute(f"COPY (SELECT {columns} FROM ({select})) TO '{part}' (FORMAT parquet)")
            part.rename(paths[name])
    connection.close()
    return paths


def _columns(name: str, made: list[str]) -> str:
    columns = (*TABLES[name].columns, *STATE_COLUMNS.get(name, ()))
    return ", ".join(
        f"CAST({column.name if column.name in made else ('1' if column.name == 'import_no' else 'NULL')} "
        f'AS {_TYPES[column.type]}) AS "{column.name}"'
        for column in columns
    )
