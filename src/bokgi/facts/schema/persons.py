"""People of ours, their teams and roles; the only tables with names and free text."""

from __future__ import annotations

from typing import Final

from bokgi.facts.schema.columns import UNKNOWN, VALID, Column, Grain, Table, text

PERSONS: Final = (
    Table(
        "people",
        Grain.STATE,
        "one identity of a person in a source",
        ("person_id",),
        (
            Column("person_id", "string", "our key, without a name in it"),
            Column("source", "string", "source system"),
            text("source_id", "the source's own id", "the source names people only by name or e-mail"),
            Column("automatic", "boolean", "a system user or integration, not a person"),
        ),
    ),
    Table(
        "person_links",
        Grain.STATE,
        "two identities that are one person",
        ("person_id",),
        (Column("person_id", "string", "the identity"), Column("same_as", "string", "the person_id it counts as")),
    ),
    Table(
        "memberships",
        Grain.DEFINITION,
        "person × team × role for a time",
        ("person_id", "team", "role", "valid_from"),
        (
            Column("person_id", "string", "person"),
            text("team", "team", "no team"),
            text("role", "role (AE, SDR, CSM, manager …)"),
            text("manager_id", "person_id of the manager", "no manager known"),
            Column("share", "number", "share of working time, 0 to 1"),
            Column("started_on", "date", "first working day in the company", UNKNOWN),
            Column("left_on", "date", "first day no longer in the company", "still there, or not known"),
            *VALID,
        ),
    ),
    Table(
        "identities",
        Grain.STATE,
        "key → name and address of a person; erasable",
        ("kind", "key"),
        (
            Column("kind", "string", "person (ours) or contact (the customer's)"),
            Column("key", "string", "person_id or contact_id"),
            Column("source", "string", "source system"),
            text("source_key", "what the source calls the person: id, e-mail or name as written"),
            text("name", "name"),
            text("email", "e-mail"),
        ),
    ),
    Table(
        "texts",
        Grain.STATE,
        "key → free text; erasable",
        ("kind", "key"),
        (
            Column("kind", "string", "deal_name, next_step, note, activity_subject, response_comment, lost_comment"),
            Column("key", "string", "id of what it belongs to"),
            text("text", "the text", "emptied"),
        ),
    ),
)
