"""Who is meant? Ids, e-mails and names of people and contacts, found again among all that were ever seen.

All files of an import are resolved together, those of people first. A reference is matched by the source's id, then by
e-mail, then by a name that only one person has; what matches nobody becomes somebody new. Where a cell for a name holds
somebody's e-mail address or id, that is meant: so a name that several people have can be told apart by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    _collect(bench, references, kind, lambda reference: reference.rows)
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


def name_people(bench: Workbench) -> None:
    """Say whom of ours a name, an e-mail address or an id alone means, where that is one: table `named` (`name, key`).

    `resolve` came before.
    """
    bench.run(
        """CREATE TEMP TABLE named AS
            SELECT c.name, CASE WHEN c.old THEN c.who ELSE n.key END AS key
            FROM only_called_person AS c LEFT JOIN new_person AS n ON n.cluster = c.who WHERE c.persons = 1
            UNION SELECT name, key FROM refs_person
            WHERE id IS NULL AND email IS NULL AND name NOT IN (SELECT name FROM only_called_person)"""
    )


def shared_names(bench: Workbench, readings: Sequence[Reading], existing: str) -> dict[str, str]:
    """Give the names that several of our people have, with the e-mail addresses or ids that tell these apart.

    Counted are people who were ever seen (`existing`, as for `resolve`) and those whom the files name; before judging.
    """
    _collect(bench, of_people(readings), "asked", lambda reference: reference.reading.typed)
    bench.run(f"CREATE TEMP TABLE existing_asked AS {_normal(existing)}")
    _match(bench, "asked", by_id_is_key=False)
    return dict(
        bench.rows(
            """WITH marks AS (
                    SELECT who, coalesce(min(email), min(id)) AS mark FROM (
                        SELECT key AS who, email, id FROM existing_asked
                        UNION ALL SELECT coalesce(key, cluster), email, id FROM refs_asked
                    ) GROUP BY who
                )
                SELECT c.name, coalesce(string_agg(DISTINCT m.mark, ' / ' ORDER BY m.mark), '')
                FROM called_asked AS c JOIN only_called_asked AS o ON o.name = c.name JOIN marks AS m ON m.who = c.who
                WHERE o.persons > 1 AND (c.shown OR NOT o.shown) GROUP BY c.name ORDER BY c.name"""
        )
    )


def _collect(bench: Workbench, references: Sequence[Reference], kind: str, rows: Callable[[Reference], str]) -> None:
    """Put each different way to name somebody into `refs_<kind>`, as written and in the form that is compared."""
    parts = [
        f"""SELECT {number} AS reference, {reference.rank} AS rank, {reference.reading.place} AS place,
                {literal(reference.reading.mapping.source)} AS source, raw_id, raw_email, raw_name, min(_row) AS _row
            FROM (SELECT _row, {reference.id} AS raw_id, {reference.email} AS raw_email, {reference.called} AS raw_name
                  FROM {rows(reference)})
            WHERE raw_id IS NOT NULL OR raw_email IS NOT NULL OR raw_name IS NOT NULL GROUP BY ALL"""
        for number, reference in enumerate(references)
    ]
    empty = """SELECT 0 AS reference, 0 AS rank, 0 AS place, '' AS source, '' AS raw_id, '' AS raw_email,
        '' AS raw_name, 0::BIGINT AS _row WHERE false"""
    bench.run(
        f"""CREATE TEMP TABLE refs_{kind} AS
            SELECT *, {_id("raw_id")} AS id, {_mail("raw_email")} AS email, {compared("raw_name")} AS name,
                NULL::VARCHAR AS key, NULL::VARCHAR AS cluster
            FROM ({" UNION ALL ".join([empty, *parts])})"""
    )


def _id(text: str) -> str:
    return f"nullif(trim({text}), '')"


def _mail(text: str) -> str:
    return f"nullif(lower(trim({text})), '')"


def compared(text: str) -> str:
    """Give the SQL of a name in the form in which names are compared: of an e-mail address that of addresses."""
    plain = f"nullif(trim(regexp_replace(nfc_normalize({text}), '\\s+', ' ', 'g')), '')"
    return f"CASE WHEN contains({text}, '@') THEN {_mail(text)} ELSE {plain} END"


def _normal(existing: str) -> str:
    """Bring everybody who was ever seen into the form that is compared, each way to name them once.

    An import that came to nothing leaves surrogates behind. Whoever is shown goes before them, then the oldest.
    """
    return f"""SELECT min_by(key, (NOT shown, length(key), key)) AS key, bool_or(shown) AS shown,
            source, id, email, name
        FROM (SELECT key, shown, source, {_id("source_id")} AS id, {_mail("email")} AS email, {compared("name")} AS name
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
    # There may be very many contacts, of whom only those are looked for that a file names by their name alone.
    asked = f"name IN (SELECT name FROM {refs} WHERE id IS NULL AND email IS NULL)" if by_id_is_key else "true"
    bench.run(
        f"""CREATE TEMP TABLE called_{kind} AS SELECT DISTINCT * FROM (
                SELECT unnest([name, email, id]) AS name, key AS who, true AS old, shown FROM {existing}
                UNION ALL SELECT unnest([name, email, id]), coalesce(key, cluster), key IS NOT NULL, true FROM {refs}
                WHERE id IS NOT NULL OR email IS NOT NULL
            ) WHERE name IS NOT NULL AND {asked}"""
    )
    bench.run(
        f"""CREATE TEMP TABLE only_called_{kind} AS
            SELECT name, {_BEST.format(key="who", shown="shown")} AS who, {_persons("who", "shown")} AS persons,
                min_by(old, (NOT shown, length(who), who)) AS old, bool_or(shown) AS shown
            FROM called_{kind} GROUP BY name"""
    )
    alone = "id IS NULL AND email IS NULL AND key IS NULL"
    bench.run(
        f"""UPDATE {refs} SET key = CASE WHEN c.old THEN c.who END, cluster = c.who FROM only_called_{kind} AS c
            WHERE {refs}.name = c.name AND c.persons = 1 AND {alone}"""
    )
    # Who was nobody but a name that several people have stays that, and does not become somebody else with each file.
    bench.run(
        f"""UPDATE {refs} SET key = e.who FROM (
                SELECT name AS called, {_BEST.format(key="key", shown="shown")} AS who FROM {existing}
                WHERE id IS NULL AND email IS NULL AND name IN (SELECT name FROM only_called_{kind} WHERE persons > 1)
                GROUP BY name
            ) AS e WHERE {refs}.name = e.called AND {alone}"""
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
        f"""SELECT r.reference, r.raw_name, r._row FROM refs_{kind} AS r JOIN only_called_{kind} AS c ON r.name = c.name
            WHERE c.persons > 1 AND r.id IS NULL AND r.email IS NULL ORDER BY r.reference, r._row"""
    )
    if not rows:
        return []
    examples = tuple(
        Example(references[number].reading.label, row, references[number].name, name) for number, name, row in rows[:5]
    )
    message = Message(
        N_(
            "{n} {n:name belongs|names belong} to more than one person; each stands as a person of its own. Write an "
            "e-mail address or an id in place of the name to say who is meant."
        ),
        {"n": len(rows)},
    )
    return [Finding("person_ambiguous", Severity.WARNING, message, len(rows), examples)]
