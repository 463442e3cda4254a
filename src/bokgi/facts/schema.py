"""The tables of facts in one place: grain, key, columns with type, unit and what null means.

Every moment has two columns: `…_at` (UTC instant, null when the source gave only a date) and `…_on` (civil date in the
organisation's zone). Money is `amount` with `currency`. Every row carries `import_no`; whether a row is visible is the
ledger's matter (`facts.ledger`). Names and free text stand only in `identities`, `texts`, `quarantine` (raw rows) and
kept source files.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa

SCHEMA_VERSION: Final = 1


class Grain(StrEnum):
    """How rows follow each other.

    `state` rows replace the earlier row of their key, `event` rows stay, `definition` rows are effective-dated,
    `ledger` rows change the status of an import.
    """

    LEDGER = "ledger"
    STATE = "state"
    EVENT = "event"
    DEFINITION = "definition"


_TYPES: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "instant": pa.timestamp("us", "UTC"),
    "amount": pa.decimal128(18, 2),
    "rate": pa.decimal128(18, 6),
    "map": pa.map_(pa.string(), pa.string()),
}


@dataclass(frozen=True)
class Column:
    """One column: its type, what it says (with the unit), and what null means (`""`: never null)."""

    name: str
    type: str
    meaning: str
    null: str = ""

    @property
    def nullable(self) -> bool:
        """Tell whether null is allowed."""
        return self.null != ""

    def arrow(self) -> pa.Field:
        """Give the Arrow field."""
        return pa.field(self.name, _TYPES[self.type], nullable=self.nullable)


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its key, its columns. `import_no` is added to each and comes first."""

    name: str
    grain: Grain
    row: str
    key: tuple[str, ...]
    own_columns: tuple[Column, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, `import_no` first."""
        return (_IMPORT_NO, *self.own_columns)

    def arrow(self) -> pa.Schema:
        """Give the Arrow schema.

        >>> TABLES["rates"].arrow().names
        ['import_no', 'currency', 'month', 'rate']
        """
        return pa.schema([column.arrow() for column in self.columns])

    def column(self, name: str) -> Column:
        """Give one column by name."""
        return next(column for column in self.columns if column.name == name)


_IMPORT_NO: Final = Column("import_no", "integer", "import that brought the row; see imports")
_UNKNOWN: Final = "the source does not say"


def _text(name: str, meaning: str, null: str = _UNKNOWN) -> Column:
    return Column(name, "string", meaning, null)


def _moment(name: str, meaning: str, null: str = _UNKNOWN) -> tuple[Column, Column]:
    return (
        Column(f"{name}_at", "instant", f"{meaning}, UTC", "the source gave only a date, or nothing"),
        Column(f"{name}_on", "date", f"{meaning}, civil date in the organisation's zone", null),
    )


def _event_moment(name: str, meaning: str) -> tuple[Column, Column]:
    return (
        Column(f"{name}_at", "instant", f"{meaning}, UTC", "the source gave only a date"),
        Column(f"{name}_on", "date", f"{meaning}, civil date in the organisation's zone"),
    )


_VALID: Final = (
    Column("valid_from", "date", "first day on which it holds", "it has always held"),
    Column("valid_to", "date", "first day on which it no longer holds", "it still holds"),
)
_ATTRIBUTES: Final = Column(
    "attributes", "map", "every other column of the source: header → text", "the source has no other column"
)
_INTERVAL: Final = (
    Column(
        "not_before_on",
        "date",
        "snapshot origin: it happened on or after this day",
        "origin is not snapshot, or no earlier snapshot exists",
    ),
    Column("not_after_on", "date", "snapshot origin: it happened on or before this day", "origin is not snapshot"),
)

_TABLES: Final = (
    Table(
        "imports",
        Grain.LEDGER,
        "one change of an import's status; the last row of an import_no counts",
        ("import_no",),
        (
            Column("version", "integer", "lake version that the row made: version n is the rows up to n"),
            Column("status", "string", "committed, undone, or purged (undone, and its rows are gone)"),
            Column("kind", "string", "file, entered, connection, setup, replay, release, erasure"),
            Column("source", "string", "name of the source system or preset"),
            Column("files", "string", "JSON list of {name, sha256, size, kept}"),
            Column("exported_at", "instant", "when the source was exported", "no snapshot: entered on screen"),
            _text("exported_at_origin", "given, file_name, content, file_time", "as exported_at"),
            Column("complete", "boolean", "the file holds every deal of its source; missing ones are removed"),
            Column("mapping", "string", "the mapping used, TOML"),
            Column("by", "string", "who imported: user or command line"),
            Column("at", "instant", "when the ledger was written"),
            Column("read", "integer", "rows read"),
            Column("accepted", "integer", "rows accepted"),
            Column("quarantined", "integer", "rows put into quarantine"),
            Column("known", "integer", "rows that were already known"),
            Column("tables", "string", "JSON object: fact table → rows written"),
            Column("findings", "string", "JSON list of findings"),
            Column(
                "replays", "integer", "the import whose place this one takes after an undo", "it takes nobody's place"
            ),
            _text("reason", "why it was undone", "it was not undone, or no reason was given"),
            Column("schema_version", "integer", "version of this schema when it was written"),
        ),
    ),
    Table(
        "people",
        Grain.STATE,
        "one identity of a person in a source",
        ("person_id",),
        (
            Column("person_id", "string", "our key, without a name in it"),
            Column("source", "string", "source system"),
            _text("source_id", "the source's own id", "the source names people only by name or e-mail"),
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
            _text("team", "team", "no team"),
            _text("role", "role (AE, SDR, CSM, manager …)"),
            _text("manager_id", "person_id of the manager", "no manager known"),
            Column("share", "number", "share of working time, 0 to 1"),
            Column("started_on", "date", "first working day in the company", _UNKNOWN),
            Column("left_on", "date", "first day no longer in the company", "still there, or not known"),
            *_VALID,
        ),
    ),
    Table(
        "accounts",
        Grain.STATE,
        "account, current state",
        ("account_id",),
        (
            Column("account_id", "string", "the source's id, or the company name where it has none"),
            _text("name", "company name"),
            _text("industry", "industry"),
            _text("segment", "segment"),
            _text("size", "size class as the source writes it"),
            Column("employees", "integer", "number of employees", _UNKNOWN),
            _text("region", "region"),
            _text("parent_id", "account_id of the parent", "no parent, or not known"),
            _ATTRIBUTES,
        ),
    ),
    Table(
        "contacts",
        Grain.STATE,
        "person at a customer; the name stands in identities",
        ("contact_id",),
        (
            Column("contact_id", "string", "our key or the source's id"),
            _text("account_id", "account"),
            _text("title", "position"),
            _ATTRIBUTES,
        ),
    ),
    Table(
        "deal_contacts",
        Grain.STATE,
        "deal × contact",
        ("deal_id", "contact_id"),
        (
            Column("deal_id", "string", "deal"),
            Column("contact_id", "string", "contact"),
            _text("role", "role in the decision"),
        ),
    ),
    Table(
        "leads",
        Grain.STATE,
        "lead, current state",
        ("lead_id",),
        (
            Column("lead_id", "string", "the source's id"),
            _text("source", "lead source"),
            _text("grade", "lead grade"),
            _text("owner_id", "person_id of the owner"),
            _text("account_id", "account"),
            *_moment("created", "created"),
            *_moment("assigned", "assigned to the owner"),
            _text("converted_deal_id", "deal it became", "not converted, or not known"),
            _text("outcome", "open, converted, disqualified"),
            _ATTRIBUTES,
        ),
    ),
    Table(
        "deals",
        Grain.STATE,
        "deal, current state as of its export",
        ("deal_id",),
        (
            Column("deal_id", "string", "the source's id, or our own where it has none"),
            _text("account_id", "account"),
            _text("owner_id", "person_id of the owner"),
            Column("pipeline", "string", "pipeline; 'default' where the source has only one"),
            _text("stage", "stage as of the export, by the source's id or label"),
            _text("type", "new, expansion, renewal or as the source writes it"),
            _text("product", "product"),
            _text("source", "lead source"),
            _text("lead_id", "lead it came from"),
            _text("lead_grade", "lead grade"),
            *_moment("created", "created"),
            Column("assigned_on", "date", "assigned to the owner", _UNKNOWN),
            Column("amount", "amount", "amount in `currency`", "not filled in"),
            _text("currency", "ISO 4217 code", "amount is null"),
            _text("amount_kind", "total, annual or monthly"),
            _text("vat", "included or excluded"),
            Column("expected_close_on", "date", "expected close date", "not filled in"),
            *_moment("closed", "closed: won, lost or no decision", "open, or the source does not say when"),
            Column("outcome", "string", "open, won, lost, no_decision, removed"),
            _text("lost_reason", "reason of the loss", "not lost, or no reason given"),
            _text("forecast_category", "omitted, pipeline, best_case, commit, closed", "not filled in"),
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
                "columns that are known from creation on and never edited: ',owner_id,source,'",
            ),
            _ATTRIBUTES,
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
            *_VALID,
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
            *_event_moment("entered", "entered"),
            _text("by_id", "person_id of who moved it"),
            _text("source_event_id", "the source's id of the event", "the source has none"),
            Column("origin", "string", "recorded, column, snapshot, entered"),
            *_INTERVAL,
        ),
    ),
    Table(
        "deal_changes",
        Grain.EVENT,
        "deal × field × change; a first value that a snapshot found (`not_before_on` null) is none",
        ("deal_id", "field", "changed_on", "changed_at", "seq"),
        (
            Column("deal_id", "string", "deal"),
            Column("field", "string", "column of deals that changed"),
            Column("seq", "integer", "order among the changes of one field on one day and instant"),
            _text("old", "value before, as canonical text (ISO date, plain decimal, person_id)", "was empty"),
            _text("new", "value after, as canonical text", "was emptied"),
            *_event_moment("changed", "changed"),
            _text("by_id", "person_id of who changed it"),
            _text("source_event_id", "the source's id of the change", "the source has none"),
            Column("origin", "string", "recorded, snapshot, entered"),
            *_INTERVAL,
        ),
    ),
    Table(
        "activities",
        Grain.STATE,
        "activity",
        ("activity_id",),
        (
            Column("activity_id", "string", "the source's id, or our own where it has none"),
            Column("kind", "string", "meeting, call, email, message, task, note, other"),
            _text("direction", "inbound or outbound"),
            _text("deal_id", "deal"),
            _text("account_id", "account"),
            _text("contact_id", "contact"),
            *_event_moment("happened", "took or takes place"),
            _text("outcome", "held, connected, replied, no_show, cancelled … as canonical text"),
            Column("done", "boolean", "has taken place", _UNKNOWN),
            Column("automatic", "boolean", "made by a system; never counts as activity"),
        ),
    ),
    Table(
        "activity_people",
        Grain.STATE,
        "activity × person of ours",
        ("activity_id", "person_id"),
        (Column("activity_id", "string", "activity"), Column("person_id", "string", "person")),
    ),
    Table(
        "content",
        Grain.STATE,
        "item of content",
        ("content_id",),
        (
            Column("content_id", "string", "the source's id"),
            _text("title", "title"),
            _text("kind", "article, case, comparison, guide, webinar …"),
            _text("journey_stage", "awareness, interest, consideration, decision, retention"),
            _ATTRIBUTES,
        ),
    ),
    Table(
        "content_events",
        Grain.EVENT,
        "exposure to an item of content",
        ("event_id",),
        (
            Column("event_id", "string", "the source's id, or our own where it has none"),
            Column("content_id", "string", "item"),
            _text("deal_id", "deal"),
            _text("contact_id", "contact"),
            Column("kind", "string", "sent, opened, read"),
            *_event_moment("happened", "happened"),
            Column("seconds", "number", "time spent, seconds", "not measured"),
        ),
    ),
    Table(
        "responses",
        Grain.EVENT,
        "feedback from a customer",
        ("response_id",),
        (
            Column("response_id", "string", "the source's id, or our own where it has none"),
            _text("account_id", "account"),
            _text("deal_id", "deal"),
            _text("contact_id", "contact"),
            _text("journey_stage", "journey stage"),
            Column("kind", "string", "nps, csat, ces, feeling"),
            Column("score", "number", "score as given", "no score"),
            *_event_moment("happened", "given"),
        ),
    ),
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
            Column("probability", "number", "probability of winning the source gives, 0 to 1", _UNKNOWN),
            _text("exit_criterion", "what the customer did when the stage is over"),
            _text("journey_stage", "awareness, interest, consideration, decision, retention"),
            Column("expected_days", "integer", "days a deal should stay", "no standard set"),
            Column("origin", "string", "given, or inferred from the data"),
            *_VALID,
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
            _text("currency", "ISO 4217 code", "a count"),
        ),
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
            *_VALID,
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
            _text("holiday", "name of the public holiday", "none"),
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
            _text("setting", "value as text", "unset"),
            *_VALID,
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
            _text("source_key", "what the source calls the person: id, e-mail or name as written"),
            _text("name", "name"),
            _text("email", "e-mail"),
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
            _text("text", "the text", "emptied"),
        ),
    ),
    Table(
        "sightings",
        Grain.EVENT,
        "deal × snapshot that held it unchanged; a row in deals is a sighting, too",
        ("deal_id", "import_no"),
        (
            Column("deal_id", "string", "deal"),
            Column("as_in", "integer", "import_no of the row in deals that the snapshot's row equals"),
        ),
    ),
    Table(
        "quarantine",
        Grain.EVENT,
        "refused row of a file",
        ("import_no", "file", "row"),
        (
            Column("file", "string", "file, and sheet after '#' in a workbook"),
            Column("row", "integer", "row as a person counts it in a spreadsheet; the header is row 1"),
            Column("raw", "string", "the row as JSON object header → text"),
            Column("findings", "string", "JSON list of {code, column, value}"),
        ),
    ),
    Table(
        "releases",
        Grain.EVENT,
        "quarantined row that a later import took in or a person dismissed",
        ("quarantined_by", "file", "row"),
        (
            Column("quarantined_by", "integer", "import_no that quarantined it"),
            Column("file", "string", "as in quarantine"),
            Column("row", "integer", "as in quarantine"),
            Column("how", "string", "repaired, remapped, dismissed"),
        ),
    ),
)

TABLES: Final[dict[str, Table]] = {table.name: table for table in _TABLES}
FACT_TABLES: Final = tuple(name for name in TABLES if name != "imports")

_OBSERVED: Final = (
    Column("observed_on", "date", "civil date of the export (or entry) from which on the row holds", "with as_of"),
    Column("first_seen_on", "date", "civil date of the first export (or entry) that held its key", "with as_of"),
)

STATE_COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "deals": (
        *_OBSERVED,
        Column("last_seen_on", "date", "civil date of the last export (or entry) that held the deal", "with as_of"),
        Column(
            "unknown_then",
            "string",
            "columns whose value at `as_of` is not known: ',amount,owner_id,'; ',' when all are known",
        ),
    ),
    "leads": _OBSERVED,
    "activities": _OBSERVED,
    "texts": _OBSERVED,
}
"""Columns that the derived current state adds to a table; with `as_of` the dates are null, see `facts.as_of`."""

TRACKED_COLUMNS: Final = (
    "account_id",
    "owner_id",
    "type",
    "product",
    "source",
    "lead_id",
    "lead_grade",
    "assigned_on",
    "amount",
    "currency",
    "amount_kind",
    "vat",
    "expected_close_on",
    "closed_on",
    "outcome",
    "lost_reason",
    "forecast_category",
    "probability",
    "has_next_step",
    "next_step_on",
)
"""Columns of `deals` whose changes stand in `deal_changes`; pipeline and stage stand in `stage_events`."""
