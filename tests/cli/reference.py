"""The page of the command line, made from its own help: `python -m tests.cli.reference` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from typer.core import TyperCommand, TyperGroup

from bokgi.cli.faults import EXIT_CODES, MEANINGS
from bokgi.cli.layout import text_of
from bokgi.cli.program import build

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
_MADE = "<!-- Made from the help by `python -m tests.cli.reference`; change the source instead. -->"


def commands(command: TyperCommand | TyperGroup, path: str) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """Give a command and all below it, each with how it is called."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def page() -> str:
    """Write the help of every command, and the exit codes."""
    lines = ["# Command line", "", _MADE, ""]
    lines += [
        'With `--format json` an answer is one JSON document on stdout, an error too: `{"error": {…}}`. An import that',
        "stops at a question has `mapping[]` and `questions[]` in it; one whose `suggestion` is null wants `--answer`.",
        "",
    ]
    lines += ["## Exit codes", "", "| code | family of error | meaning |", "|--:|---|---|", "| 0 | | success |"]
    lines += [f"| {code} | {family} | {MEANINGS[family]} |" for family, code in EXIT_CODES.items()]
    for path, command in commands(build("en"), "bokgi"):
        lines += ["", f"## {path}", "", "```text", text_of(command, path, "en", width=100, colour=False), "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
