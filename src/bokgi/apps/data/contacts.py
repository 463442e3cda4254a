"""Who takes part in a deal at the customer's: as the page shows it, and as somebody corrects it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.http import QueryDict
from ibis import _

from bokgi.apps.access.asking import answers
from bokgi.apps.access.models import User
from bokgi.apps.data.models import Correction, CorrectionState, EnteredContact
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.names import folded
from bokgi.facts.schema import CONTACT
from bokgi.intake.writing.corrections import ENTERED_CONTACT
from bokgi.questions.asked import Json
from bokgi.questions.deal_contacts import contacts_of

ROLES: Final = (
    N_("Decision maker"),
    N_("Champion"),
    N_("Day-to-day user"),
    N_("Technical evaluator"),
    N_("Purchasing or legal"),
)
"""Roles that are suggested where the facts hold none."""
_LONGEST_ROLE: Final = 100
_LONGEST_NAME: Final = 200


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is added to a deal: by name, with position and role where they are known."""

    name: str
    title: str = ""
    role: str = ""


@dataclass(frozen=True)
class Parts:
    """What somebody said about who takes part in a deal: contact → role (null: takes no part), and who is new."""

    roles: Mapping[str, str | None] = field(default_factory=dict)
    added: Newcomer | None = None

    @classmethod
    def typed(cls, given: QueryDict) -> Parts:
        """Read a form: for each `contact` its `role` and `was-role`, ticked as `left` who takes no part any more."""
        left = set(given.getlist("left"))
        listed = zip(given.getlist("contact"), given.getlist("role"), given.getlist("was-role"), strict=False)
        roles: dict[str, str | None] = {
            contact: _words(role, _LONGEST_ROLE) for contact, role, before in listed if role != before
        }
        roles |= dict.fromkeys(left)
        name, title, role = (given.get(f"new-{part}", "") for part in ("name", "title", "role"))
        if not name.strip():
            if title.strip() or role.strip():
                raise UsageError("contact_nameless", Message(N_("Name the contact.")))
            return cls(roles)
        new = Newcomer(_words(name, _LONGEST_NAME), _words(title, _LONGEST_NAME), _words(role, _LONGEST_ROLE))
        return cls(roles, new)

    def __bool__(self) -> bool:
        """Tell whether anything was said."""
        return bool(self.roles) or self.added is not None


def _words(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest]


@dataclass(frozen=True)
class Involved:
    """Somebody who takes part in a deal; `state` is that of the open correction, empty where there is none.

    `left`: somebody said that this contact takes no part any more, and it does not count yet.
    """

    contact_id: str
    name: str
    title: str
    role: str
    state: str = ""
    left: bool = False


def involved(told: Mapping[str, Sequence[Json]], open_ones: Iterable[Correction]) -> dict[str, list[Involved]]:
    """Give for each deal who takes part, with what was entered and does not count yet.

    `told`: deal → its contacts in the facts (`contacts_of`); `open_ones`: open corrections of these deals.
    """
    entered: dict[tuple[str, str], Correction] = {}
    for one in open_ones:
        if one.field.startswith(CONTACT):
            entered.setdefault((one.deal_id, one.field.removeprefix(CONTACT)), one)
    found = {
        deal_id: [_involved(row, entered.get((deal_id, row["contact_id"]))) for row in rows]
        for deal_id, rows in told.items()
    }
    known = {(deal_id, one.contact_id) for deal_id, ones in found.items() for one in ones}
    waiting = {
        key: one
        for key, one in entered.items()
        if key not in known and one.state == CorrectionState.PENDING and one.value is not None
    }
    called = people({contact for _deal, contact in waiting})
    for (deal_id, contact), one in waiting.items():
        name, title = called.get(contact, (contact, ""))
        found.setdefault(deal_id, []).append(Involved(contact, name, title, one.value or "", one.state))
    return found


def _involved(row: Json, one: Correction | None) -> Involved:
    told = Involved(row["contact_id"], row["name"] or row["contact_id"], row["title"] or "", row["role"] or "")
    if one is None:
        return told
    if one.state != CorrectionState.PENDING:
        return Involved(told.contact_id, told.name, told.title, told.role, one.state)
    return Involved(told.contact_id, told.name, told.title, one.value or "", one.state, left=one.value is None)


