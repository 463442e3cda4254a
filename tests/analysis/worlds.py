"""Simulated worlds as the analyses read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis

from bokgi.analysis.comparison.conditions import conditions
from bokgi.analysis.deal_traits import deal_traits


def told_deals(tables: Mapping[str, ibis.Table]) -> ibis.Table:
    """Deals of a simulated world with the conditions they were handed over with."""
    traits = deal_traits(tables["deals"], tables["accounts"], tables["memberships"], on=date(2026, 1, 1))
    return conditions(traits, tables["memberships"])
