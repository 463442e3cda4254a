"""Corrections of deals: saved at once, written into the facts by the worker, closed when the CRM speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone
from ibis import _

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import LEADING, Role, Viewer
from bokgi.apps.access.selectors import organisation
from bokgi.apps.access.services import audit
from bokgi.apps.data import contacts
from bokgi.apps.data.fitting import ENDINGS, Choices, canonical, choices, readable, refuse_unchoosable
from bokgi.apps.data.models import Correction, CorrectionState
from bokgi.apps.data.standing import last_spoken, standing, stands
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.stage import Outcome
from bokgi.intake.writing.corrections import CORRECTABLE, NEXT_STEP

_CURRENCY: Final = "KRW"


def deal_now(deal_id: str) -> dict[str, str | None]:
    """Give the correctable fields of a deal as canonical text. Raises `NotFoundError` for a deal that is not there."""
    columns = ("deal_id", *CORRECTABLE)
    facts = answers().facts()
    rows = facts.deals.filter(_.deal_id == deal_id).select(*columns).to_pyarrow().to_pylist()
    if not rows:
        raise _unknown(deal_id)
    words = facts.texts.filter((_.kind == NEXT_STEP) & (_.key == deal_id)).select("text").to_pyarrow().to_pylist()
    return {name: canonical(rows[0][name]) for name in columns} | {NEXT_STEP: words[0]["text"] if words else None}


def _unknown(deal_id: str) -> NotFoundError:
    return NotFoundError("deal_unknown", Message(N_("There is no deal {deal_id}."), {"deal_id": deal_id}))


def corrections_save(
    *,
    deal_id: str,
    given: Mapping[str, str],
    reason: str,
    by: User,
    viewer: Viewer,
    parts: contacts.Parts = contacts.Parts(),  # noqa: B008 - frozen: nobody's part was said
) -> list[Correction]:
    """Save corrections of one deal (field → what was typed); they are written into the facts within a minute.

    `parts` are corrections of who takes part in it at the customer's.
    What stands there already is passed over. The first amount of a deal is in the organisation's currency. Raises
    `UsageError` where a value does not fit or nothing changes, `NotFoundError` for a deal that this person may not see.
    """
    there = choices()
    values = {name: readable(name, text) for name, text in given.items()}
    return _save(deal_id, values, there, reason=reason, by=by, viewer=viewer, parts=parts)


def deal_close(
    *, deal_id: str, outcome: str, on: str, lost_reason: str, reason: str, by: User, viewer: Viewer
) -> list[Correction]:
    """Correct a deal as won, lost or without a decision, or as open again; it stands in the stage that says so.

    Raises `UsageError` for another outcome, a day to come, a loss without a reason.
    """
    there, deal = choices(), deal_now(deal_id)
    ended = Outcome(outcome) if outcome in {one.value for one in Outcome} else None
    if ended is None:
        raise UsageError("value_unfit", Message(N_("Choose how the deal ended.")))
    given: dict[str, str | None] = {"outcome": ended.value, "closed_on": None, "lost_reason": None}
    if ended is not Outcome.OPEN:
        given["closed_on"] = readable("closed_on", on) or today().isoformat()
        stage = there.closing(deal["pipeline"] or "", ended)
        if stage is not None:
            given["stage"] = stage
    if ended in {Outcome.LOST, Outcome.NO_DECISION}:
        given["lost_reason"] = readable("lost_reason", lost_reason)
        if given["lost_reason"] is None:
            raise UsageError(
                "reason_missing",
                Message(N_("Say why the deal was not won.")),
                Message(N_("The review learns from it; a few words are enough.")),
            )
    return _save(deal_id, given, there, reason=reason, by=by, viewer=viewer)


@transaction.atomic
def _save(
    deal_id: str,
    values: Mapping[str, str | None],
    there: Choices,
    *,
    reason: str,
    by: User,
    viewer: Viewer,
    parts: contacts.Parts = contacts.Parts(),  # noqa: B008 - frozen: nobody's part was said
) -> list[Correction]:
    deal = deal_now(deal_id)
    if not viewer.sees_person(deal["owner_id"] or ""):
        raise _unknown(deal_id)
    values = dict(values)
    if "owner_id" in values and (Role(by.role) not in LEADING or not viewer.sees_person(values["owner_id"] or "")):
        raise UsageError("owner_not_yours", Message(N_("The owner of a deal is corrected by who leads the team.")))
    refuse_unchoosable(values, values.get("pipeline") or deal["pipeline"] or "", there, today=today())
    if values.get("amount") is not None and deal["amount"] is None and "currency" not in values:
        company = organisation()
        values["currency"] = _CURRENCY if company is None else company.currency
    open_ones = corrections_of(deal_id)
    if parts:
        told, right = contacts.parts_corrected(deal_id, deal["account_id"], parts, open_ones, by=by, at=timezone.now())
        deal, values = deal | told, values | right
    held = {one.field: one for one in open_ones}
    if "closed_on" not in values and values.get("outcome") in {one.value for one in (Outcome.OPEN, *ENDINGS)}:
        # Without its day an end counts in no period; a deal with one is not open.
        closed = held["closed_on"].value if "closed_on" in held else deal["closed_on"]
        values["closed_on"] = None if values["outcome"] == Outcome.OPEN.value else closed or today().isoformat()
    saved = []
    for field, value in values.items():
        before, shown = held.get(field), deal.get(field)
        stands = before.value if before is not None and before.state == CorrectionState.PENDING else shown
        if value != stands:
            saved.append(_saved(deal_id, field, shown if before is None else before.seen, value, reason, by))
    if not saved:
        raise UsageError("value_there", Message(N_("That is what stands there already.")))
    return saved


def _saved(deal_id: str, field: str, seen: str | None, value: str | None, reason: str, by: User) -> Correction:
    """Save one; a pending one of the same field is replaced. `seen` stays what the CRM shows."""
    now = timezone.now()
    Correction.objects.filter(deal_id=deal_id, field=field, state=CorrectionState.PENDING).update(
        state=CorrectionState.TAKEN_BACK, closed_at=now
    )
    saved = Correction.objects.create(
        deal_id=deal_id,
        field=field,
        seen=seen,
        value=value,
        reason=reason.strip()[:300],
        by=by,
        person_id=by.person_id,
        at=now,
    )
    audit(by=by, action="correction_save", subject=f"correction {saved.pk}", details={"field": field})
    return saved


@transaction.atomic
def correction_take_back(*, correction: Correction, by: User) -> None:
    """Take a correction back: one that is not written yet never was; of a written one the CRM's value counts again.

    Raises `ConflictError` for one that is closed.
    """
    mine = Correction.objects.filter(pk=correction.pk, state=CorrectionState.PENDING)
    if mine.update(state=CorrectionState.TAKEN_BACK, closed_at=timezone.now()):
        contacts.contact_take_back(correction)
        audit(by=by, action="correction_take_back", subject=f"correction {correction.pk}")
        return
    correction.refresh_from_db()
    if not stands(correction, last_spoken()):
        raise ConflictError(
            "correction_closed",
            Message(N_("This correction is closed already.")),
            Message(N_("Correct the field again with the value that is right.")),
        )
    _saved(correction.deal_id, correction.field, correction.seen, correction.seen, "", by)
    audit(by=by, action="correction_take_back", subject=f"correction {correction.pk}")


def may_take_back(correction: Correction, by: User) -> bool:
    """Tell whether somebody may take a correction back: one's own, or any for who keeps the data."""
    return correction.by_id == by.pk or Role(by.role) in {Role.ADMIN, Role.LEADER}


