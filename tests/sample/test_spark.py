"""The sample company on Spark: what its weekly review is made of is what DuckDB says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import ibis
import pytest

from bokgi.analysis.forecast import forecast
from bokgi.cli.program import run
from bokgi.domain.period import Period
from bokgi.facts.lake import Lake
from bokgi.facts.read import facts
from bokgi.facts.schema import TABLES
from bokgi.sample import SampleSummary
from tests.analysis.tables import facts_on, ordered, rows_of
from tests.analysis.test_spark import ASKED, UNORDERED, World, alike, answers
from tests.sample.conftest import TODAY

DAYS: Final = (TODAY, TODAY - timedelta(days=7))
REVIEW: Final = (
    "funnel stage_entry_cohort",
    "stage_conversion period",
    "time_in_stage period",
    "pipeline_change",
    "hygiene_by",
    "execution",
    "execution_by_stage",
    "standards_met",
    "win_loss",
    "win_loss by week",
    "loss_reasons",
    "worth_telling",
    "progress",
    "progress of teams",
    "due_deals",
    "gap_sums",
    "weekly_counts",
)


@pytest.fixture(scope="module")
def worlds(spark: Any, sample: SampleSummary, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:  # noqa: ANN401 - Ibis ships no types
    """Import the company, and hand its facts of this week and of the one before to both engines."""
    home = tmp_path_factory.mktemp("company") / "home"
    assert run(["import", str(sample.folder), "--home", str(home), "--exported-at", TODAY.isoformat(), "--yes"]) == 0
    read = [facts(ibis.duckdb.connect(), Lake.open(home), as_of=day) for day in DAYS]
    tables = [
        {name: table.to_pyarrow() for name in TABLES if isinstance(table := getattr(of_day, name), ibis.Table)}
        for of_day in read
    ]
    made = []
    for connection in (ibis.duckdb.connect(), spark):
        folders = [tmp_path_factory.mktemp("facts") for _given in tables]
        now, then = (facts_on(connection, folder, given) for folder, given in zip(folders, tables, strict=True))
        made.append(World(now, then).settled(connection, folders[0]))
    return made[0], made[1]


def told(question: str, world: World) -> list[dict[str, Any]]:
    rows = [{name: answers(value) for name, value in row.items()} for row in rows_of(ASKED[question](world))]
    return ordered(rows) if question in UNORDERED else rows


# The bridge between Python and Java closes its sockets when it is collected, and says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
def test_spark_says_of_the_sample_company_what_duckdb_says(worlds: tuple[World, World]) -> None:
    here, there = worlds
    assert here.now.deals.count().to_pyarrow().as_py() > 5_000
    for question in REVIEW:
        ours = told(question, here)
        assert ours, question
        assert told(question, there) == ours, question


# As above.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
def test_spark_forecasts_the_sample_company_as_duckdb_does(worlds: tuple[World, World]) -> None:
    here, there = (
        forecast(
            world.deals,
            world.visits,
            as_of=TODAY,
            period=Period.month_of(TODAY + timedelta(days=31)),
            changes=world.now.deal_changes,
            stages=world.now.stages,
            factors=["source"],
        )
        for world in worlds
    )
    assert here.reason is None
    assert alike(there) == alike(here)
