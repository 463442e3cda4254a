"""Open deals that want attention, told with names and reasons; the lists of the review come from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.hygiene import REASONS
from bokgi.analysis.totals import totals
from bokgi.apps.reviews.pack.order import weight
from bokgi.apps.reviews.pack.scope import Row, Scope, rows
from bokgi.domain.sentences import encoded
from bokgi.questions.asked import care_of_day
from bokgi.questions.attention import attention_notes
from bokgi.questions.deals import own_amounts
from bokgi.questions.titles import deal_names, title


def open_deals(scope: Scope) -> ir.Table:
    """Give one row per open deal: `analysis.hygiene`, with `team`, `account_id`, `weight` and `waiting`.

    `weight` puts the deals in the order in which a meeting talks about them (`pack.order`), `waiting` is amount × days
    in the stage. An unknown amount weighs nothing, so that deals of a source without amounts are ordered by
    `days_in_stage` alone.
    """
    found = care_of_day(scope.read, scope.facts)
    told = found.join(scope.deals.select("deal_id", "team", "account_id"), "deal_id", rname="of_{name}")
    days = ibis.greatest(ibis.coalesce(_.days_in_stage, 0), 0)
    waiting = ibis.coalesce(_.amount, 0).cast("float64") * (days + 1)
    return scope.keep(told.mutate(weight=weight(), waiting=waiting))


def told(scope: Scope, found: ir.Table) -> list[dict[str, Any]]:
    """Write a few open deals as the review has them, in the order of the table; `named` gives them their names."""
    return [
        deal(row, scope)
        | {
            "days_in_stage": row["days_in_stage"],
            "days_in_stage_at_least": bool(row["days_in_stage_at_least"]),
            "last_activity_on": _day(row["last_activity_on"]),
            "expected_close_on": _day(row["expected_close_on"]),
            "next_step_on": _day(row["next_step_on"]),
            "notes": [encoded(note) for note in attention_notes(row, scope.as_of)],
        }
        for row in rows(found)
    ]


def deal(row: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Write what every list says of a deal; `named` fills in its names, and an amount that waits for its rate."""
    return {
        "deal_id": row["deal_id"],
        "account": None,
        "name": None,
        "title": row["deal_id"],
        "owner_id": row["owner_id"],
        "owner": scope.name(row["owner_id"]),
        "amount": scope.money(row["amount"]),
        "unconverted": None,
    }


def named(scope: Scope, deals: Sequence[dict[str, Any]]) -> None:
    """Give deals in lists the names of their account and their own, and amounts without a rate in their currency."""
    waiting = sorted({one["deal_id"] for one in deals if one["amount"] is None}) if scope.without_rate else []
    own = own_amounts(scope.read, scope.as_of, waiting)
    names = deal_names(scope.deals, scope.facts, sorted({one["deal_id"] for one in deals}))
    for one in deals:
        account, name = names.get(one["deal_id"], (None, None))
        one |= {"account": account, "name": name, "title": title((account, name), one["deal_id"])}
        one["unconverted"] = own[one["deal_id"]].as_json() if one["deal_id"] in own else None


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def counts(found: ir.Table) -> list[Row]:
    """Count open deals and each reason by `owner_id`; a reason is null where it is known of none of their deals.

    The owner null has the deals of nobody.
    """
    known = {f"{reason}_known": _[reason].notnull().any() for reason in REASONS}
    held = {reason: ibis.coalesce(_[reason], ibis.literal(value=False)).sum() for reason in REASONS}
    told_by = rows(found.group_by("owner_id").agg(**totals("open", _.deal_id.notnull()), **held, **known))
    return [_counted(row) for row in told_by]


def _counted(row: Row) -> Row:
    sums = {name: row[name] for name in ("owner_id", "open", "open_amount", "open_amount_unknown")}
    return sums | {reason: row[reason] if row[f"{reason}_known"] else None for reason in REASONS}


def all_counts(by_person: Mapping[str | None, Row]) -> Row:
    """Add the counts of everybody; null where it is null for everybody who has open deals."""
    found: Row = {"open": sum(row["open"] for row in by_person.values())}
    for reason in REASONS:
        known = [row[reason] for row in by_person.values() if row[reason] is not None]
        found[reason] = sum(known) if known else None
    return found
