"""A place to write files and stage them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.intake.files.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a place to write files, with a DuckDB connection of small memory and two threads."""
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as connection:
        yield Bench(tmp_path, connection)
