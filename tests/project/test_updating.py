"""Programs of one home that start together bring its database up to date one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from bokgi.domain.errors import ConflictError
from bokgi.facts.locks import Lock
from bokgi.project import TURN, processes
from tests.unmeasured import unmeasured

STARTED = """
import sys
from pathlib import Path
from bokgi.project import processes
processes.set_up(Path(sys.argv[1]))
processes.prepare()
"""


def test_two_that_start_together_both_come_up(tmp_path: Path) -> None:
    words = [sys.executable, "-c", STARTED, str(tmp_path / "home")]
    started = [subprocess.Popen(words, stderr=subprocess.PIPE, env=unmeasured()) for _ in range(2)]
    assert [(one.communicate()[1], one.returncode) for one in started] == [(b"", 0)] * 2


def test_who_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    monkeypatch.setattr(processes, "_TURN_SECONDS", 0.0)
    with Lock(tmp_path / TURN) as other:
        assert other.acquire()
        with pytest.raises(ConflictError, match="database up to date"):
            processes.migrate()
