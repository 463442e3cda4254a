"""One sample company for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bokgi.sample import SampleSummary, write_company
from tests.sample.exports import Columns, read
from tests.spark import spark

__all__ = ["spark"]

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    """The company as of a Monday, with the default seed."""
    return write_company(tmp_path_factory.mktemp("sample"), today=TODAY)


@pytest.fixture(scope="session")
def table(sample: SampleSummary) -> Callable[[str], Columns]:
    """Read a file of the sample, each once."""
    kept: dict[str, Columns] = {}

    def load(name: str) -> Columns:
        if name not in kept:
            kept[name] = read(sample.folder, name)
        return kept[name]

    return load
