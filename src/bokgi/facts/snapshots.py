"""What the comparison of snapshots adds to the facts."""

from __future__ import annotations

from pathlib import Path

import duckdb


def deals(connection: duckdb.DuckDBPyConnection, work: Path) -> Path | None:
    """TEMP: latest row."""
    counts = connection.execute("SELECT count(*), count(DISTINCT import_no) FROM deals").fetchone()
    if counts is None or counts[1] <= 1:
        return None
    path = work / "deals.parquet"
    connection.execute(
        f"""COPY (SELECT d.*, i.observed_on, i.observed_on AS last_seen_on FROM deals d JOIN visible_imports i USING (import_no)
        QUALIFY row_number() OVER (PARTITION BY deal_id ORDER BY rank DESC) = 1) TO '{path}' (FORMAT parquet)"""
    )
    return path


def differences(connection: duckdb.DuckDBPyConnection, work: Path, name: str) -> list[Path]:
    return []
