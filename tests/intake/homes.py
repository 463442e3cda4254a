"""A home for tests of imports: small CSV files as text, mappings by hand, results as plain rows."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from bokgi.domain.stage import StageKind
from bokgi.facts.lake import Lake
from bokgi.intake.files import stage_files
from bokgi.intake.importing import ImportResult, import_files
from bokgi.intake.mapping.model import ColumnMapping, Entity, FileMapping, FoundBy, StageDefinition, StageFoundBy
from bokgi.intake.plan import Exported, ExportedBy, ImportPlan, PlannedFile
from bokgi.intake.workbench import Workbench

AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
LADDER: Final = tuple(
    StageDefinition("default", name, name, order, kind, "given", StageFoundBy.HAND)
    for order, (name, kind) in enumerate(
        (
            ("Talk", StageKind.OPEN),
            ("Offer", StageKind.OPEN),
            ("Won", StageKind.WON),
            ("Lost", StageKind.LOST),
        ),
        start=1,
    )
)
DEALS: Final = {
    "id": "deals.deal_id",
    "name": "deals.name",
    "account": "deals.account_name",
    "owner": "deals.owner_name",
    "stage": "deals.stage",
    "amount": "deals.amount",
    "created": "deals.created",
    "closed": "deals.closed",
    "region": "attributes",
}
"""Headers of the deals files that tests write, and what they feed."""


def mapping(name: str, entity: Entity, columns: Mapping[str, str], **more: object) -> FileMapping:
    """Map a file by hand: header → field, or field and format parted by a bar."""
    listed = []
    for header, text in columns.items():
        field, _, form = text.partition(" | ")
        listed.append(ColumnMapping(header, field, FoundBy.HAND, 1.0, format=form or None))
    plain = FileMapping(name, entity, tuple(listed), "crm", name=name.partition(".")[0])
    return replace(plain, **more)  # type: ignore[arg-type] # fields of the mapping by name


def deals_mapping(name: str = "deals.csv", columns: Mapping[str, str] = DEALS, **more: object) -> FileMapping:
    """Map a deals file by hand, with the ladder of the tests."""
    more.setdefault("stages", LADDER)
    return mapping(name, Entity.DEALS, columns, **more)


def table(text: str) -> str:
    """Turn a small text table (cells parted by `|`) into CSV."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) + "\n" for row in rows)


class Company:
    """A home in a folder, and what tests do with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.lake = Lake.open(self.home, create=True)
        self._plans = 0

    def plan(self, files: Mapping[str, str], mappings: Sequence[FileMapping], on: date | datetime = AT) -> ImportPlan:
        """Plan an import of small files (name → text table), mapped by hand."""
        self._plans += 1
        there = self.folder / f"files-{self._plans}"
        there.mkdir()
        for name, text in files.items():
            (there / name).write_text(table(text), encoding="utf-8")
        work = self.folder / f"work-{self._plans}"
        with Workbench(work) as bench:
            staging = stage_files([there / name for name in files], work=work / "staged", connection=bench.connection)
        planned = tuple(
            PlannedFile(staged, next(one for one in mappings if one.file == staged.name)) for staged in staging.files
        )
        moment = on if isinstance(on, datetime) else datetime(on.year, on.month, on.day, tzinfo=UTC)
        return ImportPlan(planned, (), (), Exported(moment, ExportedBy.GIVEN), work)

    def load(
        self,
        text: str | Mapping[str, str],
        *mappings: FileMapping,
        on: date | datetime = AT,
        complete: bool = False,
        dry_run: bool = False,
    ) -> ImportResult:
        """Import one deals file (a text table), or several files with their mappings."""
        files = {"deals.csv": text} if isinstance(text, str) else text
        with self.plan(files, mappings or (deals_mapping(),), on) as plan:
            return import_files(self.lake, plan, by="test", at=AT, complete=complete, dry_run=dry_run)

    def rows(self, name: str, columns: str = "*", where: str = "true", version: int | None = None) -> list[Any]:
        """Read rows of the current state of a table, in order; one column gives plain values."""
        paths = [str(path) for path in self.lake.state(version)[name]]
        query = f"SELECT {columns} FROM read_parquet(?, union_by_name = true) WHERE {where} ORDER BY ALL"
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.execute(query, [paths]).fetchall()
        return [row[0] if len(row) == 1 else row for row in found]


def fills_up(patched: pytest.MonkeyPatch, lake: Lake) -> None:
    """Let the disk be full for the state of every version after the one that is there."""
    state, before = Lake.state, lake.version()

    def full(asked: Lake, version: int | None = None, *, until: datetime | None = None) -> dict[str, list[Path]]:
        if version is not None and version > before:
            raise OSError(errno.ENOSPC, "No space left on device")
        return state(asked, version, until=until)

    patched.setattr(Lake, "state", full)


def codes(result: ImportResult) -> dict[str, int]:
    """Give the findings of an import as code → count, summed up."""
    found: dict[str, int] = {}
    for finding in result.findings:
        found[finding.code] = found.get(finding.code, 0) + finding.count
    return found


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    """Give read, accepted, quarantined and known."""
    return (result.read, result.accepted, result.quarantined, result.known)
