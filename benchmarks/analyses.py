"""Each analysis against hand-written DuckDB SQL for the same answer on the same stored tables, and most against pandas.

    python3 run.py bench analyses --deals 10000 1000000

Both sides run in this process on two threads, in turn: small ones until a second has passed, large ones twice. The
least of the runs counts. The answers are compared first.
`ratio` is engine against engine; `building` is what it takes to make the expression and its SQL, which does not grow
with the data. CPU seconds tell more than seconds on a busy machine.
Writes its table into docs/reference/benchmarks.md; `--no-table` only prints it. 10 million deals (100 million stage
events) need `--deals 10000000`, about 3 GB of disk (17 GB while it runs), twenty quiet minutes and 10 GB of memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from benchmarks import pandas_peers, peers, results
from benchmarks.company import AS_OF, FOLDER, make
from bokgi.analysis.bottleneck.counts import case_cells
from bokgi.analysis.comparison.cells import counted
from bokgi.analysis.comparison.conditions import conditions
from bokgi.analysis.concentration.won import won_cells
from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.due_deals import due_deals
from bokgi.analysis.execution import execution, execution_by_stage
from bokgi.analysis.funnel import FunnelMode, funnel
from bokgi.analysis.hygiene import hygiene, hygiene_by
from bokgi.analysis.lead_response import waiting_cells
from bokgi.analysis.period_flow import period_flow
from bokgi.analysis.pipeline_change import pipeline_change
from bokgi.analysis.progress import Subject, progress
from bokgi.analysis.progressions import progressions
from bokgi.analysis.stage_conversion import Risk, conversion_cells
from bokgi.analysis.standards_met import standards_met
from bokgi.analysis.time_in_stage import time_cells
from bokgi.analysis.velocity import velocity
from bokgi.analysis.visits import visits
from bokgi.analysis.win_loss import loss_reasons, win_loss
from bokgi.analysis.worth_telling import worth_telling
from bokgi.domain.period import Period

QUARTER = Period(date(2025, 10, 1), date(2026, 1, 1))
DAY = date.fromisoformat(AS_OF)
_COMPARED = 1_000_000
_MEMORY = "10GB"
_SECONDS = 1.0
# Of a company that does not fit into memory, whoever asks first pays for reading again what was spilled.
_LARGE_TIMES = 2
COMPARED = ("source", "lead_grade", "type", "industry", "segment", "size", "season", "inherited", "ramp", "region")
DECEMBER = Period(date(2025, 12, 1), date(2026, 1, 1))


@dataclass(frozen=True)
class Question:
    """An analysis, the SQL that gives the same answer, and a pandas function where one is worth the comparison."""

    ask: Callable[[Any], ibis.Table]
    sql: str
    pandas: Callable[[dict[str, Path]], pd.DataFrame] | None = None


def moved(facts: Any) -> ibis.Table:  # noqa: ANN401 - a namespace of Ibis tables
    """Give the visits."""
    return visits(facts.deals, facts.stage_events, facts.stages)


def handed(facts: Any) -> ibis.Table:  # noqa: ANN401 - as above
    """Give the deals with team and account, and the conditions they came with."""
    return conditions(deal_traits(facts.deals, facts.accounts, facts.memberships, on=DAY), facts.memberships)


def flags(facts: Any) -> ibis.Table:  # noqa: ANN401 - as above
    """Count hygiene by owner."""
    tables = facts.stages, facts.activities, facts.deal_changes, facts.calendar
    return hygiene_by(hygiene(facts.deals, facts.visits, *tables, as_of=DAY), facts.deals, by=["owner_id"])


def mode(which: FunnelMode) -> Callable[[Any], ibis.Table]:
    """Ask the funnel in a mode, by lead source."""
    return lambda facts: funnel(facts.deals, facts.visits, facts.stages, mode=which, period=QUARTER, by=["source"])


def cells(facts: Any) -> ibis.Table:  # noqa: ANN401 - as above
    """Count the cells of the comparison of people."""
    cases = facts.traits.filter(ibis._.won.notnull())
    return counted(cases, keys=COMPARED, person="owner_id", success="won")


QUESTIONS = {
    "visits": Question(moved, peers.VISITS, pandas_peers.visits),
    "progressions": Question(lambda facts: progressions(facts.visits), peers.PROGRESSIONS, pandas_peers.progressions),
    "deals with their conditions": Question(handed, peers.TRAITS, pandas_peers.traits),
    "funnel: created cohort": Question(
        mode(FunnelMode.CREATED_COHORT), peers.CREATED_COHORT, pandas_peers.created_cohort
    ),
    "funnel: stage entry cohort": Question(
        mode(FunnelMode.STAGE_ENTRY_COHORT), peers.STAGE_ENTRY_COHORT, pandas_peers.stage_entry_cohort
    ),
    "funnel: period flow": Question(mode(FunnelMode.PERIOD_FLOW), peers.STAGE_FLOW, pandas_peers.stage_flow),
    "funnel: snapshot": Question(mode(FunnelMode.SNAPSHOT), peers.SNAPSHOT, pandas_peers.snapshot),
    "stage conversion (cells)": Question(
        lambda facts: conversion_cells(facts.deals, facts.visits, as_of=DAY, period=QUARTER, risk=Risk.PERIOD),
        peers.CONVERSION_CELLS,
        pandas_peers.conversion_cells,
    ),
    "time in stage (cells)": Question(
        lambda facts: time_cells(facts.deals, facts.visits, as_of=DAY, period=QUARTER, risk=Risk.PERIOD),
        peers.TIME_CELLS,
    ),
    "period flow by week": Question(
        lambda facts: period_flow(facts.deals, facts.visits, facts.calendar, period=QUARTER),
        peers.PERIOD_FLOW,
        pandas_peers.period_flow,
    ),
    "pipeline change": Question(
        lambda facts: pipeline_change(facts.deals_before, facts.deals, facts.stages),
        peers.PIPELINE_CHANGE,
        pandas_peers.pipeline_change,
    ),
    "hygiene by owner": Question(flags, peers.HYGIENE, pandas_peers.hygiene),
    "execution by person": Question(
        lambda facts: execution(facts.deals, facts.visits, facts.activities, facts.activity_people, period=QUARTER),
        peers.EXECUTION,
        pandas_peers.execution,
    ),
    "win and loss by week": Question(
        lambda facts: win_loss(facts.deals, period=QUARTER, calendar=facts.calendar),
        peers.WIN_LOSS,
        pandas_peers.win_loss,
    ),
    "execution by stage": Question(
        lambda facts: execution_by_stage(
            facts.deals, facts.visits, facts.activities, facts.activity_people, period=QUARTER
        ),
        peers.EXECUTION_BY_STAGE,
    ),
    "loss reasons": Question(
        lambda facts: loss_reasons(facts.deals, period=QUARTER), peers.LOSS_REASONS, pandas_peers.loss_reasons
    ),
    "velocity": Question(lambda facts: velocity(facts.deals, period=QUARTER), peers.VELOCITY, pandas_peers.velocity),
    "bottlenecks (cells)": Question(
        lambda facts: case_cells(
            facts.progressions, facts.traits, ["team", "source", "segment"], (QUARTER.start, QUARTER.end)
        ),
        peers.BOTTLENECK_CELLS,
        pandas_peers.bottleneck_cells,
    ),
    "comparison (cells)": Question(cells, peers.COMPARISON_CELLS, pandas_peers.comparison_cells),
    "progress by person": Question(
        lambda facts: progress(
            facts.deals, facts.targets, facts.calendar, as_of=DAY, period=QUARTER, subject=Subject.PERSON
        ),
        peers.PROGRESS,
        pandas_peers.progress,
    ),
    "deals due by person": Question(
        lambda facts: due_deals(facts.deals_before, facts.deals, period=DECEMBER, by=["owner_id"]),
        peers.DUE_DEALS,
        pandas_peers.due_deals,
    ),
    "standards met by person": Question(
        lambda facts: standards_met(
            facts.visits,
            facts.activities,
            facts.activity_people,
            facts.memberships,
            facts.standards,
            facts.calendar,
            period=QUARTER,
        ),
        peers.STANDARDS_MET,
    ),
    "wins and losses worth telling": Question(
        lambda facts: worth_telling(facts.deals, facts.visits, facts.stages, facts.deal_changes, period=QUARTER),
        peers.WORTH_TELLING,
    ),
    "concentration (cells)": Question(
        lambda facts: won_cells(facts.deals, period=QUARTER), peers.WON_CELLS, pandas_peers.won_cells
    ),
    "lead response (cells)": Question(
        lambda facts: waiting_cells(facts.leads, facts.activities, facts.calendar, as_of=DAY, period=QUARTER),
        peers.LEAD_RESPONSE,
    ),
}


def compare(connection: Any, sql: str, peer: str, name: str) -> None:  # noqa: ANN401 - Ibis ships no types
    """Stop when the hand-written SQL gives another answer, in the columns that it gives."""
    columns = connection.con.sql(peer)
    alike = ", ".join(
        f'round("{column}"::DOUBLE, 6)' if _number(kind) else f'"{column}"'
        for column, kind in zip(columns.columns, map(str, columns.types), strict=True)
    )
    sums = [
        connection.con.execute(f"SELECT count(*), sum(hash({alike})::HUGEINT) FROM ({query})").fetchall()[0]
        for query in (sql, peer)
    ]
    if sums[0] != sums[1]:
        select = "SELECT {} FROM ({}) EXCEPT ALL SELECT {} FROM ({}) LIMIT 2"
        ours = connection.con.execute(select.format(alike, sql, alike, peer)).fetchall()
        theirs = connection.con.execute(select.format(alike, peer, alike, sql)).fetchall()
        message = f"{name}: {sums[0][0]} and {sums[1][0]} rows; only ours {ours}; only SQL {theirs}"
        raise SystemExit(message)


def agree(connection: Any, frame: pd.DataFrame, peer: str, name: str) -> None:  # noqa: ANN401 - Ibis ships no types
    """Stop when pandas gives another answer than the hand-written SQL, in the columns that pandas gives."""
    kinds = connection.con.sql(peer)
    told = dict(zip(kinds.columns, map(str, kinds.types), strict=True))
    if strange := set(frame.columns) - set(told):
        message = f"{name}: the SQL has no {sorted(strange)}"
        raise SystemExit(message)
    connection.con.register("pandas_answer", pa.Table.from_pandas(frame, preserve_index=False))
    ours, theirs = (
        f"SELECT {', '.join(_cast(column, told[column]) for column in frame.columns)} FROM {rows}"
        for rows in ("pandas_answer", f"({peer})")
    )
    compare(connection, ours, theirs, f"{name} by pandas")


def _cast(column: str, kind: str) -> str:
    of_kind = "DOUBLE" if _number(kind) else kind
    return f'CAST("{column}" AS {of_kind}) AS "{column}"'


def _number(kind: str) -> bool:
    return kind.startswith(("DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT"))


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Give the seconds and the CPU seconds that something takes."""
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    run()
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _least(runs: list[tuple[float, float]]) -> tuple[float, float]:
    return min(wall for wall, __ in runs), min(work for __, work in runs)


