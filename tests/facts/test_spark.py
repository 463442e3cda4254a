"""The same facts on Spark: state, as_of and currency give what they give on DuckDB."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date

import ibis
import ibis.expr.types as ir
import pytest
from ibis.backends import BaseBackend

from bokgi.facts.currency import in_one_currency, without_rate
from bokgi.facts.lake import Lake
from bokgi.facts.model import Facts
from bokgi.facts.read import facts
from tests.cast import CAST
from tests.facts.lakes import imported, lake_in, rows

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
    pytest.mark.filterwarnings("ignore"),  # pyspark's own, with this Python and pandas
]


@pytest.fixture(scope="module")
def spark() -> Iterator[BaseBackend]:
    """Give an Ibis backend on a Spark of its own."""
    session = (
        pyspark.sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield ibis.pyspark.connect(session)
    session.stop()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made = lake_in(tmp_path_factory.mktemp("home"))
    imported(
        made,
        "2026-01-05",
        stages=CAST["stages"],
        rates="currency | month | rate\nUSD | 2026-01-01 | 1300.5\nUSD | 2026-02-01 | 1400",
        deals="""
        deal_id | created_on | stage     | amount | currency | owner_id | outcome | attributes      | known_at_creation
        d1      | 2026-01-01 | qualified | 100.25 | USD      | lee      | open    | a=b; 지역=서울  | ,owner_id,
        d2      | 2026-01-01 | qualified | 5      | USD      | lee      | open    |                 | ,
        """,
        stage_events="""
        deal_id | entered_on | entered_at          | stage
        d1      | 2026-01-01 | 2026-01-01 03:04:05 | qualified
        """,
        deal_changes="""
        deal_id | field       | changed_on | new
        d1      | probability | 2026-01-02 | 0.35
        d1      | next_step_on | 2026-01-02 | 2026-02-03
        d1      | has_next_step | 2026-01-02 | true
        """,
        activities="activity_id | happened_on\na1 | 2026-01-03\na2 | 2026-03-01",
        leads="lead_id | created_on | assigned_on | owner_id | converted_deal_id\nl1 | 2026-01-01 | 2026-01-02 | | d1",
        targets="period_start | period_end | amount\n2026-01-01 | 2026-04-01 | 100\n2026-04-01 | 2026-07-01 | 100",
    )
    imported(
        made,
        "2026-02-05",
        deals="""
        deal_id | created_on | stage | amount | currency | owner_id | outcome | closed_on  | known_at_creation
        d1      | 2026-01-01 | won   | 120    | USD      | park     | won     | 2026-02-01 | ,owner_id,
        d3      | 2026-01-07 | lost  | 70     | KRW      | park     | lost    | 2026-01-20 | ,
        """,
        sightings="deal_id | as_in\nd2 | 1",
        targets="period_start | period_end | amount\n2026-01-01 | 2026-04-01 | 150",
    )
    return made


def duck(lake: Lake) -> Facts:
    return facts(ibis.duckdb.connect(), lake)


def whole(table: ir.Table) -> list[tuple[object, ...]]:
    """Give all rows; a map as its keys and values, a history as its length, an instant as UTC."""
    plain: dict[str, ir.Value] = {}
    for name, kind in table.schema().items():
        if kind.is_map():
            plain |= {f"{name}_keys": table[name].keys(), f"{name}_values": table[name].values()}
        else:
            plain[name] = table[name].length() if kind.is_array() else table[name]
    told = table.select(**plain)
    return [tuple(plainly(cell) for cell in row) for row in rows(told, *told.columns)]


def plainly(cell: object) -> object:
    """Give an instant without saying that it is UTC, which one engine does."""
    return cell.removesuffix("+00:00") if isinstance(cell, str) else cell


def test_every_table_reads_the_same_on_spark(lake: Lake, spark: BaseBackend) -> None:
    here, there = duck(lake), facts(spark, lake)
    for name, table in here.tables.items():
        assert there.tables[name].columns == table.columns
        if table.count().execute():
            assert whole(there.tables[name]) == whole(table), name


@pytest.mark.parametrize("on", [date(2026, 1, 3), date(2026, 1, 20), date(2026, 2, 6)])
def test_facts_as_of_a_day_are_the_same_on_spark(lake: Lake, spark: BaseBackend, on: date) -> None:
    here, there = facts(ibis.duckdb.connect(), lake, as_of=on), facts(spark, lake, as_of=on)
    for name in ("deals", "leads", "activities", "targets"):
        assert whole(there.tables[name]) == whole(here.tables[name]), name
    assert there.unknown_then("amount") == here.unknown_then("amount")


def test_one_currency_is_the_same_on_spark(lake: Lake, spark: BaseBackend) -> None:
    here, there = duck(lake), facts(spark, lake)
    on = date(2026, 2, 5)
    assert whole(in_one_currency(there, on).deals) == whole(in_one_currency(here, on).deals)
    assert without_rate(there, date(2026, 5, 1)) == without_rate(here, date(2026, 5, 1)) == {"USD": 1}
