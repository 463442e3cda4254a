"""What a mapping takes for granted, said aloud: columns known at creation, keys of rows, dates that stand in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import duckdb

from bokgi.domain.findings import Example, Finding, Severity
from bokgi.domain.messages import N_, Message
from bokgi.facts.schema import TABLES, TRACKED_COLUMNS
from bokgi.intake.files.staged import StagedFile
from bokgi.intake.mapping.fields import FIELDS, field_named
from bokgi.intake.mapping.headers import named
from bokgi.intake.mapping.model import Entity, FileMapping, FoundBy
from bokgi.intake.mapping.preset import Preset
from bokgi.intake.values import unit_of
from bokgi.intake.values.currencies import SIGNS

KNOWN_AT_CREATION: Final = (
    "account_id",
    "owner_id",
    "pipeline",
    "type",
    "product",
    "source",
    "lead_id",
    "lead_grade",
)
"""Columns of `deals` that are set when a deal is made and seldom edited; never amount, close date or stage."""

_ID_FIELDS: Final = {
    Entity.DEALS: ("deals.deal_id",),
    Entity.ACCOUNTS: ("accounts.account_id",),
    Entity.PEOPLE: ("people.person_id", "people.email"),
    Entity.CONTACTS: ("contacts.contact_id", "contacts.email"),
    Entity.LEADS: ("leads.lead_id",),
    Entity.STAGE_HISTORY: ("stage_history.event_id",),
    Entity.DEAL_HISTORY: ("deal_history.event_id",),
    Entity.ACTIVITIES: ("activities.activity_id",),
    Entity.CONTENT: ("content.content_id",),
    Entity.CONTENT_EVENTS: ("content_events.event_id",),
    Entity.RESPONSES: ("responses.response_id",),
}
_LOOKED_AT: Final = 1_000
"""So many cells of a column show whether amounts have a sign of their currency."""
_WITHOUT_YEAR: Final = re.compile(
    r"\d{1,2}\s*월\s*\d{1,2}\s*일?(?:\s*\([월화수목금토일]\))?|\d{1,2}\s*[./-]\s*\d{1,2}\.?"
)
_NATURAL: Final = {
    Entity.DEALS: ("deals.name", "deals.account_id", "deals.account_name", "deals.created"),
    Entity.ACCOUNTS: ("accounts.name",),
    Entity.PEOPLE: ("people.name",),
    Entity.CONTACTS: ("contacts.name", "contacts.last_name", "contacts.account_id", "contacts.account_name"),
    Entity.DEAL_CONTACTS: ("deal_contacts.deal_id", "deal_contacts.contact_id"),
    Entity.STAGE_HISTORY: ("stage_history.deal_id", "stage_history.stage", "stage_history.entered"),
    Entity.DEAL_HISTORY: ("deal_history.deal_id", "deal_history.field", "deal_history.changed"),
    Entity.STAGES: ("stages.pipeline", "stages.stage"),
    Entity.PIPELINES: ("pipelines.pipeline",),
    Entity.TEAMS: ("teams.person_id", "teams.person_name", "teams.person_email", "teams.team", "teams.valid_from"),
    Entity.RATES: ("rates.currency", "rates.month"),
    Entity.STANDARDS: ("standards.role", "standards.metric", "standards.stage", "standards.valid_from"),
    Entity.TARGETS: (
        "targets.subject_kind",
        "targets.person_id",
        "targets.person_name",
        "targets.team",
        "targets.subject",
        "targets.metric",
        "targets.period",
        "targets.year",
        "targets.quarter",
        "targets.month",
        "targets.period_start",
        "targets.lead_source",
    ),
}


def keys(mapping: FileMapping) -> tuple[str, ...]:
    """Give the fields that identify a row: the id that has text, else what the row is about."""
    for field in _ID_FIELDS.get(mapping.entity, ()):
        if mapping.of(field) is not None:
            return (field,)
    return tuple(field for field in _NATURAL.get(mapping.entity, ()) if mapping.of(field) is not None)


def known_at_creation(mapping: FileMapping, preset: Preset | None, history: Sequence[FileMapping]) -> tuple[str, ...]:
    """Give the columns of `deals` taken as known from creation on: those of the preset, else the usual ones.

    Only columns that the file feeds, and none whose changes a history in the same import tells.
    """
    usual = preset.known_at_creation if preset and preset.known_at_creation else KNOWN_AT_CREATION
    fed = {
        column.partition(".")[2]
        for part in mapping.columns
        if (field := FIELDS.get(part.field)) is not None
        for column in field.feeds
        if column.startswith("deals.")
    }
    told = {ours for other in history for ours in (other.values.get("deal_history.field", {}).values())} | {
        "owner_id" for other in history if other.of("stage_history.owner_id") or other.of("stage_history.owner_name")
    }
    order = [column.name for column in TABLES["deals"].columns]
    return tuple(sorted((name for name in usual if name in fed and name not in told), key=order.index))


def fully_recorded(mapping: FileMapping) -> tuple[str, ...]:
    """Give the columns of `deals` of which a history of fields is taken to hold every change.

    Those that it names; none where it does not say what was there before a change.
    """
    if mapping.of("deal_history.old") is None:
        return ()
    named = set(mapping.values.get("deal_history.field", {}).values())
    return tuple(column for column in TRACKED_COLUMNS if column in named)


def recorded(mapping: FileMapping) -> list[Finding]:
    """Say what a history of fields is taken to record completely."""
    if not mapping.fully_recorded or mapping.found_by is FoundBy.SAVED:
        return []
    ours = mapping.values.get("deal_history.field", {})
    theirs = [name for column in mapping.fully_recorded for name, meant in ours.items() if meant == column]
    columns = ", ".join(theirs or mapping.fully_recorded)
    values: dict[str, object] = {"file": mapping.file, "columns": columns}
    text = N_(
        "{file} is taken to hold every change of {columns} from its oldest entry on; a deal without an entry kept "
        "what it has. If the file was cut or filtered, export it whole and import it again."
    )
    return [Finding("history_assumed_complete", Severity.INFO, Message(text, values), values=values)]


def currency_taken(
    connection: duckdb.DuckDBPyConnection, staged: StagedFile, mapping: FileMapping, ours: str
) -> list[Finding]:
    """Say which currency amounts are taken to be in, where neither file, header, first cells nor anybody says it."""
    amount = mapping.of("deals.amount")
    if mapping.entity is not Entity.DEALS or amount is None or mapping.of("deals.currency") or mapping.currency:
        return []
    if unit_of(amount.column).currency is not None:
        return []
    text = staged.column(amount.column).sql
    sign = "(" + "|".join(re.escape(one) for one in sorted(SIGNS, key=len, reverse=True)) + ")"
    cells = f"SELECT {text} AS cell FROM {staged.relation} WHERE {text} IS NOT NULL LIMIT {_LOOKED_AT}"
    found = connection.execute(
        f"SELECT count(*), count(*) FILTER (regexp_matches(upper(cell), ?)) FROM ({cells})", [sign]
    ).fetchall()
    if not found[0][0] or found[0][1]:
        return []
    values: dict[str, object] = {"file": mapping.file, "column": amount.column, "currency": ours}
    message = Message(
        N_(
            "Nothing says in which currency “{column}” of {file} is: {currency} is taken. If it is another, name it "
            "before you import (--currency, or currency in the mapping)."
        ),
        values,
    )
    return [Finding("currency_assumed", Severity.WARNING, message, values=values)]


def _headers(mapping: FileMapping, names: Sequence[str]) -> str:
    """Name columns of `deals` as the file does."""
    fed = {f"deals.{name}" for name in names}
    found = [
        part.column
        for part in mapping.columns
        if (field := FIELDS.get(part.field)) is not None and fed & set(field.feeds)
    ]
    return ", ".join(dict.fromkeys(found)) or ", ".join(names)


def assumed(mapping: FileMapping, history: Sequence[FileMapping]) -> list[Finding]:
    """Say what is taken for granted about the deals of a file."""
    findings = []
    if mapping.known_at_creation and mapping.found_by is not FoundBy.SAVED:
        told = any(other.entity is Entity.DEAL_HISTORY for other in history)
        values: dict[str, object] = {"file": mapping.file, "columns": _headers(mapping, mapping.known_at_creation)}
        text = (
            N_("{file}: taken as set at creation and not edited since: {columns}. The history tells nothing else.")
            if told
            else N_("{file} has no history of changes. Taken as set at creation and not edited since: {columns}.")
        )
        findings.append(Finding("known_at_creation_assumed", Severity.INFO, Message(text, values), values=values))
    stands_for = [
        (column.column, column.field)
        for column in mapping.columns
        if column.field == "deals.created" and sum(1 for part in mapping.columns if part.column == column.column) > 1
    ]
    for header, _ in stands_for:
        values = {"file": mapping.file, "column": header}
        text = N_("{file} does not say when a deal was created; the day in “{column}” is the first that is known.")
        findings.append(Finding("created_assumed", Severity.WARNING, Message(text, values), values=values))
    return findings


def left_out(mapping: FileMapping, personal: Sequence[str]) -> list[Finding]:
    """Say which columns were left out because they look personal."""
    if not personal:
        return []
    values: dict[str, object] = {"n": len(personal), "file": mapping.file, "columns": ", ".join(personal)}
    message = Message(
        N_("{n} column of {file} looks personal and is left out until somebody ticks it: {columns}."),
        values,
        plural=N_("{n} columns of {file} look personal and are left out until somebody ticks them: {columns}."),
    )
    return [Finding("column_personal", Severity.WARNING, message, len(personal), values=values)]


def without_year(mapping: FileMapping, staged: StagedFile, prefix: str | None) -> list[Finding]:
    """Say which columns are dates by their name, and hold days and months only: no year is made up for them."""
    found = []
    for column in mapping.columns:
        texts = [text.strip() for text in staged.column(column.column).samples if text.strip()]
        dated = any(field_named(name).dated for name, _ in named(column.column, prefix))
        if column.found_by is not FoundBy.NOTHING or not dated or not texts:
            continue
        if all(_WITHOUT_YEAR.fullmatch(text) for text in texts):
            message = Message(
                N_(
                    "“{column}” of {file} names days without a year ({text}); they count as no date. "
                    "Export the column with the year, or write it in, and import the file again."
                ),
                {"column": column.column, "file": staged.name, "text": texts[0]},
            )
            place = (Example(staged.name, None, column.column, texts[0]),)
            found.append(Finding("date_without_year", Severity.WARNING, message, 1, place))
    return found
