"""A table that is searched, sorted and paged: its whole state stands in the address, so that a link shows the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, TypeVar
from urllib.parse import urlencode

from bokgi.domain.messages import N_, Message
from bokgi.ui.blocks import Column, Table
from bokgi.ui.export import Value
from bokgi.ui.format import show

SIZE: Final = 50
_LONGEST_WORD: Final = 200
_MOST_PAGES: Final = 1_000_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Names:
    """Names of the parameters in the address; two tables on one page take different prefixes."""

    prefix: str = ""

    @property
    def find(self) -> str:
        """Name of the words looked for."""
        return f"{self.prefix}find"

    @property
    def sort(self) -> str:
        """Name of the column sorted by; a minus before it turns the order."""
        return f"{self.prefix}sort"

    @property
    def page(self) -> str:
        """Name of the page."""
        return f"{self.prefix}page"

    @property
    def columns(self) -> str:
        """Name of the columns shown, once for each."""
        return f"{self.prefix}columns"

    @property
    def export(self) -> str:
        """Name of the kind of file asked for."""
        return f"{self.prefix}export"


@dataclass(frozen=True)
class Listing:
    """What somebody asked of a table.

    `kept` are the other parameters of the page (scope, period), which every link keeps.

    >>> columns = (Column("Deal", key="deal", sortable=True), Column("Amount", key="amount", sortable=True))
    >>> asked = Listing.read(columns, {"sort": ["-amount"], "page": ["2"], "team": ["East"]})
    >>> asked.sort, asked.descending, asked.page, asked.sorted_by("amount").query
    ('amount', True, 2, '?team=East&sort=amount')
    """

    columns: tuple[Column, ...]
    find: str = ""
    sort: str = ""
    descending: bool = False
    page: int = 1
    size: int = SIZE
    shown: tuple[str, ...] = ()
    chosen: bool = False
    kept: tuple[tuple[str, str], ...] = ()
    export: str = ""
    names: Names = Names()
    lang: str = "ko"

    @classmethod
    def read(
        cls,
        columns: Sequence[Column],
        query: Mapping[str, Sequence[str]],
        *,
        sort: str = "",
        hidden: Sequence[str] = (),
        size: int = SIZE,
        prefix: str = "",
        lang: str = "ko",
    ) -> Self:
        """Read the state from an address; what makes no sense there is passed over.

        `query` is each parameter with its values, `sort` the order where none is asked, `hidden` the optional columns
        that are not shown at first.
        """
        names = Names(prefix)
        own = {names.find, names.sort, names.page, names.columns, names.export}
        wanted = _last(query, names.sort) or sort
        key = wanted.removeprefix("-")
        if key not in {column.key for column in columns if column.sortable}:
            wanted, key = sort, sort.removeprefix("-")
        page = _last(query, names.page)
        optional = {column.key for column in columns if column.optional}
        asked = query.get(names.columns)
        shown = optional - set(hidden) if asked is None else optional & set(asked)
        return cls(
            columns=tuple(columns),
            find=_last(query, names.find)[:_LONGEST_WORD].strip(),
            sort=key,
            descending=wanted.startswith("-"),
            page=min(max(int(page), 1), _MOST_PAGES) if page.isdecimal() else 1,
            size=size,
            shown=tuple(column.key for column in columns if column.key in shown),
            chosen=asked is not None,
            kept=tuple((name, value) for name, values in query.items() if name not in own for value in values),
            export=_last(query, names.export),
            names=names,
            lang=lang,
        )

    @property
    def optional(self) -> tuple[Column, ...]:
        """Columns that can be left out."""
        return tuple(column for column in self.columns if column.optional)

    @property
    def visible(self) -> tuple[Column, ...]:
        """Columns to show, in their order."""
        return tuple(column for column in self.columns if not column.optional or column.key in self.shown)

    @property
    def _parameters(self) -> list[tuple[str, str]]:
        found = list(self.kept)
        if self.find:
            found.append((self.names.find, self.find))
        if self.sort:
            found.append((self.names.sort, f"-{self.sort}" if self.descending else self.sort))
        if self.chosen:
            found += [(self.names.columns, key) for key in self.shown or ("",)]
        if self.page > 1:
            found.append((self.names.page, str(self.page)))
        return found

    @property
    def query(self) -> str:
        """The state as the end of an address."""
        return f"?{urlencode(self._parameters)}"

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a form that looks for other words keeps."""
        return [pair for pair in self._parameters if pair[0] not in {self.names.find, self.names.page}]

    @property
    def hidden_but_columns(self) -> list[tuple[str, str]]:
        """What a form that chooses columns keeps."""
        return [pair for pair in self._parameters if pair[0] != self.names.columns]

    def sorted_by(self, key: str) -> Self:
        """Give the first page sorted by a column; asked again, in the other order."""
        return replace(self, sort=key, descending=self.sort == key and not self.descending, page=1)

    def exported(self, kind: str) -> str:
        """Give the end of the address that takes the table along."""
        kept = [pair for pair in self._parameters if pair[0] != self.names.page]
        return f"?{urlencode([*kept, (self.names.export, kind)])}"

    def pages(self, total: int) -> int:
        """Count the pages; an empty table has one."""
        return max(-(-total // self.size), 1)

    def turned(self, step: int, total: int) -> Self | None:
        """Give the page `step` pages on, or null where there is none."""
        page = min(self.page, self.pages(total)) + step
        return replace(self, page=page) if 1 <= page <= self.pages(total) else None

    def offset(self, total: int) -> int:
        """Give how many rows stand before this page; a page beyond the end is the last one."""
        return (min(self.page, self.pages(total)) - 1) * self.size

    def range(self, total: int) -> str:
        """Write which rows of how many are shown."""
        if total == 0:
            return Message(N_("no rows")).text(self.lang)
        first = self.offset(total) + 1
        values = {"first": first, "last": min(first + self.size - 1, total), "total": total}
        return Message(N_("{first}–{last} of {total}"), values).text(self.lang, show)

    def cut(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Give the rows of this page."""
        start = self.offset(len(rows))
        return rows[start : start + self.size]

    def narrowed(self, table: Table) -> Table:
        """Give a table with the columns to show."""
        columns = table.columns
        kept = [place for place, column in enumerate(columns) if not column.optional or column.key in self.shown]
        rows, foot = ([[row[place] for place in kept] for row in part] for part in (table.rows, table.foot))
        return replace(table, columns=[columns[place] for place in kept], rows=rows, foot=foot)


@dataclass(frozen=True)
class Chosen:
    """A short table of which only the columns are chosen.

    >>> from bokgi.ui.blocks import Cell
    >>> columns = (
    ...     Column("Deal"),
    ...     Column("Owner", key="owner", optional=True),
    ...     Column("Days", key="days", optional=True),
    ... )
    >>> table = Table("Deals", columns, [[Cell("Doore"), Cell("kim"), Cell("12")]])
    >>> [column.label for column in Chosen.read(table, {"due-columns": ["days", ""]}, prefix="due-").table.columns]
    ['Deal', 'Days']
    """

    table: Table
    listing: Listing

    @classmethod
    def read(cls, table: Table, query: Mapping[str, Sequence[str]], *, prefix: str, lang: str = "ko") -> Self:
        """Read the choice from an address."""
        listing = Listing.read(table.columns, query, prefix=prefix, lang=lang)
        return cls(listing.narrowed(table), listing)


@dataclass(frozen=True)
class Sheet:
    """A whole table that is found in, sorted, paged, cut to the columns asked for and taken along as it stands.

    `values` are what each row says by the keys of columns, as a spreadsheet has it; `heads` names those that a file
    has, in its order. Words are looked for in the first column. Rows without a value stand last.

    >>> from bokgi.ui.blocks import Cell
    >>> columns = (Column("Who", key="who"), Column("Won, 만원", "right", key="won", sortable=True, optional=True))
    >>> rows = [[Cell("kim"), Cell("1")], [Cell("lee"), Cell("2")]]
    >>> sheet = Sheet(Table("By person", columns, rows), [{"won": 10000}, {"won": 20000}], {"won": "Won"})
    >>> [row[0].text for row in sheet.seen(Listing.read(columns, {"sort": ["-won"]})).rows]
    ['lee', 'kim']
    >>> sheet.taken(Listing.read(columns, {"find": ["k"]}))
    (['Won'], [[10000]])
    """

    table: Table
    values: Sequence[Mapping[str, Value]]
    heads: Mapping[str, str]

    def _places(self, listing: Listing) -> list[int]:
        words, values, key = listing.find.casefold(), self.values, listing.sort
        found = [place for place, row in enumerate(self.table.rows) if words in row[0].text.casefold()]
        if not key:
            return found
        known: list[int] = [place for place in found if values[place].get(key) is not None]
        known.sort(key=lambda place: values[place][key], reverse=listing.descending)  # type: ignore[arg-type,return-value]  # of one kind
        return [*known, *(place for place in found if values[place].get(key) is None)]

    def total(self, listing: Listing) -> int:
        """Count the rows that have the words looked for."""
        return len(self._places(listing))

    def seen(self, listing: Listing) -> Table:
        """Give the rows of the page that is asked for, with the columns to show."""
        rows = [self.table.rows[place] for place in listing.cut(self._places(listing))]
        return listing.narrowed(replace(self.table, rows=rows))

    def taken(self, listing: Listing) -> tuple[list[str], list[list[Value]]]:
        """Give the head and the rows of a file: all that were found, in their order, with every column."""
        rows = [[self.values[place].get(key) for key in self.heads] for place in self._places(listing)]
        return list(self.heads.values()), rows


def _last(query: Mapping[str, Sequence[str]], name: str) -> str:
    values = query.get(name) or ("",)
    return values[-1]
