"""A review for the terminal: tables by Rich, right for Hangul; plain text where nobody watches."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from bokgi.apps.reviews.rendering.blocks import Block, Document, Items, Verdict
from bokgi.ui.blocks import Badge, Cell, Chart, Table
from bokgi.ui.format import plain

_STYLES: Final = {"good": "green", "bad": "red", "warn": "yellow", "same": "", "few": "dim", "dim": "dim", "": ""}
_LONG: Final = 12
_WIDEST_CELL: Final = 28
_BETWEEN: Final = 3
"""Cells between two columns: two of padding, one where Rich may draw a line."""


def _text(words: str, style: str = "") -> Text:
    return Text(plain(words), style=style)


def _badge(badge: Badge) -> Text:
    return _text(f"[{badge.text}]", _STYLES[badge.tone])


def _cell(cell: Cell, *, beside: bool) -> Text:
    shown = _text(cell.text, "bold" if cell.strong else _STYLES[cell.tone])
    if cell.badge is not None:
        shown = Text(" ").join(part for part in (shown, _badge(cell.badge)) if part.plain)
    if cell.sub:
        shown = Text.assemble(shown, " " if beside else "\n", _text(f"({cell.sub})" if beside else cell.sub, "dim"))
    return shown


def _shown(table: Table) -> list[int]:
    """Give the columns that say something; those that only draw what others say are left out."""
    return [place for place, column in enumerate(table.columns) if not column.drawn]


def _width(table: Table, place: int, *, beside: bool) -> int:
    """Estimate how wide a column has to be: its longest word, or its cells where they are short."""
    words = plain(table.columns[place].label).split() or [""]
    cells = [_cell(row[place], beside=beside).cell_len for row in (*table.rows, *table.foot)]
    longest = max((min(width, _WIDEST_CELL) for width in cells), default=0)
    return max(longest, *(cell_len(word) for word in words))


def _pages(table: Table, width: int) -> list[list[int]]:
    """Split the columns of a wide table into several tables that begin with the same first column."""
    beside = len(table.rows) > _LONG
    first, *others = _shown(table)
    pages: list[list[int]] = [[first]]
    room = width - _width(table, first, beside=beside) - _BETWEEN
    left = room
    for place in others:
        needed = _width(table, place, beside=beside) + _BETWEEN
        if needed > left and len(pages[-1]) > 1:
            pages.append([first])
            left = room
        pages[-1].append(place)
        left -= needed
    return pages


def _widths(table: Table, places: list[int], width: int, *, beside: bool) -> list[int]:
    """Share a width out: to each column what it needs, the rest to those that want least more.

    Rich would take from the widest columns more than they can spare, and cut off what they say.
    """
    found = {place: _width(table, place, beside=beside) for place in places}
    more = {}
    for place, needed in found.items():
        cells = (_cell(row[place], beside=beside).plain for row in (*table.rows, *table.foot))
        lines = [line for cell in (plain(table.columns[place].label), *cells) for line in cell.splitlines()]
        more[place] = max(max((cell_len(line) for line in lines), default=0) - needed, 0)
    left = width - sum(found.values()) - _BETWEEN * (len(places) - 1)
    for place in sorted(places, key=lambda place: more[place]):
        added = min(more[place], max(left, 0))
        found[place] += added
        left -= added
    return [found[place] for place in places]


def grid(table: Table, width: int, columns: list[int] | None = None) -> Grid:
    """Lay a table out, or some of its columns."""
    places = _shown(table) if columns is None else columns
    beside = len(table.rows) > _LONG
    found = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, cells_wide in zip(places, _widths(table, places, width, beside=beside), strict=True):
        column = table.columns[place]
        right = column.align == "right"
        found.add_column(
            plain(column.label),
            justify="right" if right else "left",
            vertical="top",
            overflow="fold",
            width=cells_wide,
        )
    last, before = len(table.rows) - 1, ""
    for number, row in enumerate(table.rows):
        style = "bold" if number == table.flagged else ""
        # In a long list what stands below a name (a team) is said once, at its first row.
        head = replace(row[places[0]], sub="") if beside and row[places[0]].sub == before else row[places[0]]
        before = row[places[0]].sub
        cells = [head, *(row[place] for place in places[1:])]
        found.add_row(
            *(_cell(cell, beside=beside) for cell in cells),
            style=style,
            end_section=number == last and bool(table.foot),
        )
    for row in table.foot:
        found.add_row(*(_cell(row[place], beside=beside) for place in places))
    return found


def _indented(part: RenderableType, by: int = 2) -> Padding:
    return Padding(part, (0, 0, 0, by), expand=False)


def _table(table: Table, width: int) -> list[RenderableType]:
    parts: list[RenderableType] = [_text(table.caption, "bold")]
    for number, columns in enumerate(_pages(table, width - 2)):
        parts += [Text("")] * min(number, 1) + [_indented(grid(table, width - 2, columns))]
    if table.note:
        parts.append(_indented(_text(table.note, "dim")))
    return parts


def _verdict(found: Verdict) -> list[RenderableType]:
    head = [_text(found.title, "bold")]
    if found.badge is not None:
        head.append(_badge(found.badge))
    head += [_text(part) for part in (found.value, found.beside) if part]
    parts: list[RenderableType] = [Text("  ").join(head)]
    if found.evidence:
        parts.append(_indented(_text(found.evidence, "dim")))
    parts += [_indented(_text(line)) for line in found.lines]
    return parts


def _items(found: Items) -> list[RenderableType]:
    parts: list[RenderableType] = [_text(found.title, "bold")]
    for item in found.items:
        head = [_text(item.title, "bold")]
        if item.sub:
            head.append(_text(item.sub, "dim"))
        if item.badge is not None:
            head.append(_badge(item.badge))
        if item.right:
            head.append(_text(item.right))
        parts.append(_indented(Text("  ").join(head)))
        parts += [_indented(_text(f"- {line}"), 4) for line in item.lines]
    if not found.items:
        parts.append(_indented(_text(found.empty, "dim")))
    if found.note:
        parts.append(_indented(_text(found.note, "dim")))
    return parts


def _chart(found: Chart, width: int) -> list[RenderableType]:
    title = f"{found.title}, {found.unit}" if found.unit else found.title
    return [_text(title, "bold"), _indented(grid(found.table, width - 2))]


def _block(block: Block, width: int) -> list[RenderableType]:
    if isinstance(block, Table):
        return _table(block, width)
    if isinstance(block, Verdict):
        return _verdict(block)
    if isinstance(block, Chart):
        return _chart(block, width)
    return _items(block)


def _head(doc: Document) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Text.assemble(_text(doc.title, "bold"), "  ", _text(doc.scope)),
        _text(doc.as_of, "dim"),
        Text(""),
    ]
    parts += [_text(line) for line in doc.state]
    parts += [_text(f"△ {line}", "yellow") for line in doc.warnings]
    parts.append(Text(""))
    figures = Grid.grid(padding=(0, 3, 0, 0))
    for _ in range(4):
        figures.add_column(overflow="fold")
    for figure in doc.figures:
        beside = _text(figure.range, "dim")
        if figure.badge is not None:
            beside = Text(" ").join(part for part in (beside, _badge(figure.badge)) if part.plain)
        figures.add_row(_text(figure.label, "dim"), _text(figure.value, "bold"), _text(figure.of), beside)
    return [*parts, figures]


def renderable(doc: Document, *, width: int) -> RenderableType:
    """Give the whole review to print on a Rich console of a width."""
    parts = _head(doc)
    for number, section in enumerate(doc.sections, 1):
        parts += [Text(""), Rule(_text(f"{number}. {section.title}", "bold"), align="left", style="dim"), Text("")]
        parts += [_text(line, "bold" if place == 0 else "") for place, line in enumerate(section.say)]
        for block in section.blocks:
            parts += [Text(""), *_block(block, width)]
    parts += [Text(""), *(_text(line, "dim") for line in doc.foot)]
    return Group(*parts)


def text(doc: Document, *, width: int = 110) -> str:
    """Write the review as plain text."""
    console = Console(width=width, color_system=None, force_terminal=False, highlight=False, emoji=False, markup=False)
    with console.capture() as captured:
        console.print(renderable(doc, width=width))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
