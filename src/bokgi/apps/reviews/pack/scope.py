"""Whose facts a review speaks of, as of when, and in which windows; computed once and shared by its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.progressions import progressions
from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome
from bokgi.facts.as_of import deals_as_of
from bokgi.facts.currency import in_one_currency, without_rate
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import deals_handed_over, progressions_of_day, unknown, visits_of_day

Row = dict[str, Any]
WINDOW_WEEKS: Final = 26
SHORTEST_WINDOW_WEEKS: Final = 8
USUAL_WEEKS: Final = 8
STANDARD_WEEKS: Final = 4
"""So many weeks are held against a standard of action."""
_DEAL_COLUMNS: Final = (
    *("deal_id", "account_id", "owner_id", "pipeline", "stage", "type", "source", "lead_grade", "created_on"),
    *("assigned_on", "amount", "currency", "expected_close_on", "closed_on", "outcome", "lost_reason"),
    *("has_next_step", "next_step_on", "last_seen_on", "unknown_then"),
)
"""What the parts of a review ask of a deal."""
_CHANGING: Final = (
    *("deal_id", "pipeline", "stage", "outcome", "amount", "currency", "expected_close_on", "closed_on"),
)
"""What the change of the pipeline asks of a deal."""
_LATELY: Final = (
    *("deal_id", "owner_id", "created_on", "closed_on", "outcome", "amount", "lost_reason", "has_next_step"),
    *("next_step_on", "account_id", "source"),
)
"""What the questions about a week ask of a deal."""
_TRAITS: Final = ("team", "industry", "segment", "size", "region")


@dataclass(frozen=True)
class Lately:
    """What happened in the period and the `USUAL_WEEKS` before it: few rows for the many questions about a week.

    `deals` that were created or closed since then, or are open; `activities` and `who` took part in them, with a team
    those of its people; `visits` that lasted into the `STANDARD_WEEKS` before the period.
    """

    deals: ir.Table
    activities: ir.Table
    who: ir.Table
    visits: ir.Table


@dataclass(frozen=True)
class Scope:
    """One review's facts: `facts` as of the review's day, `deals` of the team then.

    `cut` gives the facts of a day, `narrowed` the team's deals of facts that were cut to one.

    `deals` and `before` have the columns of `analysis.deal_traits`, amounts in one currency; `without_rate` counts, by
    currency, deals that could not be converted. `names` gives people's names by `person_id`, `teams` their team.
    """

    read: Facts
    facts: Facts
    period: Period
    as_of: date
    team: str | None
    deals: ir.Table
    visits: ir.Table
    progressions: ir.Table
    lately: Lately
    names: Mapping[str, str]
    teams: Mapping[str, str]
    without_rate: Mapping[str, int]
    kept: ExitStack
    cut: Callable[[date], Facts]
    narrowed: Callable[[Facts], ir.Table]

    @property
    def day_before(self) -> date:
        """The day before the period."""
        return self.period.start - timedelta(days=1)

    @cached_property
    def facts_before(self) -> Facts:
        """Facts as of the day before the period; worked out for the first part that asks.

        At the rates of the review's day: what a rate does is no change of the pipeline.
        """
        return in_one_currency(self.cut(self.day_before), self.as_of, rates=self.facts.rates)

    @cached_property
    def before(self) -> ir.Table:
        """What `deals` were on the day before the period; worked out for the first part that asks."""
        return self.narrowed(self.facts_before)

    def unsettled(self) -> tuple[ir.Table, ir.Table]:
        """Give everybody's deals of the day before and of the review's day, without those that were closed by then.

        A row that says that its deal was created and closed by the day before says the same as of both days. Few are
        left, so that they are rebuilt in a fraction of what all deals of a day take.
        """
        day = ibis.literal(self.day_before, type="date")
        settled = (_.created_on <= day) & (_.closed_on <= day) & (_.outcome != Outcome.OPEN.value)
        few = self.read.deals.filter(~ibis.coalesce(settled, ibis.literal(value=False)))
        ids = self.keep(few.select("deal_id"))
        tables = {name: self.read.tables[name].semi_join(ids, "deal_id") for name in ("stage_events", "deal_changes")}
        deals = deals_as_of(replace(self.read, deals=few, **tables), self.day_before).select(*_CHANGING)
        then = replace(self.facts, deals=self.keep(deals), as_of=self.day_before, rates_of=None)
        return in_one_currency(then, self.as_of).deals, self.deals.semi_join(ids, "deal_id")

    def keep(self, table: ir.Table) -> ir.Table:
        """Compute a table once for several questions; it is dropped when the review is done."""
        return self.kept.enter_context(table.cache())

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

    def sum_of(self, row: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Write a count with its sum, from the columns of `analysis.totals`; null where no amount is known.

        A sum of no deals is zero.
        """
        count, unknown = row.get(name, 0), row.get(f"{name}_amount_unknown", 0)
        known = count == 0 or unknown < count
        amount = self.money(row.get(f"{name}_amount", Decimal(0))) if known else None
        return {"count": count, "amount": amount, "amount_unknown": unknown}

    def name(self, person_id: str | None) -> str | None:
        """Give a person's name; the key where no name is known (any more)."""
        return None if person_id is None else self.names.get(person_id, person_id)

    @property
    def seen(self) -> Period:
        """The part of the period that had passed by the review's day."""
        return Period(self.period.start, min(self.period.end, self.as_of + timedelta(days=1)))


