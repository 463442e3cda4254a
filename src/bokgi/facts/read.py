"""Facts read from the lake as Ibis tables, on the engine that is handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.facts import delta, state
from bokgi.facts.as_of import as_of as rebuilt
from bokgi.facts.as_of import deals_as_of, deals_from
from bokgi.facts.lake import Lake
from bokgi.facts.model import Facts, Keeping
from bokgi.facts.schema import STATE_COLUMNS, TABLES, Column
from bokgi.facts.settings import Settings

__all__ = ["Facts", "Settings", "facts", "facts_on", "open_facts"]


def facts(connection: Any, lake: Lake, *, version: int | None = None, as_of: date | None = None) -> Facts:  # noqa: ANN401 - any Ibis backend
    """Read all facts on an Ibis backend: DuckDB by default, or Spark.

    `version` is what we knew then, `as_of` what had happened by the end of that day.
    The engine reads the Parquet files itself. Columns that older files lack are null. With `as_of` the deals, which
    every analysis reads, are rebuilt once and kept beside the derived state (on Spark they stay an expression; see
    `Facts.kept`).

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
    settings = Settings.of(delta.read(derived.files["settings"], TABLES["settings"]))

    def apart() -> Facts:
        return facts(_cursor(connection), lake, version=derived.version)

    found = Facts(
        **tables,
        settings=settings,
        version=derived.version,
        imports=derived.imports,
        keeping=_keeping(connection, tables, settings, derived, apart),
    )
    return found if as_of is None else facts_on(found, as_of)


def open_facts(home: Path | str, *, version: int | None = None, as_of: date | None = None) -> Facts:
    """Read all facts of a home folder on an engine of its own (DuckDB); see `facts`.

    Raises `NotFoundError` where there is no home.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     lake = Lake.open(Path(home), create=True)
    ...     open_facts(home).deals.count().execute()
    0
    """
    return facts(ibis.duckdb.connect(), Lake.open(Path(home)), version=version, as_of=as_of)


def facts_on(found: Facts, on: date) -> Facts:
    """Cut facts to what had happened by the end of a day; the deals are rebuilt once and kept, where they can be.

    Rebuilding them is the longest expression of all: read from a file, every question after it stays short. Where those
    of a day nearby are kept, only deals that changed between the two days are rebuilt. The last days asked for are
    remembered with the facts.
    """
    deals = found.kept(_deals_of(on), lambda: _deals_on(found, on))
    if found.keeping is None or not found.as_read:
        return rebuilt(found, on, deals=deals)
    days = found.keeping.days
    told = days.pop(on, None)
    if told is None or told.deals is not deals:
        told = rebuilt(found, on, deals=deals)
    days[on] = told
    while len(days) > state.KEPT_DAYS:
        del days[next(iter(days))]
    return told


def _deals_of(on: date) -> str:
    return f"deals-{on.isoformat()}"


def _deals_on(found: Facts, on: date) -> ir.Table:
    """Rebuild the deals of a day, from those of the nearest day that is kept."""
    if found.keeping is None or not found.as_read:
        return deals_as_of(found, on)
    days = [date.fromisoformat(name.removeprefix("deals-")) for name in found.keeping.there("deals")]
    nearest = min(days, key=lambda day: (abs(on - day), day), default=None)
    if nearest is None:
        return deals_as_of(found, on)
    return deals_from(found, on, found.kept(_deals_of(nearest), lambda: deals_as_of(found, nearest)), nearest)


def _cursor(connection: Any) -> Any:  # noqa: ANN401 - a DuckDB backend
    """Give a backend that another thread may use at the same time: the same engine, with its memory and its limits."""
    return ibis.duckdb.from_connection(connection.con.cursor())


def _keeping(
    connection: Any,  # noqa: ANN401 - any Ibis backend
    tables: dict[str, ir.Table],
    settings: Settings,
    derived: state.Derived,
    apart: Callable[[], Facts],
) -> Keeping | None:
    """Keep tables as Parquet beside the derived state; only DuckDB does, which reads single files."""
    read: dict[Path, ir.Table] = {}

    code = state.code_digest("domain", "facts", "analysis", "questions")[:8]

    def keep(name: str, make: Callable[[], ir.Table | pa.Table]) -> ir.Table:
        path = state.kept(derived, f"{name}-{code}", lambda work: _write(make(), work))
        if path not in read:
            read[path] = connection.read_parquet([str(path)])
        return read[path]

    def hold(name: str, make: Callable[[], pa.Table]) -> pa.Table:
        def write(work: Path) -> None:
            pq.write_table(make().replace_schema_metadata({_MADE: uuid4().hex}), work)

        path = state.kept(derived, f"{name}-{code}", write)
        return _held(path, pq.read_schema(path).metadata[_MADE])

    def there(kind: str) -> list[str]:
        ending = f"-{code}.parquet"
        return [path.name.removesuffix(ending) for path in derived.folder.glob(f"{kind}-[0-9]*{ending}")]

    return Keeping(tables, settings, keep, hold, there, derived.folder, apart) if connection.name == "duckdb" else None


def _write(made: ir.Table | pa.Table, work: Path) -> None:
    """Write a table; rows that have left the engine do not go back to it, for it would hold them."""
    if isinstance(made, pa.Table):
        pq.write_table(made, work)
    else:
        _as_declared(made).to_parquet(work)


def _as_declared(table: ir.Table) -> ir.Table:
    """Cast whole numbers and days to what their type says.

    DuckDB adds whole numbers up in 128 bits, which Parquet has not: they would be written as fractions; and the month
    of a day is a moment to it. Ibis leaves a cast to the type that it takes for granted away, unless it is made as an
    operation.
    """
    told = {name: kind for name, kind in table.schema().items() if kind.is_integer() or kind.is_date()}
    return table.mutate(**{name: ops.Cast(table[name].op(), to=kind).to_expr() for name, kind in told.items()})


_MADE: Final = b"bokgi.made"
"""Where a table that is held says which making of it this is: after an erasure it is another one of the same name."""


@lru_cache(maxsize=4)
def _held(path: Path, made: bytes) -> pa.Table:
    """Read a table into memory, once for all threads; the few read last stay."""
    del made
    return pq.read_table(path)


def _read(connection: Any, name: str, paths: list[Path], derived: state.Derived) -> ir.Table:  # noqa: ANN401 - any Ibis backend
    """Read one table; dates of the export that a data file of the lake does not hold follow from the import."""
    if connection.name == "duckdb":
        table = connection.read_parquet([str(path) for path in paths])
    else:
        table = ibis.union(*(connection.read_parquet(str(path)) for path in paths))
    extra = STATE_COLUMNS.get(name, ())
    named = [column.name for column in (*TABLES[name].columns, *extra)]
    if list(table.columns) == named:
        return table
    added = {column.name: null_of(column) for column in TABLES[name].columns if column.name not in table.columns}
    for column in extra:
        if column.name in table.columns:
            continue
        if column.nullable:
            added[column.name] = _observed_on(table, derived) if column.type == "date" else null_of(column)
        else:
            added[column.name] = ibis.literal(",")
    return table.mutate(**added).select(named)


def _observed_on(table: ir.Table, derived: state.Derived) -> ir.Value:
    dates = [(table.import_no == number, ibis.literal(day, type="date")) for number, day in derived.observed_on.items()]
    return ibis.cases(*dates, else_=ibis.null("date")) if dates else ibis.null("date")


def null_of(column: Column) -> ir.Value:
    """Give the null of a column's type."""
    return ibis.null(ibis.Schema.from_pyarrow(pa.schema([column.arrow()]))[column.name].copy(nullable=True))
