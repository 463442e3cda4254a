"""Deals that are entered on screen, for a team without a CRM or a deal that the CRM does not have yet."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from ibis import _

from bokgi.apps.access.asking import answers, today
from bokgi.apps.access.models import User
from bokgi.apps.access.permissions import LEADING, Role, Viewer
from bokgi.apps.access.selectors import organisation, time_zone
from bokgi.apps.access.services import audit
from bokgi.apps.data.fitting import Choices, Step, choices, readable, refuse_unchoosable
from bokgi.apps.data.models import CorrectionState, EnteredDeal
from bokgi.domain.errors import ConflictError, NotFoundError, UsageError
from bokgi.domain.messages import N_, Message, translate
from bokgi.domain.stage import StageKind
from bokgi.facts.lake import Lake
from bokgi.facts.schema import TABLES
from bokgi.intake import entering

_PIPELINE: Final = "default"
_TYPED: Final = ("stage", "amount", "expected_close_on", "next_step", "next_step_on")
_FIRST_LADDER: Final = (
    ("discovery", N_("Discovery"), StageKind.OPEN, 0.15),
    ("solution", N_("Solution fit"), StageKind.OPEN, 0.3),
    ("proposal", N_("Proposal"), StageKind.OPEN, 0.5),
    ("negotiation", N_("Negotiation"), StageKind.OPEN, 0.75),
    ("won", N_("Won"), StageKind.WON, 1.0),
    ("lost", N_("Lost"), StageKind.LOST, 0.0),
    ("no_decision", N_("No decision"), StageKind.NO_DECISION, 0.0),
)
"""The stages with which a team begins that has none: key, label, kind, first probability."""


def deal_choices() -> Choices:
    """Give what a new deal may be: the stages of the facts, the first ladder where there are none."""
    there = choices()
    return there if there.steps else Choices(_first_steps(), there.people)


def pipelines_by_use(there: Choices, owner_id: str) -> list[str]:
    """List the pipelines a new deal may be in, the likeliest first: by one's own deals, then by everybody's."""
    listed = list(dict.fromkeys(step.pipeline for step in there.steps))
    if len(listed) < 2:  # noqa: PLR2004 - nothing to choose
        return listed
    deals = answers().facts().deals
    rows = deals.group_by("pipeline").agg(own=(_.owner_id == owner_id).sum(), n=_.count()).to_pyarrow().to_pylist()
    used = {row["pipeline"]: (row["own"] or 0, row["n"]) for row in rows}
    return sorted(listed, key=lambda pipeline: used.get(pipeline, (0, 0)), reverse=True)


def _first_steps() -> tuple[Step, ...]:
    company = organisation()
    lang = "ko" if company is None else company.language
    return tuple(Step(_PIPELINE, stage, translate(label, lang), kind) for stage, label, kind, _ in _FIRST_LADDER)


@transaction.atomic
def deal_enter(*, given: Mapping[str, str], pipeline: str, by: User, viewer: Viewer) -> EnteredDeal:
    """Enter a new deal; it is written into the facts within a minute. Without an owner it is one's own.

    `given` is what was typed for `account`, `name`, `stage`, `amount`, `expected_close_on`, `next_step`,
    `next_step_on`, `owner_id`. Raises `UsageError` where the account is missing or a value does not fit.
    """
    there = deal_choices()
    customer, name = (" ".join(given.get(words, "").split())[:200] for words in ("account", "name"))
    if not customer:
        raise UsageError("account_missing", Message(N_("Name the customer.")))
    owner = given.get("owner_id", "").strip() or by.person_id
    if owner != by.person_id and (Role(by.role) not in LEADING or not viewer.sees_person(owner)):
        raise UsageError("owner_not_yours", Message(N_("A deal of somebody else is entered by who leads the team.")))
    chosen = pipeline or next((step.pipeline for step in there.steps), _PIPELINE)
    values = {field: readable(field, given.get(field, "")) for field in _TYPED}
    refuse_unchoosable(values, chosen, there, today=today())
    if values["stage"] not in {step.stage for step in there.open_steps(chosen)}:
        raise UsageError("stage_not_open", Message(N_("A new deal stands in an open stage.")))
    entered = EnteredDeal.objects.create(
        deal_id=f"entered-{secrets.token_hex(5)}",
        account=customer,
        name=name,
        pipeline=chosen,
        stage=values["stage"] or "",
        amount=values["amount"] or "",
        expected_close_on=_day(values["expected_close_on"]),
        next_step=values["next_step"] or "",
        next_step_on=_day(values["next_step_on"]),
        owner_id=owner,
        by=by,
        at=timezone.now(),
    )
    audit(by=by, action="deal_enter", subject=f"deal {entered.deal_id}")
    return entered


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def deals_waiting(viewer: Viewer, by: User) -> list[EnteredDeal]:
    """List entered deals that are not written yet, one's own and those of people whom one sees; newest first."""
    found = EnteredDeal.objects.filter(state=CorrectionState.PENDING)
    return [one for one in found if one.by_id == by.pk or viewer.sees_person(one.owner_id)]


