"""Small files written for a test, staged and mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from bokgi.facts.engine import connect
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.files.staging import stage_files
from bokgi.intake.mapping.detect import map_files
from bokgi.intake.mapping.model import Detection, FileMapping, Hints
from bokgi.intake.mapping.preset import Preset


@dataclass
class Bench:
    """A folder for files and a connection to look at them with."""

    folder: Path
    connection: duckdb.DuckDBPyConnection = field(default_factory=connect)

    def stage(self, texts: Mapping[str, str]) -> tuple[StagedFile, ...]:
        """Write files and stage them."""
        paths = []
        for name, text in texts.items():
            path = self.folder / name
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        return self.stage_paths(paths)

    def stage_paths(self, paths: Sequence[Path]) -> tuple[StagedFile, ...]:
        """Stage files that are there."""
        return stage_files(paths, work=self.folder / "work", connection=self.connection).files

    def map(
        self,
        texts: Mapping[str, str],
        *,
        hints: Hints | None = None,
        saved: Sequence[FileMapping] = (),
        among: Sequence[Preset] | None = None,
    ) -> Detection:
        """Write, stage and map files."""
        return map_files(self.stage(texts), connection=self.connection, hints=hints, saved=saved, among=among)

    def one(self, text: str, name: str = "data.csv", *, hints: Hints | None = None) -> FileMapping:
        """Map one file, by its headers and values alone."""
        return self.map({name: text}, hints=hints, among=()).mappings[0]


def table(headers: Sequence[str], *rows: Sequence[str]) -> str:
    """Write a small CSV, every cell quoted."""
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in (headers, *rows))


def fields(mapping: FileMapping) -> dict[str, str | list[str]]:
    """Give header → field; a list where the column feeds several."""
    found: dict[str, list[str]] = {}
    for column in mapping.columns:
        found.setdefault(column.column, []).append(column.field)
    return {header: names[0] if len(names) == 1 else names for header, names in found.items()}


def codes(detection: Detection) -> set[str]:
    """Give the codes of all findings."""
    return {finding.code for finding in detection.findings}
