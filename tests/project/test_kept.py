"""What is kept for a day tells the same as the facts themselves: an answer doesn't depend on who asked before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from bokgi.apps.access import asking
from bokgi.facts.engine import connect
from bokgi.facts.lake import Lake
from bokgi.facts.model import Facts
from bokgi.facts.read import facts
from bokgi.questions.person import tell_person
from tests.homes import TODAY

PEOPLE = ("lee", "seo")
_REQUIRED = "!"
"""How a type says that it is never null, which files don't keep."""


@pytest.fixture
def read(home: Path) -> Facts:
    """Give the facts of a home, which keep what is worked out of them."""
    return facts(ibis.duckdb.from_connection(connect()), Lake.open(home))


@pytest.mark.django_db
def test_what_is_kept_is_of_the_types_that_its_questions_count_on(read: Facts) -> None:
    assert read.keeping is not None
    keep, seen = read.keeping.keep, set()
    differ: dict[str, str] = {}

    def watched(name: str, make: Callable[[], ir.Table | pa.Table]) -> ir.Table:
        kept, made = keep(name, make), make()
        declared = ibis.memtable(made).schema() if isinstance(made, pa.Table) else made.schema()
        seen.add(name)
        for column, kind in kept.schema().items():
            if str(kind).replace(_REQUIRED, "") != str(declared[column]).replace(_REQUIRED, ""):
                differ[f"{name}.{column}"] = f"{kind}, not {declared[column]}"
        return kept

    watching = replace(read, keeping=replace(read.keeping, keep=watched))
    for question, parameters in asking._MAIN:  # noqa: SLF001 - what is registered is what is tried
        of_day = {name: value(TODAY) if callable(value) else value for name, value in parameters.items()}
        question(watching, **{"as_of": TODAY} | of_day)
    tell_person(watching, as_of=TODAY, person_id=PEOPLE[0])
    assert len(seen) > 10
    assert differ == {}


def test_a_person_is_told_the_same_from_what_is_kept_as_from_the_facts(read: Facts) -> None:
    untouched = replace(read, keeping=None)
    for person in PEOPLE:
        kept = tell_person(read, as_of=TODAY, person_id=person)
        assert kept == tell_person(untouched, as_of=TODAY, person_id=person)
        assert sum(month["created"] for month in kept["months"]) > 0
