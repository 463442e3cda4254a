"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bokgi.facts.model import Facts
from tests import cast


@pytest.fixture
def facts_of() -> Callable[..., Facts]:
    """Turn small text tables into facts; see `tests.cast.facts_of`."""
    return cast.facts_of
