"""A staged file read through its mapping: a view with one typed column for each field the file says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.fields import Field, Kind, field_of
from bokgi.intake.mapping.model import ATTRIBUTES, LEAVE_OUT, ColumnMapping, Entity, FileMapping
from bokgi.intake.sql import filled, identifier, literal, one_of

NULL_TYPES: Final = {
    Kind.MOMENT: "TIMESTAMPTZ",
    Kind.DATE: "DATE",
    Kind.PERIOD: "DATE",
    Kind.YEAR: "DATE",
    Kind.QUARTER: "DATE",
    Kind.MONTH: "DATE",
    Kind.AMOUNT: "DECIMAL(18, 2)",
    Kind.NUMBER: "DOUBLE",
    Kind.INTEGER: "BIGINT",
    Kind.PROBABILITY: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
}

_OF_RECORDS: Final = (".owner_name", ".owner_email", ".stage")
"""How the names of fields end that only a record has, besides ids."""


@dataclass(frozen=True)
class Reading:
    """One staged file with its mapping, and its place among the files of the import (from 0).

    The view `typed_<place>` has `_row`, the staged text columns, and for each field the file says a column of the
    field's name; a moment has two, `<field>.at` and `<field>.on`, a period `<field>.start` and `<field>.end`.
    `bad:<field>` tells that there is text which cannot be read. The view `kept_<place>` leaves out refused rows.
    """

    place: int
    staged: StagedFile
    mapping: FileMapping
    zone: str
    """Zone of the organisation, in which civil dates are."""
    currency: str
    """Currency of the organisation."""
    label: str
    """Name of the file among those of the import, the sheet after '#'; quarantine calls it so."""
    year_starts: int = 1
    """First month of the organisation's fiscal year."""

    @property
    def entity(self) -> Entity:
        """What a row is."""
        return self.mapping.entity

    @property
    def typed(self) -> str:
        """Name of the view with typed columns."""
        return f"typed_{self.place}"

    @property
    def kept(self) -> str:
        """Name of the view without the rows that judging refused."""
        return f"kept_{self.place}"

    @property
    def kept_values(self) -> str:
        """Name of the view of the same rows with `_row`, the id and what is read from texts, and no texts."""
        return f"kept_values_{self.place}"

    @property
    def kept_texts(self) -> str:
        """Name of the view of the same rows without what is read from texts: of a large file it costs no join."""
        return f"kept_texts_{self.place}"

    def says(self, *fields: str) -> bool:
        """Tell whether a column or a constant feeds one of the fields."""
        return any(self.mapping.of(field) is not None or field in self.mapping.constants for field in fields)

    def sql(self, field: str, part: str = "", rows: str = "") -> str:
        """Give the column of a field in the views (of alias `rows`); a typed null where the file does not say it."""
        if self.says(field):
            name = identifier(f"{field}.{part}" if part else field)
            return f"{rows}.{name}" if rows else name
        found = field_of(field)
        kind = Kind.TEXT if found is None else found.kind
        return f"NULL::{'DATE' if part in {'on', 'start', 'end'} else NULL_TYPES.get(kind, 'VARCHAR')}"

    def deal_currency(self) -> str:
        """Give the currency of a deal's amount: its own column, the sign in the cell, else the file's, else ours."""
        otherwise = literal(self.mapping.currency or self.currency)
        return f"coalesce({self.sql('deals.currency')}, {self.sql('deals.amount', 'currency')}, {otherwise})"

    def header(self, field: str) -> str | None:
        """Give the header of the column that feeds a field; null where a constant does, or nothing."""
        column = self.mapping.of(field)
        return None if column is None else column.column

    def raw(self, header: str) -> str:
        """Give the staged text column of a header."""
        return self.staged.column(header).sql

    def fields(self) -> Iterator[tuple[str, Field]]:
        """Give each field the file says, once; without the dates of entering and leaving a stage."""
        names = [*(column.field for column in self.mapping.columns), *self.mapping.constants]
        for name in dict.fromkeys(names):
            found = field_of(name)
            if found is not None and name not in {ATTRIBUTES, LEAVE_OUT} and ":" not in name:
                yield name, found

    def attribute_headers(self) -> tuple[str, ...]:
        """Headers of the columns kept as attributes that hold anything at all."""
        return tuple(
            column.column for column in self.mapping.all_of(ATTRIBUTES) if self.staged.column(column.column).filled
        )

    def columns_of(self, field: str) -> list[ColumnMapping]:
        """Give the columns that feed a field, in their order."""
        return list(self.mapping.all_of(field))

    def said_text(self, field: str) -> str:
        """Give the SQL of the text that feeds a field: the first column with text, else the constant."""
        parts = [self.filled(column.column) for column in self.columns_of(field)]
        if field in self.mapping.constants:
            parts.append(literal(self.mapping.constants[field]))
        return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"

    def has_text(self, field: str) -> str:
        """Give the SQL condition that a field has text, without looking at all of a text where its beginning tells."""
        columns = self.columns_of(field)
        if len(columns) != 1 or field in self.mapping.constants or self.mapping.null_values:
            return f"({self.said_text(field)}) IS NOT NULL"
        raw = self.raw(columns[0].column)
        plain = f"{raw} BETWEEN '!' AND '~' OR {raw} >= '가'"
        return f"CASE WHEN {raw} IS NULL THEN false WHEN {plain} THEN true ELSE length(trim({raw})) > 0 END"

    def filled(self, header: str) -> str:
        """Give the SQL of a column's text without blanks around it; null where it says nothing."""
        text = filled(self.raw(header))
        nulls = [value for value in dict.fromkeys(self.mapping.null_values) if value]
        return f"CASE WHEN NOT {one_of(text, nulls)} THEN {text} END" if nulls else text

    def no_record(self) -> str:
        """Give the SQL condition for lines that are no record: totals, what is below the table, results beside targets.

        A deal that is called "Total", now or in a later file, has an id, an owner or a stage besides.
        """
        parts = [
            f"({one_of(f'trim({self.raw(header)})', texts)} AND {self._unmarked(header)})"
            for header, texts in self.mapping.total_rows.items()
            if texts
        ]
        if self.says("targets.measure"):
            words = self.mapping.values.get("targets.measure", {})
            targets = ["target", *(theirs for theirs, ours in words.items() if ours == "target")]
            parts.append(f"NOT {one_of(self.said_text('targets.measure'), targets)}")
        return f"coalesce({' OR '.join(parts)}, false)" if parts else "false"

    def _unmarked(self, label: str) -> str:
        """Give the SQL condition for rows with neither id nor owner nor stage beside the column `label`."""
        marks = [
            column.column
            for column in self.mapping.columns
            if column.column != label and (column.field.endswith(("_id", *_OF_RECORDS)))
        ]
        told = [self.filled(header) for header in dict.fromkeys(marks)]
        return f"coalesce({', '.join([*told, 'NULL'])}) IS NULL"
