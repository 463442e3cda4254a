"""The page of the command line says what the command line says."""

from __future__ import annotations

from tests.cli.reference import PAGE, page


def test_the_reference_of_the_command_line_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
