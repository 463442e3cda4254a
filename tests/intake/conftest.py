"""Fixtures for tests of imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.intake.homes import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Give an empty home."""
    return Company(tmp_path)
