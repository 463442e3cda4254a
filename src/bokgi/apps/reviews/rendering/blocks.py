"""What a review consists of once it is in a language: sections of blocks, the same for text, Markdown, HTML and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from markupsafe import Markup

Align = Literal["left", "right"]
Tone = Literal["", "good", "bad", "warn", "same", "few", "dim"]


@dataclass(frozen=True)
class Badge:
    """A verdict or a state in a word, with its sign; the colour is never alone."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its words, a second line, a drawing that says the same, a badge."""

    text: str = ""
    sub: str = ""
    mark: Markup | None = None
    badge: Badge | None = None
    strong: bool = False
    tone: Tone = ""


@dataclass(frozen=True)
class Column:
    """One column: what stands in its head, how it is aligned, whether it only draws what another column says."""

    label: str
    align: Align = "left"
    drawn: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption. `foot` are rows below a line; `flagged` the row to look at first."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    foot: Sequence[Sequence[Cell]] = ()
    flagged: int | None = None
    note: str = ""
    legend: Sequence[tuple[str, str]] = ()
    hidden_caption: bool = False


@dataclass(frozen=True)
class Figure:
    """One figure of the head: value, comparison, what stands behind it."""

    label: str
    value: str
    of: str = ""
    range: str = ""
    badge: Badge | None = None
    foot: str = ""


@dataclass(frozen=True)
class Item:
    """One entry of a list: whom or what it is about, what there is to say, a figure at the right."""

    title: str
    sub: str = ""
    lines: Sequence[str] = ()
    right: str = ""
    right_sub: str = ""
    badge: Badge | None = None


@dataclass(frozen=True)
class Items:
    """A list of entries under a title."""

    title: str
    items: Sequence[Item]
    note: str = ""
    empty: str = ""
    numbered: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart: its title and unit, the sentence it proves (read aloud in its place), specifications, its table."""

    title: str
    unit: str
    sentence: str
    wide: dict[str, Any]
    narrow: dict[str, Any]
    table: Table
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a section found, with the evidence for it."""

    title: str
    badge: Badge | None
    lines: Sequence[str]
    value: str = ""
    beside: str = ""
    mark: Markup | None = None
    evidence: str = ""


Block = Table | Items | Chart | Verdict


@dataclass(frozen=True)
class Section:
    """One part of the meeting."""

    key: str
    title: str
    about: str
    say: Sequence[str]
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """The review in one language."""

    lang: str
    title: str
    scope: str
    as_of: str
    state: Sequence[str]
    warnings: Sequence[str]
    figures: Sequence[Figure]
    sections: Sequence[Section]
    foot: Sequence[str] = field(default_factory=tuple)
