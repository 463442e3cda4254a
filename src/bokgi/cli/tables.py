"""Tables on the screen: a heading for each column, right for numbers, cut to no width of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bokgi.cli.session import Session
from bokgi.domain.messages import Message


def show_table(session: Session, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; columns are (marked heading, `left` or `right`)."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for heading, side in columns:
        right = side == "right"
        table.add_column(session.text(Message(heading)), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    session.out.print(table)