def corrections_open(viewer: Viewer) -> list[Correction]:
    """List the corrections that wait for the CRM, of deals that this person may see, newest first."""
    found = standing()
    if not found:
        return []
    ids = sorted({one.deal_id for one in found})
    owned = answers().facts().deals.filter(_.deal_id.isin(ids)).select("deal_id", "owner_id").to_pyarrow().to_pylist()
    owners = {row["deal_id"]: row["owner_id"] or "" for row in owned}
    newest: dict[tuple[str, str], Correction] = {}
    for one in found:
        newest.setdefault((one.deal_id, one.field), one)
    return [one for one in newest.values() if viewer.sees_person(owners.get(one.deal_id, ""))]


def in_words(found: Sequence[Correction], there: Choices) -> list[tuple[Correction, str | None, str | None]]:
    """Give corrections with what the CRM shows and what is right, a stage and a person by name."""
    stages = {step.stage: step.label for step in there.steps}
    names = {"stage": stages, "owner_id": there.people}

    def word(field: str, value: str | None) -> str | None:
        return None if value is None else names.get(field, {}).get(value, value)

    return [(one, word(one.field, one.seen), word(one.field, one.value)) for one in found]


def corrections_of(deal_id: str) -> list[Correction]:
    """List what is corrected of one deal and stands, the newest of each field: a page marks these values."""
    newest: dict[str, Correction] = {}
    for one in standing([deal_id]):
        newest.setdefault(one.field, one)
    return list(newest.values())
