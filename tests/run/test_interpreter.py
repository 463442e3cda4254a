"""run.py: which words, and which Python; without installing anything."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from bootstrap import interpreter, jobs
from bootstrap.messages import TEXTS, language

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="writes small POSIX programs")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_values(key: str) -> None:
    assert set(TEXTS[key]) == {"en", "ko"}
    assert all(text.strip() for text in TEXTS[key].values())
    assert fields(TEXTS[key]["en"]) == fields(TEXTS[key]["ko"])
    assert TEXTS[key]["en"].count("\n") == TEXTS[key]["ko"].count("\n")


@pytest.mark.parametrize(
    ("variables", "system", "expected"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "", "ko"),
        ({"LANG": "en_US.UTF-8"}, "Korean_Korea.949", "en"),
        ({"LANG": "C.UTF-8"}, "", "ko"),
        ({"LANG": "C.UTF-8", "BOKGI_LANG": "en"}, "", "en"),
        ({}, "English_United States.1252", "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko_KR.UTF-8"}, "", "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "", "ko"),
        ({"LANG": "ko_KR.UTF-8", "BOKGI_LANG": "en"}, "", "en"),
        ({}, "Korean_Korea.949", "ko"),
        ({}, "", "ko"),
    ],
)
def test_the_language_follows_the_locale(variables: dict[str, str], system: str, expected: str) -> None:
    assert language(variables, system) == expected


def test_help_names_every_job(capsys: pytest.CaptureFixture[str]) -> None:
    assert jobs.run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert {name for name in jobs.JOBS if f"run.py {name}" not in shown} == {"start"}


@pytest.mark.parametrize(
    "file", ["run.py", "bootstrap/__init__.py", "bootstrap/interpreter.py", "bootstrap/messages.py"]
)
def test_an_old_python_can_read_what_tells_it_that_it_is_too_old(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"), feature_version=(3, 6))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]


@pytest.mark.parametrize(
    ("version", "expected"), [((3, 10), False), ((3, 11, 7), True), ((3, 14), True), ((3, 15), False), ((2, 7), False)]
)
def test_only_some_pythons_fit(version: tuple[int, ...], *, expected: bool) -> None:
    assert interpreter.fits(version) is expected


def test_the_newest_python_is_tried_first_and_the_launcher_on_windows() -> None:
    posix = [["python3.14"], ["python3.13"], ["python3.12"], ["python3.11"]]
    assert interpreter.candidates(windows=False) == posix
    assert interpreter.candidates(windows=True) == [*posix, *(["py", f"-3.{minor}"] for minor in (14, 13, 12, 11))]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put small programs on a path where nothing else is."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def write(name: str, lines: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
        (folder / name).chmod(0o755)

    return write


@POSIX
def test_a_placeholder_is_no_python(program: Callable[[str, str], None]) -> None:
    program("python3.14", "echo 'version 3.14 is not installed' >&2; exit 127")
    program("python3.13", "echo 3 10 /old/python")
    program("python3.12", "echo 3 12 /a folder/python3.12")
    assert interpreter.find() == "/a folder/python3.12"


@POSIX
def test_uv_is_asked_last_and_fetches_what_is_missing(program: Callable[[str, str], None], tmp_path: Path) -> None:
    program("fetched", "echo 3 13 /fetched/python3.13")
    fetched = tmp_path / "programs" / "fetched"
    marker = tmp_path / "installed"
    program(
        "uv",
        f'case "$2" in install) : > {marker} ;; find) [ -e {marker} ] && echo {fetched} || exit 2 ;; esac',
    )
    assert interpreter.find() == "/fetched/python3.13"
    assert marker.exists()


@POSIX
@pytest.mark.usefixtures("program")
def test_without_a_fitting_python_run_says_which_it_needs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOKGI_LANG", "en")
    assert interpreter.hand_over("run.py", []) == 3
    assert "Bokgi needs Python 3.11 to 3.14" in capsys.readouterr().err


def test_the_job_is_handed_over_once_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[list[str], dict[str, str]]] = []

    def call(command: list[str], env: dict[str, str]) -> int:
        called.append((command, env))
        return 7

    monkeypatch.setattr(interpreter, "find", lambda: "/fitting/python")
    monkeypatch.setattr(subprocess, "call", call)
    assert interpreter.hand_over("run.py", ["test", "-x"]) == 7
    command, handed = called[0]
    assert command == ["/fitting/python", "run.py", "test", "-x"]
    monkeypatch.setattr(os, "environ", handed)
    assert interpreter.hand_over("run.py", []) == 3
    assert len(called) == 1