def worth(found: Mapping[str, str] | None) -> Money | None:
    """Read an amount of the review back, for a sentence."""
    return None if found is None else Money(Decimal(found["amount"]), found["currency"])


def rows(table: ir.Table) -> list[Row]:
    """Run a small question and give its rows."""
    found: list[Row] = table.to_pyarrow().to_pylist()
    return found


def refuse_week_ahead(period: Period, as_of: date) -> None:
    """Refuse a week that begins after the day as of which it is looked at. Raises `UsageError` (`week_ahead`)."""
    if as_of < period.start:
        raise UsageError(
            "week_ahead",
            Message(N_("{week} lies after {day}."), {"week": period.iso_week, "day": as_of}),
            Message(N_("Name a week that has begun, or an as-of date in it.")),
        )


@contextmanager
def scope(facts: Facts, *, period: Period, as_of: date, team: str | None) -> Iterator[Scope]:
    """Narrow all facts to one review: what had happened by the end of `as_of`, for one team or everybody.

    Use it as a context: tables that are computed once are dropped at its end. Raises `NotFoundError` (`team_unknown`)
    for a team that nobody was in by then.
    """
    with ExitStack() as kept:

        def keep(table: ir.Table) -> ir.Table:
            return kept.enter_context(table.cache())

        def cut(on: date) -> Facts:
            found = facts_on(facts, on)
            found = replace(found, memberships=keep(found.memberships))
            # In these columns: a question of the pack that caches all of them drops its table when it ends.
            return found if facts.as_read else replace(found, deals=keep(found.deals.select(*_DEAL_COLUMNS)))

        def narrowed(here: Facts) -> ir.Table:
            told = deals_handed_over(facts, here).select(*_DEAL_COLUMNS, *_TRAITS)
            if team is None:
                return told if facts.as_read else keep(told)
            return keep(told.filter(_.team == team))

        then = cut(as_of)
        now = in_one_currency(then, as_of)
        teams = _teams(now, as_of)
        if team is not None and team not in set(teams.values()):
            raise unknown("team", team, {*teams.values()})
        deals = narrowed(now)
        stays, courses = _moved(facts, now, None if team is None else deals, keep)
        yield Scope(
            read=facts,
            facts=now,
            period=period,
            as_of=as_of,
            team=team,
            deals=deals,
            visits=stays,
            progressions=courses,
            lately=_lately(now, deals, stays, period, teams, team, keep),
            names=_names(now),
            teams=teams,
            without_rate=without_rate(then, as_of),
            kept=kept,
            cut=cut,
            narrowed=narrowed,
        )


def _moved(
    read: Facts, now: Facts, ours: ir.Table | None, keep: Callable[[ir.Table], ir.Table]
) -> tuple[ir.Table, ir.Table]:
    """Give visits and progressions as of the day of `now`, of `ours` or of all deals."""
    stays = visits_of_day(read, now)
    if read.as_read:
        courses = progressions_of_day(read, now)
    else:
        stays = keep(stays)
        courses = keep(progressions(stays))
    if ours is None:
        return stays, courses
    return keep(stays.semi_join(ours, "deal_id")), keep(courses.semi_join(ours, "deal_id"))


def _lately(
    facts: Facts,
    deals: ir.Table,
    stays: ir.Table,
    period: Period,
    teams: Mapping[str, str],
    team: str | None,
    keep: Callable[[ir.Table], ir.Table],
) -> Lately:
    start = period.start - timedelta(weeks=USUAL_WEEKS)
    recent = facts.activities.filter(_.happened_on >= start)
    recent = keep(recent.select("activity_id", "kind", "outcome", "done", "automatic", "deal_id", "happened_on"))
    who = facts.activity_people.select("activity_id", "person_id").semi_join(recent, "activity_id")
    if team is not None:
        ours = sorted(person for person, of in teams.items() if of == team)
        who = who.filter(_.person_id.isin(ours))
        recent = keep(recent.semi_join(who, "activity_id"))
    lasted = stays.filter(_.left_on.isnull() | (_.left_on >= period.start - timedelta(weeks=STANDARD_WEEKS)))
    lasted = lasted.drop("entered_at", "next_stage", "next_order", "first", "left_not_before_on")
    moving = deals.filter((_.created_on >= start) | (_.closed_on >= start) | (_.outcome == Outcome.OPEN.value))
    return Lately(keep(moving.select(_LATELY)), recent, keep(who), keep(lasted))


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
    told = sorted(
        facts.once("people", facts.identities, lambda: rows(known)),
        key=lambda row: (row["name"] is not None, row["name"] or "", row["email"] or ""),
    )
    return {row["key"]: row["name"] or row["email"] or row["key"] for row in told}
