"""Facts as Ibis tables, on the engine that is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.facts import state
from bokgi.facts.lake import Lake
from bokgi.facts.schema import FACT_TABLES, STATE_COLUMNS, TABLES, Column

DIRECT_IMPORTS: Final = 200


@dataclass(frozen=True)
class Settings:
    """The settings in force; what nobody set has the default of a Korean company.

    `untouched_days` are working days, `minimum_n` the number of cases from which a rate is shown.
    """

    currency: str = "KRW"
    time_zone: str = state.DEFAULT_TIME_ZONE
    country: str = "KR"
    language: str = "ko"
    organisation: str | None = None
    untouched_days: int = 10
    minimum_n: int = 10
    others: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: pa.Table, on: date | None) -> Settings:
        """Read rows of the table `settings` as they hold on a day (the latest when None).

        >>> day = date(2026, 11, 23)
        >>> rows = pa.table({"name": ["currency"], "setting": ["USD"], "valid_from": [None], "valid_to": [None]})
        >>> Settings.of(rows, day).currency
        'USD'
        """
        found: dict[str, str] = {}
        ordered = sorted(rows.to_pylist(), key=lambda row: row["valid_from"] or date.min)
        for row in ordered:
            begun = row["valid_from"] is None or on is None or row["valid_from"] <= on
            over = row["valid_to"] is not None and (on is None or row["valid_to"] <= on)
            if begun and not over and row["setting"] is not None:
                found[row["name"]] = row["setting"]
        whole = {name: int(found.pop(name)) for name in ("untouched_days", "minimum_n") if name in found}
        named = {
            name: found.pop(name)
            for name in ("currency", "time_zone", "country", "language", "organisation")
            if name in found
        }
        return replace(cls(others=found), **whole, **named)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All facts at one lake version: one Ibis table for each fact table, with the columns of `facts.schema`.

    `deals` also has the columns of `schema.STATE_COLUMNS`. The rows of the table `settings` are read already:
    `settings`. `as_of` is the day by the end of which everything had happened; None: everything known.
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
    identities: ir.Table
    texts: ir.Table
    sightings: ir.Table
    quarantine: ir.Table
    releases: ir.Table
    settings: Settings = field(default_factory=Settings)
    version: int = 0
    as_of: date | None = None

    @property
    def tables(self) -> dict[str, ir.Table]:
        """All tables by name, without `settings`."""
        return {name: getattr(self, name) for name in FACT_TABLES if name != "settings"}


def facts(connection: Any, lake: Lake, *, version: int | None = None, as_of: date | None = None) -> Facts:  # noqa: ANN401 - any Ibis backend
    """Read all facts on an Ibis backend (DuckDB by default, Spark): `version` is what we knew then, `as_of` what had happened.

    The engine reads the Parquet files itself. Columns that older files lack are null.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     found = facts(ibis.duckdb.connect(), Lake.open(Path(home), create=True))
    ...     found.deals.count().execute(), found.settings.currency
    (0, 'KRW')
    """
    derived = state.derived(lake, version)
    tables = {
        name: _read(connection, name, paths, derived) for name, paths in derived.files.items() if name != "settings"
    }
    rows = pa.concat_tables([pq.read_table(path, partitioning=None) for path in derived.files["settings"]])
    found = Facts(**tables, settings=Settings.of(rows, as_of), version=derived.version)
    if as_of is None:
        return found
    message = "as_of"
    raise NotImplementedError(message)


def _read(connection: Any, name: str, paths: list[Path], derived: state.Derived) -> ir.Table:  # noqa: ANN401 - any Ibis backend
    table = connection.read_parquet([str(path) for path in paths])
    missing = [column for column in TABLES[name].own_columns if column.name not in table.columns]
    added = {column.name: null_of(column) for column in missing}
    if name in STATE_COLUMNS and "observed_on" not in table.columns:
        on = (
            ibis.cases(
                *(
                    (table.import_no == number, ibis.literal(day, type="date"))
                    for number, day in derived.observed_on.items()
                ),
                else_=ibis.null("date"),
            )
            if derived.observed_on
            else ibis.null("date")
        )
        added |= {column.name: on for column in STATE_COLUMNS[name]}
    names = [column.name for column in (*TABLES[name].columns, *STATE_COLUMNS.get(name, ()))]
    return table.mutate(**added).select(names)


def null_of(column: Column) -> ir.Value:
    """Give the null of a column's type."""
    return ibis.null(ibis.Schema.from_pyarrow(pa.schema([column.arrow()]))[column.name].copy(nullable=True))