def opened(deals: int, folder: Path) -> tuple[Any, Any, dict[str, Path]]:
    """Give the engine, the facts of a company of this size on it, and the Parquet of what others start from, too."""
    paths = make(folder / str(deals), deals)
    # Both sides spill alike where a company is larger than this.
    connection = ibis.duckdb.connect(threads=2, memory_limit=_MEMORY, temp_directory=str(folder / "spilled"))
    facts = SimpleNamespace(
        **{name: connection.read_parquet(str(path), table_name=name) for name, path in paths.items()}
    )
    # Steps that others start from are made once and kept, for all sides; their own cost is a row of its own.
    facts.visits = connection.create_table("visits", moved(facts), temp=True)
    facts.progressions = connection.create_table("progressions", progressions(facts.visits), temp=True)
    facts.traits = connection.create_table("traits", handed(facts), temp=True)
    for name in ("visits", "progressions", "traits") if deals <= _COMPARED else ():
        paths |= {name: folder / str(deals) / f"{name}.parquet"}
        connection.con.execute(f"COPY {name} TO '{paths[name]}'")
    return connection, facts, paths


def check(name: str, connection: Any, facts: Any, paths: dict[str, Path]) -> str:  # noqa: ANN401 - Ibis ships no types
    """Stop when a peer gives another answer than we do; gives our SQL."""
    question = QUESTIONS[name]
    expression = question.ask(facts)
    # Small tables that the expression holds itself are known from now on.
    connection.to_pyarrow(expression.limit(0))
    compiled = str(ibis.to_sql(expression, dialect="duckdb"))
    if "visits" in paths:
        compare(connection, compiled, question.sql, name)
        if question.pandas is not None:
            agree(connection, question.pandas(paths), question.sql, name)
    return compiled


