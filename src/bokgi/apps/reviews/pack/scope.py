"""Whose facts a review speaks of, as of when, and in which windows; computed once and shared by its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.visits import visits
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.facts.as_of import as_of as rebuilt
from bokgi.facts.model import Facts

Row = dict[str, Any]
WINDOW_WEEKS: Final = 26
SHORTEST_WINDOW_WEEKS: Final = 8
USUAL_WEEKS: Final = 8


@dataclass(frozen=True)
class Scope:
    """One review's facts: `facts` as of the review's day, `deals` of the team then, `before` the same a week earlier.

    `deals` and `before` have the columns of `analysis.deal_traits`. `names` gives people's names by `person_id`,
    `teams` their team on the review's day.
    """

    facts: Facts
    period: Period
    as_of: date
    team: str | None
    deals: ir.Table
    before: ir.Table
    visits: ir.Table
    names: Mapping[str, str]
    teams: Mapping[str, str]

    @property
    def currency(self) -> str:
        """The organisation's currency."""
        return self.facts.settings.currency

    def money(self, amount: Decimal | None) -> dict[str, str] | None:
        """Write an amount as the review has it: a decimal string with its currency."""
        return None if amount is None else Money(Decimal(amount), self.currency).as_json()

    def worth(self, amount: Decimal) -> Money:
        """Give an amount as money, for a sentence."""
        return Money(Decimal(amount), self.currency)

    def name(self, person_id: str | None) -> str | None:
        """Give a person's name; the key where no name is known (any more)."""
        return None if person_id is None else self.names.get(person_id, person_id)

    @property
    def seen(self) -> Period:
        """The part of the period that had passed by the review's day."""
        return Period(self.period.start, min(self.period.end, self.as_of + timedelta(days=1)))


def rows(table: ir.Table) -> list[Row]:
    """Run a small question and give its rows."""
    found: list[Row] = table.to_pyarrow().to_pylist()
    return found


def scope(facts: Facts, *, period: Period, as_of: date, team: str | None) -> Scope:
    """Narrow all facts to one review: what had happened by the end of `as_of`, for one team or everybody.

    Raises `NotFoundError` (`team_unknown`) for a team that nobody was in by then.
    """
    now = rebuilt(facts, as_of)
    earlier = rebuilt(facts, period.start - timedelta(days=1))
    teams = _teams(now, as_of)
    if team is not None and team not in set(teams.values()):
        raise NotFoundError(
            "team_unknown",
            Message(N_("There is no team “{team}”."), {"team": team}),
            Message(N_("Teams: {teams}"), {"teams": ", ".join(sorted(set(teams.values()))) or "–"}),
        )
    deals = _narrowed(now, as_of, team).cache()
    return Scope(
        facts=now,
        period=period,
        as_of=as_of,
        team=team,
        deals=deals,
        before=_narrowed(earlier, period.start - timedelta(days=1), team).cache(),
        visits=visits(deals, now.stage_events, now.stages).cache(),
        names=_names(now),
        teams=teams,
    )


def _narrowed(facts: Facts, on: date, team: str | None) -> ir.Table:
    told = deal_traits(facts.deals, facts.accounts, facts.memberships, on=on)
    return told if team is None else told.filter(_.team == team)


def _teams(facts: Facts, on: date) -> dict[str, str]:
    """Give everybody's team on a day, by the largest share of their time; who is in none then keeps the last one."""
    held = facts.memberships.filter(_.team.notnull()).select("person_id", "team", "share", "valid_from", "valid_to")

    def rank(row: Row) -> tuple[bool, date, float, str]:
        ended = row["valid_to"] or date.max
        begun = row["valid_from"] or date.min
        return (begun <= on < ended, date.max if begun <= on < ended else ended, row["share"], row["team"])

    return {row["person_id"]: row["team"] for row in sorted(rows(held), key=rank)}


def _names(facts: Facts) -> dict[str, str]:
    """Give people's names; the address where only that is known."""
    known = facts.identities.filter(_.kind == "person").select("key", "name", "email")
    told = sorted(rows(known), key=lambda row: (row["name"] is not None, row["name"] or "", row["email"] or ""))
    return {row["key"]: row["name"] or row["email"] or row["key"] for row in told}
