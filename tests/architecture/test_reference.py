"""The reference pages say what the source says."""

from __future__ import annotations

import pytest

from bokgi.facts import schema
from tests.architecture.reference import FOLDER, PAGES, commands, tables


@pytest.mark.parametrize("page", PAGES)
def test_a_reference_page_is_up_to_date(page: str) -> None:
    written = (FOLDER / page).read_text(encoding="utf-8")
    assert written == PAGES[page](), "write it again: python -m tests.architecture.reference"


def test_every_column_of_every_table_is_there() -> None:
    page = tables()
    for table in schema.TABLES.values():
        part = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert [column.name for column in table.columns if f"| `{column.name}` |" not in part] == []


def test_a_command_is_there_with_its_argument_and_the_options_all_share() -> None:
    part = commands().split("\n## bokgi completion\n")[1].split("\n## ")[0]
    assert all(f"| `{written}" in part for written in ("SHELL", "--home", "--format", "--lang"))
