"""A review for the terminal: tables by Rich, right for Hangul; plain text where nobody watches."""

from __future__ import annotations

from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from bokgi.apps.reviews.rendering.blocks import Badge, Block, Cell, Chart, Document, Items, Table, Verdict
from bokgi.ui.format import plain

_STYLES: Final = {"good": "green", "bad": "red", "warn": "yellow", "same": "", "few": "dim", "dim": "dim", "": ""}
_LONG: Final = 12


def _text(words: str, style: str = "") -> Text:
    return Text(plain(words), style=style)


def _badge(badge: Badge) -> Text:
    return _text(f"[{badge.text}]", _STYLES[badge.tone])


def _cell(cell: Cell, *, beside: bool) -> Text:
    shown = _text(cell.text, "bold" if cell.strong else _STYLES[cell.tone])
    if cell.badge is not None:
        shown = Text(" ").join(part for part in (shown, _badge(cell.badge)) if part.plain)
    if cell.sub:
        shown = Text.assemble(shown, " " if beside else "\n", _text(cell.sub, "dim"))
    return shown


def grid(table: Table) -> Grid:
    """Lay a table out; columns that only draw what others say are left out."""
    shown = [place for place, column in enumerate(table.columns) if not column.drawn]
    beside = len(table.rows) > _LONG
    found = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place in shown:
        column = table.columns[place]
        right = column.align == "right"
        found.add_column(
            plain(column.label), justify="right" if right else "left", vertical="top", overflow="fold", no_wrap=False
        )
    last = len(table.rows) - 1
    for number, row in enumerate(table.rows):
        style = "bold" if number == table.flagged else ""
        found.add_row(
            *(_cell(row[place], beside=beside) for place in shown),
            style=style,
            end_section=number == last and bool(table.foot),
        )
    for row in table.foot:
        found.add_row(*(_cell(row[place], beside=beside) for place in shown))
    return found


def _table(table: Table) -> list[RenderableType]:
    parts: list[RenderableType] = [_text(table.caption, "bold"), Padding(grid(table), (0, 0, 0, 2))]
    if table.note:
        parts.append(Padding(_text(table.note, "dim"), (0, 0, 0, 2)))
    return parts


def _verdict(found: Verdict) -> list[RenderableType]:
    head = [_text(found.title, "bold")]
    if found.badge is not None:
        head.append(_badge(found.badge))
    head += [_text(part) for part in (found.value, found.beside) if part]
    parts: list[RenderableType] = [Text("  ").join(head)]
    if found.evidence:
        parts.append(Padding(_text(found.evidence, "dim"), (0, 0, 0, 2)))
    parts += [Padding(_text(line), (0, 0, 0, 2)) for line in found.lines]
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
        parts.append(Padding(Text("  ").join(head), (0, 0, 0, 2)))
        parts += [Padding(_text(f"- {line}"), (0, 0, 0, 4)) for line in item.lines]
    if not found.items:
        parts.append(Padding(_text(found.empty, "dim"), (0, 0, 0, 2)))
    if found.note:
        parts.append(Padding(_text(found.note, "dim"), (0, 0, 0, 2)))
    return parts


def _chart(found: Chart) -> list[RenderableType]:
    title = f"{found.title}, {found.unit}" if found.unit else found.title
    return [_text(title, "bold"), Padding(grid(found.table), (0, 0, 0, 2))]


def _block(block: Block) -> list[RenderableType]:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Verdict):
        return _verdict(block)
    if isinstance(block, Chart):
        return _chart(block)
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


def renderable(doc: Document) -> RenderableType:
    """Give the whole review to print on a Rich console."""
    parts = _head(doc)
    for number, section in enumerate(doc.sections, 1):
        parts += [Text(""), Rule(_text(f"{number}. {section.title}", "bold"), align="left", style="dim"), Text("")]
        parts += [_text(line, "bold" if place == 0 else "") for place, line in enumerate(section.say)]
        for block in section.blocks:
            parts += [Text(""), *_block(block)]
    parts += [Text(""), *(_text(line, "dim") for line in doc.foot)]
    return Group(*parts)


def text(doc: Document, *, width: int = 110) -> str:
    """Write the review as plain text."""
    console = Console(width=width, color_system=None, force_terminal=False, highlight=False, emoji=False, markup=False)
    with console.capture() as captured:
        console.print(renderable(doc))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
