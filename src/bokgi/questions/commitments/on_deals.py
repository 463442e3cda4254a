"""Promises about deals: whether what was promised happened, and what else did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import ibis
import pyarrow as pa
from ibis import _

from bokgi.analysis.activity import by_people
from bokgi.analysis.commitments import deal_progress
from bokgi.domain.messages import N_, Message
from bokgi.questions.asked import Asked
from bokgi.questions.commitments.promise import CANNOT_TELL, KEPT, NOT_KEPT, Found, Promise

Row = dict[str, Any]

_FULFILLED: Final = {
    "moved": ("advanced_on", "won_on"),
    "won": ("won_on",),
    "touched": ("talked_on",),
    "next_step": ("next_step_on",),
    "": ("touched_on", "advanced_on", "won_on", "next_step_on"),
}
_STEPS: Final = ("next_step_on", "has_next_step")


def checked_deals(here: Asked, promises: Sequence[Promise], *, until: Mapping[str, date]) -> dict[str, Found]:
    """Check promises about deals, each up to its day in `until`."""
    if not promises:
        return {}
    keys = sorted({one.deal_id for one in promises})
    deals = here.keep(here.facts.deals.filter(_.deal_id.isin(keys)))
    changes = here.facts.deal_changes
    asked = pa.table(
        {
            "key": [one.key for one in promises],
            "deal_id": [one.deal_id for one in promises],
            "made_on": pa.array([one.made_on for one in promises], pa.date32()),
            "made_at": pa.array([one.made_at for one in promises], pa.timestamp("us", "UTC")),
            "until_on": pa.array([until[one.key] for one in promises], pa.date32()),
        }
    )
    rows = deal_progress(ibis.memtable(asked), here.keep_visits(deals), deals, here.facts.activities, changes)
    found = {row["key"]: row for row in rows.to_pyarrow().to_pylist()}
    recorded = _recorded(here)
    return {
        one.key: _found(here, one, found.get(one.key), recorded, over=until[one.key] < here.as_of) for one in promises
    }


def _recorded(here: Asked) -> Row:
    """Tell what the source records at all: what it never does cannot have been left undone."""
    touches = by_people(here.facts.activities).agg(touches=_.count() > 0)
    step = _.field.isin(_STEPS) & (_.seq != 0)
    steps = here.facts.deal_changes.agg(steps=ibis.coalesce(_.count(where=step), 0) > 0)
    found: Row = touches.cross_join(steps).to_pyarrow().to_pylist()[0]
    return found


def _found(here: Asked, one: Promise, row: Row | None, recorded: Row, *, over: bool) -> Found:
    if row is None:
        return Found(CANNOT_TELL, "deal_unknown", evidence=(Message(N_("The deal is not in the data.")),))
    days = [row[name] for name in _FULFILLED[one.metric] if row[name] is not None]
    evidence = tuple(_evidence(here, row, recorded, one.metric, over=over))
    if days:
        return Found(KEPT, fulfilled_on=min(days), evidence=evidence)
    known = {
        "moved": row["from_stage"] is not None,
        "won": True,
        "touched": recorded["touches"],
        "next_step": recorded["steps"],
        "": recorded["touches"] and row["from_stage"] is not None,
    }
    if not known[one.metric]:
        return Found(CANNOT_TELL, "not_recorded", evidence=(*evidence, Message(N_("The data do not record this."))))
    return Found(NOT_KEPT, evidence=evidence)


def _contacts(row: Row, recorded: Row, metric: str, *, over: bool) -> list[Message]:
    if not row["touches"]:
        # What came after the day agreed was not looked at.
        until = N_("No contact with the customer from the meeting to the day agreed.")
        text = until if over else N_("No contact with the customer since the meeting.")
        return [Message(text)] if recorded["touches"] else []
    told = [
        Message(
            N_("{n} contact with the customer since the meeting, on {day}."),
            {"n": row["touches"], "day": row["touched_on"]},
            plural=N_("{n} contacts with the customer since the meeting, the first on {day}."),
        )
    ]
    if metric == "touched" and not row["talks"]:
        text = N_("{n:It was no meeting and no call|None of them was a meeting or a call}.")
        told.append(Message(text, {"n": row["touches"]}))
    return told


def _evidence(here: Asked, row: Row, recorded: Row, metric: str, *, over: bool) -> list[Message]:
    told = _contacts(row, recorded, metric, over=over)
    if row["advanced_on"] is not None:
        values = {"stage": here.stage_label(row["to_stage"]), "day": row["advanced_on"]}
        told.append(Message(N_("It moved on to {stage} on {day}."), values))
    if row["won_on"] is not None:
        told.append(Message(N_("It was won on {day}."), {"day": row["won_on"]}))
    elif row["ended_on"] is not None:
        told.append(Message(N_("It ended on {day} without being won."), {"day": row["ended_on"]}))
    elif row["advanced_on"] is None and row["from_stage"] is not None:
        text = N_("On the day agreed it still stood in {stage}.") if over else N_("It still stands in {stage}.")
        told.append(Message(text, {"stage": here.stage_label(row["from_stage"])}))
    if row["next_step_on"] is not None:
        told.append(Message(N_("A next step was written down on {day}."), {"day": row["next_step_on"]}))
    if row["amount_changes"]:
        told.append(Message(N_("Its amount changed.")))
    if row["close_changes"]:
        told.append(Message(N_("Its expected close date changed.")))
    return told
