"""Who is meant? Ids, e-mails and names of people and contacts, found again among all that were ever seen.

All files of an import are resolved together, those of people first. A reference is matched by the source's id, then by
e-mail, then by a name that only one person has; what matches nobody becomes somebody new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.intake.judging.readings import Reading
from bokgi.intake.judging.typed import kept_with
from bokgi.intake.mapping.fields import FIELDS
from bokgi.intake.mapping.model import Entity
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench

_PARTS: Final = ("id", "email", "name")


@dataclass(frozen=True)
class Reference:
    """One place in a file that names somebody: up to three columns. `rank` 0 is the file that lists them."""

    reading: Reading
    name: str
    rank: int
    id: str
    email: str
    called: str

    @property
    def table(self) -> str:
        """Name of the table that holds, for each way to name somebody there, who it is (`key`)."""
        return f"who_{self.reading.place}_{self.name.replace('.', '_')}"

    @property
    def rows(self) -> str:
        """Name the view of the file's kept rows that has what names somebody."""
        return kept_with(self.reading, self.id, self.email, self.called)

    def join(self, rows: str = "r") -> str:
        """Give the SQL that joins the key to rows of the file's view, whose alias is `rows`."""
        alias = self.alias
        same = " AND ".join(
            f"{rows}.{column} IS NOT DISTINCT FROM {alias}.raw_{part}" for part, column in self.said() if column
        )
        return f"LEFT JOIN {self.table} AS {alias} ON {same}"

    @property
    def alias(self) -> str:
        """Alias of the joined table."""
        return "w_" + self.name.replace(".", "_")

    @property
    def key(self) -> str:
        """Give the SQL of the key after the join."""
        return f"{self.alias}.key"

    def said(self) -> list[tuple[str, str]]:
        """Give the parts that the file says, with their columns in its view."""
        parts = zip(_PARTS, (self.id, self.email, self.called), strict=True)
        return [(part, column) for part, column in parts if not column.startswith("NULL")]


def of_people(readings: Sequence[Reading]) -> list[Reference]:
    """List every place of the files that names a person of ours."""
    return list(_listed(readings, Entity.PEOPLE))


def of_contacts(readings: Sequence[Reading]) -> list[Reference]:
    """List every place of the files that names a customer's contact."""
    return list(_listed(readings, Entity.CONTACTS))


def _listed(readings: Sequence[Reading], who: Entity) -> Iterator[Reference]:
    own = {Entity.PEOPLE: "people.person", Entity.CONTACTS: "contacts.contact"}[who]
    prefixes = dict.fromkeys(
        name.rsplit("_", 1)[0] for name, field in FIELDS.items() if field.refers is who and not name.endswith("_to")
    )
    for reading in readings:
        if reading.entity is who and reading.says(f"{own}_id", f"{who.value}.email", *_name_fields(who)):
            called = f"{who.value}.name" if reading.says(*_name_fields(who)) else None
            yield Reference(
                reading,
                own,
                0,
                reading.sql(f"{own}_id"),
                reading.sql(f"{who.value}.email"),
                "NULL::VARCHAR" if called is None else f'"{called}"',
            )
        if who is Entity.PEOPLE and reading.entity is Entity.DEAL_HISTORY and reading.says("deal_history.field"):
            yield from _changed_owners(reading)
        for prefix in prefixes:
            names = [f"{prefix}_{part}" for part in _PARTS]
            if reading.says(*names):
                yield Reference(reading, prefix, 1, *(reading.sql(name) for name in names))


def _changed_owners(reading: Reading) -> Iterator[Reference]:
    """Give the owners before and after that a field history names."""
    for which in ("old", "new"):
        if reading.says(f"deal_history.{which}"):
            name = f"deal_history.{which}_owner"
            yield Reference(reading, name, 1, *(f'"{name}_{part}"' for part in _PARTS))


def _name_fields(who: Entity) -> tuple[str, str, str]:
    return (f"{who.value}.name", f"{who.value}.first_name", f"{who.value}.last_name")


@dataclass(frozen=True)
class Resolved:
    """What resolving gave: table `new` (`key, source, id, email, name, place, _row`) of those never seen, findings."""

    new: str
    findings: tuple[Finding, ...]


