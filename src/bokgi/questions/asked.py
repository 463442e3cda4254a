"""What every question needs: facts as of its day, names, deals with the traits that figures are split by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeVar

import ibis
from ibis import _

from bokgi.analysis.comparison.conditions import (
    DEFAULT_FACTORS,
    DERIVED_CONDITIONS,
    Leak,
    handed_over,
    judged,
    leaks,
    varied,
    with_factors,
)
from bokgi.analysis.credit import owner_at_close
from bokgi.analysis.deal_traits import deal_traits
from bokgi.analysis.hygiene import hygiene
from bokgi.analysis.progressions import progressions
from bokgi.analysis.visits import ladder, moves, visits, visits_of
from bokgi.domain.errors import NotFoundError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.sentences import encoded
from bokgi.facts.currency import in_one_currency, without_rate
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on

Json = dict[str, Any]
Found = TypeVar("Found")

COLUMN_NAMES: Final = {
    "owner_id": N_("person"),
    "team": N_("team"),
    "source": N_("lead source"),
    "lead_grade": N_("lead grade"),
    "type": N_("deal type"),
    "product": N_("product"),
    "industry": N_("industry"),
    "segment": N_("segment"),
    "size": N_("company size"),
    "region": N_("region"),
    "season": N_("season"),
    "inherited": N_("taken over from somebody"),
    "ramp": N_("owner still new"),
    "lost_reason": N_("reason of the loss"),
}
"""What people call the columns that deals are told apart by; attributes have their own names."""


HOW_HISTORY_COMES: Final = N_(
    "Import the history of stages with the deals, or the list of deals every week: what differs becomes history."
)
"""What to do where deals have no stages on record."""
TERRITORY: Final = "region"
KNOWN_AFTER_OUTCOME: Final = N_("Left out: {factor}, which is filled in when the outcome is known.")


def column_name(column: str) -> str | Message:
    """Name a column in a sentence."""
    return Message(COLUMN_NAMES[column]) if column in COLUMN_NAMES else column


@dataclass(frozen=True)
class Asked:
    """Facts as they had happened by the end of `as_of`; `deals` with traits and the conditions they came with.

    `read`: the facts as they were read, before they were cut to the day. `shared`: `deals` are those that are kept for
    the day, and so may be what follows from them. `found`: what parts of the question have worked out, see `once`.

    Amounts are in the organisation's currency; `without_rate` counts, by currency, deals that could not be converted.
    """

    read: Facts
    facts: Facts
    as_of: date
    deals: ibis.Table
    names: Mapping[str, str]
    without_rate: Mapping[str, int]
    shared: bool
    kept: ExitStack
    found: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Found]) -> Found:
        """Work something out for the first part of a question that needs it; the parts after it are given the same."""
        if name not in self.found:
            self.found[name] = make()
        made: Found = self.found[name]
        return made

    def keep(self, table: ibis.Table) -> ibis.Table:
        """Compute a table once for several uses; it is dropped with the question."""
        return self.kept.enter_context(table.cache())

    def of_team(self, team: str | None) -> ibis.Table:
        """Give the deals of one team, of all teams without a name; raises what `check` raises."""
        return self.of(team=team)

    def check(self, *, team: str | None = None, pipeline: str | None = None) -> None:
        """Raise `NotFoundError` for a team in which nobody ever was and that has no deals, a pipeline without any."""
        if team is not None:
            known(self.deals.select("team").union(self.facts.memberships.select("team")), "team", team)
        if pipeline is not None:
            known(self.deals, "pipeline", pipeline)

    def of(self, *, team: str | None = None, pipeline: str | None = None, person: str | None = None) -> ibis.Table:
        """Give the deals of a team, a pipeline and a person, each where given; raises what `check` raises."""
        self.check(team=team, pipeline=pipeline)
        wanted = {"team": team, "pipeline": pipeline, "owner_id": person}
        tests = [self.deals[name] == value for name, value in wanted.items() if value is not None]
        return self.deals.filter(*tests) if tests else self.deals

    def closed_by(self) -> ibis.Table:
        """Give all deals, closed ones at who had them when they closed; see `asked`, `owner_then`."""
        return _closed_by(self.read, self.facts)

    def visits(self) -> ibis.Table:
        """Visits of all deals to open stages, computed once."""
        if self.read.as_read:
            return visits_of_day(self.read, self.facts)
        return self.once("visits", lambda: self.keep_visits(self.facts.deals))

    def stage_label(self, stage: str) -> str:
        """Give what people call an open stage; its key where several pipelines call it differently."""
        named = {
            row["label"]
            for row in self.facts.stages.filter(_.stage == stage).select("label").distinct().to_pyarrow().to_pylist()
        }
        return named.pop() if len(named) == 1 else stage

    def keep_visits(self, deals: ibis.Table) -> ibis.Table:
        """Visits of some deals, computed once."""
        return self.keep(visits_on(self.read, self.facts, deals))

    def progressions(self) -> ibis.Table:
        """What became of each first visit of all deals, computed once."""
        if self.read.as_read:
            return progressions_of_day(self.read, self.facts)
        return self.once("progressions", lambda: self.keep(progressions(self.visits())))

    def care(self) -> ibis.Table:
        """What the open deals lack (`analysis.hygiene`), computed once."""
        if self.read.as_read:
            return care_of_day(self.read, self.facts)
        return self.once("care", lambda: self.keep(_care(self.facts, self.facts.deals, self.visits())))

    def leaks(self, columns: Sequence[str]) -> tuple[Leak, ...]:
        """Find columns that are filled in only after the outcome."""
        return self.once(f"leaks {','.join(columns)}", lambda: leaks(self.deals, columns))

    def name(self, person_id: str) -> str:
        """Give a person's name; the key where no name is known (any more)."""
        return self.names.get(person_id, person_id)

    def money(self, amount: float) -> Json:
        """Write an amount in the organisation's currency."""
        return self.worth(amount).as_json()

    def worth(self, amount: float) -> Money:
        """Give an amount as money, for a sentence."""
        return Money(Decimal(str(amount)), self.facts.settings.currency).rounded()

    def unconverted(self, *, estimated: bool = False) -> list[Message]:
        """Say how many deals stay out of sums because there is no rate for their currency.

        `estimated`: in place of amounts of open deals that are not known stand those of won deals like them.
        """
        text = (
            N_(
                "{n} {n:deal|deals} in {currency} {n:has|have} no exchange rate; what is won stays out of sums, and "
                "for what is open the amounts of won deals like it stand in."
            )
            if estimated
            else N_(
                "{n} {n:deal|deals} in {currency} {n:has|have} no exchange rate; {n:it stays|they stay} out of sums."
            )
        )
        return [Message(text, {"n": n, "currency": currency}) for currency, n in self.without_rate.items()]


