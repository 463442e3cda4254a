"""run.py: which Python, which environment, which words; without installing anything."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Self

import pytest

from bootstrap import environment, interpreter, jobs
from bootstrap.environment import Environment, SetUpError
from bootstrap.messages import TEXTS, language

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[1]
POSIX = pytest.mark.skipif(os.name == "nt", reason="writes small POSIX programs")


# ------------------------------------------------------------------ words


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


# ------------------------------------------------------------------ which Python


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


# ------------------------------------------------------------------ which environment


@pytest.fixture
def made(tmp_path: Path) -> Environment:
    """Make a project folder with locks and something that looks like an environment, but no stamp."""
    place = Environment(tmp_path)
    (tmp_path / "locks").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    for level in environment.LEVELS:
        place.lock(level).write_text(f"{level}==1\n", encoding="utf-8")
    place.python.parent.mkdir(parents=True)
    place.python.write_text("", encoding="utf-8")
    return place


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Replace the installers by one that only notes what it was asked for."""
    asked: list[tuple[str, str]] = []

    def install(_place: Environment, uv: str | None, level: str) -> None:
        asked.append(("uv" if uv else "pip", level))

    def create(place: Environment, uv: str | None, _level: str) -> None:
        asked.append(("uv" if uv else "pip", "create"))
        place.python.parent.mkdir(parents=True, exist_ok=True)
        place.python.write_text("", encoding="utf-8")

    monkeypatch.setattr(environment, "install", install)
    monkeypatch.setattr(environment, "create", create)
    monkeypatch.setattr(environment, "working_uv", lambda: "/usr/bin/uv")
    monkeypatch.setattr(environment, "is_usable", lambda place, _uv: not place.mark.exists() and place.python.exists())
    return asked


@pytest.mark.usefixtures("installed")
def test_what_is_installed_is_known_from_the_stamp(made: Environment) -> None:
    assert environment.installed_level(made) is None
    environment.ensure(made, "test")
    assert environment.installed_level(made) == "test"
    assert not made.mark.exists()


def test_the_second_time_nothing_is_done(made: Environment, installed: list[tuple[str, str]]) -> None:
    environment.ensure(made, "test")
    environment.ensure(made, "test")
    environment.ensure(made, "run")
    assert installed == [("uv", "test")]


def _lock_changes(place: Environment) -> None:
    place.lock("test").write_text("test==2\n", encoding="utf-8")


