"""The borders hold, and each of them has been seen to hold: broken once on purpose in a copy."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]

# Contract, file that breaks it, what the file says.
BREAKS = [
    ("river", "domain/broken.py", "import bokgi.facts.schema"),
    ("river", "facts/broken.py", "import bokgi.intake"),
    ("river", "intake/broken.py", "import bokgi.analysis"),
    ("river", "analysis/broken.py", "import bokgi.ui"),
    ("river", "ui/broken.py", "import bokgi.apps.data"),
    ("river", "questions/broken.py", "import bokgi.apps.data"),
    ("river", "apps/data/broken.py", "import bokgi.project"),
    ("river", "project/broken.py", "import bokgi.cli"),
    ("river", "homeless/__init__.py", "import bokgi.domain"),
    ("apps", "apps/jobs/broken.py", "import bokgi.apps.access"),
    ("apps", "apps/access/broken.py", "import bokgi.apps.data"),
    ("apps", "apps/data/broken.py", "import bokgi.apps.planning"),
    ("apps", "apps/pipeline/broken.py", "import bokgi.apps.planning"),
    ("apps", "apps/planning/broken.py", "import bokgi.apps.forecast"),
    ("apps", "apps/reviews/broken.py", "import bokgi.apps.health"),
    ("apps", "apps/coaching/broken.py", "import bokgi.apps.evaluation"),
    ("apps", "apps/reviews/broken.py", "import bokgi.apps.coaching"),
    ("apps", "apps/homeless/__init__.py", "import bokgi.domain"),
    ("analysis-sees-schema", "analysis/broken.py", "import bokgi.facts.another"),
    ("analysis-sees-schema", "analysis/deeper/__init__.py", "from bokgi.facts.another import anything"),
    ("analysis-pure", "analysis/broken.py", "import duckdb"),
    ("analysis-pure", "analysis/broken.py", "from pathlib import Path"),
    ("analysis-pure", "analysis/broken.py", "import time"),
    ("analysis-pure", "analysis/broken.py", "import urllib.request"),
    ("ui-sees-domain", "ui/broken.py", "import bokgi.facts.schema"),
    ("sample-is-an-outsider", "sample/broken.py", "import bokgi.facts.schema"),
    ("no-web-below-apps", "intake/broken.py", "from django.db import models"),
    ("no-web-below-apps", "ui/broken.py", "import django"),
]


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache", "--config", str(ROOT / "pyproject.toml"), *chosen]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the folders without their contents, and two children of facts, one of which analysis may not see."""
    for package in (ROOT / "src" / "bokgi").rglob("__init__.py"):
        copied = tmp_path / package.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text("", encoding="utf-8")
    for child in ("schema.py", "another.py"):
        (tmp_path / "src" / "bokgi" / "facts" / child).write_text("anything = 1\n", encoding="utf-8")
    return tmp_path


def test_every_contract_is_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(SETTINGS['contracts'])} kept, 0 broken." in done.stdout


def test_the_copy_breaks_no_contract(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


def test_analysis_may_see_the_schema(copy: Path) -> None:
    (copy / "src" / "bokgi" / "analysis" / "question.py").write_text("import bokgi.facts.schema\n", encoding="utf-8")
    assert lint(copy).returncode == 0


@pytest.mark.parametrize(("contract", "file", "line"), BREAKS)
def test_a_broken_contract_is_reported(copy: Path, contract: str, file: str, line: str) -> None:
    path = copy / "src" / "bokgi" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{line}\n", encoding="utf-8")
    done = lint(copy, contract)
    assert done.returncode == 1, done.stdout
    assert "0 kept, 1 broken" in done.stdout
    assert ".".join(["bokgi", *Path(file).with_suffix("").parts]).removesuffix(".__init__") in done.stdout


def test_every_contract_is_broken_once() -> None:
    assert {contract for contract, _, _ in BREAKS} == {contract["id"] for contract in SETTINGS["contracts"]}


def test_no_forbidden_contract_names_an_ancestor_of_its_source() -> None:
    for contract in SETTINGS["contracts"]:
        for source in contract.get("source_modules", []):
            ancestors = {".".join(source.split(".")[:end]) for end in range(1, source.count(".") + 2)}
            assert not ancestors & set(contract["forbidden_modules"]), contract["name"]


CLOCK_READERS = [
    "from datetime import date\n\nTODAY = date.today()\n",
    "import datetime as dt\n\nNOW = dt.datetime.now(dt.UTC)\n",
    "from datetime import datetime\n\nNOW = datetime.utcnow()\n",
    "import time\n\nNOW = time.time()\n",
]


def ruff(source: str, as_file: str) -> str:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"]
    command += ["--select", "TID251", "--stdin-filename", str(ROOT / as_file), "-"]
    done = subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("source", CLOCK_READERS)
def test_the_clock_is_read_at_the_edge_only(source: str) -> None:
    assert "TID251" in ruff(source, "src/bokgi/facts/clock.py")
    assert "TID251" in ruff(source, "tests/facts/test_clock.py")
    assert "TID251" not in ruff(source, "src/bokgi/cli/clock.py")
