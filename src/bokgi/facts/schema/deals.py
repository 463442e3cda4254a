"""Deals, and what happened to them."""

from __future__ import annotations

from typing import Final

from bokgi.facts.schema.columns import (
    ATTRIBUTES,
    INTERVAL,
    UNKNOWN,
    VALID,
    Column,
    Grain,
    Table,
    event_moment,
    moment,
    text,
)

DEALS: Final = (
    Table(
        "deals",
        Grain.STATE,
        "deal, current state as of its export",
        ("deal_id",),
        (
            Column("deal_id", "string", "the source's id, or our own where it has none"),
            text("account_id", "account"),
            text("owner_id", "person_id of the owner"),
            Column("pipeline", "string", "pipeline; 'default' where the source has only one"),
            text("stage", "stage as of the export, by the source's id or label"),
            text("type", "new, expansion, renewal or as the source writes it"),
            text("product", "product"),
            text("source", "lead source"),
            text("lead_id", "lead it came from"),
            text("lead_grade", "lead grade"),
            *moment("created", "created"),
            Column("assigned_on", "date", "assigned to the owner", UNKNOWN),
            Column("amount", "amount", "amount in `currency`", "not filled in"),
            text("currency", "ISO 4217 code", "amount is null"),
            text("amount_kind", "total, annual or monthly"),
            text("vat", "included or excluded"),
            Column("expected_close_on", "date", "expected close date", "not filled in"),
            *moment("closed", "closed: won, lost or no decision", "open, or the source does not say when"),
            Column("outcome", "string", "open, won, lost, no_decision, removed"),
            text("lost_reason", "reason of the loss", "not lost, or no reason given"),
            text("forecast_category", "omitted, pipeline, best_case, commit, closed", "not filled in"),
            Column("probability", "number", "probability as the source has it, 0 to 1", "not filled in"),
            Column(
                "has_next_step",
                "boolean",
                "a next step is written down (its words stand in texts)",
                "the source has no such column",
            ),
            Column("next_step_on", "date", "date of the next step", "not filled in"),
            Column(
                "known_at_creation",
                "string",
                "columns known from creation on, as the mapping declares and, behind an empty name, as a complete "
                "history shows: ',owner_id,source,,amount,'",
            ),
            ATTRIBUTES,
        ),
    ),
    Table(
        "deal_people",
        Grain.DEFINITION,
        "deal × person who shares the credit",
        ("deal_id", "person_id", "valid_from"),
        (
            Column("deal_id", "string", "deal"),
            Column("person_id", "string", "person"),
            Column("share", "number", "share of the credit, 0 to 1"),
            *VALID,
        ),
    ),
    Table(
        "stage_events",
        Grain.EVENT,
        "deal × entry into a stage",
        ("deal_id", "entered_on", "entered_at", "seq"),
        (
            Column("deal_id", "string", "deal"),
            Column("seq", "integer", "order among the deal's entries on one day and instant"),
            Column("pipeline", "string", "pipeline"),
            Column("stage", "string", "stage entered"),
            *event_moment("entered", "entered"),
            text("by_id", "person_id of who moved it"),
            text("source_event_id", "the source's id of the event", "the source has none"),
            Column("origin", "string", "recorded, column, snapshot, entered"),
            *INTERVAL,
        ),
    ),
    Table(
        "deal_changes",
        Grain.EVENT,
        "deal × field × change; a first value (`seq` 0, or found by a snapshot with `not_before_on` null) is none",
        ("deal_id", "field", "changed_on", "changed_at", "seq"),
        (
            Column("deal_id", "string", "deal"),
            Column("field", "string", "column of deals that changed"),
            Column(
                "seq",
                "integer",
                "order among the changes of one field on one day and instant; 0: a first value",
            ),
            text("old", "value before, as canonical text (ISO date, plain decimal, person_id)", "was empty"),
            text("new", "value after, as canonical text", "was emptied"),
            *event_moment("changed", "changed"),
            text("by_id", "person_id of who changed it"),
            text("source_event_id", "the source's id of the change", "the source has none"),
            Column("origin", "string", "recorded, snapshot, entered"),
            *INTERVAL,
        ),
    ),
)
