"""Rows that carry the id of another row: identical ones say nothing new, different ones contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.typed import ID_FIELDS, id_field, read_once
from bokgi.intake.sql import identifier, literal
from bokgi.intake.workbench import Workbench


def find(bench: Workbench, readings: Sequence[Reading]) -> None:
    """Find the rows that share their id with another one, over all files of an entity: table `same_id`.

    It has `place, _row, id`; `compare` says what they are.
    """
    bench.run("CREATE TEMP TABLE same_id (place INTEGER, _row BIGINT, id VARCHAR)")
    for files in _by_entity(readings):
        ids = " UNION ALL ".join(_ids(reading) for reading in files)
        bench.run(
            f"""CREATE OR REPLACE TEMP TABLE repeated_ids AS
                SELECT id FROM ({ids}) WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1"""
        )
        if bench.number("SELECT count(*) FROM repeated_ids"):
            bench.run(f"INSERT INTO same_id SELECT i.* FROM ({ids}) AS i SEMI JOIN repeated_ids AS r ON i.id = r.id")


def compare(bench: Workbench, readings: Sequence[Reading]) -> None:
    """Compare the rows of each id: table `repeats` with `place, _row, id, same`. `set_aside_<place>` has their texts.

    `same`: the row equals the first one with its id, cell by cell; otherwise all rows of the id contradict each other
    and stand there with `same` false. The first of equal rows does not stand there.
    """
    bench.run("CREATE TEMP TABLE repeats (place INTEGER, _row BIGINT, id VARCHAR, same BOOLEAN)")
    for files in _by_entity(readings):
        places = ", ".join(str(reading.place) for reading in files)
        if not bench.number(f"SELECT count(*) FROM same_id WHERE place IN ({places})"):
            continue
        rows = " UNION ALL ".join(
            f"""SELECT i.place, i._row, i.id, {_content(reading)} AS content
                FROM set_aside_{reading.place} AS t
                JOIN same_id AS i ON i.place = {reading.place} AND i._row = t._row"""
            for reading in files
        )
        bench.run(
            f"""
            INSERT INTO repeats
            SELECT place, _row, id, alike FROM (
                SELECT place, _row, id, min(content) OVER w = max(content) OVER w AS alike,
                    row_number() OVER (PARTITION BY id ORDER BY place, _row) AS nth
                FROM ({rows}) WINDOW w AS (PARTITION BY id)
            ) WHERE nth > 1 OR NOT alike
            """
        )


def _by_entity(readings: Sequence[Reading]) -> list[list[Reading]]:
    """Put the files together whose rows are of one kind and have ids."""
    named = [reading for reading in readings if id_field(reading) is not None]
    found = ([reading for reading in named if reading.entity is entity] for entity in ID_FIELDS)
    return [files for files in found if files]


def _ids(reading: Reading) -> str:
    own = identifier(id_field(reading) or "")
    return f"SELECT {reading.place} AS place, _row, {own} AS id FROM {read_once(reading)} WHERE {current(reading)}"


def current(reading: Reading) -> str:
    """Give the SQL condition for rows that are the current version of their record."""
    return f"coalesce({reading.sql('row.current')}, true)" if reading.says("row.current") else "true"


def _content(reading: Reading) -> str:
    """Give the SQL of a row's whole content as text, the same for files with the same headers."""
    cells = ", ".join(
        f"{literal(column.name)}, t.{column.sql}" for column in sorted(reading.staged.columns, key=lambda c: c.name)
    )
    return f"json_object({cells})::VARCHAR"
