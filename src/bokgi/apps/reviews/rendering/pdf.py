"""A review as PDF: A4 by Typst, in Korean type, with the same drawings as the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

from markupsafe import Markup

from bokgi.apps.reviews.rendering.blocks import Block, Document, Items, Verdict
from bokgi.ui import charts
from bokgi.ui.blocks import Badge, Cell, Chart, Table
from bokgi.ui.fonts import FAMILY, font_folder
from bokgi.ui.format import MINUS, WORD_JOINER, one_word
from bokgi.ui.marks import swatch
from bokgi.ui.printed import printed
from bokgi.ui.theme import over, palette

_TEMPLATE: Final = "review.typ"
_WIDEST_WORDS: Final = 24
_PAPER: Final = 760
"""How wide a chart is drawn, in pixels, so that its words are legible in the width of a page."""


def _badge(badge: Badge | None) -> dict[str, str] | None:
    return None if badge is None else {"text": badge.text, "tone": badge.tone}


def _mark(mark: Markup | None) -> str | None:
    return None if mark is None else printed(mark)


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "text": cell.text,
        "sub": cell.sub,
        "mark": _mark(cell.mark),
        "badge": _badge(cell.badge),
        "strong": cell.strong,
        "tone": cell.tone,
    }


def _width(table: Table, place: int) -> int:
    """Give a column of words its share of the width: as long as its longest cell, within bounds."""
    cells = [row[place] for row in table.rows]
    longest = max(
        (len(cell.text) + len(cell.sub) // 2 + (len(cell.badge.text) if cell.badge else 0) for cell in cells), default=1
    )
    return min(max(longest, 6), _WIDEST_WORDS)


def _table(table: Table) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": table.caption,
        "columns": [
            {"label": column.label, "align": column.align, "drawn": column.drawn, "width": _width(table, place)}
            for place, column in enumerate(table.columns)
        ],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
        "foot": [[_cell(cell) for cell in row] for row in table.foot],
        "flagged": -1 if table.flagged is None else table.flagged,
        "note": table.note,
        "legend": [[printed(swatch(mark)), words] for mark, words in table.legend],
    }


def _items(found: Items) -> dict[str, Any]:
    return {
        "kind": "items",
        "title": found.title,
        "note": found.note,
        "empty": found.empty,
        "items": [
            {
                "title": item.title,
                "sub": item.sub,
                "lines": list(item.lines),
                "right": item.right,
                "badge": _badge(item.badge),
            }
            for item in found.items
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Items):
        return _items(block)
    if isinstance(block, Verdict):
        return {
            "kind": "verdict",
            "title": block.title,
            "badge": _badge(block.badge),
            "value": block.value,
            "beside": block.beside,
            "mark": _mark(block.mark),
            "lines": list(block.lines),
            "evidence": block.evidence,
        }
    return _chart(block)


def _chart(found: Chart) -> dict[str, Any]:
    return {
        "kind": "chart",
        "title": found.title,
        "unit": found.unit,
        "sentence": found.sentence,
        "drawing": charts.printed({**found.wide, "width": _PAPER}),
        "note": found.note,
    }


def _in_type(words: str) -> str:
    """Write the minus as the dash of the same length, which stays at its number: the Korean type has no sign for it."""
    return one_word(words.replace(MINUS, f"–{WORD_JOINER}"))


def pdf(doc: Document, *, at: datetime | None = None) -> bytes:
    """Set the review. `at` is written into the file as its moment of making; without it the file has none.

    The same document and moment give the same bytes.
    """
    import typst  # noqa: PLC0415 - a typesetter, which only this form needs

    surface = palette("light")["surface"]
    content = {
        "lang": doc.lang,
        "font": FAMILY,
        "title": doc.title,
        "scope": doc.scope,
        "as-of": doc.as_of,
        "state": list(doc.state),
        "warnings": list(doc.warnings),
        "figures": [
            {
                "label": figure.label,
                "value": figure.value,
                "of": figure.of,
                "range": figure.range,
                "badge": _badge(figure.badge),
            }
            for figure in doc.figures
        ],
        "sections": [
            {
                "title": section.title,
                "about": section.about,
                "say": list(section.say),
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in doc.sections
        ],
        "foot": list(doc.foot),
        "colours": {name: over(value, surface) for name, value in palette("light").items()},
    }
    template = (files("bokgi.apps.reviews.rendering") / _TEMPLATE).read_bytes()
    made = typst.compile(
        template,
        format="pdf",
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())]
        ),
        sys_inputs={"review": _in_type(json.dumps(content, ensure_ascii=False))},
        timestamp=(at or datetime(1970, 1, 1, tzinfo=UTC)),
    )
    return bytes(made)
