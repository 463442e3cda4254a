"""The days of a round."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps.evaluation.rounds import Go


@pytest.fixture
def go(home: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Move to a day."""
    del home
    return lambda day: monkeypatch.setenv("BOKGI_TODAY", day.isoformat())
