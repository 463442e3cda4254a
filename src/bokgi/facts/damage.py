"""What of a home is damaged, looked for when the engine could not read it.

Derived files say nothing that the facts do not say: a damaged state is deleted, and made anew when it is asked for.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bokgi.domain.errors import SetupError, errno_of
from bokgi.domain.messages import N_, Message
from bokgi.facts import delta
from bokgi.facts.engine import connect, literal
from bokgi.facts.lake import Lake
from bokgi.facts.schema import TABLES

_OF_ENGINE: Final = (duckdb.Error, pa.ArrowException, OSError)


def damage_behind(error: BaseException, home: Path) -> SetupError | None:
    """Give the fault that a damaged file of a home is behind an error of the engine; null where no file is damaged.

    Every file is read whole, so this is for errors only. A derived state with a damaged file is deleted by it: what was
    asked for can be asked again (`state_damaged`). Where a data file of a table is damaged, it says which
    (`table_damaged`).

    >>> damage_behind(ValueError("no such column"), Path("no such home")) is None
    True
    """
    if not isinstance(error, _OF_ENGINE) or errno_of(error) is not None:
        return None
    lake = Lake(home)
    for name in TABLES:
        if lost := [file.path for file in lake.files(name) if not _reads(file.path)]:
            return delta.damaged(name, lost)
    damaged = [
        folder
        for folder in (lake.states.iterdir() if lake.states.is_dir() else ())
        if folder.is_dir() and not all(_reads(path) for path in folder.glob("*.parquet"))
    ]
    for folder in damaged:
        shutil.rmtree(folder, ignore_errors=True)
    if not damaged:
        return None
    return SetupError(
        "state_damaged",
        Message(N_("What is worked out from the facts was damaged, and is deleted now. The facts are complete.")),
        Message(N_("Do it again: what is missing is made anew.")),
    )


def _reads(path: Path) -> bool:
    """Tell whether all of a Parquet file can be read; one that has gone meanwhile is not damaged."""
    try:
        columns = pq.read_schema(path).names
        with connect() as connection:
            rows = connection.sql(f"FROM read_parquet({literal(str(path))})").to_arrow_reader(100_000)
            return all(batch.schema.names == columns for batch in rows)
    except FileNotFoundError:
        return True
    except _OF_ENGINE as error:
        return errno_of(error) is not None
