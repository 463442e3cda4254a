"""The refused records of a file, written to Parquet as they come."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.careful import Refused
from bokgi.intake.sql import literal

_SCHEMA: Final = pa.schema([("_row", pa.int64()), ("raw", pa.string()), ("problem", pa.string())])
_BATCH: Final = 10_000
_EXAMPLES: Final = 5
_LONGEST_EXAMPLE: Final = 200

_TEXTS: Final = {
    "too_few_cells": N_("{n} {n:record has|records have} fewer cells than the header."),
    "too_many_cells": N_("{n} {n:record has|records have} more cells than the header."),
    "broken_quotes": N_("{n} {n:line has|lines have} quotes that do not close."),
    "undecodable": N_("{n} {n:record holds|records hold} bytes that are no text in this encoding."),
}


class Rejects:
    """Collects refused records; `path` holds them once closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[Example]] = {}
        self._held: list[Refused] = []
        self._writer: Any = pq.ParquetWriter(path, _SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        self._writer.close()

    @property
    def total(self) -> int:
        """Count the refused records."""
        return sum(self.counts.values())

    def add(self, refused: Refused) -> None:
        """Set one record aside."""
        self.counts[refused.problem] += 1
        shown = self.examples.setdefault(refused.problem, [])
        if len(shown) < _EXAMPLES:
            shown.append(Example(row=refused.row, value=refused.raw[:_LONGEST_EXAMPLE]))
        self._held.append(refused)
        if len(self._held) >= _BATCH:
            self._write()

    def add_query(self, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        """Set aside all records that a query gives as `_row`, `raw`, `problem`."""
        reader = connection.sql(query).to_arrow_reader(_BATCH)
        for batch in reader:
            self._writer.write_batch(batch.cast(_SCHEMA))
            for row, raw, problem in zip(*(column.to_pylist() for column in batch.slice(0, _EXAMPLES)), strict=True):
                shown = self.examples.setdefault(problem, [])
                if len(shown) < _EXAMPLES:
                    shown.append(Example(row=row, value=raw[:_LONGEST_EXAMPLE]))
            for entry in batch.column("problem").value_counts():
                self.counts[entry["values"].as_py()] += entry["counts"].as_py()

    def findings(self, file: str) -> tuple[Finding, ...]:
        """Give one finding per problem."""
        found = []
        for problem, n in sorted(self.counts.items()):
            places = tuple(Example(file, e.row, None, e.value) for e in self.examples.get(problem, ()))
            found.append(Finding(problem, Severity.ERROR, Message(_TEXTS[problem], {"n": n}), n, places))
        return tuple(found)

    def _write(self) -> None:
        if self._held:
            rows = [{"_row": one.row, "raw": one.raw, "problem": one.problem} for one in self._held]
            self._writer.write_table(pa.Table.from_pylist(rows, _SCHEMA))
            self._held.clear()


def rows_of(connection: duckdb.DuckDBPyConnection, path: Path) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Read the record numbers of refused records, in order."""
    return connection.execute(f"SELECT _row FROM read_parquet({literal(str(path))}) ORDER BY _row").fetchnumpy()["_row"]
