"""Facts: one Ibis table for each fact table, beside the settings in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from bokgi.domain.stage import Outcome
from bokgi.facts.ledger import Import
from bokgi.facts.schema import FACT_TABLES
from bokgi.facts.settings import Settings

Found = TypeVar("Found")


@dataclass(frozen=True)
class Keeping:
    """Where facts keep what was computed of them: tables and settings as they were read, how another table is kept.

    `kept` are the tables that are kept on file, `days` the facts cut to a day, `told` small answers about the tables
    that were read or kept (`Facts.once`): they last as long as the facts do. `hold` is how a table is kept in memory,
    `there` names the tables of a kind that are on file, one for each day, whoever kept them.
    `folder` is that of the derived state. `apart` reads the same facts for another thread.
    """

    tables: Mapping[str, ir.Table]
    settings: Settings
    keep: Callable[[str, Callable[[], ir.Table | pa.Table]], ir.Table]
    hold: Callable[[str, Callable[[], pa.Table]], pa.Table]
    there: Callable[[str], list[str]]
    folder: Path
    apart: Callable[[], Facts]
    kept: dict[str, ir.Table] = field(default_factory=dict)
    days: dict[date, Facts] = field(default_factory=dict)
    told: dict[tuple[object, ...], Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All facts at one lake version: one Ibis table for each fact table, with the columns of `facts.schema`.

    Some tables have more columns: `schema.STATE_COLUMNS`. The rows of the table `settings` are read already:
    `settings`. `as_of` is the day by the end of which everything had happened; None: everything known. `rates_of` is
    the day by whose rates deals were converted (`facts.currency`); None: no deal was. `imports` are those that brought
    the rows.
    """

    people: ir.Table
    person_links: ir.Table
    memberships: ir.Table
    accounts: ir.Table
    contacts: ir.Table
    deal_contacts: ir.Table
    leads: ir.Table
    deals: ir.Table
    deal_people: ir.Table
    stage_events: ir.Table
    deal_changes: ir.Table
    activities: ir.Table
    activity_people: ir.Table
    content: ir.Table
    content_events: ir.Table
    responses: ir.Table
    stages: ir.Table
    targets: ir.Table
    standards: ir.Table
    calendar: ir.Table
    rates: ir.Table
    recorded_fields: ir.Table
    identities: ir.Table
    texts: ir.Table
    sightings: ir.Table
    quarantine: ir.Table
    releases: ir.Table
    settings: Settings = field(default_factory=Settings)
    version: int = 0
    imports: tuple[Import, ...] = ()
    as_of: date | None = None
    rates_of: date | None = None
    keeping: Keeping | None = field(default=None, repr=False, compare=False)

    def kept(self, name: str, make: Callable[[], ir.Table | pa.Table]) -> ir.Table:
        """Give a table that follows from these facts, computed once and kept beside the derived state.

        Only for facts exactly as they were read; on other engines, and of facts that were cut or changed since, the
        table stays an expression. `name` says all that the table depends on besides the facts; one that holds for a
        day begins `kind-2026-11-28`. `make` puts the expression together, or gives the rows; it is not called where the
        table is there.
        """
        if self.keeping is None or not self.as_read:
            made = make()
            return ibis.memtable(made) if isinstance(made, pa.Table) else made
        found = self.keeping.keep(name, make)
        self.keeping.kept[name] = found
        return found

    def held(self, name: str, make: Callable[[], pa.Table]) -> pa.Table:
        """Give a table that follows from these facts, as `kept` does, in memory: shared by all threads of the process.

        For what is looked through while somebody types. Of facts that were cut or changed it is made each time.
        """
        if self.keeping is None or not self.as_read:
            return make()
        return self.keeping.hold(name, make)

    def once(self, question: str, table: ir.Table, ask: Callable[[], Found]) -> Found:
        """Ask something of a table, and only once where the table lasts as long as these facts: read, or kept.

        `question` says all that the answer depends on besides the table. The answer is shared: it must not be changed.
        """
        lasting = self.keeping is not None and any(
            table is one for tables in (self.keeping.tables, self.keeping.kept) for one in tables.values()
        )
        if self.keeping is None or not lasting:
            return ask()
        key = (question, table.op())
        if key not in self.keeping.told:
            self.keeping.told[key] = ask()
        found: Found = self.keeping.told[key]
        return found

    @property
    def as_read(self) -> bool:
        """Tell whether nothing was cut or changed since these facts were read, on an engine that keeps tables."""
        return (
            self.keeping is not None
            and self.settings == self.keeping.settings
            and all(table.equals(self.keeping.tables[name]) for name, table in self.tables.items())
        )

    @property
    def tables(self) -> dict[str, ir.Table]:
        """All tables by name, without `settings`."""
        return {name: getattr(self, name) for name in FACT_TABLES if name != "settings"}

    @property
    def waiting(self) -> ir.Table:
        """The rows of `quarantine` that nobody released; releases outlive the rows that they are about."""
        left = self.releases.select(import_no="quarantined_by", file="file", row="row")
        return self.quarantine.anti_join(left, ["import_no", "file", "row"])

    def unknown_then(self, column: str) -> int:
        """Count the open deals whose value in a column is not known on the day `as_of`."""
        is_open = self.deals.outcome == Outcome.OPEN.value
        found = self.deals.filter(is_open & self.deals.unknown_then.contains(f",{column},"))
        return int(found.count().to_pyarrow().as_py())
