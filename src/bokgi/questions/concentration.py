"""Ask whether the results hang on one person more than luck explains, and what would be without that person."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import ibis
import pyarrow as pa
from ibis import _

from bokgi.analysis.concentration import BesideLuck, Concentration, Resilience, concentration, people_time, resilience
from bokgi.analysis.concentration.luck import LEAST_WINS
from bokgi.analysis.concentration.rates import Estimate
from bokgi.domain.errors import UsageError
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.domain.stage import Outcome
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.explained import explained
from bokgi.questions.targets import Target, target_of

MEASURES: Final = ("amount", "count")
WINDOW_DAYS: Final = 364
_HARDLY: Final = 0.01
MANAGER_SHARE: Final = 0.5
"""A role sells when at least this share of those who hold it owned a deal of the period."""


def ask_concentration(
    facts: Facts,
    *,
    as_of: date,
    start: date | None = None,
    end: date | None = None,
    team: str | None = None,
    measure: str = "amount",
    target: Decimal | None = None,
) -> Json:
    """Ask how concentrated the won deals of a period are (the last 364 days where none is given).

    Reads all facts of a lake version, cut to `as_of`. `end` is excluded. `target` is the won amount to reach in the
    quarter of `as_of`; without it the organisation's (or the team's) own.

    Gives `top_share` and `gini` (0 to 1) with the bands that luck gives among equals (`top_share_luck_band`,
    `luck_band`), `rate_gini{estimate, low, high}`, `resilience`, and its words; see
    `docs/reference/concentration.schema.json`. Raises `UsageError` for an unknown measure, `NotFoundError` for a team.
    """
    if measure not in MEASURES:
        raise UsageError(
            "choice_unknown",
            Message(N_("{option} does not take “{given}”."), {"option": "--measure", "given": measure}),
            Message(N_("It takes: {allowed}"), {"allowed": ", ".join(MEASURES)}),
        )
    last = end if end is not None else as_of + timedelta(days=1)
    period = Period(start if start is not None else last - timedelta(days=WINDOW_DAYS), last)
    with asked(facts, as_of=as_of) as here:
        deals = here.of_team(team)
        time = _time(here, deals, period, team)
        found = concentration(deals, time, period=period, measure="count" if measure == "count" else "amount")
        goal = target_of(here, facts.settings.quarter_of(as_of), team, given=target)
        without = None
        if goal.target is not None:
            without = resilience(deals, time, period=period, target=goal.target, days=goal.period.days)
        summed = measure == "amount" or without is not None
        unconverted = here.unconverted() if summed else []
        unrated = _without_rate(here, deals, period) if measure == "amount" else 0
        return {
            "as_of": as_of.isoformat(),
            "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
            "team": team,
            "measure": measure,
            "level": found.level,
            "people": found.people,
            "n": found.n,
            "left_out": found.left_out,
            "top_person": None
            if found.top_person is None
            else {"person_id": found.top_person, "name": here.name(found.top_person)},
            "top_share": None if found.top_share is None else found.top_share.observed,
            "top_share_luck_band": _band(found.top_share),
            "gini": None if found.gini is None else found.gini.observed,
            "luck_band": _band(found.gini),
            "rate_gini": None if found.rate_gini is None else vars(found.rate_gini),
            "reason": found.reason,
            "resilience": _resilience(here, without, goal),
            **explained(
                "concentration",
                said=[*_said(here, found), *_said_without(here, without, goal)],
                caveats=[*_caveats(found, found.left_out - unrated), *unconverted],
                would_change=_would_change(found, without, unrated),
            ),
        }


def _without_rate(here: Asked, deals: ibis.Table, period: Period) -> int:
    """Count the owned deals won in the period that are left out for want of a rate, which another caveat tells."""
    if not here.without_rate:
        return 0
    won = deals.filter((_.outcome == Outcome.WON.value) & (_.closed_on >= period.start) & (_.closed_on < period.end))
    foreign = _.owner_id.notnull() & _.amount.isnull() & _.currency.isin(list(here.without_rate))
    return int(won.filter(foreign).count().to_pyarrow().as_py())


def _time(here: Asked, deals: ibis.Table, period: Period, team: str | None) -> ibis.Table:
    """Time of the people who sell: those in roles whose holders mostly own deals, and everybody who owns one."""
    live = deals.filter((_.created_on < period.end) & (_.closed_on.isnull() | (_.closed_on >= period.start)))
    owners = {row["owner_id"] for row in live.select("owner_id").distinct().to_pyarrow().to_pylist()}
    held = here.facts.memberships if team is None else here.facts.memberships.filter(_.team == team)
    pairs = held.filter(_.role.notnull()).select("person_id", "role").distinct().to_pyarrow().to_pylist()
    roles: dict[str, list[bool]] = {}
    for pair in pairs:
        roles.setdefault(pair["role"], []).append(pair["person_id"] in owners)
    selling = {role for role, owns in roles.items() if sum(owns) >= MANAGER_SHARE * len(owns)}
    sellers = {pair["person_id"] for pair in pairs if pair["role"] in selling} | (owners - {None})
    rows = people_time(held.filter(_.person_id.isin(sorted(sellers))), period=period).to_pyarrow().to_pylist()
    days = {row["person_id"]: row["days"] for row in rows}
    # Who owns deals but stands in no team counts, too, with or without a win.
    least = min(days.values(), default=float(period.days))
    days |= dict.fromkeys(owners - {None} - set(days), least)
    people = sorted(days)
    columns = [pa.array(people, pa.string()), pa.array([days[person] for person in people], pa.float64())]
    return ibis.memtable(pa.table(columns, names=["person_id", "days"]))


def _band(found: BesideLuck | None) -> Json | None:
    if found is None:
        return None
    return {
        "low": found.low,
        "high": found.high,
        "expected": found.expected,
        "p": found.p,
        "more_than_luck": found.more_than_luck,
    }


def _resilience(here: Asked, found: Resilience | None, goal: Target) -> Json:
    if found is None or goal.target is None:
        nothing = {"everybody": None, "without_top": None, "without": None, "n": None, "n_others": None}
        return {"target": None, "period": None, **nothing, "reason": "no_target"}
    return {
        "target": Money(goal.target, here.facts.settings.currency).as_json(),
        "period": {"start": goal.period.start.isoformat(), "end": goal.period.end.isoformat()},
        "everybody": None if found.everybody is None else vars(found.everybody),
        "without_top": None if found.without_top is None else vars(found.without_top),
        "without": None
        if found.top_person is None
        else {"person_id": found.top_person, "name": here.name(found.top_person)},
        "n": found.n,
        "n_others": found.n_others,
        "reason": found.reason,
    }


def _said(here: Asked, found: Concentration) -> list[Message]:
    if not found.n and found.left_out:
        text = N_(
            "{n} {n:deal was|deals were} won, none with an owner and an amount: whether results hang on one person "
            "cannot be said."
        )
        return [Message(text, {"n": found.left_out})]
    if not found.n:
        return [Message(N_("No deal was won, so it cannot be said whether results hang on one person."))]
    if found.top_share is None or found.gini is None or found.top_person is None:
        return [
            Message(
                N_(
                    "{n} won {n:deal|deals} of {people} {people:person|people}: too few to say whether "
                    "results hang on one person."
                ),
                {"n": found.n, "people": found.people},
            )
        ]
    top = found.top_share
    values: dict[str, object] = {
        "person": here.name(found.top_person),
        "share": Rate(top.observed),
        "band": Between(Rate(top.low), Rate(top.high)),
    }
    if top.more_than_luck:
        return [
            Message(
                N_(
                    "{person} has {share} of what was won, more than luck explains: "
                    "among equals with the same time, luck alone would give the first {band}."
                ),
                values,
            )
        ]
    said = [
        Message(
            N_(
                "Results hang on nobody more than luck explains: the first has {share} of what was won, "
                "and among equals with the same time luck alone gives the first {band}."
            ),
            values,
        )
    ]
    if found.gini.more_than_luck:
        said.append(Message(N_("Taken together, though, wins are spread more unevenly than luck explains.")))
    return said


def _said_without(here: Asked, found: Resilience | None, goal: Target) -> list[Message]:
    if found is None or found.everybody is None or found.without_top is None or goal.target is None:
        return []
    everybody, without = found.everybody, found.without_top
    return [
        Message(
            N_(
                "If all go on as in this period, the chance of reaching {target} in a quarter is {all}; "
                "without {person} it is {rest}."
            ),
            {
                "target": Money(goal.target, here.facts.settings.currency),
                "all": _chance(everybody),
                "person": here.name(found.top_person or ""),
                "rest": _chance(without),
            },
        )
    ]


def _chance(found: Estimate) -> Between | Message:
    """Give the interval of a chance; drawn worlds that all agree are no proof that something is impossible, or sure."""
    if found.high < _HARDLY:
        return Message(N_("less than {share}"), {"share": Rate(_HARDLY)})
    if found.low > 1.0 - _HARDLY:
        return Message(N_("more than {share}"), {"share": Rate(1.0 - _HARDLY)})
    return Between(Rate(found.low), Rate(found.high))


def _caveats(found: Concentration, left_out: int) -> list[Message]:
    if not found.n:
        return []
    said = [
        Message(
            N_(
                "It says on whom results hang, not who is better: a person with more or easier deals wins more. "
                "The fair comparison takes that into account."
            )
        )
    ]
    if left_out:
        text = N_("{n} won {n:deal is|deals are} left out: nobody owns them, or no amount is known.")
        said.append(Message(text, {"n": left_out}))
    return said


def _would_change(found: Concentration, without: Resilience | None, unrated: int) -> list[Message]:
    if not found.n and found.left_out and found.measure == "amount":
        text = (
            N_("Set the exchange rates; by number of deals it can be asked with --measure count.")
            if unrated
            else N_("Record who won a deal and for how much; by number of deals it can be asked with --measure count.")
        )
        return [Message(text)]
    if found.top_share is None:
        return [
            Message(
                N_("At least two people and {n} won {n:deal|deals} are needed; a longer period may have them."),
                {"n": LEAST_WINS},
            )
        ]
    limit = Message(
        N_(
            "For the first of these {people} {people:person|people}, up to {share} would still "
            "be luck. More wins narrow that."
        ),
        {"people": found.people, "share": Rate(found.top_share.high)},
    )
    if without is not None and without.reason is not None:
        return [
            limit,
            Message(N_("A longer period with more wins of the others narrows the chance without the first.")),
        ]
    return [limit]
