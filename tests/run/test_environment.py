"""run.py: which environment, and what is said when it cannot be made; without installing anything."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bootstrap import environment
from bootstrap.environment import Environment, SetUpError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POSIX = pytest.mark.skipif(os.name == "nt", reason="writes small POSIX programs")


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
