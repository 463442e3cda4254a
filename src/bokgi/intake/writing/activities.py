"""What rows of the other files yield: leads, pairs of deal and contact, activities, content, customers' responses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import Entity
from bokgi.intake.sql import identifier, literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing import accounts
from bokgi.intake.writing.corrections import TAKES_PART
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import Reference
from bokgi.intake.writing.yields import Yield, attributes_of

_SURROGATES: Final = {"activities": "a", "content_events": "e", "responses": "r"}
_IDS: Final = {"activities": "activity_id", "content_events": "event_id", "responses": "response_id"}


def leads(reading: Reading, references: Sequence[Reference]) -> Iterator[Yield]:
    """Give leads."""
    owner = _reference(references, reading, "leads.owner")
    join, account = accounts.key(reading, "leads.account")
    rows = f"""SELECT r.*, {account} AS account_id, {"NULL::VARCHAR" if owner is None else owner.key} AS owner_id
        FROM {reading.kept} AS r {join} {"" if owner is None else owner.join()}"""
    said = {"lead_id": reading.sql("leads.lead_id")}
    otherwise: dict[str, str] = {}
    for column in ("source", "grade", "converted_deal_id"):
        if reading.says(f"leads.{column}"):
            said[column] = reading.sql(f"leads.{column}")
    if owner is not None:
        said["owner_id"] = "owner_id"
    if reading.says("leads.account_id", "leads.account_name"):
        said["account_id"] = "account_id"
    for name in ("created", "assigned"):
        if reading.says(f"leads.{name}"):
            for part in ("at", "on"):
                said[f"{name}_{part}"] = reading.sql(f"leads.{name}", part)
    outcome = _lead_outcome(reading)
    (said if outcome is not None else otherwise)["outcome"] = outcome or "'open'"
    yield Yield("leads", reading.place, rows, said, otherwise, repeating=True, **attributes_of(reading))


def _lead_outcome(reading: Reading) -> str | None:
    branches = []
    if reading.says("leads.outcome"):
        said = reading.sql("leads.outcome")
        branches.append(f"WHEN {said} IN ('open', 'converted', 'disqualified') THEN {said}")
    if reading.says("leads.is_converted"):
        branches.append(f"WHEN {reading.sql('leads.is_converted')} THEN 'converted'")
    if reading.says("leads.converted_deal_id"):
        branches.append(f"WHEN {reading.sql('leads.converted_deal_id')} IS NOT NULL THEN 'converted'")
    return f"CASE {' '.join(branches)} ELSE 'open' END" if branches else None


def deal_contacts(reading: Reading) -> Yield:
    """Give the pairs deal × contact of a file of pairs."""
    said = {
        "deal_id": reading.sql("deal_contacts.deal_id"),
        "contact_id": reading.sql("deal_contacts.contact_id"),
        **TAKES_PART,
    }
    if reading.says("deal_contacts.role"):
        said["role"] = reading.sql("deal_contacts.role")
    return Yield("deal_contacts", reading.place, f"FROM {reading.kept}", said, repeating=True, full=True)


def content(reading: Reading) -> Yield:
    """Give items of content."""
    said = {"content_id": reading.sql("content.content_id")}
    for column in ("title", "kind", "journey_stage"):
        if reading.says(f"content.{column}"):
            said[column] = reading.sql(f"content.{column}")
    return Yield("content", reading.place, f"FROM {reading.kept}", said, repeating=True, **attributes_of(reading))


def identify(bench: Workbench, reading: Reading, held: Held, said: dict[str, str], rows: str, *, import_no: int) -> str:
    """Give rows without an id a surrogate, found again by content and its number of occurrence.

    Returns the relation with the id as `id`; `said` are the columns of the table but the id.
    """
    table = reading.entity.value
    by_id = reading.sql(f"{table}.{_IDS[table]}")
    if reading.says(f"{table}.{_IDS[table]}") and not bench.number(
        f"SELECT count(*) FROM {reading.kept} WHERE {by_id} IS NULL"
    ):
        return f"SELECT *, {by_id} AS id FROM ({rows})"
    letter, name = _SURROGATES[table], f"own_{table}_{reading.place}"
    listed = ", ".join(f"({text}) AS {identifier(column)}" for column, text in said.items())
    columns = ", ".join(identifier(column) for column in said)
    theirs = f"SELECT NULL::VARCHAR AS id, 0::BIGINT AS nth, {columns} FROM mine WHERE false"
    if table in held.ever:
        key = _IDS[table]
        number = f"split_part(substr({key}, 2), '-', {{}})::BIGINT"
        hidden = f"{key} NOT IN (SELECT {key} FROM {held.now[table]})" if table in held.now else "true"
        order = f"{hidden}, {number.format(1)}, {number.format(2)}"
        theirs = f"""SELECT {key} AS id, {columns},
                row_number() OVER (PARTITION BY {columns} ORDER BY {order}) AS nth
            FROM (SELECT DISTINCT {key}, {columns} FROM {held.ever[table]}
                  WHERE regexp_full_match({key}, '{letter}[0-9]+-[0-9]+'))"""
    same = " AND ".join(f"m.{identifier(column)} IS NOT DISTINCT FROM t.{identifier(column)}" for column in said)
    missing = f"WHERE {by_id} IS NULL" if reading.says(f"{table}.{_IDS[table]}") else ""
    bench.run(
        f"""CREATE TEMP TABLE {name} AS
            WITH mine AS (
                SELECT _row, {columns}, row_number() OVER (PARTITION BY {columns} ORDER BY _row) AS nth
                FROM (SELECT _row, {listed} FROM ({rows}) {missing})
            ), theirs AS ({theirs}), matched AS (
                SELECT m._row, t.id FROM mine AS m LEFT JOIN theirs AS t ON m.nth = t.nth AND {same}
            )
            SELECT _row, coalesce(id, '{letter}{import_no}-' ||
                (row_number() OVER (PARTITION BY id IS NULL ORDER BY _row) + {_taken(bench, table, name)})) AS id
            FROM matched"""
    )
    return f"SELECT q.*, coalesce({by_id}, o.id) AS id FROM ({rows}) AS q LEFT JOIN {name} AS o ON o._row = q._row"


def _taken(bench: Workbench, table: str, name: str) -> int:
    tables = bench.rows(
        "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, ?) AND table_name <> ?",
        [f"own_{table}_", name],
    )
    return sum(bench.number(f"SELECT count(*) FROM {other}") for (other,) in tables)


def activities(
    bench: Workbench,
    reading: Reading,
    references: Sequence[Reference],
    held: Held,
    links: Sequence[Reading],
    *,
    import_no: int,
) -> Iterator[Yield]:
    """Give activities, who did them, and their subjects and notes."""
    owner = _reference(references, reading, "activities.owner")
    contact = _reference(references, reading, "activities.contact")
    join, account = accounts.key(reading, "activities.account")
    related = reading.sql("activities.related_to", rows="r")
    deal, account_by_relation = _related(reading, related)
    contact_key = "NULL::VARCHAR" if contact is None else contact.key
    if reading.says("activities.related_person"):
        contact_key = f"coalesce({contact_key}, {_known_contact(reading.sql('activities.related_person', rows='r'))})"
    linked_join, linked = _links(reading, links)
    rows = f"""SELECT r.*, coalesce({deal}, {linked["deal_id"]}) AS deal_id,
            coalesce({account}, {account_by_relation}, {linked["account_id"]}) AS account_id,
            coalesce({contact_key}, {linked["contact_id"]}) AS contact_id,
            {"NULL::VARCHAR" if owner is None else owner.key} AS person_id
        FROM {reading.kept} AS r {join} {"" if owner is None else owner.join()}
            {"" if contact is None else contact.join()} {linked_join}"""
    kind = f"coalesce({reading.sql('activities.kind')}, 'other')" if reading.says("activities.kind") else "'other'"
    said = {"kind": kind}
    for column in ("direction", "outcome", "done"):
        if reading.says(f"activities.{column}"):
            said[column] = reading.sql(f"activities.{column}")
    said |= {"deal_id": "deal_id", "account_id": "account_id", "contact_id": "contact_id"}
    said["happened_at"], said["happened_on"] = (reading.sql("activities.happened", part) for part in ("at", "on"))
    automatic = reading.says("activities.automatic")
    said["automatic"] = f"coalesce({reading.sql('activities.automatic')}, false)" if automatic else "false"
    relation = identify(bench, reading, held, said, rows, import_no=import_no)
    yield Yield("activities", reading.place, relation, {"activity_id": "id", **said}, repeating=True)
    if owner is not None:
        pair = {"activity_id": "id", "person_id": "person_id"}
        yield Yield("activity_people", reading.place, relation, pair, where="person_id IS NOT NULL", repeating=True)
    for text, field in {"activity_subject": "activities.subject", "note": "activities.note"}.items():
        if reading.says(field):
            said_text = {"kind": literal(text), "key": "id", "text": reading.sql(field)}
            yield Yield("texts", reading.place, relation, said_text, repeating=True)


def _related(reading: Reading, related: str) -> tuple[str, str]:
    """Tell a deal's id from an account's, for a column that may hold either: by which of the two exists."""
    by_id = reading.sql("activities.deal_id", rows="r")
    by_name = reading.sql("activities.deal_name", rows="r")
    deal = by_id
    if reading.says("activities.deal_name"):
        deal = f"""coalesce({by_id}, (SELECT min(n.deal_id) FROM deals_called AS n WHERE n.name = {by_name}
            HAVING count(DISTINCT n.deal_id) = 1))"""
    if not reading.says("activities.related_to"):
        return deal, "NULL::VARCHAR"
    is_account = f"{related} IN (SELECT account_id FROM accounts_there)"
    is_deal = f"{related} IN (SELECT deal_id FROM deals_there)"
    return (
        f"coalesce({deal}, CASE WHEN {is_deal} OR NOT {is_account} THEN {related} END)",
        f"CASE WHEN {is_account} AND NOT {is_deal} THEN {related} END",
    )


def _known_contact(related: str) -> str:
    return f"CASE WHEN {related} IN (SELECT contact_id FROM contacts_there) THEN {related} END"


def _links(reading: Reading, links: Sequence[Reading]) -> tuple[str, dict[str, str]]:
    """Join the files of pairs that complete activities: activity × deal, account, contact."""
    own = reading.sql("activities.activity_id", rows="r")
    joins: list[str] = []
    found: dict[str, list[str]] = {"deal_id": [], "account_id": [], "contact_id": []}
    for link in links if reading.says("activities.activity_id") else ():
        if not link.says("links.activity_id"):
            continue
        for what, column in (("deal", "deal_id"), ("account", "account_id"), ("contact", "contact_id")):
            if link.says(f"links.{what}_id"):
                alias = f"l_{link.place}_{what}"
                joins.append(
                    f"""LEFT JOIN (
                        SELECT {link.sql("links.activity_id")} AS activity_id,
                            min({link.sql(f"links.{what}_id")}) AS other
                        FROM {link.kept} GROUP BY 1
                    ) AS {alias} ON {alias}.activity_id = {own}"""
                )
                found[column].append(f"{alias}.other")
    return " ".join(joins), {
        column: f"coalesce({', '.join(['NULL::VARCHAR', *others])})" for column, others in found.items()
    }


def events(
    bench: Workbench, reading: Reading, references: Sequence[Reference], held: Held, *, import_no: int
) -> Iterator[Yield]:
    """Give exposures to content, or responses of customers with their comments."""
    name = reading.entity.value
    contact = _reference(references, reading, f"{name}.contact")
    join, account = (
        accounts.key(reading, "responses.account") if reading.entity is Entity.RESPONSES else ("", "NULL::VARCHAR")
    )
    rows = f"""SELECT r.*, {account} AS account_id, {"NULL::VARCHAR" if contact is None else contact.key} AS contact_id
        FROM {reading.kept} AS r {join} {"" if contact is None else contact.join()}"""
    plain = {
        Entity.CONTENT_EVENTS: ("content_id", "deal_id", "kind", "seconds"),
        Entity.RESPONSES: ("deal_id", "journey_stage", "kind", "score"),
    }[reading.entity]
    said = {column: reading.sql(f"{name}.{column}") for column in plain if reading.says(f"{name}.{column}")}
    said["contact_id"] = "contact_id"
    if reading.entity is Entity.RESPONSES:
        said["account_id"] = "account_id"
    said["happened_at"], said["happened_on"] = (reading.sql(f"{name}.happened", part) for part in ("at", "on"))
    relation = identify(bench, reading, held, said, rows, import_no=import_no)
    key = _IDS[name]
    yield Yield(name, reading.place, f"SELECT *, 0 AS _part FROM ({relation})", {key: "id", **said}, event_id=key)
    if reading.says("responses.comment"):
        said_text = {"kind": "'response_comment'", "key": "id", "text": reading.sql("responses.comment")}
        yield Yield("texts", reading.place, relation, said_text)


def _reference(references: Sequence[Reference], reading: Reading, name: str) -> Reference | None:
    return next((r for r in references if r.reading is reading and r.name == name), None)


def link(reading: Reading) -> Iterator[Yield]:
    """Give the pairs deal × contact of a file of pairs of ids; other pairs complete rows of other files."""
    if reading.says("links.deal_id") and reading.says("links.contact_id"):
        said = {"deal_id": reading.sql("links.deal_id"), "contact_id": reading.sql("links.contact_id")}
        where = "deal_id IS NOT NULL AND contact_id IS NOT NULL"
        rows = f"SELECT *, {said['deal_id']} AS deal_id, {said['contact_id']} AS contact_id FROM {reading.kept}"
        columns = {"deal_id": "deal_id", "contact_id": "contact_id", **TAKES_PART}
        yield Yield("deal_contacts", reading.place, rows, columns, where=where, repeating=True, full=True)