def people(contacts: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Give name and position of contacts by key, those that wait to be written too."""
    wanted = sorted(contacts)
    if not wanted:
        return {}
    facts = answers().facts()
    titles = facts.contacts.filter(_.contact_id.isin(wanted)).select("contact_id", "title")
    names = facts.identities.filter((_.kind == "contact") & _.key.isin(wanted)).select("key", "name")
    rows = titles.left_join(names, titles.contact_id == names.key).to_pyarrow().to_pylist()
    found = {row["contact_id"]: (row["name"] or row["contact_id"], row["title"] or "") for row in rows}
    entered = EnteredContact.objects.filter(contact_id__in=wanted, state=CorrectionState.PENDING)
    return found | {one.contact_id: (one.name, one.title) for one in entered}


def labels_of(found: Iterable[Correction]) -> dict[str, Message]:
    """Name the fields of corrections that are about a contact: field → words."""
    fields = {one.field for one in found if one.field.startswith(CONTACT)}
    called = people({one.removeprefix(CONTACT) for one in fields})
    return {
        one: Message(N_("Contact {name}"), {"name": called.get(one.removeprefix(CONTACT), (one, ""))[0]})
        for one in sorted(fields)
    }


def role_told(value: str | None) -> Message | str:
    """Give the part that a contact takes in words."""
    if value is None:
        return Message(N_("takes no part"))
    return value or Message(N_("takes part, role not said"))


def parts_corrected(
    deal_id: str, account_id: str | None, said: Parts, open_ones: Sequence[Correction], *, by: User, at: datetime
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Give what stands in the facts and what is right, both as field → role, and keep who is new.

    Somebody new who bears the name of a contact of this customer is that contact. Raises `UsageError` for a contact
    that takes no part in the deal, so that nobody reaches for others' contacts.
    """
    told = contacts_of(answers().facts(), [deal_id])
    stands = {f"{CONTACT}{row['contact_id']}": row["role"] or "" for row in told.get(deal_id, [])}
    right = {f"{CONTACT}{contact}": role for contact, role in said.roles.items()}
    here = {one.contact_id: one.name for one in involved(told, open_ones).get(deal_id, [])}
    if any(contact not in here for contact in said.roles):
        raise UsageError("contact_unknown", Message(N_("This contact takes no part in the deal.")))
    if said.added is not None:
        key = _key_of(said.added, account_id, here) or _entered(said.added, account_id, by, at)
        right[f"{CONTACT}{key}"] = said.added.role
    return dict(stands), right


def _key_of(new: Newcomer, account_id: str | None, here: Mapping[str, str]) -> str | None:
    """Find the key of somebody named among those of the deal, then of the customer; null where nobody is meant."""
    wanted = folded(new.name)
    mine = [key for key, name in here.items() if folded(name) == wanted]
    if mine or not account_id:
        return mine[0] if mine else None
    facts = answers().facts()
    ours = facts.contacts.filter(_.account_id == account_id).select("contact_id")
    names = facts.identities.filter(_.kind == "contact").select("key", "name")
    rows = ours.join(names, ours.contact_id == names.key).order_by("contact_id").to_pyarrow().to_pylist()
    waiting = EnteredContact.objects.filter(account_id=account_id, state=CorrectionState.PENDING).order_by("pk")
    called = [(row["contact_id"], row["name"] or "") for row in rows]
    called += [(one.contact_id, one.name) for one in waiting]
    found = [key for key, name in called if folded(name) == wanted]
    # Of two people of one name nobody can tell which is meant; an entered key is no second person.
    real = [key for key in found if not key.startswith(ENTERED_CONTACT)] or found[:1]
    return real[0] if len(real) == 1 else None


def _entered(new: Newcomer, account_id: str | None, by: User, at: datetime) -> str:
    made = EnteredContact.objects.create(
        contact_id=f"{ENTERED_CONTACT}{secrets.token_hex(5)}",
        account_id=account_id or "",
        name=new.name,
        title=new.title,
        by=by,
        at=at,
    )
    return made.contact_id


def contact_take_back(correction: Correction) -> None:
    """Forget somebody who was entered with a correction that is taken back before it was written, at no other deal."""
    contact = correction.field.removeprefix(CONTACT)
    if Correction.objects.filter(field=correction.field, state=CorrectionState.PENDING).exists():
        return
    EnteredContact.objects.filter(contact_id=contact, state=CorrectionState.PENDING).update(
        state=CorrectionState.TAKEN_BACK, name="", title=""
    )
