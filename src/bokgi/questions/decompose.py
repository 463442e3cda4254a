"""Ask where a difference in won amount arose: between two periods, between two people, to the target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import ibis
from ibis import _

from bokgi.analysis.comparison.conditions import varied
from bokgi.analysis.decomposition import Decomposition, Part, person_gap, target_gap, won_change
from bokgi.domain.errors import RefusalError, UsageError
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import WITHOUT_CENTS, Money
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.facts.read import facts_on
from bokgi.questions.asked import Asked, Json, asked, fair_factors
from bokgi.questions.decompose_told import (
    caveats,
    label,
    nothing_won,
    said_of_people,
    said_of_periods,
    said_of_target,
    without_amounts,
    would_change,
)
from bokgi.questions.explained import explained
from bokgi.questions.people import person_id
from bokgi.questions.targets import target_of

BY: Final = ("source", "segment")
MOST_COLUMNS: Final = 3


def decompose(  # noqa: PLR0913 - the question has that many sides
    facts: Facts,
    *,
    as_of: date,
    period: Period | None = None,
    against: Period | None = None,
    to_target: bool = False,
    target: Decimal | None = None,
    people: tuple[str, str] | None = None,
    team: str | None = None,
    by: Sequence[str] = BY,
) -> Json:
    """Ask why more or less was won: than in another period, than the target asks for, or than another person.

    Reads all facts of a lake version, cut to `as_of`. `period` is the quarter of `as_of` without one; `against` the one
    before it of the same kind. With `to_target` the gap to the target is taken apart (`target` where none is
    recorded), starting from `against`; with `people` (keys or names) what the first won less what the second won. `by`:
    conditions or attributes whose mix is told apart, at most three; those in which deals do not differ are left out.

    Gives `whole` and `parts[]{name, stage, amount, low, high, by_chance}`, which add up to it exactly and do not depend
    on the order in which they are taken; see `docs/reference/decompose.schema.json`. Raises `UsageError` for too many
    columns, `NotFoundError` for an unknown person or team, `RefusalError` for an unknown column.
    """
    if len(by) > MOST_COLUMNS:
        raise UsageError(
            "too_many_columns",
            Message(
                N_("At most {n} {n:column|columns} can be told apart at once; {given} are asked for."), _counts(by)
            ),
            Message(N_("Ask with fewer columns in --by.")),
        )
    here_period = period if period is not None else facts.settings.quarter_of(as_of)
    with asked(facts, as_of=as_of, attributes=by) as here:
        deals = here.of_team(team)
        used, refused = fair_factors(here, deals, [name for name in by if varied(deals, [name])])
        stays = here.visits() if team is None else here.visits().semi_join(deals, "deal_id")
        given = deals, stays, here.facts.deal_changes
        step = Decimal(1) if here.facts.settings.currency in WITHOUT_CENTS else Decimal("0.01")
        head: Json = {
            "as_of": as_of.isoformat(),
            "question": "people" if people else "target" if to_target else "periods",
            "team": team,
            "by": list(used),
        }
        if people is not None:
            return head | _of_people(here, given, people, here_period, used, step, refused)
        other = against if against is not None else here_period.before()
        if to_target:
            goal = target_of(here, here_period, team, given=target)
            if goal.target is None or goal.expected is None:
                return head | _refused(
                    RefusalError(
                        "no_target",
                        Message(N_("There is no target for {period}."), {"period": here_period}),
                        Message(N_("Import targets, or give one with --target.")),
                    ),
                    refused,
                )
            found = target_gap(
                *given,
                target=goal.expected.quantize(step),
                reference=other,
                period=here_period,
                as_of=as_of,
                by=used,
                step=step,
            )
            return head | _priced(here, deals, found, said_of_target(here, found, goal), refused)
        found = won_change(*given, before=other, after=here_period, as_of=as_of, by=used, step=step)
        return head | _priced(here, deals, found, said_of_periods(here, found), refused)


def _priced(here: Asked, deals: ibis.Table, found: Decomposition, said: list[Message], refused: list[Json]) -> Json:
    """Tell a decomposition of the wins of these deals, with how many have no amount; nothing where none has one."""
    won, unpriced, unrated = _without_amount(here, deals, (found.before, found.after))
    if won and unpriced + unrated == won:
        text = (
            N_("For none of the {n} {n:deal|deals} won in these periods is there an amount with an exchange rate.")
            if unrated
            else N_("None of the {n} {n:deal|deals} won in these periods has an amount.")
        )
        hint = N_("Set the exchange rates.") if unrated else N_("Import the deals with their amounts.")
        return _refused(RefusalError("no_won_amounts", Message(text, {"n": won}), Message(hint)), refused)
    if not won:
        said = nothing_won(found, said)
    return _told(here, found, said, refused, [without_amounts(won, unpriced)] if unpriced else [])


def _without_amount(here: Asked, deals: ibis.Table, periods: Sequence[Period]) -> tuple[int, int, int]:
    """Count the deals won in the periods that were compared, those without an amount, and those without a rate for it.

    Of how many there is no rate another caveat tells (`Asked.unconverted`).
    """
    inside = ibis.or_(*((_.closed_on >= period.start) & (_.closed_on < period.end) for period in periods))
    won = deals.filter((_.outcome == Outcome.WON.value) & inside)
    row = won.agg(n=_.count(), empty=_.amount.isnull().sum().coalesce(0)).to_pyarrow().to_pylist()[0]
    unrated = 0
    if here.without_rate and row["empty"]:
        # What could not be converted is as empty as what nobody knows: the facts before tell them apart.
        stated = facts_on(here.read, here.as_of).deals.filter(_.amount.notnull())
        unrated = int(won.filter(_.amount.isnull()).semi_join(stated, "deal_id").count().to_pyarrow().as_py())
    return int(row["n"]), int(row["empty"]) - unrated, unrated


def _counts(by: Sequence[str]) -> dict[str, object]:
    return {"n": MOST_COLUMNS, "given": len(by)}


def _of_people(
    here: Asked,
    given: tuple[ibis.Table, ibis.Table, ibis.Table],
    people: tuple[str, str],
    period: Period,
    by: Sequence[str],
    step: Decimal,
    refused: list[Json],
) -> Json:
    person, other = (person_id(here.facts, who) for who in people)
    if person == other:
        raise UsageError("same_person", Message(N_("A gap takes two people; both are {name}."), {"name": people[0]}))
    named = {
        "person": {"person_id": person, "name": here.name(person)},
        "other": {"person_id": other, "name": here.name(other)},
    }
    if _nobody_lost(given[0]):
        text = N_("Nobody stands on a lost deal, so how many deals each was handed, and how they went, is not known.")
        hint = Message(N_("Import lost deals together with their owner."))
        return named | _refused(RefusalError("only_won_cases", Message(text), hint), refused)
    try:
        found = person_gap(
            *given,
            person=person,
            other=other,
            period=period,
            as_of=here.as_of,
            by=by,
            step=step,
        )
    except RefusalError as refusal:
        who = str(refusal.message.values.get("person", ""))
        told = Message(refusal.message.msgid, {**refusal.message.values, "person": here.name(who)})
        return named | _refused(RefusalError(refusal.code, told, refusal.hint), refused)
    theirs = given[0].filter(_.owner_id.isin([person, other]))
    return named | _priced(here, theirs, found, said_of_people(here, found, person, other), refused)


def _nobody_lost(deals: ibis.Table) -> bool:
    """Tell whether deals were lost, but none of them has an owner."""
    lost = deals.filter(_.outcome.isin([Outcome.LOST.value, Outcome.NO_DECISION.value]))
    row = lost.agg(n=lost.count(), owned=lost.owner_id.count()).to_pyarrow().to_pylist()[0]
    return bool(row["n"]) and not row["owned"]


def _refused(refusal: RefusalError, refused: list[Json]) -> Json:
    said = [refusal.message] if refusal.hint is None else [refusal.message, refusal.hint]
    return {
        "before": None,
        "after": None,
        "whole": None,
        "low": None,
        "high": None,
        "by_chance": None,
        "level": None,
        "parts": [],
        "close_dates_known": None,
        "reason": refusal.code,
        "refusals": [*refused, {"code": refusal.code, "message": encoded(refusal.message)}],
        **explained("decomposition", said=said, caveats=[], would_change=[]),
    }


def _told(
    here: Asked, found: Decomposition, said: list[Message], refused: list[Json], lacking: Sequence[Message] = ()
) -> Json:
    nothing = found.n_before == found.n_after == 0
    return {
        "before": _side(here, found.before, found.won_before, found.n_before, found.undecided_before),
        "after": _side(here, found.after, found.won_after, found.n_after, found.undecided_after),
        "whole": _money(here, found.whole),
        "low": None if found.low is None else here.money(found.low),
        "high": None if found.high is None else here.money(found.high),
        "by_chance": found.by_chance,
        "level": found.level,
        "parts": [_part(here, part) for part in found.parts],
        "close_dates_known": found.close_dates_known,
        "reason": "no_deals" if nothing else None,
        "refusals": refused,
        **explained(
            "decomposition",
            said=[Message(N_("No deal could have closed in either period."))] if nothing else said,
            caveats=[] if nothing else [*caveats(found), *lacking, *here.unconverted()],
            would_change=[] if nothing else would_change(here, found),
        ),
    }


def told_change(here: Asked, deals: ibis.Table, found: Decomposition) -> Json:
    """Tell a change of these deals between two periods as `decompose` does, for an answer that it is a part of."""
    return _priced(here, deals, found, said_of_periods(here, found), [])


def _side(here: Asked, period: Period, won: Decimal, n: int, undecided: int) -> Json:
    return {
        "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
        "won": _money(here, won),
        "n": n,
        "undecided": undecided,
    }


def _money(here: Asked, amount: Decimal) -> Json:
    return Money(amount, here.facts.settings.currency).as_json()


def _part(here: Asked, part: Part) -> Json:
    return {
        "name": part.name,
        "stage": part.stage,
        "label": encoded(label(here, part)),
        "amount": _money(here, part.amount),
        "low": None if part.low is None else here.money(part.low),
        "high": None if part.high is None else here.money(part.high),
        "by_chance": part.by_chance,
    }
