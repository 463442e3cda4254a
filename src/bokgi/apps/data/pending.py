"""What was entered and corrected on screen becomes facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis.expr.types as ir
import pyarrow as pa
from django.conf import settings
from django.utils import timezone
from ibis import _

from bokgi.apps.access.asking import answers
from bokgi.apps.data.contacts import people
from bokgi.apps.data.entered import deals_write
from bokgi.apps.data.models import Correction, CorrectionState, EnteredContact, EnteredDeal
from bokgi.apps.data.progress import work_folder
from bokgi.apps.data.standing import last_spoken, standing
from bokgi.domain.errors import ConflictError
from bokgi.domain.messages import N_, Message
from bokgi.domain.names import folded
from bokgi.facts.lake import Lake
from bokgi.facts.locks import Lock
from bokgi.facts.schema import CONTACT
from bokgi.facts.undo import CORRECTIONS
from bokgi.intake import entering
from bokgi.intake.writing.corrections import ENTERED_CONTACT
from bokgi.questions.deal_contacts import contacts_of

ENTERED: Final = f"{CONTACT}{ENTERED_CONTACT}"
"""How fields begin that are about a contact whom somebody entered."""
_WAIT_SECONDS: Final = 30.0


def is_pending() -> bool:
    """Tell whether something that was entered or corrected on screen is not in the facts yet."""
    return any(found.objects.filter(state=CorrectionState.PENDING).exists() for found in (EnteredDeal, Correction))


def write_pending(*, wait: float = _WAIT_SECONDS) -> int:
    """Write all that was entered and corrected on screen into the facts; gives how many entries that were.

    The worker does so each minute. Call it before a meeting opens or a pack is made, so that these show every
    correction; where nothing waits it costs two small queries. Raises `ConflictError` (`entries_busy`) when another
    process is still writing after `wait` seconds; nothing is lost then, and the next minute writes it.
    """
    if not is_pending():
        return 0
    with Lock(work_folder() / "entries.lock") as lock:
        if not lock.acquire(wait):
            raise ConflictError(
                "entries_busy", Message(N_("What was entered is being written; try again in a moment."))
            )
        return deals_write() + _corrections_write()


def _corrections_write() -> int:
    """Write all pending corrections as one import.

    Written again after a stop between facts and database, the same corrections are found known there. A correction of a
    deal or a contact that is gone (its import was taken back) is closed.
    """
    pending = _of_what_is_there(list(Correction.objects.filter(state=CorrectionState.PENDING).order_by("at", "pk")))
    if pending:
        lake = Lake.open(settings.HOME)
        _contacts_write(lake, pending)
        last = pending[-1].at
        there = next((one for one in lake.imports() if one.source == CORRECTIONS and one.at == last), None)
        if there is None:
            number = entering.correct(lake, [_entered(one) for one in pending], by="corrections", at=last).import_no
        else:
            number = there.import_no
        _written(pending, number)
    return len(pending)


def _contacts_write(lake: Lake, pending: Sequence[Correction]) -> None:
    """Write contacts that were entered with these corrections; written again they are found known there."""
    keys = [one.field.removeprefix(CONTACT) for one in pending if one.field.startswith(ENTERED)]
    waiting = list(EnteredContact.objects.filter(contact_id__in=keys, state=CorrectionState.PENDING).order_by("pk"))
    if not waiting:
        return
    key = pa.array([one.contact_id for one in waiting])
    rows = {
        "contacts": {
            "contact_id": key,
            "account_id": pa.array([one.account_id or None for one in waiting], pa.string()),
            "title": pa.array([one.title or None for one in waiting], pa.string()),
        },
        "identities": {
            "kind": pa.array(["contact"] * len(waiting)),
            "key": key,
            "name": pa.array([one.name for one in waiting]),
        },
    }
    tables = {name: pa.table(columns) for name, columns in rows.items()}
    entering.enter(lake, tables, by="entered", at=waiting[-1].at, source="entered")
    EnteredContact.objects.filter(pk__in=[one.pk for one in waiting]).update(
        state=CorrectionState.WRITTEN, name="", title=""
    )


def _of_what_is_there(pending: list[Correction]) -> list[Correction]:
    """Give the corrections whose deal and contact are in the facts, or wait to be; close the others."""
    if not pending:
        return []
    facts = answers().facts()
    ids = sorted({one.deal_id for one in pending})
    contacts = sorted({one.field.removeprefix(CONTACT) for one in pending if one.field.startswith(CONTACT)})
    there = _column(facts.deals.filter(_.deal_id.isin(ids)).deal_id)
    known = _column(facts.contacts.filter(_.contact_id.isin(contacts)).contact_id) if contacts else set()
    waiting = EnteredContact.objects.filter(contact_id__in=contacts, state=CorrectionState.PENDING)
    known |= set(waiting.values_list("contact_id", flat=True))
    gone = [
        one.pk
        for one in pending
        if one.deal_id not in there or (one.field.startswith(CONTACT) and one.field.removeprefix(CONTACT) not in known)
    ]
    Correction.objects.filter(pk__in=gone).update(state=CorrectionState.OVERTAKEN, closed_at=timezone.now())
    return [one for one in pending if one.pk not in gone]


def _column(column: ir.Column) -> set[str]:
    return set(column.to_pyarrow().to_pylist())


def _written(pending: Sequence[Correction], number: int | None) -> None:
    mine = Correction.objects.filter(pk__in=[one.pk for one in pending], state=CorrectionState.PENDING)
    mine.update(state=CorrectionState.WRITTEN, import_no=number)


def _entered(one: Correction) -> entering.Correction:
    return entering.Correction(one.deal_id, one.field, one.seen, one.value, one.at, one.person_id or None)


def roles_go_on() -> int:
    """Go on with the roles of people entered here whom the CRM now shows without one; gives how many.

    From then on the correction is of the CRM's own contact. After an undo of the import that showed it, the entered one
    stands again and may go on once more.
    """
    entered = Correction.objects.filter(state=CorrectionState.WRITTEN, field__startswith=ENTERED).exclude(value="")
    listed, gone_on = list(entered.select_related("by")), 0
    last = last_spoken() if listed else {}
    for one in listed:
        said = last.get((one.deal_id, one.field))
        met = said is not None and said.at is None and bool(said.old) and said.new == ""
        if met is (one.closed_at is None):
            Correction.objects.filter(pk=one.pk).update(closed_at=timezone.now() if met else None)
            gone_on += met and _role_goes_on(one)
    return gone_on


def _role_goes_on(one: Correction) -> bool:
    told = contacts_of(answers().facts(), [one.deal_id]).get(one.deal_id, [])
    name = folded(people([one.field.removeprefix(CONTACT)])[one.field.removeprefix(CONTACT)][0])
    same = [who for who in told if who["name"] and folded(who["name"]) == name]
    if len(same) != 1 or same[0]["role"]:
        return False
    field = f"{CONTACT}{same[0]['contact_id']}"
    if any(other.field == field for other in standing([one.deal_id])):
        return False
    Correction.objects.create(
        deal_id=one.deal_id,
        field=field,
        seen="",
        value=one.value,
        reason=one.reason,
        by=one.by,
        person_id=one.person_id,
        at=timezone.now(),
    )
    return True
