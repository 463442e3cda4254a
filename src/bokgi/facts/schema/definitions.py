"""What the organisation set: stages, targets, standards, calendar, rates, settings."""

from __future__ import annotations

from typing import Final

from bokgi.facts.schema.columns import UNKNOWN, VALID, Column, Grain, Table, text

DEFINITIONS: Final = (
    Table(
        "stages",
        Grain.DEFINITION,
        "stage of a pipeline",
        ("pipeline", "stage", "valid_from"),
        (
            Column("pipeline", "string", "pipeline"),
            Column("stage", "string", "id or label as in deals.stage"),
            Column("label", "string", "label people read"),
            Column("stage_order", "integer", "place in the funnel, from 1"),
            Column("kind", "string", "open, won, lost, no_decision"),
            Column("probability", "number", "probability of winning the source gives, 0 to 1", UNKNOWN),
            text("exit_criterion", "what the customer did when the stage is over"),
            text("journey_stage", "awareness, interest, consideration, decision, retention"),
            Column("expected_days", "integer", "days a deal should stay", "no standard set"),
            Column("origin", "string", "given, or inferred from the data"),
            *VALID,
        ),
    ),
    Table(
        "targets",
        Grain.DEFINITION,
        "subject × metric × period × lead source",
        ("subject_kind", "subject_id", "metric", "period_start", "lead_source"),
        (
            Column("subject_kind", "string", "organisation, team, person"),
            Column("subject_id", "string", "team name or person_id; 'all' for the organisation"),
            Column("metric", "string", "won_amount, won_count, created_count, meetings …"),
            Column("period_start", "date", "first day"),
            Column("period_end", "date", "first day after"),
            Column("lead_source", "string", "lead source, or 'all'"),
            Column("amount", "amount", "target; money in `currency`, otherwise a count"),
            text("currency", "ISO 4217 code", "a count"),
        ),
        lasting=True,
    ),
    Table(
        "standards",
        Grain.DEFINITION,
        "standard of action for a role",
        ("role", "metric", "stage", "valid_from"),
        (
            Column("role", "string", "role, or 'all'"),
            Column("metric", "string", "meeting, call, email, next_step, lead_response_hours, untouched_days …"),
            Column("stage", "string", "stage it holds for, or 'all'"),
            Column("per", "string", "week, deal, lead"),
            Column("amount", "number", "how many, or the limit in the unit of the metric"),
            *VALID,
        ),
    ),
    Table(
        "calendar",
        Grain.STATE,
        "civil date",
        ("day",),
        (
            Column("day", "date", "the date"),
            Column("working", "boolean", "a working day"),
            text("holiday", "name of the public holiday", "none"),
            Column("week_start", "date", "Monday of its ISO week"),
            Column("iso_week", "string", "name of its ISO week, 2026-W48"),
            Column(
                "working_days", "integer", "working days from the calendar's first day up to and including this one"
            ),
        ),
    ),
    Table(
        "rates",
        Grain.STATE,
        "currency × month",
        ("currency", "month"),
        (
            Column("currency", "string", "ISO 4217 code"),
            Column("month", "date", "first day of the month"),
            Column("rate", "rate", "units of the organisation's currency for one"),
        ),
    ),
    Table(
        "settings",
        Grain.DEFINITION,
        "setting for a time",
        ("name", "valid_from"),
        (
            Column(
                "name",
                "string",
                "name: currency, time_zone, country, language, organisation, untouched_days, minimum_n …",
            ),
            text("setting", "value as text", "unset"),
            *VALID,
        ),
    ),
    Table(
        "recorded_fields",
        Grain.DEFINITION,
        "column of deals of which a source's history holds every change from its oldest entry on",
        ("source", "field"),
        (
            Column("source", "string", "source system"),
            Column("field", "string", "column of deals"),
            Column("complete", "boolean", "the history of it is taken as complete"),
        ),
    ),
)
