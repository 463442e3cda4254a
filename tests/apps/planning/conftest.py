"""A home of its own for each test that writes definitions."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from tests import homes


@pytest.fixture
def own_home(written_home: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the home of the tests, so that it can be written into."""
    home = homes.copied(written_home, tmp_path / "home")
    settings.HOME = home
    monkeypatch.setenv("BOKGI_TODAY", homes.TODAY.isoformat())
    return home
