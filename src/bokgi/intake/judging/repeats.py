"""Rows that carry the id of another row: identical ones say nothing new, different ones contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import Entity
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench

ID_FIELDS: Final[dict[Entity, tuple[str, ...]]] = {
    Entity.DEALS: ("deals.deal_id",),
    Entity.ACCOUNTS: ("accounts.account_id", "accounts.name"),
    Entity.PEOPLE: ("people.person_id",),
    Entity.CONTACTS: ("contacts.contact_id",),
    Entity.LEADS: ("leads.lead_id",),
    Entity.ACTIVITIES: ("activities.activity_id",),
    Entity.CONTENT: ("content.content_id",),
    Entity.CONTENT_EVENTS: ("content_events.event_id",),
    Entity.RESPONSES: ("responses.response_id",),
}
"""Entity → fields of which the first that the file says names the row."""


def id_field(reading: Reading) -> str | None:
    """Give the field that names a file's rows; null where none does."""
    return next((name for name in ID_FIELDS.get(reading.entity, ()) if reading.says(name)), None)


def find(bench: Workbench, readings: Sequence[Reading]) -> None:
    """Find repeated ids over all files of an entity: table `repeats` with `place, _row, id, same`.

    `same`: the row equals the first one with its id, cell by cell; otherwise all rows of the id contradict each other
    and stand there with `same` false. The first of equal rows does not stand there.
    """
    bench.run("CREATE TEMP TABLE repeats (place INTEGER, _row BIGINT, id VARCHAR, same BOOLEAN)")
    for entity in ID_FIELDS:
        files = [reading for reading in readings if reading.entity is entity and id_field(reading) is not None]
        if files:
            _find(bench, files)


def _find(bench: Workbench, files: Sequence[Reading]) -> None:
    ids = " UNION ALL ".join(
        f"SELECT {_id(reading)} AS id FROM {reading.typed} WHERE {current(reading)}" for reading in files
    )
    bench.run(
        f"CREATE OR REPLACE TEMP TABLE repeated_ids AS "
        f"SELECT id FROM ({ids}) WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1"
    )
    if bench.number("SELECT count(*) FROM repeated_ids") == 0:
        return
    rows = " UNION ALL ".join(
        f"""SELECT {reading.place} AS place, _row, {_id(reading)} AS id, {_content(reading)} AS content
            FROM {reading.typed} WHERE {current(reading)} AND {_id(reading)} IN (SELECT id FROM repeated_ids)"""
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


def current(reading: Reading) -> str:
    """Give the SQL condition for rows that are the current version of their record."""
    return f"coalesce({reading.sql('row.current')}, true)" if reading.says("row.current") else "true"


def _id(reading: Reading) -> str:
    field = id_field(reading)
    assert field is not None  # noqa: S101 - only files with one come here
    return reading.sql(field)


def _content(reading: Reading) -> str:
    """Give the SQL of a row's whole content as text, the same for files with the same headers."""
    cells = ", ".join(
        f"{literal(column.name)}, {column.sql}" for column in sorted(reading.staged.columns, key=lambda c: c.name)
    )
    return f"json_object({cells})::VARCHAR"
