"""All that the files of one import yield, in one list; files that belong together are resolved together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bokgi.domain.findings import Finding
from bokgi.intake.judging.ladder import Ladder
from bokgi.intake.judging.readings import Reading
from bokgi.intake.mapping.model import Entity
from bokgi.intake.sql import literal
from bokgi.intake.workbench import Workbench
from bokgi.intake.writing import (
    accounts,
    activities,
    corrections,
    deal_keys,
    deals,
    definitions,
    derived_deals,
    history,
    memberships,
    people,
    references,
    unfamiliar,
)
from bokgi.intake.writing.deals import DealRows
from bokgi.intake.writing.held import Held
from bokgi.intake.writing.references import Reference
from bokgi.intake.writing.yields import Yield


@dataclass(frozen=True)
class Found:
    """The yields of all files, and what resolving references found."""

    yields: tuple[Yield, ...]
    findings: tuple[Finding, ...]


def yields(
    bench: Workbench, readings: Sequence[Reading], held: Held, ladder: Ladder, *, exported_on: date, import_no: int
) -> Found:
    """Find out who and what is meant, and give all yields. `kept_<place>` of every file is there."""
    persons = references.of_people(readings)
    contacts = references.of_contacts(readings)
    resolved = references.resolve(
        bench, persons, kind="person", existing=people.existing_people(held), import_no=import_no
    )
    also = references.resolve(
        bench, contacts, kind="contact", existing=people.existing_contacts(held), import_no=import_no
    )
    if any(reading.says("targets.subject") for reading in readings):
        references.name_people(bench)
    people.mention(bench, held, "person")
    people.mention(bench, held, "contact")
    accounts.prepare(bench, readings, held.now.get("accounts"))
    rows = [_deal_rows(bench, reading, persons, held, ladder, import_no) for reading in _of(readings, Entity.DEALS)]
    _there(bench, readings, held, rows)
    found: list[Yield] = []
    listed = definitions.stages(bench, readings, held)
    if listed is not None:
        found.append(listed)
    found += people.people(persons)
    found += memberships.yields(bench, persons, held, exported_on)
    found += accounts.yields(readings, bench)
    found += people.contacts(contacts)
    corrected = corrections.prepare(bench, held)
    for one in rows:
        for part in deals.yields(one):
            if part.table == "deals" and corrected:
                found += [corrections.overlaid(part, corrected), *corrections.closing(part, corrected, exported_on)]
            elif part.said.get("kind") == literal(corrections.NEXT_STEP):
                found += [
                    corrections.words_kept(part, corrected),
                    *corrections.words_closing(part, corrected, exported_on),
                ]
            else:
                found.append(part)
        for reference in contacts:
            if reference.reading is one.reading and reference.name == "deals.contact":
                found.append(people.contact_of_deal(reference, one.keys.join, one.keys.key))
    found += _histories(bench, readings, persons, held, ladder, rows)
    found += _others(bench, readings, persons, contacts, held, import_no)
    found += definitions.yields(readings, persons)
    if corrections.of_contacts(corrected):
        found = _with_entered_contacts(bench, found, held, exported_on)
    findings = (*resolved.findings, *also.findings, *accounts.doubtful(bench, readings, known="accounts" in held.now))
    findings += tuple(unfamiliar.told(bench, readings, persons, held))
    alike = (finding for one in rows for finding in one.keys.findings)
    return Found(tuple(found), (*findings, *alike))


def _with_entered_contacts(bench: Workbench, found: Sequence[Yield], held: Held, exported_on: date) -> list[Yield]:
    """Hold the pairs deal × contact of the files against what was entered of them."""
    kept: list[Yield] = []
    for part in found:
        if part.table != "deal_contacts":
            kept.append(part)
            continue
        kept += corrections.pairs_kept(part, exported_on)
        if part.full:
            kept.append(corrections.pairs_left_out(part, exported_on))
    return kept + corrections.entered_contacts_met(bench, found, held, exported_on)


def _of(readings: Sequence[Reading], *entities: Entity) -> list[Reading]:
    return [reading for reading in readings if reading.entity in entities]


def _deal_rows(
    bench: Workbench,
    reading: Reading,
    persons: Sequence[Reference],
    held: Held,
    ladder: Ladder,
    import_no: int,
) -> DealRows:
    owner = next((r for r in persons if r.reading is reading and r.name == "deals.owner"), None)
    by_owner = ("", "NULL::VARCHAR") if owner is None else (owner.join(), owner.key)
    account = accounts.key(reading, "deals.account")
    keys = deal_keys.keys(bench, reading, held, import_no=import_no, account=account, owner=by_owner)
    return DealRows(reading, ladder, keys, account, by_owner)


def _there(bench: Workbench, readings: Sequence[Reading], held: Held, rows: Sequence[DealRows]) -> None:
    """List the deals, accounts and contacts that exist, for activities that name one of them without saying which."""
    if not any(r.says("activities.related_to", "activities.related_person", "activities.deal_name") for r in readings):
        return
    keys = {"deals": "deal_id", "accounts": "account_id", "contacts": "contact_id"}
    said = {"deals": "deals.deal_id", "accounts": "accounts.account_id", "contacts": "contacts.contact_id"}
    for table, key in keys.items():
        parts = [f"SELECT NULL::VARCHAR AS {key} WHERE false"]
        parts += [
            f"SELECT {r.sql(said[table])} FROM {r.kept}"
            for r in readings
            if r.says(said[table]) and r.entity.value == table
        ]
        if table in held.now:
            parts.append(f"SELECT {key} FROM {held.now[table]}")
        bench.run(
            f"""CREATE TEMP TABLE {table}_there AS
                SELECT DISTINCT {key} FROM ({" UNION ALL ".join(parts)}) WHERE {key} IS NOT NULL"""
        )
    named = ["SELECT NULL::VARCHAR AS deal_id, NULL::VARCHAR AS name WHERE false"]
    named += [
        f"""SELECT {one.keys.key} AS deal_id, {one.reading.sql("deals.name", rows="r")} AS name
            FROM {one.reading.kept} AS r {one.keys.join}"""
        for one in rows
        if one.reading.says("deals.name")
    ]
    if "texts" in held.now:
        named.append(f"SELECT key, text FROM {held.now['texts']} WHERE kind = 'deal_name'")
    bench.run(
        f"CREATE TEMP TABLE deals_called AS SELECT DISTINCT * FROM ({' UNION ALL '.join(named)}) WHERE name IS NOT NULL"
    )


def _histories(
    bench: Workbench,
    readings: Sequence[Reading],
    persons: Sequence[Reference],
    held: Held,
    ladder: Ladder,
    rows: Sequence[DealRows],
) -> Iterator[Yield]:
    pipelines = history.Pipelines(
        [f"SELECT deal_id, pipeline FROM ({one.relation})" for one in rows if one.reading.says("deals.pipeline")],
        held,
        ladder,
    )
    for reading in _of(readings, Entity.STAGE_HISTORY):
        if reading.mapping.derived_deals:
            yield from derived_deals.yields(bench, reading, persons, ladder)
        yield from history.stage_history(bench, reading, persons, pipelines)
    for reading in _of(readings, Entity.DEAL_HISTORY):
        yield from history.deal_history(bench, reading, persons, pipelines)


def _others(
    bench: Workbench,
    readings: Sequence[Reading],
    persons: Sequence[Reference],
    contacts: Sequence[Reference],
    held: Held,
    import_no: int,
) -> Iterator[Yield]:
    links = _of(readings, Entity.LINKS)
    for reading in readings:
        match reading.entity:
            case Entity.LEADS:
                yield from activities.leads(reading, persons)
            case Entity.DEAL_CONTACTS:
                yield activities.deal_contacts(reading)
            case Entity.CONTENT:
                yield activities.content(reading)
            case Entity.ACTIVITIES:
                both = [*persons, *contacts]
                yield from activities.activities(bench, reading, both, held, links, import_no=import_no)
            case Entity.CONTENT_EVENTS | Entity.RESPONSES:
                yield from activities.events(bench, reading, contacts, held, import_no=import_no)
            case Entity.LINKS:
                yield from activities.link(reading)
            case _:
                pass
