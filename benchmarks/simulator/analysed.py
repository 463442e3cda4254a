"""A simulated world as the analyses read it: deals with their conditions, visits, progressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import ibis

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


def with_conditions(tables: Mapping[str, ibis.Table], world: World) -> ibis.Table:
    """Give the deals of a world with traits and conditions as of its end."""
    traits = deal_traits(tables["deals"], tables["accounts"], tables["memberships"], on=world.organisation.end)
    return conditions(traits, tables["memberships"])


@contextmanager
def analysed(world: World) -> Iterator[Analysed]:
    """Compute the tables of a world on an engine of its own; they are dropped afterwards."""
    connection = ibis.duckdb.connect()
    tables = {}
    for name, table in world.tables.items():
        connection.con.register(name, table)
        tables[name] = connection.table(name)
    seen = tables["deals"].mutate(last_seen_on=ibis.null("date"))
    with ExitStack() as kept:
        stays = kept.enter_context(visits(seen, tables["stage_events"], tables["stages"]).cache())
        moves = kept.enter_context(progressions(stays).cache())
        # Territory and the like are conditions of accounts, too, and a map is slow to carry along.
        deals = kept.enter_context(with_conditions(tables, world).drop("attributes").cache())
        yield Analysed(deals, stays, moves, tables)
