"""A review as Markdown: for a wiki, a chat, a repository."""

from __future__ import annotations

import re
from typing import Final

from bokgi.apps.reviews.rendering.blocks import Block, Document, Items, Verdict
from bokgi.ui.blocks import Cell, Chart, Table
from bokgi.ui.format import plain

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#])")


def escaped(words: str) -> str:
    """Write words so that Markdown shows them as they are."""
    return _SPECIAL.sub(r"\\\1", plain(words)).replace("\n", " ")


def _cell(cell: Cell) -> str:
    words = escaped(cell.text)
    parts = [f"**{words}**" if cell.strong and words else words]
    if cell.badge is not None:
        parts.append(f"_{escaped(cell.badge.text)}_")
    if cell.sub:
        parts.append(f"({escaped(cell.sub)})")
    return " ".join(part for part in parts if part)


def _rows(table: Table) -> list[str]:
    shown = [place for place, column in enumerate(table.columns) if not column.drawn]
    head = [escaped(table.columns[place].label) for place in shown]
    line = ["--:" if table.columns[place].align == "right" else ":--" for place in shown]
    rows = [[_cell(row[place]) for place in shown] for row in (*table.rows, *table.foot)]
    return [f"| {' | '.join(cells)} |" for cells in (head, line, *rows)]


def _table(table: Table) -> list[str]:
    return [f"**{escaped(table.caption)}**", "", *_rows(table), *(["", escaped(table.note)] if table.note else [])]


def _items(found: Items) -> list[str]:
    parts = [f"### {escaped(found.title)}", ""]
    for item in found.items:
        head = f"- **{escaped(item.title)}**"
        more = [item.sub, item.badge.text if item.badge is not None else "", item.right]
        parts.append(" · ".join([head, *(escaped(part) for part in more if part)]))
        parts += [f"  - {escaped(line)}" for line in item.lines]
    if not found.items:
        parts.append(escaped(found.empty))
    return [*parts, *(["", escaped(found.note)] if found.note else [])]


def _verdict(found: Verdict) -> list[str]:
    badge = f" _{escaped(found.badge.text)}_" if found.badge is not None else ""
    head = f"### {escaped(found.title)}{badge}"
    value = " · ".join(escaped(part) for part in (found.value, found.beside, found.evidence) if part)
    lines = [part for line in found.lines for part in (escaped(line), "")]
    return [head, "", value, "", *lines[:-1]]


def _block(block: Block) -> list[str]:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Verdict):
        return _verdict(block)
    if isinstance(block, Chart):
        unit = f", {escaped(block.unit)}" if block.unit else ""
        return [f"**{escaped(block.title)}{unit}**", "", *_rows(block.table)]
    return _items(block)


def markdown(doc: Document) -> str:
    """Write the review as Markdown with tables."""
    parts = [f"# {escaped(doc.title)}", "", escaped(doc.scope), "", escaped(doc.as_of), ""]
    parts += [f"> {escaped(line)}  " for line in (*doc.state, *(f"△ {line}" for line in doc.warnings))]
    parts.append("")
    for figure in doc.figures:
        badge = f"_{escaped(figure.badge.text)}_" if figure.badge is not None else ""
        words = [f"**{escaped(figure.value)}**", escaped(figure.of), escaped(figure.range), badge]
        parts.append(f"- {escaped(figure.label)}: {' · '.join(part for part in words if part)}")
    for number, section in enumerate(doc.sections, 1):
        parts += ["", f"## {number}. {escaped(section.title)}", ""]
        parts += [part for line in section.say for part in (escaped(line), "")]
        for block in section.blocks:
            parts += [*_block(block), ""]
    parts += ["---", "", *(f"{escaped(line)}  " for line in doc.foot)]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(parts))
    return text.rstrip() + "\n"
