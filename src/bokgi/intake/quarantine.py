"""Rows in quarantine: look at them, and take them in or dismiss them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.facts.lake import Lake
from bokgi.facts.ledger import Entry
from bokgi.intake.judging.refused import waiting
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench, told_apart
from bokgi.intake.writing.held import Held


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stands in quarantine: the import that refused it, the file, the row as a person counts it."""

    import_no: int
    file: str
    row: int


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


def quarantined(lake: Lake, *, import_no: int | None = None, limit: int = 1000, offset: int = 0) -> list[RefusedRow]:
    """List rows that wait in quarantine, by import, file and row."""
    held = Held.of(lake, None)
    if "quarantine" not in held.now:
        return []
    where = "true" if import_no is None else f"import_no = {int(import_no)}"
    with Workbench() as bench:
        rows = bench.rows(
            f"""SELECT import_no, file, row, raw, findings FROM {waiting(held)} WHERE {where}
                ORDER BY import_no, file, row LIMIT {int(limit)} OFFSET {int(offset)}"""
        )
    return [
        RefusedRow(Place(number, file, row), json.loads(raw), tuple(json.loads(findings)))
        for number, file, row, raw, findings in rows
    ]


def count(lake: Lake, *, import_no: int | None = None, code: str = "") -> int:
    """Count the rows that wait in quarantine, of one import or all; with `code` those that this rule refused."""
    held = Held.of(lake, None)
    if "quarantine" not in held.now:
        return 0
    with Workbench() as bench:
        where = "true" if import_no is None else f"import_no = {int(import_no)}"
        refused = f"list_contains(findings::JSON ->> '$[*].code', {literal(code)})" if code else "true"
        return bench.number(f"SELECT count(*) FROM {waiting(held)} WHERE {where} AND {refused}")


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
