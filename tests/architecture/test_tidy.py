"""What must not stand in any file: addresses of package registries, paths of one machine, how a text came about."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIS = Path(__file__).resolve()
BINARY = {".png", ".jpg", ".ico", ".xlsx", ".pdf", ".parquet", ".mo", ".ttf", ".woff2", ".zip"}

REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted|files\.python|/simple/|^\s*(?:--)?(?:extra-)?index-url|--find-links"
    r"|registry\.npmjs|registry\.yarnpkg|repo1?\.maven|crates\.io|proxy\.golang|conda\.anaconda|artifactory",
    re.IGNORECASE | re.MULTILINE,
)
MACHINE = re.compile(r"/root/|/home/[a-z]+/|/Users/\w+/|C:\\\\?Users\\|/work/(?:main|shared)|/tmp/brief", re.IGNORECASE)
WORKPLACE = re.compile(
    r"\b(?:sub-?agents?|(?:AI|coding|software) agents?|language models?|LLMs?|chat ?bots?|as an AI|prompt engineering"
    r"|claude|anthropic|openai|chatgpt|copilot)\b|issues show|before-stop hook",
    re.IGNORECASE,
)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b|\braise NotImplementedError")
EXCUSE = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no cover)(?P<rest>.*)$", re.MULTILINE)
REASON = re.compile(r"^(?::\s*[A-Z0-9, ]+|\[[a-z0-9-, ]+\])?\s*(?:#|-|:)\s+\S+\s+\S+")
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "extras", "misc"}


def files() -> list[Path]:
    """List the files that git knows or would take, as text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    paths = [ROOT / name for name in listed if name]
    return [path for path in paths if path.is_file() and path != THIS and path.suffix not in BINARY]


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files()
        for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE, WORKPLACE], ids=["registries", "machine", "workplace"])
def test_no_file_names(pattern: re.Pattern[str]) -> None:
    assert found(pattern) == []


def test_nothing_in_the_code_is_left_for_later() -> None:
    assert [line for line in found(UNFINISHED) if line.split(":")[0].endswith(".py")] == []


def test_every_exception_to_a_check_has_its_reason_on_the_line() -> None:
    unreasoned = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files()
        if path.suffix == ".py"
        for match in EXCUSE.finditer(path.read_text(encoding="utf-8"))
        if not REASON.match(match["rest"])
    ]
    assert unreasoned == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [path.relative_to(ROOT) for path in files() if path.suffix == ".py"]
    assert [str(path) for path in named if VAGUE & {part.removesuffix(".py") for part in path.parts}] == []


def test_no_lock_of_another_tool_is_kept() -> None:
    assert [path.name for path in files() if path.name in {"uv.lock", "poetry.lock", "package-lock.json"}] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRIES, "--index-url https://example.org/pack"),
        (REGISTRIES, "index-url = https://example.org/pack"),
        (REGISTRIES, "https://example.org/simple/numpy"),
        (REGISTRIES, "https://files.pythonhosted.org/x.whl"),
        (MACHINE, "see /root/.cache"),
        (MACHINE, r"C:\Users\kim\bokgi"),
        (WORKPLACE, "written by a sub-agent"),
        (UNFINISHED, "# TODO: later"),
    ],
)
def test_what_must_not_stand_is_found(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


@pytest.mark.parametrize("text", ["sales_agent", "Sales Agent", "a simple case", "the index of a column"])
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert not any(pattern.search(text) for pattern in (REGISTRIES, MACHINE, WORKPLACE, UNFINISHED))


@pytest.mark.parametrize(
    ("line", "reasoned"),
    [
        ("x  # noqa: S608 - our own columns", True),
        ("x  # type: ignore[misc]  # the stubs lack it", True),
        ("x  # pragma: no cover - Windows only", True),
        ("x  # noqa: S608", False),
        ("x  # noqa", False),
        ("x  # type: ignore[misc]", False),
        ("x  # pragma: no cover", False),
    ],
)
def test_a_missing_reason_is_seen(line: str, *, reasoned: bool) -> None:
    match = EXCUSE.search(line)
    assert match is not None
    assert (REASON.match(match["rest"]) is not None) is reasoned
