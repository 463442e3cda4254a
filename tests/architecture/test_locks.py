"""The locks are complete, agree with each other and with what is asked for, and hold hashes and no address."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise, product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from bootstrap.environment import LEVELS, NEEDED_BYTES

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENTRY = re.compile(
    r"^(?P<requirement>[A-Za-z0-9][^\\\n]*?)[ ]*\\\n(?P<hashes>(?:[ ]+--hash=sha256:[0-9a-f]{64}[ ]*\\?\n?)+)",
    re.MULTILINE,
)


def entries(level: str) -> dict[str, list[str]]:
    """Return the locked requirements of a level, by package."""
    found: dict[str, list[str]] = {}
    for match in ENTRY.finditer((LOCKS / f"{level}.txt").read_text(encoding="utf-8")):
        requirement = Requirement(match["requirement"])
        found.setdefault(canonicalize_name(requirement.name), []).append(str(requirement))
    return found


def asked(level: str) -> list[Requirement]:
    """Return what is asked for directly at a level."""
    lines = [
        line.partition("#")[0].strip()
        for name in LEVELS[: LEVELS.index(level) + 1]
        for line in (LOCKS / f"{name}.in").read_text(encoding="utf-8").splitlines()
    ]
    extra = PROJECT["optional-dependencies"]["spark"] if level == "ci" else []
    return [Requirement(line) for line in [*PROJECT["dependencies"], *filter(None, lines), *extra]]


CPYTHON = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
SYSTEMS = {
    "Linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "macOS": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    "Windows": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
}


def installed(level: str, where: dict[str, str]) -> dict[str, list[str]]:
    """Give the pins of a lock that one kind of machine installs."""
    locked = {name: [Requirement(text) for text in found] for name, found in entries(level).items()}
    taken = {
        name: [str(each.specifier) for each in found if each.marker is None or each.marker.evaluate(where)]
        for name, found in locked.items()
    }
    return {name: pins for name, pins in taken.items() if pins}


@pytest.mark.parametrize("level", LEVELS)
def test_everything_asked_for_is_locked_in_a_version_that_was_asked_for(level: str) -> None:
    locked = entries(level)
    for requirement in asked(level):
        pins = [Requirement(text).specifier for text in locked.get(canonicalize_name(requirement.name), [])]
        assert pins, f"{requirement} is not in locks/{level}.txt: python3 run.py lock"
        for pin in pins:
            assert requirement.specifier.contains(str(pin).removeprefix("==")), f"{requirement} is not {pin}"


@pytest.mark.parametrize("level", LEVELS)
def test_a_lock_holds_pins_with_hashes_and_nothing_else(level: str) -> None:
    text = (LOCKS / f"{level}.txt").read_text(encoding="utf-8")
    assert ENTRY.sub("", text).strip() == ""
    assert all("==" in requirement for found in entries(level).values() for requirement in found)


@pytest.mark.parametrize(("narrow", "wide"), list(pairwise(LEVELS)))
def test_a_wider_lock_holds_all_of_the_narrower_one(narrow: str, wide: str) -> None:
    for python, system in product(("3.11", "3.12", "3.13", "3.14"), SYSTEMS):
        where = {"python_version": python, "python_full_version": f"{python}.0", **CPYTHON, **SYSTEMS[system]}
        wider = installed(wide, where)
        missing = {name: pins for name, pins in installed(narrow, where).items() if wider.get(name) != pins}
        assert missing == {}, f"{system}, Python {python}"


def test_every_level_says_how_much_room_it_needs() -> None:
    assert list(NEEDED_BYTES) == list(LEVELS)
    assert sorted(NEEDED_BYTES.values()) == list(NEEDED_BYTES.values())


def test_the_interpreters_of_run_are_those_of_the_project() -> None:
    from bootstrap import interpreter  # noqa: PLC0415 - only this test compares the two

    wanted = SpecifierSet(PROJECT["requires-python"])
    minors = range(8, 20)
    assert [m for m in minors if wanted.contains(f"3.{m}")] == [m for m in minors if interpreter.fits((3, m))]
