"""The page of the tables of facts, made from the schema: `python -m tests.architecture.reference` writes it."""

from __future__ import annotations

from pathlib import Path

from bokgi.facts import schema

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "tables.md"
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


if __name__ == "__main__":
    PAGE.write_text(tables(), encoding="utf-8")
