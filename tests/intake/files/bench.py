"""A place to write files, stage them and look at what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from bokgi.intake.files import StagedFile, Staging, stage_files


@dataclass(frozen=True)
class Bench:
    """Files go to `folder`, staged tables to a folder beside them."""

    folder: Path
    connection: duckdb.DuckDBPyConnection

    def write(self, name: str, content: bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def stage_all(self, *paths: Path, encoding: str | None = None) -> Staging:
        """Stage files."""
        return stage_files(paths, work=self.folder / "work", connection=self.connection, encoding=encoding)

    def stage(self, content: bytes | str, name: str = "deals.csv", encoding: str | None = None) -> StagedFile:
        """Stage one file of one table."""
        raw = content.encode() if isinstance(content, str) else content
        (staged,) = self.stage_all(self.write(name, raw), encoding=encoding).files
        return staged

    def rows(self, staged: StagedFile) -> list[tuple[int | str | None, ...]]:
        """List the staged rows, each with its row number first."""
        return self.connection.sql(f"SELECT * FROM {staged.relation} ORDER BY _row").fetchall()

    def refused(self, staged: StagedFile) -> list[tuple[int, str, str]]:
        """List the refused records."""
        return self.connection.sql(f"SELECT * FROM {staged.rejects_relation} ORDER BY _row").fetchall()


def codes(staged: StagedFile) -> set[str]:
    """Name the findings of a table."""
    return {finding.code for finding in staged.findings}
