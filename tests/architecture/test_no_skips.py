"""Where everything optional is installed, a skipped test is a failed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SUITE = """
import pytest

def test_skips_itself():
    pytest.skip("no Java here")

@pytest.mark.skipif(True, reason="no R here")
def test_is_skipped_by_a_mark():
    raise AssertionError

@pytest.mark.xfail(reason="upstream's turn", raises=AssertionError)
def test_is_expected_to_fail():
    assert False

def test_passes():
    assert True
"""
SKIPPED_FILE = 'import pytest\n\npytest.importorskip("no_such_module_anywhere")\n'


def run(folder: Path, *, forbidden: bool) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("BOKGI_", "COV_", "DJANGO_", "PYTEST_"))
    }
    environment["BOKGI_NO_SKIPS"] = "1" if forbidden else "0"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "."]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    return tmp_path


def test_a_skip_fails_where_skips_are_forbidden(suite: Path) -> None:
    done = run(suite, forbidden=True)
    assert done.returncode == 1
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in done.stdout
    assert "this was skipped: Skipped: no Java here" in done.stdout
    assert "no R here" in done.stdout


def test_a_skip_is_a_skip_elsewhere(suite: Path) -> None:
    done = run(suite, forbidden=False)
    assert done.returncode == 0
    assert "1 passed, 2 skipped, 1 xfailed" in done.stdout


def test_a_file_that_skips_itself_fails_where_skips_are_forbidden(tmp_path: Path) -> None:
    (tmp_path / "test_whole.py").write_text(SKIPPED_FILE, encoding="utf-8")
    assert run(tmp_path, forbidden=True).returncode != 0
    assert "1 skipped" in run(tmp_path, forbidden=False).stdout
