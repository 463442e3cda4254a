"""Whose targets are these? Names that only a file of targets knows, each with the known one that is nearest."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import Entity
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import Reference

_PERSON: Final = "targets.person"
_NEAR: Final = 0.8
_SHOWN: Final = 5


def told(bench: Workbench, readings: Sequence[Reading], references: Sequence[Reference], held: Held) -> list[Finding]:
    """Point out people and teams that nothing but targets names; `references.resolve` came before.

    One letter too many makes somebody whose target nobody reaches. Where nobody is known yet there is nothing to say.
    """
    files = [reading for reading in readings if reading.entity is Entity.TARGETS]
    if not files:
        return []
    own = [number for number, reference in enumerate(references) if reference.reading.entity is Entity.TARGETS]
    teams = _teams(bench, readings, held)
    people = _people(bench, own)
    found = [_unknown_people(bench, references, number, own, people) for number in own]
    found += [_unknown_teams(bench, reading, teams, people) for reading in files]
    return [finding for finding in found if finding is not None]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that a name is most like, letter by letter; null where none is like it.

    >>> nearest("김민스", ["이지은", "김민수"]), nearest("Kim", ["Seo"])
    ('김민수', None)
    """
    letters = {unicodedata.normalize("NFD", one.casefold()): one for one in known}
    close = difflib.get_close_matches(unicodedata.normalize("NFD", name.casefold()), sorted(letters), 1, _NEAR)
    return letters[close[0]] if close else None


def _people(bench: Workbench, own: Sequence[int]) -> set[str]:
    """Give what everybody is called whom the lake shows or another file names."""
    rows = bench.rows(
        f"""SELECT DISTINCT unnest([name, email, id]) AS said FROM (
                SELECT name, email, id FROM existing_person WHERE shown
                UNION ALL SELECT name, email, id FROM refs_person WHERE reference NOT IN ({_listed(own)}))"""
    )
    return {said for (said,) in rows if said is not None}


def _teams(bench: Workbench, readings: Sequence[Reading], held: Held) -> set[str]:
    """Give the teams that people are in, or that had targets before."""
    parts = []
    for reading in readings:
        field = {Entity.PEOPLE: "people.team", Entity.TEAMS: "teams.team"}.get(reading.entity)
        if field is not None and reading.says(field):
            parts.append(f"SELECT {reading.sql(field)} AS team FROM {reading.kept}")
    if "memberships" in held.now:
        parts.append(f"SELECT team FROM {held.now['memberships']}")
    if parts and "targets" in held.now:
        parts.append(f"SELECT subject_id FROM {held.now['targets']} WHERE subject_kind = 'team'")
    return {team for (team,) in bench.rows(" UNION ".join(parts)) if team is not None} if parts else set()


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "-1"


def _unknown_people(
    bench: Workbench, references: Sequence[Reference], number: int, own: Sequence[int], people: set[str]
) -> Finding | None:
    reading = references[number].reading
    elsewhere = f"""SELECT key FROM refs_person WHERE reference NOT IN ({_listed(own)}) AND key IS NOT NULL
        UNION ALL SELECT key FROM existing_person WHERE shown"""
    unknown = bench.rows(
        f"""SELECT coalesce(raw_name, raw_email, raw_id) AS said, min(_row),
                min(name) FILTER (id IS NULL AND email IS NULL) AS bare
            FROM refs_person WHERE reference = {number} AND key NOT IN ({elsewhere}) GROUP BY said ORDER BY min(_row)"""
    )
    # A bare name that several people have is known; `references` says that one cannot tell whose it is.
    rows = [(said, row) for said, row, bare in unknown if bare not in people]
    header = next((found for part in ("name", "email", "id") if (found := reading.header(f"{_PERSON}_{part}"))), None)
    text = N_(
        "{n} {n:name|names} in “{column}” of {file} {n:is|are} known from nowhere else, and {n:counts as a person|"
        "count as people} from now on. Is one misspelt? Then take this import back, correct the file and import it "
        "again."
    )
    return _finding("target_of_someone_new", text, reading, header, rows, people)


def _unknown_teams(bench: Workbench, reading: Reading, teams: set[str], people: set[str]) -> Finding | None:
    """Say which targets are of teams that nobody is in; a column of teams or people may have meant either."""
    field = next((name for name in ("targets.team", "targets.subject") if reading.says(name)), None)
    known = teams if field == "targets.team" else teams | people
    if field is None or not known:
        return None
    nobody = [f"{reading.sql(f'{_PERSON}_{part}')} IS NULL" for part in ("id", "email", "name")]
    if reading.says("targets.subject_kind"):
        nobody.append(f"coalesce({reading.sql('targets.subject_kind')}, 'team') = 'team'")
    rows = bench.rows(
        f"""SELECT nfc_normalize({reading.sql(field)}) AS said, min(_row) FROM {reading.kept}
            WHERE said IS NOT NULL AND {" AND ".join(nobody)} GROUP BY said ORDER BY min(_row)"""
    )
    rows = [(said, row) for said, row in rows if said not in known]
    text = N_(
        "{n} {n:name|names} in “{column}” of {file} {n:is|are} known from nowhere else, and {n:counts as a team|"
        "count as teams} that nobody is in. Is one misspelt? Then take this import back, correct the file and import "
        "it again."
    )
    return _finding("target_of_team_new", text, reading, reading.header(field), rows, known)


def _finding(
    code: str, text: str, reading: Reading, header: str | None, rows: Sequence[tuple[str, int]], known: set[str]
) -> Finding | None:
    if not rows or not known:
        return None
    examples = tuple(Example(reading.label, row, header, said, nearest(said, known)) for said, row in rows[:_SHOWN])
    values = {"n": len(rows), "column": header or "", "file": reading.label}
    return Finding(code, Severity.WARNING, Message(text, values), len(rows), examples)
