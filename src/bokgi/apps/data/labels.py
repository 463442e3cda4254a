"""Words for the codes that pages of data show."""

from __future__ import annotations

from typing import Final

from bokgi.apps.data.models import WorkKind
from bokgi.domain.messages import N_
from bokgi.intake import quarantine

REASONS: Final = quarantine.REASONS
ENCODINGS: Final = {
    "": N_("found out from the file"),
    "cp1252": N_("Western European (Windows-1252)"),
    "cp949": N_("Korean (CP949); rows that are not go to quarantine"),
    "utf-8": N_("UTF-8; rows that are not go to quarantine"),
    "utf-16": N_("UTF-16"),
}
"""Encodings that a person can name for files that are in neither of the usual ones."""

ENCODING_FAULTS: Final = frozenset({"encoding_undecided", "encoding_wrong"})
"""Codes of work that failed for want of an encoding."""

WORK: Final = {
    WorkKind.PLAN: N_("Reading the files"),
    WorkKind.TRY: N_("Trying the import"),
    WorkKind.IMPORT: N_("Importing"),
    WorkKind.UNDO: N_("Taking the import back"),
    WorkKind.RELEASE: N_("Judging the refused rows again"),
}

WAITING: Final = {
    WorkKind.PLAN: N_("Waits until the work before it is done; then the files are read"),
    WorkKind.TRY: N_("Waits until the work before it is done; then the import is tried"),
    WorkKind.IMPORT: N_("Waits until the work before it is done; then the files are imported"),
    WorkKind.UNDO: N_("Waits until the work before it is done; then the import is taken back"),
    WorkKind.RELEASE: N_("Waits until the work before it is done; then the refused rows are judged again"),
}
"""Work behind other work: what was asked is not said to happen before it does."""

STEPS: Final = {
    "staging": N_("reading"),
    "judging": N_("judging"),
    "comparing": N_("comparing with what is known"),
    "writing": N_("writing"),
}

STATUS: Final = {"committed": N_("in force"), "undone": N_("taken back"), "purged": N_("removed")}

FOUND_EXPORT: Final = {
    "given": N_("as you said"),
    "file_name": N_("from the file's name"),
    "content": N_("from the file's content"),
    "file_time": N_("from the file's time; correct it if that is wrong"),
}

TABLES: Final = {
    "accounts": N_("accounts"),
    "activities": N_("activities"),
    "activity_people": N_("people of activities"),
    "calendar": N_("days of the calendar"),
    "contacts": N_("contacts"),
    "content": N_("content"),
    "content_events": N_("exposures to content"),
    "deal_changes": N_("changes of deals"),
    "deal_contacts": N_("contacts of deals"),
    "deal_people": N_("people of deals"),
    "deals": N_("deals"),
    "identities": N_("names"),
    "leads": N_("leads"),
    "memberships": N_("memberships"),
    "people": N_("people"),
    "person_links": N_("links between people"),
    "quarantine": N_("refused rows"),
    "rates": N_("exchange rates"),
    "recorded_fields": N_("fields with history"),
    "releases": N_("released rows"),
    "responses": N_("responses of customers"),
    "settings": N_("settings"),
    "sightings": N_("deals seen unchanged"),
    "stage_events": N_("entries into stages"),
    "stages": N_("stages"),
    "standards": N_("standards of action"),
    "targets": N_("targets"),
    "texts": N_("texts"),
}
"""Tables of the facts in words."""

BOOKKEEPING: Final = frozenset(
    ("identities", "person_links", "quarantine", "recorded_fields", "releases", "settings", "sightings", "texts")
)
"""Tables that Bokgi keeps for its own sake: no answer to what an import changed."""

FIELDS: Final = {
    "account_id": N_("Account"),
    "owner_id": N_("Owner"),
    "pipeline": N_("Pipeline"),
    "stage": N_("Stage"),
    "type": N_("Type"),
    "product": N_("Product"),
    "source": N_("Source"),
    "lead_grade": N_("Lead grade"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
    "expected_close_on": N_("Expected close"),
    "closed_on": N_("Closed on"),
    "outcome": N_("Outcome"),
    "lost_reason": N_("Reason of loss"),
    "forecast_category": N_("Forecast category"),
    "probability": N_("Probability"),
    "next_step": N_("Next step"),
    "next_step_on": N_("Date of the next step"),
}
"""Fields of a deal that can be corrected."""