_UNKNOWN: Final = {
    "team": ("team_unknown", N_("There is no team “{team}”."), N_("Teams: {teams}")),
    "pipeline": ("pipeline_unknown", N_("There is no pipeline “{pipeline}”."), N_("Pipelines: {pipelines}")),
    "stage": ("stage_unknown", N_("There is no stage “{stage}”."), N_("Stages: {stages}")),
}


def known(table: ibis.Table, column: str, value: str) -> None:
    """Raise `NotFoundError`, naming those there are, for a team or pipeline that a table does not hold."""
    rows = table.filter(table[column].notnull()).select(column).distinct().to_pyarrow()[column].to_pylist()
    if value not in rows:
        raise unknown(column, value, rows)


def known_stage(facts: Facts, called: str) -> str:
    """Give the stage that somebody calls by its key or label. Raises `NotFoundError` where there is none."""
    rows = facts.stages.select("stage", "label").distinct().order_by("stage").to_pyarrow().to_pylist()
    keys = {row["label"]: row["stage"] for row in reversed(rows)} | {row["stage"]: row["stage"] for row in rows}
    if called not in keys:
        raise unknown("stage", called, {row["label"] or row["stage"] for row in rows})
    return str(keys[called])


def unknown(column: str, value: str, there: Iterable[str]) -> NotFoundError:
    """Say that there is no such `team`, `pipeline` or `stage`, and which there are."""
    code, text, hint = _UNKNOWN[column]
    return NotFoundError(
        code, Message(text, {column: value}), Message(hint, {f"{column}s": ", ".join(sorted(there)) or "–"})
    )