def deal_waiting(deal_id: str, viewer: Viewer, by: User) -> EnteredDeal | None:
    """Give an entered deal that is not written yet; null for any other, and for one that this person may not see."""
    return next((one for one in deals_waiting(viewer, by) if one.deal_id == deal_id), None)


@transaction.atomic
def deal_take_back(*, deal_id: str, by: User, viewer: Viewer) -> None:
    """Take an entered deal back that is not written yet.

    Raises `NotFoundError` for one that this person may not see, `ConflictError` for one that is written.
    """
    found = EnteredDeal.objects.filter(deal_id=deal_id).first()
    if found is None or not (found.by_id == by.pk or viewer.sees_person(found.owner_id)):
        raise NotFoundError("deal_unknown", Message(N_("There is no deal {deal_id}."), {"deal_id": deal_id}))
    mine = EnteredDeal.objects.filter(pk=found.pk, state=CorrectionState.PENDING)
    if not mine.update(state=CorrectionState.TAKEN_BACK, account="", name="", next_step=""):
        raise ConflictError(
            "deal_written",
            Message(N_("This deal is in the facts already.")),
            Message(N_("Close it on its own page, or take its import back.")),
        )
    audit(by=by, action="deal_take_back", subject=f"deal {deal_id}")


def deals_write() -> int:
    """Write the entered deals that wait into the facts as one import; written again they are found known there."""
    waiting = list(EnteredDeal.objects.filter(state=CorrectionState.PENDING).order_by("at", "pk"))
    if not waiting:
        return 0
    lake = Lake.open(settings.HOME, create=True)
    entering.enter(lake, _rows(waiting), by="entered", at=waiting[-1].at, source="entered")
    keys = [one.pk for one in waiting]
    EnteredDeal.objects.filter(pk__in=keys, state=CorrectionState.PENDING).update(
        state=CorrectionState.WRITTEN, account="", name="", next_step=""
    )
    return len(waiting)


def _rows(waiting: Sequence[EnteredDeal]) -> dict[str, pa.Table]:
    company, zone = organisation(), time_zone()
    accounts = _accounts({one.account for one in waiting})
    currency = "KRW" if company is None else company.currency
    rows: dict[str, list[dict[str, Any]]] = {
        "accounts": [{"account_id": key, "name": name} for name, key in accounts.items()],
        "deals": [_deal(one, accounts[one.account], currency, zone) for one in waiting],
        "texts": [
            {"kind": kind, "key": one.deal_id, "text": words}
            for one in waiting
            for kind, words in (("deal_name", one.name), ("next_step", one.next_step))
            if words
        ],
    }
    if not choices().steps:
        rows["stages"] = [
            {
                "pipeline": _PIPELINE,
                "stage": step.stage,
                "label": step.label,
                "stage_order": order,
                "kind": step.kind.value,
                "probability": probability,
                "valid_from": None,
            }
            for order, (step, (*_, probability)) in enumerate(zip(_first_steps(), _FIRST_LADDER, strict=True), start=1)
        ]
    return {name: _table(name, listed) for name, listed in rows.items() if listed}


def _accounts(names: set[str]) -> dict[str, str]:
    """Give the key of each customer: that of the one account of this name, else the name itself."""
    try:
        facts = answers().facts()
    except NotFoundError:
        return {name: name for name in sorted(names)}
    wanted = sorted({name.lower() for name in names})
    alike = facts.accounts.filter(facts.accounts.name.lower().isin(wanted)).select("account_id", "name")
    known: dict[str, set[str]] = {}
    for row in alike.to_pyarrow().to_pylist():
        known.setdefault(row["name"].lower(), set()).add(row["account_id"])
    found = {name: known.get(name.lower(), set()) for name in sorted(names)}
    return {name: keys.pop() if len(keys) == 1 else name for name, keys in found.items()}


def _deal(one: EnteredDeal, account_id: str, currency: str, zone: ZoneInfo) -> dict[str, Any]:
    amount = Decimal(one.amount) if one.amount else None
    return {
        "deal_id": one.deal_id,
        "account_id": account_id,
        "owner_id": one.owner_id or None,
        "pipeline": one.pipeline,
        "stage": one.stage,
        "created_at": one.at,
        "created_on": one.at.astimezone(zone).date(),
        "amount": amount,
        "currency": None if amount is None else currency,
        "expected_close_on": one.expected_close_on,
        "outcome": "open",
        "has_next_step": bool(one.next_step),
        "next_step_on": one.next_step_on,
        "known_at_creation": ",owner_id,amount,expected_close_on,has_next_step,next_step_on,",
    }


def _table(name: str, listed: Sequence[dict[str, Any]]) -> pa.Table:
    columns = [TABLES[name].column(column).arrow() for column in listed[0]]
    return pa.Table.from_pylist(
        list(listed), schema=pa.schema([column.with_nullable(nullable=True) for column in columns])
    )
