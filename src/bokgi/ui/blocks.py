"""What stands on a page once it is in a language: badges, cells, tables, figures, charts. Templates draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from markupsafe import Markup

Align = Literal["left", "right"]
Tone = Literal["", "good", "bad", "warn", "same", "few", "dim", "accent", "private"]

Control = Literal["text", "textarea", "select", "date", "number", "money", "check", "password", "email", "file"]


@dataclass(frozen=True)
class Badge:
    """A verdict or a state in a word, with its sign; the colour is never alone.

    `icon` is the sign (see `ui.icons`): `rose` and `fell` follow the number, the tone follows the verdict.
    """

    text: str
    tone: Tone = ""
    icon: str = ""


@dataclass(frozen=True)
class Link:
    """A way to somewhere else, in words."""

    text: str
    href: str


_SENTENCE: Final = 24
"""A cell with more letters than this holds a sentence."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its words, a second line, a drawing that says the same, a badge, what it opens.

    `mark` stands before the words, `mark_below` on a line of its own below them.
    """

    text: str = ""
    sub: str = ""
    mark: Markup | None = None
    badge: Badge | None = None
    strong: bool = False
    tone: Tone = ""
    href: str = ""
    mark_below: Markup | None = None


@dataclass(frozen=True)
class Column:
    """One column: what stands in its head, how it is aligned, whether it only draws what another column says.

    On a page a column has a `key`: it is sorted by it where `sortable`, and `optional` ones can be left out. The head
    of an `unseen` one is only read aloud: what stands below speaks for itself to who sees the row. What stands in one
    that `acts` is done and not read: it is left out on paper. `called` names the column where columns are chosen and
    its head says something else, as the ends of a scale.
    """

    label: str
    align: Align = "left"
    drawn: bool = False
    key: str = ""
    sortable: bool = False
    optional: bool = False
    unseen: bool = False
    acts: bool = False
    called: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its caption. `foot` are rows below a line; `flagged` the row to look at first.

    `keys` names each row (for choosing rows), `empty` is said where there is none.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    foot: Sequence[Sequence[Cell]] = ()
    flagged: int | None = None
    note: str = ""
    legend: Sequence[tuple[str, str]] = ()
    hidden_caption: bool = False
    keys: Sequence[str] = ()
    empty: str = ""

    @property
    def wordy(self) -> frozenset[int]:
        """Give the places of columns with sentences: these keep some width, and a narrow frame scrolls instead."""
        return frozenset(
            place for row in self.rows for place, cell in enumerate(row) if place and len(cell.text) > _SENTENCE
        )


@dataclass(frozen=True)
class Range:
    """One row of estimates on an axis: what it is, the drawing (`marks.on_axis`), value and interval in words."""

    label: str
    mark: Markup
    sub: str = ""
    value: str = ""
    range: str = ""
    strong: bool = False


class HeatCell(NamedTuple):
    """One cell of a heat map: its class (`marks.heat_class`, `flag` where an analysis judged), words, n, what it opens.

    A tuple, which a template takes apart at once: a map of many people has hundreds.
    """

    css: str
    text: str
    sub: str = ""
    href: str = ""


@dataclass(frozen=True)
class Figure:
    """One figure: value, interval, comparison, n, its rows and its definition, always in this order.

    `mark` draws the interval. A figure with too few cases has no `value`; `range` then says from how many on there is
    one and `comparison` when that will be.
    """

    label: str
    value: str
    of: str = ""
    range: str = ""
    badge: Badge | None = None
    unit: str = ""
    mark: Markup | None = None
    comparison: str = ""
    n: str = ""
    rows: Link | None = None
    definition: Link | None = None


@dataclass(frozen=True)
class Chart:
    """A chart: its title and unit, the sentence it proves (read aloud in its place), specifications, its table."""

    title: str
    unit: str
    sentence: str
    wide: Mapping[str, Any]
    narrow: Mapping[str, Any]
    table: Table
    note: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened, or will: `kind` is `stage`, `won`, `open` (still to come) or empty."""

    when: str
    text: str
    sub: str = ""
    kind: Literal["", "stage", "won", "open"] = ""
    machine: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Field:
    """One field of a form as it is drawn: `kind` is the control, `value` what stands in it, `error` what is wrong."""

    name: str
    label: str
    kind: Literal["text", "textarea", "select", "date", "number", "money", "check", "password", "email", "file"] = (
        "text"
    )
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    hint: str = ""
    error: str = ""
    unit: str = ""
    required: bool = False
    disabled: bool = False
    autocomplete: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