def measure(deals: int, folder: Path, only: str, times: int) -> Iterator[dict[str, Any]]:
    """Measure every question on a company of this size, and give each row when it is there."""
    connection, facts, paths = opened(deals, folder)
    for order, (name, question) in enumerate(QUESTIONS.items()):
        if only not in name:
            continue
        print(f"{deals:,} {name} …", file=sys.stderr, flush=True)
        building = timed(partial(_build, question, facts))
        compiled = check(name, connection, facts, paths)
        ours: list[tuple[float, float]] = []
        theirs: list[tuple[float, float]] = []
        begun = time.perf_counter()
        while len(ours) < (times if deals <= _COMPARED else _LARGE_TIMES) or time.perf_counter() - begun < _SECONDS:
            ours.append(timed(_runner(connection, compiled)))
            theirs.append(timed(_runner(connection, question.sql)))
        (wall, work), (peer_wall, peer_work) = _least(ours), _least(theirs)
        row = {"analysis": name, "order": order, "deals": deals, "build_seconds": building[1]}
        row |= {"seconds": wall, "sql_seconds": peer_wall, "cpu_seconds": work, "sql_cpu_seconds": peer_work}
        if question.pandas is not None and deals <= _COMPARED:
            row["pandas_seconds"] = timed(partial(question.pandas, paths))[0]
        yield row


def _build(question: Question, facts: Any) -> str:  # noqa: ANN401 - a namespace of Ibis tables
    return str(ibis.to_sql(question.ask(facts), dialect="duckdb"))


def _runner(connection: Any, sql: str) -> Callable[[], object]:  # noqa: ANN401 - Ibis ships no types
    return lambda: connection.con.execute(f"CREATE OR REPLACE TEMP TABLE made AS {sql}")


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the generated Parquet is kept")
    parser.add_argument("--only", default="", help="part of the name of an analysis")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--no-table", action="store_true", help="leave the document as it is")
    given = parser.parse_args()
    for deals in given.deals:
        rows = []
        for row in measure(deals, given.folder, given.only, given.times):
            rows.append(row)
            if not given.no_table:
                results.keep("analyses", [row], key=("analysis", "deals"))
        print(results.analyses(rows), flush=True)


if __name__ == "__main__":
    main()
