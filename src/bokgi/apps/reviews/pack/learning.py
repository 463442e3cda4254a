"""Learning: wins and losses of the week that are worth telling, with what is known of how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.apps.reviews.pack.care import title, titles
from bokgi.apps.reviews.pack.scope import Row, Scope, rows
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import Outcome

_SHOWN: Final = 6
_ENDS: Final = (Outcome.WON, Outcome.LOST, Outcome.NO_DECISION)


def learning(scope: Scope, stages: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """List the largest wins and losses of the period."""
    labels = {(stage["pipeline"], stage["stage"]): stage["label"] for stage in stages}
    closed = _closed(scope)
    return {
        "won": _told(scope, closed.filter(_.outcome == Outcome.WON.value), labels),
        "lost": _told(scope, closed.filter(_.outcome != Outcome.WON.value), labels),
    }


def _closed(scope: Scope) -> ir.Table:
    period = scope.seen
    ended = scope.deals.filter(_.outcome.isin([end.value for end in _ENDS]))
    return ended.filter((_.closed_on >= period.start) & (_.closed_on < period.end))


def _told(scope: Scope, deals: ir.Table, labels: Mapping[tuple[str, str], str]) -> list[dict[str, Any]]:
    few = rows(deals.order_by(_.amount.desc(nulls_first=False), _.deal_id).limit(_SHOWN))
    keys = [row["deal_id"] for row in few]
    names = titles(scope, keys)
    touches = _touches(scope, keys)
    last = _last_stages(scope, keys)
    told = []
    for row in few:
        account, name = names.get(row["deal_id"], (None, None))
        days = None if row["created_on"] is None else (row["closed_on"] - row["created_on"]).days
        told.append(
            {
                "deal_id": row["deal_id"],
                "account": account,
                "name": name,
                "title": title((account, name), row["deal_id"]),
                "owner_id": row["owner_id"],
                "owner": scope.name(row["owner_id"]),
                "outcome": row["outcome"],
                "amount": scope.money(row["amount"]),
                "closed_on": row["closed_on"].isoformat(),
                "days": days,
                "lost_reason": row["lost_reason"],
                "notes": [
                    encoded(note)
                    for note in _notes(row, touches.get(row["deal_id"]), labels.get(last.get(row["deal_id"], ("", ""))))
                ],
            }
        )
    return told


def _touches(scope: Scope, deal_ids: Sequence[str]) -> dict[str, Row]:
    here = held(scope.facts.activities, as_of=scope.as_of).filter(_.deal_id.isin(list(deal_ids)))
    counted = here.group_by("deal_id").agg(
        n=_.count(), meetings=_.count(where=_.kind == "meeting"), contacts=_.contact_id.nunique()
    )
    return {row["deal_id"]: row for row in rows(counted)}


def _last_stages(scope: Scope, deal_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    here = scope.visits.filter(_.deal_id.isin(list(deal_ids)))
    last = ibis.window(group_by="deal_id", order_by=_.visit.desc())
    found = here.mutate(place=ibis.row_number().over(last)).filter(_.place == 0).select("deal_id", "pipeline", "stage")
    return {row["deal_id"]: (row["pipeline"], row["stage"]) for row in rows(found)}


def _notes(row: Row, touches: Row | None, stage: str | None) -> list[Message]:
    said = []
    if row["outcome"] != Outcome.WON.value:
        if row["lost_reason"]:
            said.append(Message(N_("Reason given: {reason}"), {"reason": row["lost_reason"]}))
        if stage is not None:
            said.append(Message(N_("It ended in the stage {stage}."), {"stage": stage}))
    if touches is not None:
        said.append(
            Message(
                N_("{n} activities, {meetings} of them meetings, with {contacts} people of the customer."),
                {"n": touches["n"], "meetings": touches["meetings"], "contacts": touches["contacts"]},
            )
            if touches["contacts"]
            else Message(
                N_("{n} activities, {meetings} of them meetings."), {"n": touches["n"], "meetings": touches["meetings"]}
            )
        )
    if row["source"]:
        said.append(Message(N_("Came from: {source}"), {"source": row["source"]}))
    return said


def said(week: Mapping[str, Any], scope: Scope) -> list[Message]:
    """Say how many were won and lost, and the reason named most."""
    lost = week["lost"]["count"] + week["no_decision"]["count"]
    sentences = [
        Message(
            N_("{won} deals were won ({won_amount}), {lost} were lost or ended without a decision."),
            {"won": week["won"]["count"], "won_amount": _worth(week["won"], scope), "lost": lost},
        )
    ]
    named = rows(
        _closed(scope)
        .filter((_.outcome != Outcome.WON.value) & _.lost_reason.notnull() & (_.lost_reason != ""))
        .group_by("lost_reason")
        .agg(n=_.count())
        .order_by(_.n.desc(), _.lost_reason)
        .limit(2)
    )
    if named and named[0]["n"] > 1 and (len(named) == 1 or named[0]["n"] > named[1]["n"]):
        sentences.append(
            Message(
                N_("The reason named most is “{reason}”: {n} of {lost}."),
                {"reason": named[0]["lost_reason"], "n": named[0]["n"], "lost": lost},
            )
        )
    return sentences


def _worth(found: Mapping[str, Any], scope: Scope) -> object:
    return scope.worth(Decimal(found["amount"]["amount"]))