@contextmanager
def asked(facts: Facts, *, as_of: date, attributes: Sequence[str] = (), owner_then: bool = False) -> Iterator[Asked]:
    """Cut all facts to one day for a question, in one currency; tables computed once are dropped at the end.

    With `owner_then` a closed one of `Asked.deals` is its owner's on the day it closed, whoever has it now.
    """
    with ExitStack() as kept:
        then = facts_on(facts, as_of)
        if not facts.as_read:
            then = replace(then, deals=kept.enter_context(then.deals.cache()))
        now = in_one_currency(then, as_of)
        told = judged(_closed_by(facts, now) if owner_then else deals_handed_over(facts, now))
        wide = with_factors(told, attributes)
        if wide is not told or not facts.as_read:
            told = kept.enter_context(wide.cache())
        shared = facts.as_read and not owner_then
        yield Asked(facts, now, as_of, told, names_of_people(now), without_rate(then, as_of), shared, kept)


def names_of_people(facts: Facts) -> Mapping[str, str]:
    """Give people's names by key; who has none (any more) is missing."""

    def ask() -> Mapping[str, str]:
        named = facts.identities.filter((_.kind == "person") & _.name.notnull()).select("key", "name").to_pyarrow()
        return MappingProxyType(dict(zip(named["key"].to_pylist(), named["name"].to_pylist(), strict=True)))

    return facts.once("names of people", facts.identities, ask)


def deals_handed_over(read: Facts, now: Facts) -> ibis.Table:
    """All deals of `now`, with traits and conditions: facts that were `read`, cut to a day; kept for it."""
    return read.kept(_of_day("handed", now), lambda: _handed_over(now, now.deals))


def _closed_by(read: Facts, now: Facts) -> ibis.Table:
    """Give `deals_handed_over` with closed deals at who owned them on the day they closed.

    Only the closed deals that ever changed hands are worked out anew, and kept for the day.
    """
    handed = deals_handed_over(read, now)
    moves = now.deal_changes.filter((_.field == "owner_id") & _.changed_on.notnull())
    if not moves.count().to_pyarrow().as_py():
        return handed
    closed = now.deals.filter(_.closed_on.notnull()).semi_join(moves, "deal_id")
    moved = read.kept(_of_day("closed_by", now), lambda: _handed_over(now, owner_at_close(closed, now.deal_changes)))
    return handed.anti_join(moved, "deal_id").union(moved)


def _handed_over(now: Facts, deals: ibis.Table) -> ibis.Table:
    return handed_over(deal_traits(deals, now.accounts, now.memberships, on=_day(now)), now.memberships)


def _of_day(kind: str, now: Facts) -> str:
    """Name what follows from facts that were cut to a day, amounts included."""
    return f"{kind}-{_day(now)}" if now.rates_of is None else f"{kind}-{_day(now)}-{now.rates_of}"


def _day(now: Facts) -> date:
    if now.as_of is None:
        message = "these facts were not cut to a day"
        raise ValueError(message)
    return now.as_of


def visits_of_day(read: Facts, now: Facts) -> ibis.Table:
    """Visits of all deals as of the day of `now`, facts that were `read`, cut to it; kept for the day."""
    return read.kept(f"visits-{now.as_of}", lambda: visits_on(read, now, now.deals))


def progressions_of_day(read: Facts, now: Facts) -> ibis.Table:
    """What became of each first visit of all deals as of the day of `now`, facts that were `read`; kept for the day."""
    return read.kept(f"progressions-{now.as_of}", lambda: progressions(visits_of_day(read, now)))


def care_of_day(read: Facts, now: Facts) -> ibis.Table:
    """What the open deals of `now` lack (`analysis.hygiene`): facts that were `read`, cut to a day; kept for it."""
    return read.kept(_of_day("care", now), lambda: _care(now, now.deals, visits_of_day(read, now)))


def care_of(now: Facts, deals: ibis.Table) -> ibis.Table:
    """What some open deals of `now` lack, facts that were cut to a day; only their own stage events are read."""
    events = now.stage_events.semi_join(deals, "deal_id")
    return _care(now, deals, visits(deals, events, now.stages))