def _project_changes(place: Environment) -> None:
    (place.root / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")


def _stamp_breaks(place: Environment) -> None:
    place.stamp.write_text('{"level": "te', encoding="utf-8")


def _level_is_unknown(place: Environment) -> None:
    place.stamp.write_text('{"level": "everything"}', encoding="utf-8")


def _set_up_was_interrupted(place: Environment) -> None:
    place.mark.touch()


def _python_goes(place: Environment) -> None:
    place.python.unlink()


def _folder_was_moved(place: Environment) -> None:
    text = place.stamp.read_text(encoding="utf-8")
    place.stamp.write_text(text.replace(str(place.root), str(place.root.parent / "before")), encoding="utf-8")


def _python_changes(place: Environment) -> None:
    text = place.stamp.read_text(encoding="utf-8")
    place.stamp.write_text(
        text.replace(environment.interpreter_identity(), "CPython 3.11.0 x86_64 /x"), encoding="utf-8"
    )


@pytest.mark.parametrize(
    "change",
    [
        _lock_changes,
        _project_changes,
        _stamp_breaks,
        _level_is_unknown,
        _set_up_was_interrupted,
        _python_goes,
        _folder_was_moved,
        _python_changes,
    ],
)
def test_a_change_makes_the_stamp_worthless(
    made: Environment, installed: list[tuple[str, str]], change: Callable[[Environment], None]
) -> None:
    environment.ensure(made, "test")
    change(made)
    assert environment.installed_level(made) is None
    environment.ensure(made, "test")
    assert environment.installed_level(made) == "test"
    assert installed[-1] == ("uv", "test")
    assert len(installed) > 1


def test_line_ends_do_not_make_another_lock(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x==1\ny==2\n")
    (tmp_path / "b").write_bytes(b"x==1\r\ny==2\r\n")
    (tmp_path / "c").write_bytes(b"x==1\ny==3\n")
    assert environment.digest(tmp_path / "a") == environment.digest(tmp_path / "b")
    assert environment.digest(tmp_path / "a") != environment.digest(tmp_path / "c")


def test_what_was_installed_for_tests_stays_after_a_new_lock(
    made: Environment, installed: list[tuple[str, str]]
) -> None:
    environment.ensure(made, "ci")
    made.lock("ci").write_text("ci==2\n", encoding="utf-8")
    environment.ensure(made, "run")
    assert installed == [("uv", "ci"), ("uv", "ci")]


def test_an_interrupted_set_up_never_looks_complete_and_is_made_anew(
    made: Environment, installed: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    environment.ensure(made, "run")
    with monkeypatch.context() as while_installing:
        while_installing.setattr(environment, "install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            environment.ensure(made, "test")
    assert environment.installed_level(made) is None
    environment.ensure(made, "run")
    assert installed[1:] == [("uv", "create"), ("uv", "run")]
    assert environment.installed_level(made) == "run"


@pytest.mark.parametrize(("reason", "expected"), [("no_network", ["create", "run"]), ("disk_full", None)])
def test_pip_is_tried_when_uv_cannot_unless_the_disk_is_full(
    made: Environment, monkeypatch: pytest.MonkeyPatch, reason: str, expected: list[str] | None
) -> None:
    asked: list[str] = []

    def install(_place: Environment, uv: str | None, level: str) -> None:
        if uv:
            raise SetUpError(reason, "why")
        asked.append(level)

    monkeypatch.setattr(environment, "working_uv", lambda: "/usr/bin/uv")
    monkeypatch.setattr(environment, "is_usable", lambda *_: True)
    monkeypatch.setattr(environment, "install", install)
    monkeypatch.setattr(
        environment, "create", lambda _place, uv, _level: asked.append("create" if uv is None else "no")
    )
    # The environment that uv left is removed and made anew by this replacement of create, which makes no folder.
    monkeypatch.setattr(environment, "remove", lambda _place: None)
    if expected is None:
        with pytest.raises(SetUpError, match="why"):
            environment.ensure(made, "run")
    else:
        environment.ensure(made, "run")
        assert asked == expected


def test_a_full_disk_is_said_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 3 * 10**8))
    monkeypatch.setenv("BOKGI_LANG", "en")
    with pytest.raises(SetUpError, match=r"The disk is full: 0\.3 GB free at .*, about 1\.2 GB needed"):
        environment.ensure(Environment(tmp_path), "run")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_module_venv_names_the_debian_package(made: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SetUpError, match=f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"):
        environment.create(made, None, "run")


@pytest.mark.parametrize(
    ("output", "key"),
    [
        ("OSError: [Errno 28] No space left on device", "disk_full"),
        ("error: failed to write to the cache: There is not enough space on the disk. (os error 112)", "disk_full"),
        ("Retrying ... NewConnectionError\nERROR: No matching distribution found for altair==6.3.0", "no_network"),
        ("[Errno -3] Temporary failure in name resolution", "no_network"),
        ("  Caused by: dns error\n  Caused by: failed to lookup address information", "no_network"),
        ("  Caused by: tcp connect error: Connection refused (os error 111)", "no_network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "wrong_hash"),
        ("error: Hash mismatch for `altair==6.3.0`", "wrong_hash"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "no_permission"),
        ("ERROR: No matching distribution found for altair==6.3.0", "no_package"),
        ("Because there is no version of altair==6.3.0", "no_package"),
        ("Segmentation fault", "install_failed"),
    ],
)
def test_the_output_of_an_installer_is_understood(output: str, key: str) -> None:
    assert environment.diagnose(output) == key


def test_what_is_not_understood_is_shown(made: Environment) -> None:
    found = environment.failure("Segmentation fault", 139, made, "run")
    assert found.key == "install_failed"
    assert "139" in str(found)
    assert "Segmentation fault" in str(found)


@pytest.mark.usefixtures("installed")
def test_catalogues_are_compiled_when_their_source_is_newer(made: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Sequence[str]] = []
    monkeypatch.setattr(environment, "_install", lambda command, *_: compiled.append(command))
    source = made.root / "src" / "bokgi" / "locale" / "ko" / "LC_MESSAGES" / "bokgi.po"
    source.parent.mkdir(parents=True)
    source.write_text("", encoding="utf-8")
    environment.ensure(made, "run")
    assert len(compiled) == 1
    assert "compile" in compiled[0]
    source.with_suffix(".mo").write_bytes(b"")
    os.utime(source, (1, 1))
    environment.ensure(made, "run")
    assert len(compiled) == 1


@POSIX
def test_the_lines_of_an_installer_are_kept_and_its_failure_explained(made: Environment) -> None:
    with pytest.raises(SetUpError) as caught:
        environment._install(["/bin/sh", "-c", "echo Collecting x; echo 'os error 28' >&2; exit 4"], made, "run")  # noqa: SLF001 - the one place that reads an installer
    assert caught.value.key == "disk_full"


def test_this_python_is_named_as_another_process_names_it() -> None:
    answer = subprocess.run([sys.executable, "-c", environment.IDENTITY], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == environment.interpreter_identity()


def test_an_environment_of_another_folder_or_an_unfinished_one_is_not_completed(made: Environment) -> None:
    made.python.unlink()
    made.python.symlink_to(sys.executable)
    assert environment.is_usable(made, "uv")
    made.mark.touch()
    assert not environment.is_usable(made, "uv")
    made.mark.unlink()
    made.stamp.write_text('{"root": "/elsewhere"}', encoding="utf-8")
    assert not environment.is_usable(made, "uv")


# ------------------------------------------------------------------ which job


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
    assert "--cov" in started[1]


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
