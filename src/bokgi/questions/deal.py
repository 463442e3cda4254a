"""One deal's story: what it is now, who is involved, and everything that happened, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.activity import by_people, was_held
from bokgi.analysis.visits import found_there
from bokgi.domain.errors import NotFoundError
from bokgi.domain.labels import ACTIVITY, DEAL_FIELDS, OUTCOMES, RESPONSE_KINDS
from bokgi.domain.measures import Days
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.sentences import encoded
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.deal_contacts import contacts_of
from bokgi.questions.deals import ALL, Where, listed

Row = dict[str, Any]

CONTENT: Final = {"sent": N_("{title} was sent"), "opened": N_("{title} was opened"), "read": N_("{title} was read")}

_STEP_WRITTEN: Final = Message(N_("A next step was written down."))
_STEP_REMOVED: Final = Message(N_("The next step was removed."))


def tell_deal(facts: Facts, *, as_of: date, deal_id: str) -> Json:
    """Tell one deal: its row as in every list, its people at the customer, its events with the newest first.

    Reads all facts of a lake version, cut to `as_of`. Gives `deal` (as in `list_deals`), `next_step` (its words, null
    for none) and `forecast_category` (null: not filled in, or not known then), `contacts[]{contact_id, name,
    title, role}`, `contacts_from` (the day from which on the facts tell of contacts; null: from then on, or never),
    `events[]{on, at, kind, sentence, detail, by}`; `kind` is created, stage, change, activity, planned,
    content, response or closed. `at` is null where the source gave only a date. Planned activities lie after `as_of`.
    Raises `NotFoundError` (`deal_unknown`) when there is no such deal by then.
    """
    with asked(facts, as_of=as_of) as here:
        found = listed(here, Where(outcome=ALL, deal_ids=(deal_id,)))["deals"]
        if not found:
            raise NotFoundError(
                "deal_unknown",
                Message(N_("There is no deal “{deal}” on {day}."), {"deal": deal_id, "day": as_of}),
                Message(N_("bokgi deals lists the deals there are.")),
            )
        row = found[0]
        events = [
            *_created(row),
            *_stages(here, deal_id, row["created_on"]),
            *_changes(here, deal_id),
            *_activities(here, deal_id),
            *_content(here, deal_id),
            *_responses(here, row["account_id"], row["created_on"], row["closed_on"]),
            *_closed(row),
        ]
        events.sort(key=lambda event: (event["on"], event["at"] or "", event["place"]), reverse=True)
        return {
            "as_of": as_of.isoformat(),
            "deal": row,
            "next_step": _texts(here.facts, "next_step", [deal_id]).get(deal_id),
            "forecast_category": _rows(here.facts.deals.filter(_.deal_id == deal_id).select("forecast_category"))[0][
                "forecast_category"
            ],
            "contacts": contacts_of(here.facts, [deal_id]).get(deal_id, []),
            "contacts_from": _contacts_from(facts, deal_id, as_of),
            "events": [{name: value for name, value in event.items() if name != "place"} for event in events],
        }


def _contacts_from(facts: Facts, deal_id: str, as_of: date) -> str | None:
    first: date | None = facts.deal_contacts.filter(_.deal_id == deal_id).first_seen_on.min().to_pyarrow().as_py()
    return first.isoformat() if first is not None and first > as_of else None


_PLACES: Final = ("created", "content", "activity", "response", "change", "stage", "closed", "planned")


def _event(
    kind: str,
    on: date | str,
    sentence: Message,
    *,
    at: datetime | None = None,
    detail: str | None = None,
    by: str | None = None,
) -> Json:
    return {
        "on": on if isinstance(on, str) else on.isoformat(),
        "at": None if at is None else at.isoformat(),
        "kind": kind,
        "sentence": encoded(sentence),
        "detail": detail,
        "by": by,
        "place": _PLACES.index(kind),
    }


def _rows(table: ir.Table) -> list[Row]:
    found: list[Row] = table.to_pyarrow().to_pylist()
    return found


def _who(here: Asked, people: Iterable[str | None]) -> str | None:
    names = [here.name(person) for person in people if person is not None]
    return ", ".join(sorted(set(names))) or None


def _created(row: Mapping[str, Any]) -> list[Json]:
    if row["created_on"] is None:
        return []
    return [_event("created", row["created_on"], Message(N_("The deal was created.")))]


def _closed(row: Mapping[str, Any]) -> list[Json]:
    if row["closed_on"] is None:
        return []
    return [_event("closed", row["closed_on"], Message(OUTCOMES[row["outcome"]]), detail=row["lost_reason"])]


def _stages(here: Asked, deal_id: str, created_on: str | None) -> list[Json]:
    labels = {
        (row["pipeline"], row["stage"]): row
        for row in _rows(here.facts.stages.select("pipeline", "stage", "label", "kind"))
    }
    own = here.facts.stage_events.filter(_.deal_id == deal_id).mutate(found_there=found_there())
    told = _rows(own.order_by("entered_on", "entered_at", "seq"))
    events, before, found = [], None, False
    for row in told:
        step = labels.get((row["pipeline"], row["stage"]), {})
        values = {"stage": step.get("label") or row["stage"]}
        # Since when it stood where a first export found it nobody knows, unless it was created on that day.
        was, found = found, row["found_there"] and row["entered_on"].isoformat() != created_on
        words = Message(N_("Stood in {stage}, since when is not known.") if found else N_("Entered {stage}."), values)
        if before is not None:
            values |= {"days": Days((row["entered_on"] - before).days)}
            after = N_("Entered {stage} after at least {days}.") if was else N_("Entered {stage} after {days}.")
            words = words if found else Message(after, values)
        before = row["entered_on"]
        if step.get("kind", "open") == "open":
            by = _who(here, [row["by_id"]])
            events.append(_event("stage", row["entered_on"], words, at=row["entered_at"], by=by))
    return events


def _changes(here: Asked, deal_id: str) -> list[Json]:
    skipped = ["outcome", "closed_on", "lost_reason", "currency"]
    told = here.facts.deal_changes.filter((_.deal_id == deal_id) & ~_.field.isin(skipped))
    rows = _rows(told.order_by("changed_on", "changed_at", "seq", "field"))
    events = []
    for row in rows:
        if row["field"] not in DEAL_FIELDS:
            continue
        values = {
            "field": Message(DEAL_FIELDS[row["field"]]),
            "old": _value(here, row["field"], row["old"]),
            "new": _value(here, row["field"], row["new"]),
        }
        if values["old"] == values["new"]:
            continue
        if row["field"] == "has_next_step":
            # Its words are not of the history.
            words = _STEP_REMOVED if values["new"] is None else _STEP_WRITTEN
        elif values["old"] is None:
            words = Message(N_("{field}: {new}"), values)
        elif values["new"] is None:
            words = Message(N_("{field}: {old} was removed"), values)
        else:
            words = Message(N_("{field}: {old} → {new}"), values)
        by = _who(here, [row["by_id"]])
        events.append(_event("change", row["changed_on"], words, at=row["changed_at"], by=by))
    return events


def _value(here: Asked, field: str, text: str | None) -> object:
    """Read a recorded value as what it is; what cannot be read stands as it is, and no next step is none."""
    if text is None or (field == "has_next_step" and text == "false"):
        return None
    try:
        if field == "amount":
            return Money(Decimal(text), here.facts.settings.currency)
        if field.endswith("_on"):
            return date.fromisoformat(text)
    except (ValueError, ArithmeticError):
        return text
    return here.name(text) if field == "owner_id" else text


def _activities(here: Asked, deal_id: str) -> list[Json]:
    facts = here.facts
    rows = _rows(by_people(facts.activities.filter(_.deal_id == deal_id)).mutate(held=was_held(here.as_of)))
    ours = [row["activity_id"] for row in rows]
    people: dict[str, list[str]] = {}
    for row in _rows(facts.activity_people.filter(_.activity_id.isin(ours))) if ours else []:
        people.setdefault(row["activity_id"], []).append(row["person_id"])
    subjects = _texts(facts, "activity_subject", ours)
    return [
        _event(
            "activity" if row["held"] else "planned",
            row["happened_on"],
            Message(ACTIVITY.get(row["kind"], ACTIVITY["other"])),
            at=row["happened_at"],
            detail=subjects.get(row["activity_id"]),
            by=_who(here, people.get(row["activity_id"], [])),
        )
        for row in rows
    ]


def _texts(facts: Facts, kind: str, keys: Sequence[str]) -> dict[str, str]:
    if not keys:
        return {}
    found = _rows(facts.texts.filter((_.kind == kind) & _.key.isin(list(keys)) & _.text.notnull()))
    return {row["key"]: row["text"] for row in found}


def _content(here: Asked, deal_id: str) -> list[Json]:
    titles = here.facts.content.select(content_of="content_id", title="title")
    seen = here.facts.content_events.filter(_.deal_id == deal_id)
    rows = _rows(seen.left_join(titles, seen.content_id == titles.content_of))
    return [
        _event(
            "content",
            row["happened_on"],
            Message(CONTENT[row["kind"]], {"title": row["title"] or row["content_id"]}),
            at=row["happened_at"],
        )
        for row in rows
        if row["kind"] in CONTENT
    ]


def _responses(here: Asked, account_id: str | None, start: str | None, end: str | None) -> list[Json]:
    """Tell what the customer answered while the deal was open; responses belong to the account."""
    if account_id is None:
        return []
    told = here.facts.responses.filter(_.account_id == account_id)
    if start is not None:
        told = told.filter(_.happened_on >= date.fromisoformat(start))
    if end is not None:
        told = told.filter(_.happened_on <= date.fromisoformat(end))
    rows = _rows(told)
    comments = _texts(here.facts, "response_comment", [row["response_id"] for row in rows])
    return [
        _event(
            "response",
            row["happened_on"],
            Message(
                N_("The customer answered {kind}: {score}"),
                {"kind": Message(RESPONSE_KINDS.get(str(row["kind"]), str(row["kind"]))), "score": row["score"]},
            ),
            at=row["happened_at"],
            detail=comments.get(row["response_id"]),
        )
        for row in rows
        if row["score"] is not None
    ]