def _care(now: Facts, deals: ibis.Table, stays: ibis.Table) -> ibis.Table:
    return hygiene(
        waiting_for_rates(now, deals),
        stays,
        now.stages,
        now.activities,
        now.deal_changes,
        now.calendar,
        as_of=_day(now),
        untouched_days=now.settings.untouched_days,
    )


def waiting_for_rates(now: Facts, deals: ibis.Table) -> ibis.Table:
    """Give deals so that one without an amount names a currency only where the amount waits for its rate."""
    # Where nothing was converted no amount waits for a rate, whatever currency is named.
    return deals if now.rates_of is not None else deals.mutate(currency=ibis.null("string"))


def visits_on(read: Facts, now: Facts, deals: ibis.Table) -> ibis.Table:
    """Visits of some deals as of the day of `now`: facts that were `read`, cut to it.

    The moves of a lake version are worked out once and kept, whatever the day; unless stages meant something else then.
    """
    if _ladder(read) != _ladder(now):
        return visits(deals, now.stage_events, now.stages)
    made = read.kept("moves", lambda: moves(read.stage_events, read.stages))
    return visits_of(made, deals, as_of=now.as_of)


def _ladder(facts: Facts) -> list[tuple[object, ...]]:
    steps = ladder(facts.stages).select("pipeline", "stage", "stage_order", "kind").to_pyarrow().to_pylist()
    return sorted(tuple(row.values()) for row in steps)


def known_late(here: Asked, columns: Sequence[str]) -> tuple[set[str], list[Json]]:
    """Find columns that are known of some outcomes rather than of others, and say why they are left out.

    To split stages by a column that is known far more often for closed deals than for open ones would count the deals
    that stopped and miss those that went on and are still open; one that tells won deals from lost ones (people who
    stand on won deals only) would show its levels as flawless.
    """
    why = {
        "filled_after_closing": (
            "known_after_closing",
            N_(
                "Left out: {factor}. It is known for closed deals far more often than for open ones, "
                "and the deals that went on would be missing."
            ),
        ),
        "known_of_one_outcome": ("factor_known_after_outcome", KNOWN_AFTER_OUTCOME),
        "tells_the_outcome": ("factor_known_after_outcome", KNOWN_AFTER_OUTCOME),
    }
    found = {leak.factor: why[leak.sign] for leak in here.leaks(columns) if leak.sign in why}
    refused = [
        {"code": code, "factor": column, "message": encoded(Message(text, {"factor": column_name(column)}))}
        for column, (code, text) in ((column, found[column]) for column in columns if column in found)
    ]
    return set(found), refused


def fair_factors(here: Asked, cases: ibis.Table, wanted: Sequence[str] | None) -> tuple[tuple[str, ...], list[Json]]:
    """Choose the conditions to adjust for, and say which are refused because they are filled in after the outcome.

    Without a wish all conditions that are known at assignment and differ between deals.
    """
    asked_for = tuple(DEFAULT_FACTORS if wanted is None else wanted)
    leaking = {leak.factor: _filled_late(leak) for leak in here.leaks(asked_for)}
    # Nobody filled in a condition that is worked out here; where nobody asked for it, it is left out without a word.
    unsaid = set(DERIVED_CONDITIONS) if wanted is None else set()
    refused = [refusal for factor, refusal in leaking.items() if factor not in unsaid]
    return varied(cases, [factor for factor in asked_for if factor not in leaking]), refused


def fair_territory(here: Asked, cases: ibis.Table, wanted: str | None) -> tuple[str | None, list[Json]]:
    """Choose the column of the territory (null: none), refused like a condition that is filled in after the outcome.

    Without a wish the accounts' region, where there are at least two.
    """
    place = wanted or next(iter(varied(cases, [TERRITORY])), None)
    refused = [] if place is None else [_filled_late(leak) for leak in here.leaks([place])]
    return (None if refused else place), refused


def _filled_late(leak: Leak) -> Json:
    return {
        "code": "factor_known_after_outcome",
        "factor": leak.factor,
        "message": encoded(Message(KNOWN_AFTER_OUTCOME, {"factor": column_name(leak.factor)})),
    }
