"""Each analysis against hand-written DuckDB SQL for the same answer on the same stored tables, and some against pandas.

    python -m benchmarks.analyses --deals 10000 1000000 --folder /tmp/bench

Both sides run in this process on two threads; the least of the runs counts. The answers are compared first. `ratio` is
engine against engine; `with building` adds what it takes to make the expression and its SQL, which does not grow with
the data. CPU seconds tell more than seconds on a busy machine.
Prints JSON, then the same as a Markdown table. 10 million deals (100 million stage events) need `--deals 10000000`,
about 3 GB of disk and some patience.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from benchmarks import peers
from benchmarks.company import AS_OF, make
from bokgi.analysis.due_deals import due_deals
from bokgi.analysis.execution import execution
from bokgi.analysis.funnel import FunnelMode, funnel
from bokgi.analysis.hygiene import hygiene, hygiene_by
from bokgi.analysis.period_flow import period_flow
from bokgi.analysis.pipeline_change import pipeline_change
from bokgi.analysis.progress import Subject, progress
from bokgi.analysis.stage_conversion import Risk, conversion_cells
from bokgi.analysis.time_in_stage import time_cells
from bokgi.analysis.visits import visits
from bokgi.analysis.win_loss import win_loss
from bokgi.domain.period import Period

QUARTER = Period(date(2025, 10, 1), date(2026, 1, 1))
DAY = date.fromisoformat(AS_OF)
_COMPARED = 1_000_000
DECEMBER = Period(date(2025, 12, 1), date(2026, 1, 1))


@dataclass(frozen=True)
class Question:
    """An analysis, the SQL that gives the same answer, and a pandas function where one is worth the comparison."""

    ask: Callable[[Any], ibis.Table]
    sql: str
    pandas: Callable[[dict[str, Path]], object] | None = None
    table: bool = False


def moved(facts: Any) -> ibis.Table:  # noqa: ANN401 - a namespace of Ibis tables
    """Give the visits."""
    return visits(facts.deals, facts.stage_events, facts.stages)


def flags(facts: Any) -> ibis.Table:  # noqa: ANN401 - as above
    """Count hygiene by owner."""
    tables = facts.stages, facts.activities, facts.deal_changes, facts.calendar
    return hygiene_by(hygiene(facts.deals, facts.visits, *tables, as_of=DAY), facts.deals, by=["owner_id"])


def mode(which: FunnelMode) -> Callable[[Any], ibis.Table]:
    """Ask the funnel in a mode, by lead source."""
    return lambda facts: funnel(facts.deals, facts.visits, facts.stages, mode=which, period=QUARTER, by=["source"])


QUESTIONS = {
    "visits": Question(moved, peers.VISITS, peers.pandas_visits, table=True),
    "funnel: created cohort": Question(mode(FunnelMode.CREATED_COHORT), peers.CREATED_COHORT),
    "funnel: stage entry cohort": Question(mode(FunnelMode.STAGE_ENTRY_COHORT), peers.STAGE_ENTRY_COHORT),
    "funnel: period flow": Question(mode(FunnelMode.PERIOD_FLOW), peers.STAGE_FLOW),
    "funnel: snapshot": Question(mode(FunnelMode.SNAPSHOT), peers.SNAPSHOT, peers.pandas_snapshot),
    "stage conversion (cells)": Question(
        lambda facts: conversion_cells(facts.deals, facts.visits, as_of=DAY, period=QUARTER, risk=Risk.PERIOD),
        peers.CONVERSION_CELLS,
    ),
    "time in stage (cells)": Question(
        lambda facts: time_cells(facts.deals, facts.visits, as_of=DAY, period=QUARTER, risk=Risk.PERIOD),
        peers.TIME_CELLS,
    ),
    "period flow by week": Question(
        lambda facts: period_flow(facts.deals, facts.visits, facts.calendar, period=QUARTER), peers.PERIOD_FLOW
    ),
    "pipeline change": Question(
        lambda facts: pipeline_change(facts.deals_before, facts.deals, facts.stages), peers.PIPELINE_CHANGE
    ),
    "hygiene by owner": Question(flags, peers.HYGIENE),
    "execution by person": Question(
        lambda facts: execution(facts.deals, facts.visits, facts.activities, facts.activity_people, period=QUARTER),
        peers.EXECUTION,
    ),
    "win and loss by week": Question(
        lambda facts: win_loss(facts.deals, period=QUARTER, calendar=facts.calendar),
        peers.WIN_LOSS,
        peers.pandas_win_loss,
    ),
    "progress by person": Question(
        lambda facts: progress(
            facts.deals, facts.targets, facts.calendar, as_of=DAY, period=QUARTER, subject=Subject.PERSON
        ),
        peers.PROGRESS,
    ),
    "deals due by person": Question(
        lambda facts: due_deals(facts.deals_before, facts.deals, period=DECEMBER, by=["owner_id"]), peers.DUE_DEALS
    ),
}


def compare(here: pa.Table, there: pa.Table, name: str) -> None:
    """Stop when the hand-written SQL gives another answer, in the columns that it gives."""
    columns = there.column_names
    rows = [
        sorted((tuple(_plain(value) for value in row.values()) for row in table.select(columns).to_pylist()), key=repr)
        for table in (here, there)
    ]
    if rows[0] != rows[1]:
        different = [pair for pair in zip(*rows, strict=False) if pair[0] != pair[1]][:1]
        message = f"{name}: {len(rows[0])} and {len(rows[1])} rows; first difference {different} in {columns}"
        raise SystemExit(message)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return float(value) if type(value).__name__ == "Decimal" else value  # type: ignore[arg-type]  # a Decimal


def _least(run: Callable[[], object], times: int) -> tuple[float, float]:
    walls, works = [], []
    for _ in range(times):
        before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        run()
        walls.append(time.perf_counter() - begun)
        after = resource.getrusage(resource.RUSAGE_SELF)
        works.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(walls), min(works)


def measure(deals: int, folder: Path, only: str, times: int) -> list[dict[str, Any]]:
    """Measure every question on a company of this size."""
    paths = make(folder / str(deals), deals)
    connection = ibis.duckdb.connect(threads=2)
    facts = SimpleNamespace(
        **{name: connection.read_parquet(str(path), table_name=name) for name, path in paths.items()}
    )
    # Visits are made once and kept, for both sides; their own cost is the first row.
    facts.visits = connection.create_table("visits", moved(facts), temp=True)
    found = []
    for name, question in QUESTIONS.items():
        if only not in name:
            continue
        expression = question.ask(facts)
        built = _least(partial(_build, question, facts), times)[0]
        compiled = ibis.to_sql(expression, dialect="duckdb")
        if not question.table or deals <= _COMPARED:
            compare(connection.to_pyarrow(expression), connection.con.sql(question.sql).to_arrow_table(), name)
        (wall, work), (peer_wall, peer_work) = (
            _least(_runner(connection, sql), times) for sql in (compiled, question.sql)
        )
        row = {"deals": deals, "analysis": name, "build_seconds": built, "seconds": wall, "sql_seconds": peer_wall}
        row |= {"ratio": wall / peer_wall, "ratio_with_build": (built + wall) / peer_wall}
        row |= {"cpu_seconds": work, "sql_cpu_seconds": peer_work, "cpu_ratio": work / peer_work}
        if question.pandas is not None and deals <= _COMPARED:
            row["pandas_seconds"] = _least(partial(question.pandas, paths), 1)[0]
        found.append(row)
    return found


def _build(question: Question, facts: Any) -> str:  # noqa: ANN401 - a namespace of Ibis tables
    return str(ibis.to_sql(question.ask(facts), dialect="duckdb"))


def _runner(connection: Any, sql: str) -> Callable[[], object]:  # noqa: ANN401 - Ibis ships no types
    return lambda: connection.con.execute(f"CREATE OR REPLACE TEMP TABLE made AS {sql}")


def markdown(rows: list[dict[str, Any]]) -> str:
    """Give the rows as a Markdown table."""
    lines = [
        "| deals | analysis | building | seconds | SQL | ratio | with building | CPU ratio | pandas |",
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        pandas = f"{row['pandas_seconds']:.2f}" if "pandas_seconds" in row else ""
        lines.append(
            f"| {row['deals']:,} | {row['analysis']} | {row['build_seconds']:.3f} | {row['seconds']:.3f} "
            f"| {row['sql_seconds']:.3f} | {row['ratio']:.2f} | {row['ratio_with_build']:.2f} | {row['cpu_ratio']:.2f} "
            f"| {pandas} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--folder", type=Path, required=True, help="where the generated Parquet is kept")
    parser.add_argument("--only", default="", help="part of the name of an analysis")
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    rows = [row for deals in given.deals for row in measure(deals, given.folder, given.only, given.times)]
    print(json.dumps({"pandas": pd.__version__, "rows": rows}, indent=1))
    print(markdown(rows))


if __name__ == "__main__":
    main()
