"""DuckDB as the facts use it: in the process, in UTC, with a place to spill to."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.domain.errors import SetupError, errno_of
from bokgi.domain.messages import N_, Message
from bokgi.facts.schema import Table

DICTIONARY: Final = 4_000
"""Different texts of a column up to which Parquet lists them; a longer list costs more than it saves."""


def connect(spill: Path | None = None, *, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB of its own, without extensions from the network.

    >>> connect().execute("SELECT current_setting('TimeZone')").fetchone()
    ('UTC',)
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if spill is not None:
        settings["temp_directory"] = str(spill)
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def memory_given(environ: Mapping[str, str] = os.environ) -> str | None:
    """Give what the engine may hold in memory as `BOKGI_MEMORY` says it, None where it says nothing.

    Raises `SetupError` (`setting_unreadable`) for what is no amount of memory.

    >>> memory_given({"BOKGI_MEMORY": "4 GB"}), memory_given({})
    ('4GB', None)
    """
    given = environ.get("BOKGI_MEMORY", "").strip()
    if not given:
        return None
    if (found := _AMOUNT.fullmatch(given)) is None or not float(found[1]):
        raise SetupError(
            "setting_unreadable",
            Message(N_("{variable} is no amount of memory."), {"variable": "BOKGI_MEMORY"}),
            Message(N_("Write it like this: {example}"), {"example": "4GB"}),
        )
    return f"{found[1]}{found[2].upper()}"


_AMOUNT: Final = re.compile(r"(\d{1,6}(?:\.\d+)?) ?([MG]B)", re.IGNORECASE)


def shortage(error: BaseException) -> SetupError | None:
    """Turn a full disk, and memory that does not suffice, into our faults; None for any other error.

    >>> shortage(MemoryError()).code, shortage(OSError(errno.ENOSPC, "")).code, shortage(ValueError())
    ('memory_short', 'disk_full', None)
    """
    if out_of_space(error):
        return disk_full()
    if isinstance(error, duckdb.OutOfMemoryException):
        return SetupError(
            "memory_short",
            Message(N_("The memory that the engine may use did not suffice.")),
            Message(N_("Allow it more by the variable {setting}, for instance 4GB."), {"setting": "BOKGI_MEMORY"}),
        )
    if isinstance(error, MemoryError):
        return SetupError(
            "memory_short",
            Message(N_("The memory of the machine did not suffice.")),
            Message(N_("Give it more memory, or end other programs, and try again.")),
        )
    return None


def disk_full() -> SetupError:
    """Say that the disk is full."""
    return SetupError("disk_full", Message(N_("The disk is full.")), Message(N_("Free some space and do it again.")))


def out_of_space(error: BaseException) -> bool:
    """Tell whether the system, DuckDB or Delta failed because the disk, or the share of it that one may use, is full.

    >>> out_of_space(OSError(errno.ENOSPC, "")), out_of_space(duckdb.IOException("IO Error: No space left on device"))
    (True, True)
    >>> out_of_space(duckdb.IOException("No such file")), out_of_space(ValueError("No space left"))
    (False, False)
    """
    if errno_of(error) in {errno.ENOSPC, errno.EDQUOT}:
        return True
    said = str(error)
    return isinstance(error, duckdb.Error) and any(text in said for text in OUT_OF_SPACE)


OUT_OF_SPACE: Final = ("No space left", "disk is full", "Disk quota", "max_temp_directory_size")
"""Words of DuckDB and of a database for a disk, or a share of it, that is full."""


def quoted(name: str) -> str:
    """Quote an identifier.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def parquet(paths: Sequence[Path]) -> str:
    """Give the SQL that reads Parquet files of one table, whatever version of the schema wrote them."""
    listed = ", ".join(literal(str(path)) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true)"


_TYPES: Final = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
}


def sql_type(kind: pa.DataType) -> str:
    """Give DuckDB's name of a type of the schema.

    >>> sql_type(pa.decimal128(18, 2)), sql_type(pa.map_(pa.string(), pa.string()))
    ('DECIMAL(18, 2)', 'MAP(VARCHAR, VARCHAR)')
    >>> sql_type(pa.list_(pa.struct({"from_on": pa.date32()})))
    'STRUCT("from_on" DATE)[]'
    """
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if pa.types.is_map(kind):
        return f"MAP({sql_type(kind.key_type)}, {sql_type(kind.item_type)})"
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"STRUCT({', '.join(f'{quoted(part.name)} {sql_type(part.type)}' for part in kind)})"
    return _TYPES[kind]


def columns_of(table: Table, paths: Sequence[Path]) -> str:
    """Give the SQL of the columns of a table for `parquet(paths)`; those that no file has are null."""
    there = {column for path in paths for column in pq.read_schema(path).names}
    return ", ".join(
        quoted(field.name) if field.name in there else f"CAST(NULL AS {sql_type(field.type)}) AS {quoted(field.name)}"
        for field in table.arrow()
    )
