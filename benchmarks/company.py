"""A company of any size as Parquet in the schema of facts, and as a home, made by the engine in one pass."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from bokgi.facts import state
from bokgi.facts.engine import sql_type
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.facts.schema import STATE_COLUMNS, TABLES

FOLDER: Final = Path(tempfile.gettempdir()) / "bokgi-bench"
AS_OF: Final = "2025-12-31"
WEEK_AGO: Final = "2025-12-01"
STAGES: Final = 7
ACTIVITIES: Final = 3
"""Of each deal, spread over `_SPAN` days."""
_SPAN: Final = 60

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
            ',owner_id,account_id,type,source,lead_grade,assigned_on,amount,currency,attributes,' AS known_at_creation,
            ',' AS unknown_then, created_on AS assigned_on,
            ['new', 'expansion', 'renewal'][1 + (hash(i, 14) % 3)::INTEGER] AS type,
            ['A', 'B', 'C'][1 + (hash(i, 15) % 3)::INTEGER] AS lead_grade,
            MAP {{'campaign': 'c' || (hash(i, 16) % 50), 'channel': 'h' || (hash(i, 17) % 5)}} AS attributes
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
            deal_id, account_id, created_on + j * {every} + (hash(i, j, 3) % 15)::INTEGER AS happened_on,
            CASE WHEN hash(i, j, 4) % 3 = 0 THEN 'connected' END AS outcome,
            created_on + j * {every} + 15 <= DATE '{as_of}' AS done, hash(i, j, 5) % 5 = 0 AS automatic
        FROM ({deal}), (SELECT CAST(n AS INTEGER) AS j FROM range({activities}) AS steps(n))
    """,
    "activity_people": """
        SELECT 'x' || i || '-' || j AS activity_id, owner_id AS person_id FROM ({deal}),
            (SELECT CAST(n AS INTEGER) AS j FROM range({activities}) AS steps(n))
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
    "people": "SELECT 'p' || k AS person_id, 'made' AS source, false AS automatic FROM range({people}) AS numbers(k)",
    "memberships": """
        SELECT 'p' || k AS person_id, 'team ' || (k % greatest({people} // 20, 2)) AS team, 'AE' AS role, 1.0 AS share,
            DATE '2022-01-01' + (k * 7 % 900)::INTEGER AS started_on,
            DATE '2022-01-01' + (k * 7 % 900)::INTEGER AS valid_from
        FROM range({people}) AS numbers(k)
    """,
    "identities": """
        SELECT 'person' AS kind, 'p' || k AS key, 'made' AS source, 'Person ' || k AS name
        FROM range({people}) AS numbers(k)
    """,
    "standards": """
        SELECT 'AE' AS role, unnest(['meeting', 'call']) AS metric, 'all' AS stage, 'week' AS per,
            unnest([5.0, 20.0]) AS amount
    """,
    "accounts": """
        SELECT 'a' || i AS account_id, 'Company ' || i AS name,
            ['IT', 'retail', 'finance', 'health', 'public'][1 + (hash(i, 18) % 5)::INTEGER] AS industry,
            ['SMB', 'mid-market', 'enterprise'][1 + (hash(i, 19) % 3)::INTEGER] AS segment,
            ['S', 'M', 'L'][1 + (hash(i, 20) % 3)::INTEGER] AS size,
            ['Seoul', 'Busan', 'Daejeon', 'Gwangju'][1 + (hash(i, 21) % 4)::INTEGER] AS region
        FROM range({deals} // 3 + 1) AS numbers(i)
    """,
    "leads": """
        SELECT 'l' || i AS lead_id, owner_id, account_id, source, created_on, created_on + (hash(i,
            22) % 3)::INTEGER AS assigned_on, deal_id AS converted_deal_id, 'converted' AS outcome
        FROM ({deal}) WHERE hash(i, 23) % 3 = 0
    """,
    "texts": "SELECT 'deal_name' AS kind, deal_id AS key, 'Deal ' || i AS text FROM ({deal})",
}


def make(folder: Path, deals: int, activities: int = ACTIVITIES) -> dict[str, Path]:
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
            select = made.format(
                deal=deal,
                as_of=as_of,
                shift=shift,
                stages=STAGES,
                people=people,
                deals=deals,
                activities=activities,
                every=_SPAN // activities,
            )
            columns = _columns(name.removesuffix("_before"), connection.sql(select).columns)
            part = paths[name].with_suffix(".part")
            connection.execute(f"COPY (SELECT {columns} FROM ({select})) TO '{part}' (FORMAT parquet)")
            part.rename(paths[name])
    connection.close()
    return paths


def home(folder: Path, deals: int, activities: int = ACTIVITIES) -> Lake:
    """Give the home of this company: all its tables in one import, the current state derived."""
    place = folder / "home"
    paths = make(folder, deals, activities)
    lake = Lake.open(place, create=True)
    if not lake.imports():
        with (
            duckdb.connect(config={"threads": 2, "preserve_insertion_order": False}) as connection,
            lake.begin() as new,
        ):
            for name in _MADE:
                columns = ", ".join(
                    f"{new.import_no}::BIGINT AS import_no" if column.name == "import_no" else f'"{column.name}"'
                    for column in TABLES[name].columns
                )
                path = new.path(name)
                connection.execute(f"COPY (SELECT {columns} FROM '{paths[name]}') TO '{path}' (FORMAT parquet)")
                new.write(name, path)
            at = datetime.fromisoformat(AS_OF).replace(hour=12, tzinfo=UTC)
            new.commit(Entry(kind="file", source="made", by="benchmark", at=at, exported_at=at))
    state.derived(lake)
    return lake


def _columns(name: str, made: list[str]) -> str:
    columns = (*TABLES[name].columns, *STATE_COLUMNS.get(name, ()))
    return ", ".join(
        f"CAST({column.name if column.name in made else ('1' if column.name == 'import_no' else 'NULL')} "
        f'AS {sql_type(column.arrow().type)}) AS "{column.name}"'
        for column in columns
    )
