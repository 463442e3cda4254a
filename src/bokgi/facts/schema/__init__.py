"""The tables of facts in one place: grain, key, columns with type, unit and what null means.

Every moment has two columns: `…_at` (UTC instant, null when the source gave only a date) and `…_on` (civil date in the
organisation's zone). Money is `amount` with `currency`. Every row carries `import_no`; whether a row is visible is the
ledger's matter (`facts.ledger`). Names and free text stand only in `identities`, `texts`, `quarantine` (raw rows) and
kept source files.
"""

from __future__ import annotations

from typing import Final

from bokgi.facts.schema.columns import HISTORY, Column, Grain, Table
from bokgi.facts.schema.customers import CUSTOMERS
from bokgi.facts.schema.deals import DEALS
from bokgi.facts.schema.definitions import DEFINITIONS
from bokgi.facts.schema.ledger import LEDGER, UNREAD
from bokgi.facts.schema.persons import PERSONS
from bokgi.facts.schema.touches import TOUCHES

__all__ = [
    "CONTACT",
    "FACT_TABLES",
    "HISTORY",
    "SCHEMA_VERSION",
    "STATE_COLUMNS",
    "TABLES",
    "TRACKED_COLUMNS",
    "UNREAD",
    "Column",
    "Grain",
    "Table",
]

SCHEMA_VERSION: Final = 1

TABLES: Final[dict[str, Table]] = {
    table.name: table for group in (LEDGER, PERSONS, CUSTOMERS, DEALS, TOUCHES, DEFINITIONS) for table in group
}
FACT_TABLES: Final = tuple(name for name in TABLES if name != "imports")

_OBSERVED: Final = (
    Column("observed_on", "date", "civil date of the export (or entry) from which on the row holds", "with as_of"),
    Column("first_seen_on", "date", "civil date of the first export (or entry) that held its key", "with as_of"),
)
_ONLY: Final = "it is the only one; with as_of"

STATE_COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "deals": (
        *_OBSERVED,
        Column("last_seen_on", "date", "civil date of the last export (or entry) that held the deal", "with as_of"),
        Column(
            "unknown_then",
            "string",
            "columns whose value at `as_of` is not known: ',amount,owner_id,'; ',' when all are known",
        ),
        Column(
            "attributes_seen",
            "history of maps",
            "each content of `attributes` that exports held, with the first day; the last of a day counts",
            "they never differed; with as_of",
        ),
    ),
    "deal_contacts": (
        *_OBSERVED,
        Column(
            "parts_seen",
            "history of parts",
            "each role and whether it was taken part, with the first day; the last of a day counts",
            _ONLY,
        ),
    ),
    "leads": (
        *_OBSERVED,
        Column(
            "leads_seen",
            "history of leads",
            "each owner, assignment and outcome that exports held, with the first day; the last of a day counts",
            _ONLY,
        ),
    ),
    "activities": (
        *_OBSERVED,
        Column(
            "activities_seen",
            "history of activities",
            "each deal, day and outcome that exports held, with the first day; the last of a day counts",
            _ONLY,
        ),
    ),
    "texts": (
        *_OBSERVED,
        Column(
            "texts_seen",
            "history of texts",
            "each text that exports held, with the first day; the last of a day counts",
            _ONLY,
        ),
    ),
    "accounts": (
        Column(
            "accounts_seen",
            "history of accounts",
            "each industry, segment, size and region that exports (or entries) held, with the first day, null for the "
            "first of all; the last of a day counts",
            _ONLY,
        ),
    ),
    "targets": (
        Column(
            "targets_seen",
            "history of targets",
            "each target that exports (or entries) held, with the first day, null for the first of all; the last of a "
            "day counts",
            _ONLY,
        ),
    ),
}
"""Columns that the derived current state adds to a table; with `as_of` the dates are null, see `facts.as_of`."""

CONTACT: Final = "contact:"
"""With the key of a contact behind it, the field of `deal_changes` under which its part in a deal is corrected."""

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
