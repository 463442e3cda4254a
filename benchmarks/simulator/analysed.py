"""A simulated world as the analyses read it: deals with their conditions, visits, progressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache

import ibis
import pyarrow as pa

from benchmarks.simulator.organisation import World
from bokgi.analysis.comparison.conditions import conditions
from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.progressions import progressions
from bokgi.analysis.visits import visits


@dataclass(frozen=True)
class Analysed:
    """Tables of one world, computed once; `deals` has the conditions each deal was handed over with."""

    deals: ibis.Table
    visits: ibis.Table
    progressions: ibis.Table
    tables: Mapping[str, ibis.Table]


def with_conditions(tables: Mapping[str, ibis.Table], end: date) -> ibis.Table:
    """Give the deals of a world that ends on a day with traits and conditions as of then."""
    traits = deal_traits(tables["deals"], tables["accounts"], tables["memberships"], on=end)
    return conditions(traits, tables["memberships"])


@cache
def _queries(schemas: tuple[tuple[str, pa.Schema], ...], end: date) -> tuple[tuple[str, str], ...]:
    """Write the queries of the tables that are computed, once for all worlds of one kind: that takes longest."""
    tables = {name: ibis.table(ibis.Schema.from_pyarrow(schema), name=name) for name, schema in schemas}
    seen = tables["deals"].mutate(last_seen_on=ibis.null("date"))
    stays = visits(seen, tables["stage_events"], tables["stages"])
    computed = {
        "stays": stays,
        "moves": progressions(ibis.table(stays.schema(), name="stays")),
        # Territory and the like are conditions of accounts, too, and a map is slow to carry along.
        "told": with_conditions(tables, end).drop("attributes"),
    }
    return tuple((name, str(ibis.to_sql(table, dialect="duckdb"))) for name, table in computed.items())


@contextmanager
def analysed(world: World) -> Iterator[Analysed]:
    """Compute the tables of a world on an engine of its own; they are dropped afterwards."""
    connection = ibis.duckdb.connect()
    for name, table in world.tables.items():
        connection.con.register(name, table)
    schemas = tuple((name, table.schema) for name, table in world.tables.items())
    for name, query in _queries(schemas, world.organisation.end):
        connection.con.execute(f"CREATE TABLE {name} AS {query}")
    tables = {name: connection.table(name) for name in world.tables}
    yield Analysed(connection.table("told"), connection.table("stays"), connection.table("moves"), tables)
    connection.disconnect()
