"""The pages of `docs/reference/` that are made from the source, so that they cannot say anything else.

`python -m tests.architecture.reference` writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bokgi.cli.__main__ import build
from bokgi.facts import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typer.core import TyperCommand, TyperGroup

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
MADE = "<!-- Made from the source by `python -m tests.architecture.reference`; change the source instead. -->"
HEAD = ("| column | type | what it says | null means |", "|---|---|---|---|")
GRAINS = {
    schema.Grain.LEDGER: "rows change the status of an import",
    schema.Grain.STATE: "a row replaces the earlier row of its key",
    schema.Grain.EVENT: "rows stay",
    schema.Grain.DEFINITION: "rows hold from a day to a day",
}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _column(column: schema.Column) -> str:
    return f"| `{column.name}` | {column.type} | {_cell(column.meaning)} | {_cell(column.null) or 'never null'} |"


def tables() -> str:
    """Write the tables of facts: what a row is, its key, its columns with units and what null means."""
    lines = ["# Tables of facts", "", MADE, ""]
    for table in schema.TABLES.values():
        lines += [f"## {table.name}", "", f"One row is {table.row}; {GRAINS[table.grain]}."]
        lines += [f"Key: {', '.join(f'`{name}`' for name in table.key)}.", ""]
        lines += [*HEAD, *map(_column, table.columns), ""]
        added = schema.STATE_COLUMNS.get(table.name, ())
        if added:
            lines += ["Added when the table is read:", "", *HEAD, *map(_column, added), ""]
    return "\n".join(lines).rstrip() + "\n"


def _leaves(command: TyperCommand | TyperGroup, words: tuple[str, ...]) -> Iterator[tuple[str, TyperCommand]]:
    """Yield each command below a group with its words."""
    for name, child in getattr(command, "commands", {}).items():
        if getattr(child, "commands", None):
            yield from _leaves(child, (*words, name))
        else:
            yield " ".join((*words, name)), child


def _parameter(parameter: object) -> tuple[str, str]:
    """Return how a parameter is written, and its help."""
    names = [*getattr(parameter, "opts", []), *getattr(parameter, "secondary_opts", [])]
    if getattr(parameter, "param_type_name", "") == "argument":
        written = str(getattr(parameter, "name", "")).upper() + ("…" if getattr(parameter, "nargs", 1) == -1 else "")
    else:
        written = ", ".join(sorted(names, key=len, reverse=True))
    return written, str(getattr(parameter, "help", "") or "")


def commands() -> str:
    """Write the commands with their arguments and options."""
    lines = ["# Commands", "", MADE, ""]
    for name, command in _leaves(build("en"), ("bokgi",)):
        lines += [f"## {name}", "", _cell(command.help or ""), "", "| argument or option | what it does |", "|---|---|"]
        lines += [f"| `{written}` | {_cell(what)} |" for written, what in map(_parameter, command.params)]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {"tables.md": tables, "commands.md": commands}


if __name__ == "__main__":
    for page, write in PAGES.items():
        (FOLDER / page).write_text(write(), encoding="utf-8")
