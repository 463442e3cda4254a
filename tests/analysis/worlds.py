"""Simulated worlds as the analyses read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis

from benchmarks.in_memory import facts_of_tables
from benchmarks.simulator import World
from bokgi.analysis.comparison.conditions import conditions
from bokgi.analysis.deal_traits import deal_traits
from bokgi.facts.model import Facts


def told_deals(tables: Mapping[str, ibis.Table]) -> ibis.Table:
    """Deals of a simulated world with the conditions they were handed over with."""
    traits = deal_traits(tables["deals"], tables["accounts"], tables["memberships"], on=date(2026, 1, 1))
    return conditions(traits, tables["memberships"])


def facts_of_world(world: World) -> Facts:
    """A simulated world as the facts of a home."""
    return facts_of_tables(world.tables)
