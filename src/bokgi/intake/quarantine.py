"""Rows in quarantine: look at them, and take them in or dismiss them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.intake.judging.refused import waiting
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench, after_commit, told_apart
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import compared

REASONS: Final = {
    "amount_malformed": N_("Amount cannot be read"),
    "amount_negative": N_("Amount is negative"),
    "boolean_malformed": N_("Neither yes nor no"),
    "broken_quotes": N_("Quotes that do not close"),
    "closed_before_created": N_("Closed before it was created"),
    "created_in_future": N_("Created after the export"),
    "currency_unknown": N_("Unknown currency"),
    "date_malformed": N_("Date cannot be read"),
    "date_out_of_range": N_("Date before 1970 or after 2200"),
    "deal_unknown": N_("Deal that is nowhere"),
    "header_within": N_("Below the header of another table"),
    "id_repeated": N_("The same id again with other values"),
    "left_before_entered": N_("Left before it was entered"),
    "name_shared": N_("Name of several people: write an e-mail address or an id in place of it"),
    "name_with_titles": N_("One name with different titles: one person or two?"),
    "number_malformed": N_("Number cannot be read"),
    "owner_unknown": N_("Owner who is not on the list of people"),
    "period_malformed": N_("Period cannot be read"),
    "probability_malformed": N_("No probability"),
    "rate_not_positive": N_("Exchange rate of zero or less"),
    "stage_missing": N_("Open deal in no stage"),
    "stage_unknown": N_("Stage that is not on the list"),
    "target_contradicted": N_("Another row gives the same target otherwise"),
    "target_of_nobody": N_("Nobody's target"),
    "too_few_cells": N_("Fewer cells than the header"),
    "too_many_cells": N_("More cells than the header"),
    "undecodable": N_("Not text in the file's encoding"),
    "value_missing": N_("A needed cell is empty"),
}
"""Why a row waits in quarantine; a code that is not here is shown as it is."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stands in quarantine: the import that refused it, the file, the row as a person counts it."""

    import_no: int
    file: str
    row: int


def mapped_as(file: str) -> str:
    """Name a file of quarantine as its mapping does.

    >>> mapped_as("deals.xlsx#June"), mapped_as("deals.csv")
    ('deals.xlsx › June', 'deals.csv')
    """
    return file.replace("#", " › ")


