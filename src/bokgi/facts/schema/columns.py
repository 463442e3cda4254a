"""What a table of facts is made of: its grain, its columns, and columns that many tables share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa


class Grain(StrEnum):
    """How rows follow each other.

    `state` rows replace the earlier row of their key, `event` rows stay, `definition` rows are effective-dated,
    `ledger` rows change the status of an import.
    """

    LEDGER = "ledger"
    STATE = "state"
    EVENT = "event"
    DEFINITION = "definition"


HISTORY: Final = "history of "
"""How the types of columns begin that hold what earlier exports told of a row."""

_TYPES: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "instant": pa.timestamp("us", "UTC"),
    "amount": pa.decimal128(18, 2),
    "rate": pa.decimal128(18, 6),
    "map": pa.map_(pa.string(), pa.string()),
    "history of maps": pa.list_(
        pa.struct([("from_on", pa.date32()), ("attributes", pa.map_(pa.string(), pa.string()))])
    ),
    **{
        f"history of {name}": pa.list_(pa.struct([("from_on", pa.date32()), *parts]))
        for name, parts in {
            "parts": [("role", pa.string()), ("involved", pa.bool_())],
            "targets": [("period_end", pa.date32()), ("amount", pa.decimal128(18, 2)), ("currency", pa.string())],
            "leads": [
                ("owner_id", pa.string()),
                ("assigned_at", pa.timestamp("us", "UTC")),
                ("assigned_on", pa.date32()),
                ("outcome", pa.string()),
            ],
            "activities": [
                ("deal_id", pa.string()),
                ("happened_at", pa.timestamp("us", "UTC")),
                ("happened_on", pa.date32()),
                ("outcome", pa.string()),
                ("done", pa.bool_()),
            ],
            "texts": [("text", pa.string())],
            "accounts": [
                *((name, pa.string()) for name in ("industry", "segment", "size", "region")),
                ("employees", pa.int64()),
            ],
        }.items()
    },
}


@dataclass(frozen=True)
class Column:
    """One column: its type, what it says (with the unit), and what null means (`""`: never null)."""

    name: str
    type: str
    meaning: str
    null: str = ""

    @property
    def nullable(self) -> bool:
        """Tell whether null is allowed."""
        return self.null != ""

    def arrow(self) -> pa.Field:
        """Give the Arrow field."""
        return pa.field(self.name, _TYPES[self.type], nullable=self.nullable)


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its key, its columns. `import_no` is added to each and comes first.

    `lasting`: what was told of a row first is taken to have held before, as definitions do.
    """

    name: str
    grain: Grain
    row: str
    key: tuple[str, ...]
    own_columns: tuple[Column, ...]
    lasting: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, `import_no` first."""
        return (_IMPORT_NO, *self.own_columns)

    def arrow(self) -> pa.Schema:
        """Give the Arrow schema.

        >>> Table("rates", Grain.STATE, "currency", ("currency",), (text("currency", "code"),)).arrow().names
        ['import_no', 'currency']
        """
        return pa.schema([column.arrow() for column in self.columns])

    def column(self, name: str) -> Column:
        """Give one column by name."""
        return next(column for column in self.columns if column.name == name)


_IMPORT_NO: Final = Column("import_no", "integer", "import that brought the row; see imports")
UNKNOWN: Final = "the source does not say"


def text(name: str, meaning: str, null: str = UNKNOWN) -> Column:
    """Give a column of text that may be null."""
    return Column(name, "string", meaning, null)


def moment(name: str, meaning: str, null: str = UNKNOWN) -> tuple[Column, Column]:
    """Give the two columns of a moment that may be unknown."""
    return (
        Column(f"{name}_at", "instant", f"{meaning}, UTC", "the source gave only a date, or nothing"),
        Column(f"{name}_on", "date", f"{meaning}, civil date in the organisation's zone", null),
    )


def event_moment(name: str, meaning: str) -> tuple[Column, Column]:
    """Give the two columns of when something happened; the day is always there."""
    return (
        Column(f"{name}_at", "instant", f"{meaning}, UTC", "the source gave only a date"),
        Column(f"{name}_on", "date", f"{meaning}, civil date in the organisation's zone"),
    )


VALID: Final = (
    Column("valid_from", "date", "first day on which it holds", "it has always held"),
    Column("valid_to", "date", "first day on which it no longer holds", "it still holds"),
)
ATTRIBUTES: Final = Column(
    "attributes", "map", "every other column of the source: header → text", "the source has no other column"
)
INTERVAL: Final = (
    Column(
        "not_before_on",
        "date",
        "snapshot origin: it happened on or after this day",
        "origin is not snapshot, or no earlier snapshot exists",
    ),
    Column("not_after_on", "date", "snapshot origin: it happened on or before this day", "origin is not snapshot"),
)
