"""Fixtures for the tests of mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.mapping.small_files import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a folder and a connection that is closed afterwards."""
    bench = Bench(tmp_path)
    yield bench
    bench.connection.close()