@dataclass(frozen=True)
class RefusedRow:
    """One row in quarantine: its text by header, and what was found (`code`, `column`, `value`)."""

    place: Place
    cells: Mapping[str, str]
    findings: tuple[Mapping[str, str | None], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the rules that refused it."""
        return tuple(str(finding["code"]) for finding in self.findings)

    @property
    def is_unread(self) -> bool:
        """Tell whether it is a record without cells under headers: its whole text stands under the empty one."""
        return not any(self.cells)

    def as_json(self) -> dict[str, Any]:
        """Give the row with its findings."""
        return {
            "import_no": self.place.import_no,
            "file": self.place.file,
            "row": self.place.row,
            "cells": dict(self.cells),
            "findings": [dict(finding) for finding in self.findings],
        }


@dataclass(frozen=True)
class Reason:
    """One kind of finding among the rows of one file that wait: how many rows, in which column, some texts refused."""

    code: str
    file: str
    import_no: int
    rows: int
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """Which rows to look at: of one import, refused by one rule, with a text in any of their cells."""

    import_no: int | None = None
    code: str = ""
    find: str = ""

    @property
    def sql(self) -> str:
        """Give the condition."""
        conditions = []
        if self.import_no is not None:
            conditions.append(f"import_no = {self.import_no}")
        if self.code:
            conditions.append(f"list_contains(findings::JSON ->> '$[*].code', {literal(self.code)})")
        if self.find:
            cell = f"contains(lower(cell), lower({literal(self.find)}))"
            conditions.append(f"len(list_filter(raw::JSON ->> '$.*', lambda cell: {cell})) > 0")
        return " AND ".join(conditions) or "true"


@dataclass(frozen=True)
class Seen:
    """How many rows wait and why, the most frequent reason first; how many of them are wanted, and some of those."""

    waiting: int = 0
    reasons: tuple[Reason, ...] = ()
    total: int = 0
    rows: tuple[RefusedRow, ...] = ()


_VALUES_SHOWN: Final = 3
_FINDINGS: Final = '[{"code": "VARCHAR", "column": "VARCHAR", "value": "VARCHAR"}]'


def look(lake: Lake, wanted: Wanted, *, limit: int | None, offset: int = 0) -> Seen:
    """Look at the rows that wait in quarantine, however many they are; without a limit all that are wanted.

    An offset behind the last of them gives the last rows, as many as the limit puts on a page.
    """
    held = Held.of(lake, None)
    if "quarantine" not in held.now:
        return Seen()
    with Workbench() as bench:
        rows = waiting(held)
        reasons = bench.rows(
            f"""WITH told AS (
                    SELECT import_no, file, row, unnest(from_json(findings, {literal(_FINDINGS)})) AS one FROM {rows}
                ), texts AS (
                    SELECT one.code, file, import_no, nullif(one.value, '') AS value, min(row) AS first,
                        arg_min(coalesce(one."column", ''), row) AS header
                    FROM told GROUP BY ALL
                ), counted AS (
                    SELECT one.code, file, import_no, count(DISTINCT row) AS n FROM told GROUP BY ALL
                )
                SELECT code, file, import_no, any_value(n), arg_min(header, first),
                    (list(value ORDER BY first, value) FILTER (value IS NOT NULL))[:{_VALUES_SHOWN}]
                FROM counted JOIN texts USING (code, file, import_no)
                GROUP BY code, file, import_no ORDER BY any_value(n) DESC, import_no, file, min(first), code"""
        )
        total = bench.number(f"SELECT count(*) FROM {rows} WHERE {wanted.sql}")
        many = bench.number(f"SELECT count(*) FROM {rows}")
        if limit is not None:
            offset = min(offset, max(total - 1, 0) // limit * limit)
        listed = _listed(bench, rows, wanted, limit, offset)
    told = [
        Reason(code, file, number, n, column, tuple(texts or ())) for code, file, number, n, column, texts in reasons
    ]
    return Seen(many, tuple(told), total, tuple(listed))


def _listed(bench: Workbench, rows: str, wanted: Wanted, limit: int | None, offset: int) -> list[RefusedRow]:
    cut = "" if limit is None else f"LIMIT {limit} OFFSET {offset}"
    found = bench.rows(
        f"""SELECT import_no, file, row, raw, findings FROM {rows} WHERE {wanted.sql}
            ORDER BY import_no, file, row {cut}"""
    )
    return [
        RefusedRow(Place(number, file, row), json.loads(raw), tuple(json.loads(findings)))
        for number, file, row, raw, findings in found
    ]


def quarantined(lake: Lake, *, import_no: int | None = None, limit: int = 1000, offset: int = 0) -> list[RefusedRow]:
    """List rows that wait in quarantine, by import, file and row."""
    held = Held.of(lake, None)
    if "quarantine" not in held.now:
        return []
    with Workbench() as bench:
        return _listed(bench, waiting(held), Wanted(import_no), limit, offset)


def kept(lake: Lake, imports: Sequence[int]) -> list[RefusedRow]:
    """List the rows that imports put into quarantine, those too that have left it."""
    held = Held.of(lake, None)
    if "quarantine" not in held.now or not imports:
        return []
    with Workbench() as bench:
        listed = ", ".join(map(str, imports))
        rows = f"(SELECT * FROM {held.now['quarantine']} WHERE import_no IN ({listed}))"
        return _listed(bench, rows, Wanted(), None, 0)


def count(lake: Lake, *, import_no: int | None = None, code: str = "") -> int:
    """Count the rows that wait in quarantine, of one import or all; with `code` those that this rule refused."""
    held = Held.of(lake, None)
    if "quarantine" not in held.now:
        return 0
    with Workbench() as bench:
        return bench.number(f"SELECT count(*) FROM {waiting(held)} WHERE {Wanted(import_no, code).sql}")


def namesakes(lake: Lake, row: RefusedRow) -> dict[str, str]:
    """Say for each cell that names somebody by a name of several who these are, by e-mail address or id."""
    cells = {
        str(finding["column"]): str(finding["value"]) for finding in row.findings if finding["code"] == "name_shared"
    }
    held = Held.of(lake, None)
    if not cells or not {"identities", "people"} <= held.now.keys():
        return {}
    found: dict[str, str] = {}
    with Workbench() as bench:
        for header, text in cells.items():
            # A title may stand behind the name.
            rows = bench.rows(
                f"""SELECT string_agg(DISTINCT mark, ' / ' ORDER BY mark) FROM (
                        SELECT i.key, {compared("i.name")} AS name, coalesce(i.email, p.source_id, i.key) AS mark
                        FROM {held.now["identities"]} AS i LEFT JOIN {held.now["people"]} AS p ON p.person_id = i.key
                        WHERE i.kind = 'person' AND contains({compared(literal(text))}, {compared("i.name")})
                    ) GROUP BY name HAVING count(DISTINCT key) > 1 ORDER BY length(name) DESC LIMIT 1"""
            )
            if rows:
                found[header] = str(rows[0][0])
    return found


def refused_row(lake: Lake, place: Place) -> RefusedRow:
    """Give one row that waits in quarantine; `NotFoundError` (`row_not_in_quarantine`) where there is none."""
    held = Held.of(lake, None)
    rows: Sequence[tuple[Any, ...]] = []
    if "quarantine" in held.now:
        with Workbench() as bench:
            rows = bench.rows(
                f"SELECT raw, findings FROM {waiting(held)} WHERE import_no = ? AND file = ? AND row = ?",
                [place.import_no, place.file, place.row],
            )
    if not rows:
        raise NotFoundError(
            "row_not_in_quarantine",
            Message(
                N_("Row {row} of {file} from import {import_no} does not wait in quarantine."),
                {"row": place.row, "file": place.file, "import_no": place.import_no},
            ),
        )
    raw, findings = rows[0]
    return RefusedRow(place, json.loads(raw), tuple(json.loads(findings)))


def dismiss(lake: Lake, places: Sequence[Place], *, by: str, at: datetime) -> int:
    """Take rows out of quarantine without taking them in; gives the lake version.

    Raises `NotFoundError` where one of them does not wait there.
    """
    for place in places:
        refused_row(lake, place)
    with told_apart(), lake.begin() as writing:
        writing.write("releases", releases([(place, "dismissed") for place in places]))
        version = writing.commit(Entry(kind="release", source="quarantine", by=by, at=at))
    with after_commit(writing.import_no, "change"):
        lake.state(version)
    return version


def releases(rows: Sequence[tuple[Place, str]]) -> pa.Table:
    """Give rows of `releases`, without import_no."""
    return pa.table(
        {
            "quarantined_by": pa.array([place.import_no for place, _ in rows], pa.int64()),
            "file": pa.array([place.file for place, _ in rows], pa.string()),
            "row": pa.array([place.row for place, _ in rows], pa.int64()),
            "how": pa.array([how for _, how in rows], pa.string()),
        }
    )