def resolve(bench: Workbench, references: Sequence[Reference], *, kind: str, existing: str, import_no: int) -> Resolved:
    """Find the key of everybody who is named.

    `existing` is a relation `key, shown, source, source_id, email, name` of everybody who was ever seen; `kind` is
    `person` (keys are surrogates) or `contact` (a source's id is the key). Afterwards each reference's table is there.
    """
    new = f"new_{kind}"
    _collect(bench, references, kind)
    bench.run(f"CREATE TEMP TABLE existing_{kind} AS {_normal(existing)}")
    _match(bench, kind, by_id_is_key=kind == "contact")
    findings = _ambiguous(bench, references, kind)
    letter = kind[0]
    bench.run(
        f"""
        CREATE TEMP TABLE {new} AS
        SELECT CASE WHEN own IS NOT NULL THEN own
                    ELSE {literal(f"{letter}{import_no}-")} ||
                        row_number() OVER (PARTITION BY own IS NULL ORDER BY rank, place, _row, cluster) END AS key,
               cluster, source, id, email, name, place, _row, rank
        FROM (
            SELECT cluster, min_by(source, (rank, place, _row)) AS source, min(id) AS id,
                min_by(raw_email, (rank, place, _row)) FILTER (raw_email IS NOT NULL) AS email,
                min_by(raw_name, (rank, place, _row)) FILTER (raw_name IS NOT NULL) AS name,
                min_by(place, (rank, place, _row)) AS place, min_by(_row, (rank, place, _row)) AS _row,
                min(rank) AS rank,
                {"min(id)" if kind == "contact" else "NULL::VARCHAR"} AS own
            FROM refs_{kind} WHERE key IS NULL GROUP BY cluster
        )
        """
    )
    bench.run(
        f"""UPDATE refs_{kind} SET key = n.key FROM {new} AS n
            WHERE refs_{kind}.key IS NULL AND refs_{kind}.cluster = n.cluster"""
    )
    for number, reference in enumerate(references):
        bench.run(
            f"""CREATE TEMP TABLE {reference.table} AS
                SELECT raw_id, raw_email, raw_name, any_value(key) AS key FROM refs_{kind} WHERE reference = {number}
                GROUP BY ALL"""
        )
    return Resolved(new, tuple(findings))


def _collect(bench: Workbench, references: Sequence[Reference], kind: str) -> None:
    """Put each different way to name somebody into `refs_<kind>`, as written and in the form that is compared."""
    parts = [
        f"""SELECT {number} AS reference, {reference.rank} AS rank, {reference.reading.place} AS place,
                {literal(reference.reading.mapping.source)} AS source, raw_id, raw_email, raw_name, min(_row) AS _row
            FROM (SELECT _row, {reference.id} AS raw_id, {reference.email} AS raw_email, {reference.called} AS raw_name
                  FROM {reference.rows})
            WHERE raw_id IS NOT NULL OR raw_email IS NOT NULL OR raw_name IS NOT NULL GROUP BY ALL"""
        for number, reference in enumerate(references)
    ]
    empty = """SELECT 0 AS reference, 0 AS rank, 0 AS place, '' AS source, '' AS raw_id, '' AS raw_email,
        '' AS raw_name, 0::BIGINT AS _row WHERE false"""
    bench.run(
        f"""CREATE TEMP TABLE refs_{kind} AS
            SELECT *, {_id("raw_id")} AS id, {_mail("raw_email")} AS email, {_name("raw_name")} AS name,
                NULL::VARCHAR AS key, NULL::VARCHAR AS cluster
            FROM ({" UNION ALL ".join([empty, *parts])})"""
    )


def _id(text: str) -> str:
    return f"nullif(trim({text}), '')"


def _mail(text: str) -> str:
    return f"nullif(lower(trim({text})), '')"


def _name(text: str) -> str:
    return f"nullif(trim(regexp_replace(nfc_normalize({text}), '\\s+', ' ', 'g')), '')"


def _normal(existing: str) -> str:
    """Bring everybody who was ever seen into the form that is compared, each way to name them once.

    An import that came to nothing leaves surrogates behind. Whoever is shown goes before them, then the oldest.
    """
    return f"""SELECT min_by(key, (NOT shown, length(key), key)) AS key, bool_or(shown) AS shown,
            source, id, email, name
        FROM (SELECT key, shown, source, {_id("source_id")} AS id, {_mail("email")} AS email, {_name("name")} AS name
              FROM ({existing})) GROUP BY source, id, email, name"""


_BEST: Final = "min_by({key}, (NOT {shown}, length({key}), {key}))"
"""Of several keys one that is shown, then the oldest."""


def _persons(key: str, shown: str) -> str:
    """Give the SQL that counts how many different people are meant: those shown, where there are any."""
    counted = f"count(DISTINCT {key}) FILTER ({shown})"
    return f"(CASE WHEN {counted} > 0 THEN {counted} ELSE count(DISTINCT {key}) END)"


_OTHER_ID: Final = "(r.id IS NULL OR e.id IS NULL OR e.source <> r.source)"
"""Not two different ids of one source."""


