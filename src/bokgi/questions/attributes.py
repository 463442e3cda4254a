"""Which columns of the CRM that have no place of their own tell deals apart."""

from __future__ import annotations

from datetime import date
from typing import Final

from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Json

MOST_LEVELS: Final = 12
"""A column with more levels is a text, a date or a name: groups of it would hold a deal or two each."""


def ask_attributes(facts: Facts, *, as_of: date) -> Json:
    """Ask by which attributes of the source deals can be split.

    Gives `attributes[]{name, levels}` of those with two to twelve levels among the deals there were on the day, by
    name; a deal without a value is no level. Empty where the source has no columns but those that are mapped.
    """
    deals = facts_on(facts, as_of).deals
    told = deals.filter(deals.attributes.notnull())
    names = sorted(told.select(name=told.attributes.keys().unnest()).distinct().to_pyarrow()["name"].to_pylist())
    if not names:
        return {"as_of": as_of.isoformat(), "attributes": []}
    counts = told.aggregate(**{f"n{place}": told.attributes[name].nunique() for place, name in enumerate(names)})
    [row] = counts.to_pyarrow().to_pylist()
    levels = [(name, row[f"n{place}"]) for place, name in enumerate(names)]
    return {
        "as_of": as_of.isoformat(),
        "attributes": [{"name": name, "levels": n} for name, n in levels if 1 < n <= MOST_LEVELS],
    }
