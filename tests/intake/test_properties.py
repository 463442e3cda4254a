"""What holds for any files: how they are cut, ordered, taken back or mended makes no difference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bokgi.facts.read import open_facts
from bokgi.intake import quarantine
from bokgi.intake.importing import ImportResult
from bokgi.intake.release import release_by_hand
from bokgi.intake.undoing import undo_import
from tests.intake.homes import AT, DEALS, Company, deals_mapping

_OWN: Final = frozenset({"import_no", "as_in", "files", "file", "row", "source_key"})
"""Columns that tell where a row came from, and not what is so."""
HEADERS: Final = tuple(DEALS)
SOUND: Final[dict[str, tuple[str, ...]]] = {
    "name": ("Server", "Cloud"),
    "account": ("Acme", "Globex", ""),
    "owner": ("Kim", "Lee"),
    "stage": ("Talk", "Offer", "Won", "Lost"),
    "amount": ("5", "70", ""),
    "created": ("2026-01-05", "2026-02-01"),
    "closed": ("2026-03-02", ""),
    "region": ("North", ""),
}
BAD: Final = {"stage": ("Dancing",), "amount": ("-5", "lots"), "created": ("soon", "2026-12-01"), "closed": ("later",)}

Row = dict[str, str]


@st.composite
def rows(draw: st.DrawFn, *, bad: bool = True, least: int = 1) -> list[Row]:
    """Draw the rows of a file of deals, each with its own id."""
    ids = draw(st.lists(st.sampled_from([f"D{n}" for n in range(1, 8)]), min_size=least, max_size=6, unique=True))
    choices = {header: (*texts, *(BAD.get(header, ()) if bad else ())) for header, texts in SOUND.items()}
    return [{"id": one} | {h: draw(st.sampled_from(texts)) for h, texts in choices.items()} for one in ids]


def text(listed: Sequence[Row], headers: Sequence[str] = HEADERS) -> str:
    return "\n".join([" | ".join(headers), *(" | ".join(row[header] for header in headers) for row in listed)])


def facts(company: Company) -> dict[str, list[str]]:
    """Give all that the home holds now, people by name and without what only tells where a row came from."""
    if not company.lake.imports():
        return {}
    people = dict(company.rows("identities", "key, name", "kind = 'person'"))
    held = {
        name: sorted(
            str([(column, said(cell, people)) for column, cell in row.items() if column not in _OWN])
            for row in table.to_pyarrow().to_pylist()
        )
        for name, table in open_facts(company.home).tables.items()
        if name not in {"sightings", "releases", "quarantine", "imports"}
    }
    waiting = quarantine.quarantined(company.lake, limit=100)
    held["quarantine"] = sorted(json.dumps([dict(row.cells), sorted(row.codes)], sort_keys=True) for row in waiting)
    return {table: listed for table, listed in held.items() if listed}


def said(cell: object, people: Mapping[str, str]) -> object:
    """Name a person instead of a key; an attribute that is empty says as much as one that is not there."""
    if isinstance(cell, list):
        return sorted((name, text) for name, text in cell if text is not None) or None
    return people.get(cell, cell) if isinstance(cell, str) else cell


def whole(result: ImportResult) -> ImportResult:
    assert result.accepted + result.quarantined + result.known == result.read
    return result


def load(company: Company, listed: Sequence[Row], *, day: int = 0, complete: bool = False) -> None:
    if listed:
        whole(company.load(text(listed), on=AT + timedelta(days=day), complete=complete))


@pytest.mark.slow
@settings(max_examples=6, phases=[Phase.generate])
@given(listed=rows(), data=st.data())
def test_a_file_cut_in_two_says_what_the_whole_said(listed: list[Row], data: st.DataObject) -> None:
    part = [data.draw(st.booleans()) for _ in listed]
    halves = [[row for row, first in zip(listed, part, strict=True) if first is which] for which in (True, False)]
    with TemporaryDirectory() as folder:
        one, two, both = (Company(made(folder, name)) for name in ("one", "two", "both"))
        load(one, listed)
        for half in data.draw(st.permutations(halves)):
            load(two, half)
        files = {f"part-{n}.csv": text(half) for n, half in enumerate(halves) if half}
        whole(both.load(files, *(deals_mapping(name) for name in files)))
        assert facts(two) == facts(one)
        assert facts(both) == facts(one)


@pytest.mark.slow
@settings(max_examples=5, phases=[Phase.generate])
@given(listed=rows(), data=st.data())
def test_the_order_of_rows_and_columns_says_nothing(listed: list[Row], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        one, two = (Company(made(folder, name)) for name in ("one", "two"))
        load(one, listed)
        mixed, headers = data.draw(st.permutations(listed)), data.draw(st.permutations(HEADERS))
        mapping = deals_mapping(columns={header: DEALS[header] for header in headers})
        whole(two.load(text(mixed, headers), mapping))
        assert facts(two) == facts(one)


@pytest.mark.slow
@settings(max_examples=5, phases=[Phase.generate])
@given(first=rows(), second=rows(), later=rows(least=0))
def test_what_was_taken_back_was_never_there(first: list[Row], second: list[Row], later: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        one, two = (Company(made(folder, name)) for name in ("one", "two"))
        for company in (one, two):
            load(company, first)
            if company is two:
                load(company, second, day=1)
            load(company, later, day=2)
        there = {one.exported_at: one.import_no for one in two.lake.imports()}
        if (number := there.get(AT + timedelta(days=1))) is not None:
            undo_import(two.lake, number, by="test", at=AT, reason="wrong file")
        assert facts(two) == facts(one)


@pytest.mark.slow
@settings(max_examples=6, phases=[Phase.generate])
@given(listed=rows(least=2), mended=rows(bad=False, least=6))
def test_rows_mended_by_hand_are_those_of_a_mended_file(listed: list[Row], mended: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        one, two = (Company(made(folder, name)) for name in ("one", "two"))
        load(one, listed)
        right = {row["id"]: {**new, "id": row["id"]} for row, new in zip(listed, mended, strict=False)}
        waiting = quarantine.quarantined(one.lake, limit=100)
        for row in waiting:
            cells: Mapping[str, str | None] = {h: cell or None for h, cell in right[row.cells["id"]].items()}
            assert release_by_hand(one.lake, row.place, cells, by="test", at=AT).released == 1
        refused = {row.cells["id"] for row in waiting}
        load(two, [right[row["id"]] if row["id"] in refused else row for row in listed])
        assert facts(one) == facts(two)


def made(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir()
    return path
