"""Which deal a meeting talks about first: money at stake × what the meeting can change. One rule for every list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.hygiene import REASONS

MUCH, SOME, LITTLE = 3, 2, 1
"""What a meeting can change of a deal. A judgement in three steps, no estimate; it is said beside the deal."""
_WORK: Final = frozenset(REASONS) - {"no_amount", "stage_overdue"}
"""Reasons (`analysis.hygiene`) about what the team does or lets be."""


def can_change(reasons: Iterable[str]) -> int:
    """Say how much a meeting can change of a deal: much where work is left undone, little where all goes its way.

    >>> can_change(["untouched", "stage_overdue"]), can_change(["stage_overdue"]), can_change([])
    (3, 2, 1)
    """
    found = set(reasons)
    if found & _WORK:
        return MUCH
    return SOME if found else LITTLE


def talked_about_first(deal: Mapping[str, Any]) -> tuple[Decimal, int, str]:
    """Give the place of a deal in the meeting: money at stake × what the meeting can change, the largest first.

    Without a known amount it comes behind those that have one, by days in the stage.
    """
    amount = Decimal(deal["amount"]["amount"]) if deal["amount"] is not None else Decimal(0)
    return (-amount * can_change(deal["reasons"]), -(deal["days_in_stage"] or 0), deal["deal_id"])


def weight() -> ir.Value:
    """Give money × what the meeting can change as a column beside `amount` and the reasons of `analysis.hygiene`."""
    held = {reason: ibis.coalesce(_[reason], ibis.literal(value=False)) for reason in REASONS}
    work = ibis.or_(*(held[reason] for reason in REASONS if reason in _WORK))
    step = ibis.cases((work, MUCH), (ibis.or_(*held.values()), SOME), else_=LITTLE)
    return ibis.coalesce(_.amount, 0).cast("float64") * step


def heaviest_first() -> list[Any]:
    """Give the order of a table with `weight`: as `talked_about_first` sorts."""
    return [_.weight.desc(), ibis.coalesce(_.days_in_stage, 0).desc(), _.deal_id.asc()]
