"""run.py: which job, with which arguments; without starting anything."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from bootstrap import jobs
from bootstrap.environment import SetUpError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Note what would be started instead of starting it."""
    noted: list[tuple[str, ...]] = []

    def python(*arguments: str | Path) -> int:
        noted.append(tuple(map(str, arguments)))
        return 1 if "mypy" in arguments else 0

    class Command:
        """A command that is pressed Ctrl-C upon once, and ends by itself."""

        def __init__(self, command: list[str], env: dict[str, str]) -> None:
            noted.append((env["BOKGI_LANG"], *command[1:]))
            self.pressed = False

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """Leave nothing behind."""

        def wait(self) -> int:
            if not self.pressed:
                self.pressed = True
                raise KeyboardInterrupt
            return 0

    monkeypatch.setattr(jobs, "python", python)
    monkeypatch.setattr(subprocess, "Popen", Command)
    monkeypatch.setattr(jobs, "ensure", lambda _place, level: noted.append(("ensure", level)))
    monkeypatch.setenv("BOKGI_LANG", "en")
    monkeypatch.delenv("BOKGI_NO_SKIPS", raising=False)
    return noted


@pytest.mark.parametrize("options", [[], ["--port", "8300"], ["--no-browser"]])
def test_without_a_command_the_sample_company_is_made_and_served(
    started: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("CI", raising=False)
    assert jobs.run(options) == 0
    assert started == [
        ("ensure", "run"),
        ("en", "-m", "bokgi.cli", "sample", "--home", "sample-home"),
        ("ensure", "run"),
        ("en", "-m", "bokgi.cli", "serve", "--home", "sample-home", *options),
    ]


def test_where_nobody_could_end_it_nothing_is_served(
    started: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("CI", "1")
    assert jobs.run([]) == 0
    assert started == [("ensure", "run"), ("en", "-m", "bokgi.cli", "sample", "--home", "sample-home")]


def test_bokgi_gets_its_arguments_and_the_language(started: list[tuple[str, ...]]) -> None:
    assert jobs.run(["bokgi", "import", "deals.csv"]) == 0
    assert started == [("ensure", "run"), ("en", "-m", "bokgi.cli", "import", "deals.csv")]


def test_arguments_of_test_go_to_pytest(started: list[tuple[str, ...]]) -> None:
    assert jobs.run(["test", "-k", "ledger"]) == 0
    assert started[0] == ("ensure", "test")
    assert started[1][:2] == ("-m", "pytest")
    assert started[1][-2:] == ("-k", "ledger")


def test_where_no_test_may_be_skipped_everything_optional_is_installed(
    started: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_NO_SKIPS", "1")
    assert jobs.run(["test"]) == 0
    assert started[0] == ("ensure", "ci")
    covered, others = started[1:]
    assert "--cov" in covered
    assert "tests/facts" in covered
    assert "--cov" not in others
    assert {word.removeprefix("--ignore=") for word in others if "--ignore=" in word} == {
        word for word in covered if word.startswith(("tests/", "src/"))
    }


def test_tests_that_are_named_run_by_themselves_and_are_not_measured(
    started: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_NO_SKIPS", "1")
    assert jobs.run(["test", "tests/facts"]) == 0
    assert started[0] == ("ensure", "ci")
    assert [(line[-1], "--cov" in line) for line in started[1:]] == [("tests/facts", False)]


def test_coverage_is_measured_once_where_the_tests_measured_it(
    started: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def measured() -> bool:
        started.clear()
        assert jobs.coverage() == 0
        return any("pytest" in line for line in started)

    monkeypatch.setattr(jobs, "ROOT", tmp_path)
    assert measured()
    monkeypatch.setenv("BOKGI_NO_SKIPS", "1")
    assert measured()
    (tmp_path / ".coverage").touch()
    assert not measured()
    started.clear()
    assert dict(jobs.checks())["messages, documents, borders"]() == 0
    assert not started


def test_check_goes_on_after_a_failure_and_names_it(
    started: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert jobs.run(["check"]) == 1
    assert capsys.readouterr().out.endswith("failed: mypy\n")
    assert [part for part in jobs.COVERED if any(f"--include=src/bokgi/{part}/*" in line for line in started)] == list(
        jobs.COVERED
    )


def test_check_runs_the_named_checks_only(started: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]) -> None:
    assert jobs.run(["check", "ruff format"]) == 0
    assert started[1:] == [("-m", "ruff", "format", "--check", ".")]
    assert "All 1 checks passed." in capsys.readouterr().out


def test_an_unknown_check_is_not_passed(started: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]) -> None:
    assert jobs.run(["check", "mypi"]) == jobs.USAGE
    assert '"ruff check"' in capsys.readouterr().err
    assert not started


def test_an_unknown_command_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert jobs.run(["tset"]) == jobs.USAGE
    assert "start, sample, test, check" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "code"), [(SetUpError("no_network", "no connection"), jobs.SET_UP_FAILED), (KeyboardInterrupt(), 130)]
)
def test_a_failed_set_up_ends_with_its_own_code(
    fault: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Sequence[str]) -> int:
        raise fault

    monkeypatch.setitem(jobs.JOBS, "start", fail)
    assert jobs.run([]) == code
    assert capsys.readouterr().err.strip()


def test_what_is_compiled_is_kept_whatever_the_container_says(
    started: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert jobs.run(["test"]) == 0
    assert started[0] == ("ensure", "test")
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
