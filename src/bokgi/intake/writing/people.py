"""People and contacts: from their own files, and those that other files only name. Names go to `identities` only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing import accounts
from bokgi.intake.writing.corrections import ENTERED_CONTACT, TAKES_PART
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import Reference
from bokgi.intake.writing.yields import Yield, attributes_of


def existing_people(held: Held) -> str:
    """Give everybody of ours who was ever seen, as `key, shown, source, source_id, email, name`."""
    return _existing(held, "person", "people", "person_id", "p.source_id")


def existing_contacts(held: Held) -> str:
    """Give every contact who was ever seen, as `key, shown, source, source_id, email, name`.

    Those that somebody entered on screen are not found again by name: the same name at another customer's is somebody
    else. They give way at their deal, see `corrections.entered_contacts_met`.
    """
    seen = _existing(held, "contact", "contacts", "contact_id", "p.contact_id")
    return f"FROM ({seen}) WHERE NOT starts_with(key, {literal(ENTERED_CONTACT)})"


def _existing(held: Held, kind: str, table: str, key: str, source_id: str) -> str:
    """Join identities with their ids. `shown`: the lake shows them now, they are not left over from an import."""
    nameless = "NULL::VARCHAR AS email, NULL::VARCHAR AS name"
    nobody = "NULL::VARCHAR AS key, false AS shown, '' AS source, NULL::VARCHAR AS source_id"
    none = f"SELECT {nobody}, {nameless} WHERE false"
    shown = f"{{}} IN (SELECT {key} FROM {held.now[table]})" if table in held.now else "false"
    if "identities" not in held.ever:
        if table not in held.ever:
            return none
        source = "p.source" if table == "people" else "''"
        return f"""SELECT p.{key} AS key, {shown.format(f"p.{key}")} AS shown, {source} AS source,
                {source_id} AS source_id, {nameless} FROM {held.ever[table]} AS p"""
    listed = held.ever.get(table, f"(SELECT NULL::VARCHAR AS {key}, NULL::VARCHAR AS source_id WHERE false)")
    return f"""SELECT i.key, {shown.format("i.key")} AS shown, i.source, {source_id} AS source_id, i.email, i.name
        FROM {held.ever["identities"]} AS i LEFT JOIN {listed} AS p ON p.{key} = i.key WHERE i.kind = {literal(kind)}"""


def mention(bench: Workbench, held: Held, kind: str) -> None:
    """Collect those who are named somewhere but listed nowhere: table `mentioned_<kind>`, one row each.

    `key, place, _row, source, id, email, name`; those that the lake shows already are left out.
    """
    table, column = ("people", "person_id") if kind == "person" else ("contacts", "contact_id")
    shown = f"AND key NOT IN (SELECT {column} FROM {held.then[table]})" if table in held.then else ""
    order = "(place, _row)"
    bench.run(
        f"""CREATE TEMP TABLE mentioned_{kind} AS
            SELECT key, min_by(place, {order}) AS place, min_by(_row, {order}) AS _row,
                min_by(source, {order}) AS source, min_by(trim(raw_id), {order}) FILTER (raw_id IS NOT NULL) AS id,
                min_by(trim(raw_email), {order}) FILTER (raw_email IS NOT NULL) AS email,
                min_by(name, {order}) FILTER (name IS NOT NULL) AS name
            FROM refs_{kind} WHERE key NOT IN (SELECT key FROM refs_{kind} WHERE rank = 0) {shown} GROUP BY key"""
    )


def people(references: Sequence[Reference]) -> Iterator[Yield]:
    """Give people and their identities: listed ones, then those only mentioned."""
    for reference in references:
        if reference.rank == 0:
            yield from _listed_people(reference)
    for place in {reference.reading.place for reference in references if reference.rank}:
        rows = f"FROM mentioned_person WHERE place = {place}"
        yield Yield(
            "people",
            place,
            rows,
            said={"person_id": "key", "source_id": "id"},
            otherwise={"source": "source", "automatic": "false"},
            sticky=frozenset({"source_id"}),
        )
        yield _mentioned_identity(place, "person")


def _listed_people(reference: Reference) -> Iterator[Yield]:
    reading = reference.reading
    rows = f"SELECT r.*, {reference.key} AS person_id FROM {reading.kept} AS r {reference.join()}"
    said = {"person_id": "person_id", "source_id": reading.sql("people.person_id")}
    otherwise = {"source": literal(reading.mapping.source)}
    if reading.says("people.automatic"):
        said["automatic"] = f"coalesce({reading.sql('people.automatic')}, false)"
    else:
        otherwise["automatic"] = "false"
    yield Yield("people", reading.place, rows, said, otherwise, sticky=frozenset({"source_id"}), repeating=True)
    yield _listed_identity(reference, rows, "person", "person_id", "people")


def _listed_identity(reference: Reference, rows: str, kind: str, key: str, entity: str) -> Yield:
    reading = reference.reading
    own = f"{entity}.{key}"
    email, name = reading.sql(f"{entity}.email"), reference.called
    said = {"kind": literal(kind), "key": key}
    said |= {"email": email} if reading.says(f"{entity}.email") else {}
    said |= {"name": name} if not name.startswith("NULL") else {}
    return Yield(
        "identities",
        reading.place,
        rows,
        said=said,
        otherwise={
            "source": literal(reading.mapping.source),
            "source_key": f"coalesce({reading.sql(own)}, {email}, {name})",
        },
        sticky=frozenset({"email", "name"}),
        repeating=True,
    )


def _mentioned_identity(place: int, kind: str) -> Yield:
    return Yield(
        "identities",
        place,
        f"FROM mentioned_{kind} WHERE place = {place}",
        said={"kind": literal(kind), "key": "key", "email": "email", "name": "name"},
        otherwise={"source": "source", "source_key": "coalesce(id, email, name)"},
        sticky=frozenset({"email", "name"}),
    )


def contacts(references: Sequence[Reference]) -> Iterator[Yield]:
    """Give contacts and their identities: listed ones, then those only mentioned."""
    for reference in references:
        if reference.rank == 0:
            reading = reference.reading
            join, account = accounts.key(reading, "contacts.account")
            rows = f"""SELECT r.*, {reference.key} AS contact_id, {account} AS account_id
                FROM {reading.kept} AS r {reference.join()} {join}"""
            said = {"contact_id": "contact_id"}
            if reading.says("contacts.account_id", "contacts.account_name"):
                said["account_id"] = "account_id"
            if reading.says("contacts.title"):
                said["title"] = reading.sql("contacts.title")
            yield Yield("contacts", reading.place, rows, said, repeating=True, **attributes_of(reading))
            yield _listed_identity(reference, rows, "contact", "contact_id", "contacts")
    for reference in references:
        if reference.rank and reference.name == "deals.contact":
            yield _of_deal(reference)
    for place in {reference.reading.place for reference in references if reference.rank}:
        rows = f"FROM mentioned_contact WHERE place = {place}"
        if not any(r.rank and r.reading.place == place and r.name == "deals.contact" for r in references):
            yield Yield("contacts", place, rows, said={"contact_id": "key"})
        yield _mentioned_identity(place, "contact")


def _of_deal(reference: Reference) -> Yield:
    """Give contacts that a deals file mentions, at the account of the deal."""
    reading = reference.reading
    join, account = accounts.key(reading, "deals.account")
    rows = f"""SELECT r._row, {reference.key} AS contact_id, {account} AS account_id
        FROM {reading.kept} AS r {reference.join()} {join}"""
    return Yield(
        "contacts",
        reading.place,
        rows,
        said={"contact_id": "contact_id"},
        otherwise={"account_id": "account_id"},
        where=f"contact_id IN (SELECT key FROM mentioned_contact WHERE place = {reading.place})",
        repeating=True,
    )


def contact_of_deal(reference: Reference, deal_ids: str, deal: str) -> Yield:
    """Give the pairs deal × contact of a deals file; `deal_ids` joins the deal's key, `deal` names it."""
    reading = reference.reading
    rows = f"""SELECT r._row, {deal} AS deal_id, {reference.key} AS contact_id
        FROM {reading.kept} AS r {reference.join()} {deal_ids}"""
    return Yield(
        "deal_contacts",
        reading.place,
        rows,
        said={"deal_id": "deal_id", "contact_id": "contact_id", **TAKES_PART},
        where="deal_id IS NOT NULL AND contact_id IS NOT NULL",
        repeating=True,
    )
