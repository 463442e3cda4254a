"""Simulated worlds as the analyses read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import pyarrow as pa

from benchmarks.simulator import World
from bokgi.analysis.comparison.conditions import conditions
from bokgi.analysis.deal_traits import deal_traits
from bokgi.facts.model import Facts
from bokgi.facts.schema import FACT_TABLES, STATE_COLUMNS, TABLES
from bokgi.facts.settings import Settings
from tests.in_memory import in_memory


def told_deals(tables: Mapping[str, ibis.Table]) -> ibis.Table:
    """Deals of a simulated world with the conditions they were handed over with."""
    traits = deal_traits(tables["deals"], tables["accounts"], tables["memberships"], on=date(2026, 1, 1))
    return conditions(traits, tables["memberships"])


def facts_of_world(world: World) -> Facts:
    """A simulated world as the facts of a home."""
    return facts_of_tables(world.tables)


def facts_of_tables(given: Mapping[str, pa.Table]) -> Facts:
    """Some fact tables as the facts of a home; the others are empty."""
    tables = {}
    for name in FACT_TABLES:
        if name == "settings":
            continue
        rows = given.get(name, TABLES[name].arrow().empty_table())
        for column in STATE_COLUMNS.get(name, ()):
            if column.name in rows.column_names:
                continue
            rows = rows.append_column(column.arrow(), pa.nulls(rows.num_rows, column.arrow().type))
        tables[name] = rows
    return in_memory(tables, Settings(currency="KRW"))