def _match(bench: Workbench, kind: str, *, by_id_is_key: bool) -> None:
    refs, existing = f"refs_{kind}", f"existing_{kind}"
    _set_key(bench, refs, existing, "r.id = e.id AND r.source = e.source")
    if by_id_is_key:
        _set_key(bench, refs, existing, "r.id = e.key")
    _set_key(bench, refs, existing, f"r.email = e.email AND {_OTHER_ID}")
    free = "(r.email IS NULL OR e.email IS NULL)"
    _set_key(bench, refs, existing, f"r.id IS NOT NULL AND r.name = e.name AND {free} AND {_OTHER_ID}", only_one=True)
    _set_key(
        bench, refs, existing, f"r.email IS NOT NULL AND r.name = e.name AND {free} AND {_OTHER_ID}", only_one=True
    )
    _cluster(bench, refs)
    bench.run(
        f"""CREATE OR REPLACE TEMP TABLE called AS
            SELECT DISTINCT name, key AS who, true AS old, shown FROM {existing} WHERE name IS NOT NULL
            UNION SELECT DISTINCT name, coalesce(key, cluster), key IS NOT NULL, true FROM {refs}
            WHERE name IS NOT NULL AND (id IS NOT NULL OR email IS NOT NULL)"""
    )
    bench.run(
        f"""CREATE OR REPLACE TEMP TABLE only_called AS
            SELECT name, {_BEST.format(key="who", shown="shown")} AS who, {_persons("who", "shown")} AS persons,
                min_by(old, (NOT shown, length(who), who)) AS old
            FROM called GROUP BY name"""
    )
    alone = "id IS NULL AND email IS NULL AND key IS NULL"
    bench.run(
        f"""UPDATE {refs} SET key = CASE WHEN c.old THEN c.who END, cluster = c.who FROM only_called AS c
            WHERE {refs}.name = c.name AND c.persons = 1 AND {alone}"""
    )
    bench.run(f"UPDATE {refs} SET cluster = 'name ' || name WHERE cluster IS NULL AND {alone}")


def _set_key(bench: Workbench, refs: str, existing: str, condition: str, *, only_one: bool = False) -> None:
    having = f"HAVING {_persons('e.key', 'e.shown')} = 1" if only_one else ""
    bench.run(
        f"""CREATE OR REPLACE TEMP TABLE matched AS
            SELECT r.source, r.id, r.email, r.name, {_BEST.format(key="e.key", shown="e.shown")} AS key FROM
            (SELECT DISTINCT source, id, email, name FROM {refs} WHERE key IS NULL) AS r JOIN {existing} AS e
            ON {condition} GROUP BY r.source, r.id, r.email, r.name {having}"""
    )
    bench.run(
        f"""UPDATE {refs} SET key = m.key FROM matched AS m
            WHERE {refs}.key IS NULL AND {refs}.source = m.source AND {refs}.id IS NOT DISTINCT FROM m.id
            AND {refs}.email IS NOT DISTINCT FROM m.email AND {refs}.name IS NOT DISTINCT FROM m.name"""
    )


def _cluster(bench: Workbench, refs: str) -> None:
    """Give those with an id or an e-mail their cluster: the same e-mail, unless two ids of a source share it."""
    bench.run(
        f"""CREATE OR REPLACE TEMP TABLE shared AS
            SELECT DISTINCT email FROM (
                SELECT source, email FROM {refs} WHERE email IS NOT NULL AND id IS NOT NULL
                GROUP BY source, email HAVING count(DISTINCT id) > 1)"""
    )
    bench.run(
        f"""CREATE OR REPLACE TEMP TABLE mailed AS
            SELECT source, id, min(email) AS email, min(key) AS key FROM {refs}
            WHERE id IS NOT NULL AND (email IS NOT NULL OR key IS NOT NULL)
            AND (email IS NULL OR email NOT IN (FROM shared)) GROUP BY source, id"""
    )
    bench.run(
        f"""UPDATE {refs} SET key = m.key FROM mailed AS m WHERE {refs}.key IS NULL AND m.key IS NOT NULL
            AND {refs}.source = m.source AND {refs}.id = m.id"""
    )
    bench.run(
        f"""UPDATE {refs} SET key = m.key FROM (SELECT email, min(key) AS key FROM mailed GROUP BY email) AS m
            WHERE {refs}.key IS NULL AND m.key IS NOT NULL AND {refs}.id IS NULL AND {refs}.email = m.email"""
    )
    bench.run(
        f"""UPDATE {refs} SET cluster = 'mail ' || m.email FROM mailed AS m
            WHERE {refs}.key IS NULL AND {refs}.source = m.source AND {refs}.id = m.id AND m.email IS NOT NULL"""
    )
    bench.run(
        f"""UPDATE {refs} SET cluster = 'id ' || source || ' ' || id
            WHERE key IS NULL AND cluster IS NULL AND id IS NOT NULL"""
    )
    bench.run(
        f"UPDATE {refs} SET cluster = 'mail ' || email WHERE key IS NULL AND cluster IS NULL AND email IS NOT NULL"
    )


def _ambiguous(bench: Workbench, references: Sequence[Reference], kind: str) -> list[Finding]:
    """Say which bare names more than one person has; each becomes an identity of its own."""
    rows = bench.rows(
        f"""SELECT r.reference, r.raw_name, r._row FROM refs_{kind} AS r JOIN only_called AS c ON r.name = c.name
            WHERE c.persons > 1 AND r.id IS NULL AND r.email IS NULL AND r.key IS NULL ORDER BY r.reference, r._row"""
    )
    if not rows:
        return []
    examples = tuple(
        Example(references[number].reading.label, row, references[number].name, name) for number, name, row in rows[:5]
    )
    message = Message(
        N_(
            "{n} {n:name belongs|names belong} to more than one person; each stands as a person "
            "of its own until they are linked."
        ),
        {"n": len(rows)},
    )
    return [Finding("person_ambiguous", Severity.WARNING, message, len(rows), examples)]
