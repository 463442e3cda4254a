"""The reference of the tables says what the schema says."""

from __future__ import annotations

from bokgi.facts import schema
from tests.architecture.reference import PAGE, tables


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == tables(), "write it again: python -m tests.architecture.reference"


def test_every_column_of_every_table_is_there() -> None:
    page = tables()
    for table in schema.TABLES.values():
        part = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert [column.name for column in table.columns if f"| `{column.name}` |" not in part] == []
