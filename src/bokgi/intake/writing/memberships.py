"""Who belongs to which team in which role: effective-dated, from files that say only how it is now.

A file without dates is compared with the membership in force on the day of its export: what differs begins on that day
and ends what was in force. The first membership of a person has always held, or since the day the person started.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import Entity
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import Reference
from bokgi.intake.writing.yields import Yield

_COLUMNS = ("person_id", "team", "role", "manager_id", "share", "started_on", "left_on", "valid_from", "valid_to")
_FIELDS = ("team", "role", "started", "left")


def yields(bench: Workbench, references: Sequence[Reference], held: Held, exported_on: date) -> Iterator[Yield]:
    """Give the memberships that files of people and teams say."""
    for reference in references:
        reading = reference.reading
        entity = {("people.person", Entity.PEOPLE): "people", ("teams.person", Entity.TEAMS): "teams"}.get(
            (reference.name, reading.entity)
        )
        if entity is None:
            continue
        manager = next((r for r in references if r.reading is reading and r.name == f"{entity}.manager"), None)
        said = [name for name in _FIELDS if reading.says(f"{entity}.{name}")]
        if not said and manager is None:
            continue
        _said_now(bench, reference, manager, entity)
        if reading.says(f"{entity}.valid_from"):
            yield _definition(reading, f"FROM said_members_{reading.place}")
        else:
            _compared(bench, reading, held, exported_on, said, managed=manager is not None)
            yield _definition(reading, f"FROM members_{reading.place}")


def _definition(reading: Reading, rows: str) -> Yield:
    return Yield("memberships", reading.place, rows, said={name: name for name in _COLUMNS}, repeating=True)


def _said_now(bench: Workbench, reference: Reference, manager: Reference | None, entity: str) -> None:
    """Put down what the file says: table `said_members_<place>`."""
    reading = reference.reading

    def field(name: str) -> str:
        return reading.sql(f"{entity}.{name}", rows="r")

    share = f"coalesce({field('share')}, 1)" if reading.says(f"{entity}.share") else "1::DOUBLE"
    bench.run(
        f"""CREATE TEMP TABLE said_members_{reading.place} AS
            SELECT r._row, {reference.key} AS person_id, {field("team")} AS team, {field("role")} AS role,
                {"NULL::VARCHAR" if manager is None else manager.key} AS manager_id, {share} AS share,
                ({field("started")})::DATE AS started_on, ({field("left")})::DATE AS left_on,
                ({field("valid_from")})::DATE AS valid_from, ({field("valid_to")})::DATE AS valid_to
            FROM {reading.kept} AS r {reference.join()} {"" if manager is None else manager.join()}"""
    )


def _compared(
    bench: Workbench, reading: Reading, held: Held, exported_on: date, said: Sequence[str], *, managed: bool
) -> None:
    """Turn what holds now into effective-dated rows: table `members_<place>`."""
    place, day = reading.place, f"DATE '{exported_on.isoformat()}'"
    none = f"(SELECT * FROM said_members_{place} WHERE false)"
    there = held.now.get("memberships", none)
    differs = [f"c.{name} IS DISTINCT FROM s.{name}" for name in ("team", "role") if name in said]
    if managed:
        differs.append("c.manager_id IS DISTINCT FROM s.manager_id")
    changed = " OR ".join(differs) or "false"
    team = "s.team" if "team" in said else "c.team"
    role = "s.role" if "role" in said else "c.role"
    started = "coalesce(s.started_on, c.started_on)" if "started" in said else "c.started_on"
    left = "s.left_on" if "left" in said else "c.left_on"
    manager = "s.manager_id" if managed else "c.manager_id"
    alike = " AND ".join(f"c.{name} IS NOT DISTINCT FROM s.{name}" for name in ("team", "role"))
    same_day = f"c.valid_from IS NOT DISTINCT FROM {day} AND {alike}"
    bench.run(
        f"""
        CREATE TEMP TABLE members_{place} AS
        WITH in_force AS (
            SELECT * FROM {there} WHERE coalesce(valid_from <= {day}, true) AND coalesce(valid_to > {day}, true)
            QUALIFY row_number() OVER (
                PARTITION BY person_id ORDER BY valid_from DESC NULLS LAST, share DESC, team, role
            ) = 1
        ), later AS (
            SELECT person_id, min(valid_from) AS begins FROM {there} WHERE valid_from > {day} GROUP BY person_id
        ), several AS (
            SELECT person_id FROM said_members_{place} GROUP BY person_id HAVING count(*) > 1
        ), compared AS (
            SELECT s._row, s.person_id, {team} AS team, {role} AS role, {manager} AS manager_id, s.share,
                {started} AS started_on, {left} AS left_on, c.person_id IS NOT NULL AS held,
                ({changed}) AND NOT ({same_day}) AS changed,
                c.valid_from AS was_from, c.valid_to AS was_to, s.started_on AS began,
                c.team AS was_team, c.role AS was_role, c.manager_id AS was_manager, c.share AS was_share,
                c.started_on AS was_started, c.left_on AS was_left, l.begins
            FROM said_members_{place} AS s
            LEFT JOIN in_force AS c ON c.person_id = s.person_id AND (s.person_id NOT IN (FROM several)
                OR (c.team IS NOT DISTINCT FROM s.team AND c.role IS NOT DISTINCT FROM s.role))
            LEFT JOIN later AS l ON l.person_id = s.person_id
        )
        SELECT _row, person_id, team, role, manager_id, share, started_on, left_on,
            CASE WHEN NOT held THEN began WHEN changed THEN {day} ELSE was_from END AS valid_from,
            CASE WHEN held AND NOT changed THEN was_to ELSE coalesce(left_on, begins) END AS valid_to
        FROM compared
        UNION ALL
        SELECT _row, person_id, was_team, was_role, was_manager, was_share, was_started, was_left, was_from, {day}
        FROM compared WHERE held AND changed
        """
    )
