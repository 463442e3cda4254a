"""Open deals that want attention, told with names and reasons; the lists of the review come from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.hygiene import REASONS, hygiene
from bokgi.analysis.totals import totals
from bokgi.apps.reviews.pack.scope import Row, Scope, rows
from bokgi.domain.measures import Days
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded

_MOST_NOTES: Final = 3


def open_deals(scope: Scope) -> ir.Table:
    """Give one row per open deal: `analysis.hygiene`, with `team`, `account_id` and `weight`.

    `weight` puts the deals in the order in which a meeting talks about them: amount × days in the stage. An unknown
    amount weighs nothing, so that deals of a source without amounts are ordered by `days_in_stage` alone.
    """
    facts = scope.facts
    found = hygiene(
        scope.deals,
        scope.visits,
        facts.stages,
        facts.activities,
        facts.deal_changes,
        facts.calendar,
        as_of=scope.as_of,
        untouched_days=facts.settings.untouched_days,
    )
    told = found.left_join(scope.deals.select("deal_id", "team", "account_id"), "deal_id", rname="of_{name}")
    days = ibis.greatest(ibis.coalesce(_.days_in_stage, 0), 0)
    weight = ibis.coalesce(_.amount, 0).cast("float64") * (days + 1)
    return scope.keep(told.drop("of_deal_id").mutate(weight=weight))


def heaviest_first() -> list[Any]:
    """Give the order of a list of deals: weight, then waiting time, then the key."""
    return [_.weight.desc(), ibis.coalesce(_.days_in_stage, 0).desc(), _.deal_id.asc()]


def titles(scope: Scope, deal_ids: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """Give the account's and the deal's name of a few deals, by deal."""
    few = scope.deals.filter(_.deal_id.isin(list(deal_ids))).select("deal_id", "account_id")
    named = few.left_join(scope.facts.accounts.select("account_id", account="name"), "account_id", rname="of_{name}")
    words = scope.facts.texts.filter(_.kind == "deal_name").select(text_of="key", name="text")
    told = named.left_join(words, named.deal_id == words.text_of)
    return {row["deal_id"]: (row["account"] or row["account_id"], row["name"]) for row in rows(told.distinct())}


def title(names: tuple[str | None, str | None], deal_id: str) -> str:
    """Name a deal in a few words: the account and what it is about."""
    account, name = names
    if account and name and name != account:
        return f"{account} {name}" if account not in name else name
    return account or name or deal_id


def told(scope: Scope, found: ir.Table) -> list[dict[str, Any]]:
    """Write a few open deals as the review has them, in the order of the table; `named` gives them their names."""
    return [
        deal(row, scope)
        | {
            "days_in_stage": row["days_in_stage"],
            "last_activity_on": _day(row["last_activity_on"]),
            "expected_close_on": _day(row["expected_close_on"]),
            "next_step_on": _day(row["next_step_on"]),
            "notes": [encoded(note) for note in _notes(row, scope.as_of)],
        }
        for row in rows(found)
    ]


def deal(row: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Write what every list says of a deal; its names are filled in by `named`."""
    return {
        "deal_id": row["deal_id"],
        "account": None,
        "name": None,
        "title": row["deal_id"],
        "owner_id": row["owner_id"],
        "owner": scope.name(row["owner_id"]),
        "amount": scope.money(row["amount"]),
    }


def named(scope: Scope, deals: Sequence[dict[str, Any]]) -> None:
    """Give deals in lists the names of their account and their own, all in one question."""
    names = titles(scope, sorted({one["deal_id"] for one in deals}))
    for one in deals:
        account, name = names.get(one["deal_id"], (None, None))
        one |= {"account": account, "name": name, "title": title((account, name), one["deal_id"])}


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _notes(row: Mapping[str, Any], as_of: date) -> list[Message]:
    """Say what there is to talk about, the most telling first."""
    writers: dict[str, Callable[[], Message]] = {
        "close_passed": lambda: Message(
            N_("close date {days} ago"), {"days": Days((as_of - row["expected_close_on"]).days)}
        ),
        "untouched": lambda: (
            Message(N_("no touch since {day}"), {"day": row["last_activity_on"]})
            if row["last_activity_on"] is not None
            else Message(N_("no touch recorded"))
        ),
        "no_next_step": lambda: Message(N_("no next step")),
        "next_step_passed": lambda: Message(N_("next step was due {day}"), {"day": row["next_step_on"]}),
        "pushed": lambda: Message(N_("close date pushed {n} times"), {"n": row["times_pushed"]}),
        "stage_overdue": lambda: Message(N_("longer than the {days} planned"), {"days": Days(row["expected_days"])}),
        "no_close_date": lambda: Message(N_("no close date")),
        "no_amount": lambda: Message(N_("no amount")),
    }
    return [write() for reason, write in writers.items() if row[reason]][:_MOST_NOTES]


def counts(found: ir.Table) -> dict[str | None, Row]:
    """Count open deals and each reason by person; a reason is null where nothing can be known of any of their deals.

    The key null holds the deals of nobody.
    """
    known = {f"{reason}_known": _[reason].notnull().any() for reason in REASONS}
    held = {reason: ibis.coalesce(_[reason], ibis.literal(value=False)).sum() for reason in REASONS}
    told_by = rows(found.group_by("owner_id").agg(**totals("open", _.deal_id.notnull()), **held, **known))
    return {row["owner_id"]: _counted(row) for row in told_by}


def _counted(row: Row) -> Row:
    sums = {name: row[name] for name in ("open", "open_amount", "open_amount_unknown")}
    return sums | {reason: row[reason] if row[f"{reason}_known"] else None for reason in REASONS}


def all_counts(by_person: Mapping[str | None, Row]) -> Row:
    """Add the counts of everybody; null where it is null for everybody who has open deals."""
    found: Row = {"open": sum(row["open"] for row in by_person.values())}
    for reason in REASONS:
        known = [row[reason] for row in by_person.values() if row[reason] is not None]
        found[reason] = sum(known) if known else None
    return found
