"""Corrections of deals: saved at once, written into the facts by the worker, closed when the CRM speaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from ibis import _

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import Viewer
from bokgi.apps.access.services import audit
from bokgi.apps.data.models import Correction, CorrectionState
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.facts.lake import Lake
from bokgi.facts.schema import TABLES
from bokgi.intake import entering
from bokgi.intake.judging.sql_types import SQL_TYPES
from bokgi.intake.writing.corrections import CORRECTABLE

OPEN: Final = (CorrectionState.PENDING, CorrectionState.WRITTEN)


def deal_now(deal_id: str) -> dict[str, str | None]:
    """Give the correctable columns of a deal as canonical text. Raises `NotFoundError` for a deal that is not there."""
    columns = ("deal_id", *CORRECTABLE)
    rows = answers().facts().deals.filter(_.deal_id == deal_id).select(*columns).to_pyarrow().to_pylist()
    if not rows:
        raise NotFoundError("deal_unknown", Message(N_("There is no deal {deal_id}."), {"deal_id": deal_id}))
    return {name: _canonical(rows[0][name]) for name in columns}


def _canonical(value: Any) -> str | None:  # noqa: ANN401 - any cell
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def readable(field: str, text: str) -> str | None:
    """Read what somebody typed for a field as canonical text; null empties it.

    Raises `UsageError` for a field that cannot be corrected and for text that is no value of it.

    >>> readable("amount", "2,500,000"), readable("expected_close_on", " "), readable("product", " GTX ")
    ('2500000', None, 'GTX')
    """
    if field not in CORRECTABLE:
        raise UsageError(
            "field_not_correctable",
            Message(N_("{field} of a deal cannot be corrected."), {"field": field}),
            Message(N_("These can: {fields}."), {"fields": ", ".join(CORRECTABLE)}),
        )
    kind, given = SQL_TYPES[TABLES["deals"].column(field).type], text.strip()
    if not given:
        return None
    try:
        if kind == "DATE":
            return date.fromisoformat(given).isoformat()
        if kind != "VARCHAR":
            number = Decimal(given.replace(",", ""))
            if number.is_finite():
                return f"{number.normalize():f}"
            raise InvalidOperation  # noqa: TRY301 - the same answer as for what is no number
    except (ValueError, InvalidOperation) as error:
        raise UsageError(
            "value_unfit",
            Message(N_("“{text}” does not fit {field}."), {"text": given, "field": field}),
            Message(N_("Write a number like 2500000, a day like 2026-11-24.")),
        ) from error
    return given


@transaction.atomic
def correction_save(*, deal_id: str, field: str, text: str, reason: str, by: User, viewer: Viewer) -> Correction:
    """Save a correction; it is written into the facts within a minute.

    Raises `UsageError` where the value does not fit or is there already, `NotFoundError` for a deal that this person
    may not see.
    """
    value = readable(field, text)
    deal = deal_now(deal_id)
    if not viewer.sees_person(deal["owner_id"] or ""):
        raise NotFoundError("deal_unknown", Message(N_("There is no deal {deal_id}."), {"deal_id": deal_id}))
    pending = Correction.objects.filter(deal_id=deal_id, field=field, state=CorrectionState.PENDING)
    if value == deal[field] and not pending.exists():
        raise UsageError("value_there", Message(N_("That is what stands there already.")))
    pending.update(state=CorrectionState.TAKEN_BACK, closed_at=timezone.now())
    saved = Correction.objects.create(
        deal_id=deal_id,
        field=field,
        seen=deal[field],
        value=value,
        reason=reason.strip()[:300],
        by=by,
        person_id=by.person_id,
        at=timezone.now(),
    )
    audit(by=by, action="correction_save", subject=f"correction {saved.pk}", details={"field": field})
    return saved


@transaction.atomic
def correction_take_back(*, correction: Correction, by: User) -> None:
    """Take a correction back that is not written yet. Raises `ConflictError` for one that is."""
    mine = Correction.objects.filter(pk=correction.pk, state=CorrectionState.PENDING)
    if not mine.update(state=CorrectionState.TAKEN_BACK, closed_at=timezone.now()):
        raise ConflictError(
            "correction_written",
            Message(N_("This correction is in the facts already.")),
            Message(N_("Correct the field again with the value that was there before.")),
        )
    audit(by=by, action="correction_take_back", subject=f"correction {correction.pk}")


def corrections_open(viewer: Viewer) -> list[Correction]:
    """List the corrections that wait for the CRM, of deals that this person may see, newest first."""
    found = list(Correction.objects.filter(state__in=OPEN).select_related("by"))
    if not found:
        return []
    ids = sorted({one.deal_id for one in found})
    owned = answers().facts().deals.filter(_.deal_id.isin(ids)).select("deal_id", "owner_id").to_pyarrow().to_pylist()
    owners = {row["deal_id"]: row["owner_id"] or "" for row in owned}
    return [one for one in found if viewer.sees_person(owners.get(one.deal_id, ""))]


def corrections_of(deal_id: str) -> list[Correction]:
    """List what is corrected of one deal and not yet agreed: a page marks these values."""
    return list(Correction.objects.filter(deal_id=deal_id, state__in=OPEN).select_related("by"))


def corrections_write() -> int:
    """Write all pending corrections into the facts as one import, then close those on which the CRM has spoken.

    Written again after a stop between facts and database, the same corrections are found known there.
    """
    pending = list(Correction.objects.filter(state=CorrectionState.PENDING).order_by("at", "pk"))
    lake = Lake.open(settings.HOME)
    if pending:
        last = pending[-1].at
        there = next((one for one in lake.imports() if one.source == "corrections" and one.at == last), None)
        if there is None:
            entered = entering.correct(lake, [_entered(one) for one in pending], by="corrections", at=last)
            number = entered.import_no
        else:
            number = there.import_no
        keys = [one.pk for one in pending]
        Correction.objects.filter(pk__in=keys, state=CorrectionState.PENDING).update(
            state=CorrectionState.WRITTEN, import_no=number
        )
    corrections_close()
    return len(pending)


def _entered(one: Correction) -> entering.Correction:
    return entering.Correction(one.deal_id, one.field, one.seen, one.value, one.at, one.person_id or None)


def corrections_close() -> int:
    """Close written corrections on which a later import has spoken; gives how many."""
    written = list(Correction.objects.filter(state=CorrectionState.WRITTEN))
    if not written:
        return 0
    ids = sorted({one.deal_id for one in written})
    changes = answers().facts().deal_changes
    spoken = changes.filter((_.origin == "entered") & _.deal_id.isin(ids))
    rows = spoken.select("deal_id", "field", "old", "new", "import_no").to_pyarrow().to_pylist()
    return sum(_closed(one, rows) for one in written)


def _closed(one: Correction, rows: Sequence[dict[str, Any]]) -> bool:
    later = [
        row
        for row in rows
        if (row["deal_id"], row["field"]) == (one.deal_id, one.field) and row["import_no"] > (one.import_no or 0)
    ]
    if not later:
        return False
    last = max(later, key=lambda row: row["import_no"])
    agreed = last["new"] == last["old"]
    state = CorrectionState.AGREED if agreed else CorrectionState.OVERTAKEN
    return bool(
        Correction.objects.filter(pk=one.pk, state=CorrectionState.WRITTEN).update(
            state=state, closed_at=timezone.now()
        )
    )
