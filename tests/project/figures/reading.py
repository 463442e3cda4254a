"""What a person reads of a page, and what of that is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

Rows = list[list[str | None]]


@dataclass
class Read(HTMLParser):
    """What a person reads of a page: tables by caption or label, key figures, and all words."""

    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    figures: list[list[str]] = field(default_factory=list)
    words: str = ""
    _label: str = ""
    _rows: list[list[str]] = field(default_factory=list)
    _into: str = ""
    _skip: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row, a cell or a key figure."""
        given = dict(attrs)
        css = (given.get("class") or "").split()
        if given.get("role") == "region":
            self._label = given.get("aria-label") or ""
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"} and self._rows:
            self._rows[-1].append("")
            self._into = "cell"
        elif tag == "p" and "fig-label" in css:
            self.figures.append([])
        if tag == "p" and any(name.startswith("fig-") for name in css) and self.figures:
            self.figures[-1].append("")
            self._into = "figure"
        self._skip += tag in {"svg", "script", "style"}
        self._put(" ")

    def handle_endtag(self, tag: str) -> None:
        """End one."""
        self._skip -= tag in {"svg", "script", "style"}
        if tag == "table":
            self.tables[self._label] = [[plain(cell) for cell in row] for row in self._rows]
        if tag in {"td", "th", "p"}:
            self._into = ""
        self._put(" ")

    def handle_data(self, data: str) -> None:
        """Read words."""
        self._put(data)

    def _put(self, data: str) -> None:
        if self._skip:
            return
        self.words += data
        if self._into == "cell":
            self._rows[-1][-1] += data
        elif self._into == "figure":
            self.figures[-1][-1] += data


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u2060", "")).strip()


@dataclass
class Expected:
    """What a page must say: rows of tables (null: a drawing, or words that are no figure), figures, sentences."""

    rows: Mapping[str, Rows] = field(default_factory=dict)
    figures: Sequence[Sequence[str]] = ()
    words: Sequence[str] = ()


def missing_of(page: Read, expected: Expected) -> list[object]:
    """List what should stand on a page and does not; a row must stand in its table, cell by cell."""
    missing: list[object] = [words for words in expected.words if plain(words) not in page.words]
    figures = [[plain(part) for part in one] for one in page.figures]
    for wanted in expected.figures:
        parts = [plain(part) for part in wanted]
        if not any(all(any(part in there for there in one) for part in parts) for one in figures):
            missing.append(parts)
    for caption, rows in expected.rows.items():
        there = page.tables.get(caption, [])
        for row in rows:
            cells = [None if cell is None else plain(cell) for cell in row]
            if not any(_agrees(cells, one) for one in there):
                missing.append((caption, cells, there))
    return missing


def _agrees(wanted: Sequence[str | None], there: Sequence[str]) -> bool:
    return len(there) >= len(wanted) and all(
        cell is None or cell == found for cell, found in zip(wanted, there, strict=False)
    )
