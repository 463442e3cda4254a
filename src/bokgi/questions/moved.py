"""Two states of the deals, an earlier day's and the day's that is asked about, and which deals moved between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.pipeline_change import PARTS, pipeline_moves
from bokgi.facts.currency import in_one_currency
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Asked, known

EVE: Final = "eve"
"""The deals that moved on the last day with a move, beside the parts of a change."""
FIGURES: Final = (*(part for part in PARTS if PARTS[part] not in {"start", "end"}), EVE)
"""What of a change has deals of its own; start and end are lists of open deals on their days."""


@dataclass(frozen=True)
class Inside:
    """Whose deals are meant, on each day as they were on it: every part given must hold; without any, all deals."""

    team: str | None = None
    pipeline: str | None = None
    person: str | None = None
    owners: tuple[str, ...] | None = None

    def check(self, here: Asked) -> None:
        """Raise `NotFoundError` for a team in which nobody ever was, and for a pipeline without deals."""
        if self.team is not None:
            known(here.facts.memberships, "team", self.team)
        if self.pipeline is not None:
            known(here.deals, "pipeline", self.pipeline)

    def of(self, deals: ir.Table) -> ir.Table:
        """Say of each deal whether it is `inside`; where all deals are meant, give them as they are.

        Null where that hangs on the owner, and nobody knows who that was.
        """
        meant = {"team": self.team, "owner_id": self.person}
        tests = [deals[name] == value for name, value in meant.items() if value is not None]
        if self.owners is not None:
            tests.append(deals.owner_id.isin(list(self.owners)) if self.owners else ibis.literal(value=False))
        if tests:
            theirs = ibis.coalesce(ibis.and_(*tests), ibis.literal(value=False))
            tests = [deals.unknown_then.contains(",owner_id,").ifelse(ibis.null("boolean"), theirs)]
        if self.pipeline is not None:
            tests.append(deals.pipeline == self.pipeline)
        return deals.mutate(inside=ibis.and_(*tests)) if tests else deals


def state_on(here: Asked, on: date) -> ir.Table:
    """Give the deals as of an earlier day, by the rates of today: what a rate does is no change of the pipeline."""
    then = in_one_currency(facts_on(here.read, on), here.as_of, rates=here.facts.rates)
    return here.keep(deal_traits(then.deals, then.accounts, then.memberships, on=on))


def states(here: Asked, start: date, inside: Inside) -> tuple[ir.Table, ir.Table]:
    """Give the deals as of the day before `start` and as of the day that is asked about, for `pipeline_change`."""
    return inside.of(state_on(here, start - timedelta(days=1))), inside.of(here.deals)


def moves_of(here: Asked, before: ir.Table, after: ir.Table) -> ir.Table:
    """Give which deals moved between two states (`pipeline_moves`), computed once."""
    return here.keep(pipeline_moves(before, after, here.facts.stages))


def shifted(here: Asked, moves: ir.Table) -> list[dict[str, Any]]:
    """List the deals whose stage or close date moved, the largest first; `on`: the day of the last move, if known."""
    columns = ("deal_id", "stage_moved", "date_moved", "stage_before", "due_before", "amount_after")
    moved = here.keep(moves.filter(_.stage_moved.notnull() | _.date_moved.notnull()).select(*columns))
    steps = here.facts.stage_events.semi_join(moved, "deal_id").group_by("deal_id").agg(on=_.entered_on.max())
    dates = here.facts.deal_changes.filter(_.field == "expected_close_on").semi_join(moved, "deal_id")
    last = steps.union(dates.group_by("deal_id").agg(on=_.changed_on.max())).group_by("deal_id").agg(on=_.on.max())
    rows: list[dict[str, Any]] = moved.left_join(last, "deal_id").select(*columns, "on").to_pyarrow().to_pylist()
    return sorted(rows, key=lambda row: (-(row["amount_after"] or Decimal(0)), row["deal_id"]))


def on_the_eve(rows: Sequence[dict[str, Any]]) -> tuple[date | None, list[dict[str, Any]]]:
    """Give the last day with a move, null where none is known, and those of `shifted` that moved on it."""
    on = max((row["on"] for row in rows if row["on"] is not None), default=None)
    return on, [row for row in rows if on is not None and row["on"] == on]


def deals_of(here: Asked, figure: str, *, start: date, inside: Inside) -> ir.Table:
    """Give the `deal_id` of the deals that one of `FIGURES` counts, from the day before `start` to the day asked about.

    There are as many as `tell_pipeline_change` says, but for those that are in the facts no more.
    """
    inside.check(here)
    moves = here.once(f"moves since {start} of {inside}", lambda: moves_of(here, *states(here, start, inside)))
    if figure == EVE:
        _on, rows = on_the_eve(shifted(here, moves))
        return moves.filter(moves.deal_id.isin([row["deal_id"] for row in rows] or [""])).select("deal_id")
    named = [moves[way] == figure for way in ("came", "changed", "went", "stage_moved", "date_moved")]
    return moves.filter(ibis.or_(*named)).select("deal_id")
