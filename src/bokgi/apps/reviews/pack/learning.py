"""Learning: wins and losses of the week that are worth telling, with what is known of how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import held
from bokgi.analysis.win_loss import decided
from bokgi.analysis.worth_telling import worth_telling
from bokgi.apps.reviews.pack.care import deal
from bokgi.apps.reviews.pack.scope import Row, Scope, rows, worth
from bokgi.domain.measures import Days
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import Outcome

_SHOWN: Final = 6


def learning(scope: Scope, stages: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """List the wins and losses of the period that are worth telling: those with a story first, then the largest."""
    labels = {(stage["pipeline"], stage["stage"]): stage["label"] for stage in stages}
    closed = decided(scope.lately.deals, period=scope.seen)
    # Of all visits the few of deals that closed in the period, read once.
    visits = scope.keep(scope.visits.semi_join(closed, "deal_id"))
    stories = _stories(scope, visits)
    told = _told(scope, _few(closed, stories), stories, labels, visits)
    won = Outcome.WON.value
    return {
        "won": [one for one in told if one["outcome"] == won],
        "lost": [one for one in told if one["outcome"] != won],
    }


def _few(closed: ir.Table, stories: Mapping[str, list[Row]]) -> list[Row]:
    """Give the wins and the losses of the period to tell of, each in their order."""
    closed = closed.mutate(is_won=_.outcome == Outcome.WON.value)
    storied = _.deal_id.isin(sorted(stories)) if stories else ibis.literal(value=False)
    first = [_.storied.desc(), _.amount.desc(nulls_first=False), _.deal_id.asc()]
    place = ibis.row_number().over(ibis.window(group_by="is_won", order_by=first))
    return rows(closed.mutate(storied=storied).mutate(place=place).filter(_.place < _SHOWN).order_by("is_won", "place"))


def _stories(scope: Scope, visits: ir.Table) -> dict[str, list[Row]]:
    facts = scope.facts
    found = worth_telling(
        scope.deals,
        visits,
        facts.stages,
        facts.deal_changes,
        period=scope.seen,
        minimum_n=facts.settings.minimum_n,
    )
    told: dict[str, list[Row]] = {}
    for row in rows(found):
        told.setdefault(row["deal_id"], []).append(row)
    return told


def _told(
    scope: Scope,
    few: Sequence[Row],
    stories: Mapping[str, list[Row]],
    labels: Mapping[tuple[str, str], str],
    visits: ir.Table,
) -> list[dict[str, Any]]:
    keys = [row["deal_id"] for row in few]
    touches = _touches(scope, keys) if keys else {}
    last = _last_stages(visits, keys) if keys else {}
    return [
        deal(row, scope)
        | {
            "outcome": row["outcome"],
            "closed_on": row["closed_on"].isoformat(),
            "days": None if row["created_on"] is None else (row["closed_on"] - row["created_on"]).days,
            "lost_reason": row["lost_reason"],
            "stories": [story["story"] for story in stories.get(row["deal_id"], [])],
            "notes": [
                encoded(note)
                for note in (
                    *_why(stories.get(row["deal_id"], [])),
                    *_notes(row, touches.get(row["deal_id"]), labels.get(last.get(row["deal_id"], ("", "")))),
                )
            ],
        }
        for row in few
    ]


def _why(stories: Sequence[Row]) -> list[Message]:
    """Say why a deal is worth telling."""
    said_of = []
    for row in stories:
        match row["story"]:
            case "largest" if row["place"] == 1:
                said_of.append(Message(N_("The largest win of the week.")))
            case "fastest":
                said_of.append(
                    Message(
                        N_("Won in {days}: faster than three of four wins of the last year."),
                        {"days": Days(row["cycle_days"])},
                    )
                )
            case "against_odds":
                if row["times_pushed"]:
                    said_of.append(
                        Message(N_("Won although its close date moved {n} {n:time|times}."), {"n": row["times_pushed"]})
                    )
                if row["setbacks"]:
                    said_of.append(Message(N_("Won although it had gone back a stage.")))
            case "lost_late":
                said_of.append(Message(N_("It had come far: almost through the funnel.")))
    return said_of


def _touches(scope: Scope, deal_ids: Sequence[str]) -> dict[str, Row]:
    here = held(scope.facts.activities, as_of=scope.as_of).filter(_.deal_id.isin(list(deal_ids)))
    counted = here.group_by("deal_id").agg(
        n=_.count(), meetings=_.count(where=_.kind == "meeting"), contacts=_.contact_id.nunique()
    )
    return {row["deal_id"]: row for row in rows(counted)}


def _last_stages(visits: ir.Table, deal_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    here = visits.filter(_.deal_id.isin(list(deal_ids)))
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
                N_("Activities {n}, meetings {meetings}, people met {contacts}."),
                {"n": touches["n"], "meetings": touches["meetings"], "contacts": touches["contacts"]},
            )
            if touches["contacts"]
            else Message(
                N_("Activities {n}, meetings {meetings}."), {"n": touches["n"], "meetings": touches["meetings"]}
            )
        )
    if row["source"]:
        said.append(Message(N_("Came from: {source}"), {"source": row["source"]}))
    return said


def said(week: Mapping[str, Any], scope: Scope) -> list[Message]:
    """Say how many were won and lost, and the reason named most."""
    lost = week["lost"]["count"] + week["no_decision"]["count"]
    values = {"won": week["won"]["count"], "won_amount": worth(week["won"]["amount"]), "lost": lost}
    sentences = [
        Message(
            N_(
                "{won} {won:deal was|deals were} won ({won_amount}), "
                "{lost} {lost:was|were} lost or ended without a decision."
            ),
            values,
        )
        if values["won_amount"] is not None
        else Message(
            N_("{won} {won:deal was|deals were} won, {lost} {lost:was|were} lost or ended without a decision."), values
        )
    ]
    named = rows(
        decided(scope.lately.deals, period=scope.seen)
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
