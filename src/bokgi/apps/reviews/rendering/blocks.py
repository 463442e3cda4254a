"""What a review consists of once it is in a language: sections of blocks, the same for text, Markdown, HTML and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from bokgi.ui.blocks import Badge, Chart, Figure, Table


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
