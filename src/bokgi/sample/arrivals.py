"""Deals that begin: new business by load and territory, expansions and renewals from won accounts."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.draws import Draws, Floats, Ints
from bokgi.sample.timeline import WORK_SECONDS
from bokgi.sample.truth import (
    AMOUNT_LIMITS,
    AMOUNT_SPREAD,
    AMOUNT_STEP,
    DEALS_PER_WEEK,
    EXPANSION,
    FIRST_STAGE,
    LOST,
    MEDIAN_AMOUNT,
    NEVER_CLOSES,
    NEW,
    RENEWAL,
    TEAM_INDUSTRIES,
    TEAM_SOURCES,
    TERRITORY_GRADES,
    TERRITORY_INDUSTRIES,
    TERRITORY_REGIONS,
    TERRITORY_SOURCES,
)
from bokgi.sample.world import World

EXISTING_CUSTOMERS: Final = 240
"""Customers from before the two years, spread over the sellers of the time."""
_YEAR_WEEKS: Final = 52
_RENEWAL_LEAD_WEEKS: Final = 8
"""A renewal is opened this long before the contract ends."""
_EXPANDS: Final = 0.25
_EXPANSION_AFTER: Final = (8, 44)
_EXPANSION_MINIMUM: Final = 500
_RISE: Final = (1.0, 1.0, 1.03, 1.05, 1.10)
"""Factors on the amount at a renewal, equally likely."""
_RETRIES: Final = 0.18
_RETRY_AFTER_WEEKS: Final = 10
_BIG_AND_SMALL: Final = (0.8, 0.6)
"""Weights of the account's and the deal's own size in the spread of amounts."""
_QUIET_MONTHS: Final = {1: 0.85, 8: 0.85, 12: 0.9}
_CYCLE_DAYS: Final = ((120, 50, 45), (80, 42, 38), (50, 35, 30))
_CYCLE_SPREAD: Final = 0.35
_TO_MONTH_END: Final = 0.45
_EARLIEST_CLOSE_DAYS: Final = 7
STEP_WORDINGS: Final = 3
"""Next steps are numbered stage × 3 + wording."""


def rounded(amount: Floats | Ints, team: Ints) -> Ints:
    """Round amounts to what each team quotes in, 만원, at least one step."""
    step = np.array(AMOUNT_STEP)[team]
    whole: Ints = np.maximum(np.floor(amount / step + 0.5).astype(np.int64) * step, step)
    return whole


def customers_before(world: World) -> None:
    """Enter the customers from before the two years, with a renewal to come and sometimes an expansion."""
    draws, roster, pipeline = world.arriving, world.roster, world.pipeline
    working = np.flatnonzero(roster.joined < 0)
    owner = working[draws.below(np.full(EXISTING_CUSTOMERS, len(working)))]
    account = enter_accounts(world, draws, owner, np.zeros(len(owner), dtype=np.int64))
    pipeline.accounts.customer[account] = True
    pipeline.accounts.since[account] = -draws.between(30, 900, EXISTING_CUSTOMERS)
    amount = _amounts(draws, roster.team[owner], pipeline.accounts.size[account])
    week = draws.between(0, _YEAR_WEEKS - 1, EXISTING_CUSTOMERS)
    pipeline.schedule.add(week=week, account=account, owner=owner, kind=np.full(len(owner), RENEWAL), amount=amount)
    _expansions(world, account, owner, amount, -_EXPANSION_AFTER[0])


def customers_won(world: World, deals: Ints, week: int) -> None:
    """Plan what follows a won deal: a renewal in a year for new and renewed contracts, sometimes an expansion."""
    pipeline = world.pipeline
    pipeline.accounts.customer[pipeline.account[deals]] = True
    lasting = deals[pipeline.type[deals] != EXPANSION]
    account, owner, amount = pipeline.account[lasting], pipeline.owner[lasting], pipeline.amount[lasting]
    pipeline.schedule.add(
        week=np.full(len(lasting), week + _YEAR_WEEKS - _RENEWAL_LEAD_WEEKS),
        account=account,
        owner=owner,
        kind=np.full(len(lasting), RENEWAL),
        amount=amount,
    )
    _expansions(world, account, owner, amount, week)


def _expansions(world: World, account: Ints, owner: Ints, amount: Ints, week: int) -> None:
    draws = world.arriving
    expands = draws.flags(_EXPANDS, len(account))
    share = 0.15 + 0.45 * draws.uniform(len(account))
    wanted = np.maximum(rounded(amount * share, world.roster.team[owner]), _EXPANSION_MINIMUM)
    world.pipeline.schedule.add(
        week=(week + draws.between(*_EXPANSION_AFTER, len(account)))[expands],
        account=account[expands],
        owner=owner[expands],
        kind=np.full(int(expands.sum()), EXPANSION),
        amount=wanted[expands],
    )


def arrive(world: World, week: int) -> Ints:
    """Open the deals of a week and give their numbers."""
    return np.concatenate([_new_business(world, week), _from_customers(world, week)])


def _new_business(world: World, week: int) -> Ints:
    draws, roster, pipeline, timeline = world.arriving, world.roster, world.pipeline, world.timeline
    month = timeline.date_of(timeline.monday(week)).month
    load = roster.load * roster.ramp(week) * np.array(DEALS_PER_WEEK)[roster.team]
    counts = draws.counts(load * timeline.work_share[week] * _QUIET_MONTHS.get(month, 1.0))
    owner = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    deals = pipeline.take(len(owner))
    pipeline.owner[deals] = owner
    pipeline.team[deals] = roster.team[owner]
    pipeline.type[deals] = NEW
    territory = roster.territory[owner]
    sources = np.array(TEAM_SOURCES)[roster.team[owner]] * np.array(TERRITORY_SOURCES)[territory]
    pipeline.source[deals] = draws.choose(sources, len(deals))
    pipeline.grade[deals] = draws.choose(np.array(TERRITORY_GRADES)[territory], len(deals))
    monday = np.full(len(owner), world.timeline.week_first[week] * WORK_SECONDS)
    pipeline.account[deals] = enter_accounts(world, draws, owner, monday)
    _retry(world, deals, week)
    pipeline.amount[deals] = _amounts(draws, roster.team[owner], pipeline.accounts.size[pipeline.account[deals]])
    pipeline.asleep[deals] = draws.flags(NEVER_CLOSES, len(deals))
    _open(world, deals, week)
    return deals


def _from_customers(world: World, week: int) -> Ints:
    draws, roster, pipeline = world.arriving, world.roster, world.pipeline
    due = pipeline.schedule.of(week)
    deals = pipeline.take(len(due["account"]))
    team = roster.team[due["owner"]]
    gone = ~roster.active(week)[due["owner"]]
    pipeline.owner[deals] = np.where(gone, roster.colleagues(draws, team, week), due["owner"])
    pipeline.team[deals] = team
    pipeline.type[deals] = due["type"]
    pipeline.account[deals] = due["account"]
    rise = np.array(_RISE)[draws.between(0, len(_RISE) - 1, len(deals))]
    renewed = rounded(due["amount"] * rise, team)
    pipeline.amount[deals] = np.where(due["type"] == RENEWAL, renewed, due["amount"])
    _open(world, deals, week)
    return deals


def _open(world: World, deals: Ints, week: int) -> None:
    draws, pipeline, timeline = world.arriving, world.pipeline, world.timeline
    n = len(deals)
    kind = pipeline.type[deals]
    stage = np.where(kind == NEW, *FIRST_STAGE)
    moment = timeline.moments_in_week(draws, week, n)
    pipeline.first_owner[deals] = pipeline.owner[deals]
    pipeline.created[deals] = moment
    pipeline.assigned[deals] = moment
    pipeline.stage[deals] = stage
    pipeline.entered_week[deals] = week
    pipeline.next_step[deals] = stage * STEP_WORDINGS + draws.between(0, STEP_WORDINGS - 1, n)
    pipeline.first_step[deals] = pipeline.next_step[deals]
    day = timeline.day_of(moment)
    cycle = np.array(_CYCLE_DAYS)[pipeline.team[deals], kind] * np.exp(_CYCLE_SPREAD * draws.normal(n))
    expected = day + np.maximum(cycle.astype(np.int64), _EARLIEST_CLOSE_DAYS)
    pipeline.expected[deals] = np.where(draws.flags(_TO_MONTH_END, n), timeline.month_end(expected), expected)
    pipeline.stages.write(deal=deals, moment=moment, stage=stage, by=pipeline.owner[deals])


def enter_accounts(world: World, draws: Draws, owner: Ints, moment: Ints) -> Ints:
    """Enter one new account for each owner, as the owner's territory has them, on the day of the moment."""
    roster, accounts = world.roster, world.pipeline.accounts
    team, territory = roster.team[owner], roster.territory[owner]
    taken = accounts.take(len(owner))
    industries = np.array(TEAM_INDUSTRIES)[team] * np.array(TERRITORY_INDUSTRIES)[territory]
    accounts.industry[taken] = draws.choose(industries, len(owner))
    accounts.region[taken] = draws.choose(np.array(TERRITORY_REGIONS)[territory], len(owner))
    accounts.team[taken] = team
    accounts.size[taken] = draws.normal(len(owner))
    accounts.since[taken] = world.timeline.day_of(moment)
    return taken


def _retry(world: World, deals: Ints, week: int) -> None:
    """Give some deals the account of a deal their team lost before, in place of the new account."""
    draws, pipeline = world.arriving, world.pipeline
    again = draws.flags(_RETRIES, len(deals))
    known = np.arange(pipeline.n)
    lost = (pipeline.stage[known] >= LOST) & (pipeline.type[known] == NEW) & ~pipeline.retried[known]
    lost &= pipeline.closed_week[known] <= week - _RETRY_AFTER_WEEKS
    for team in range(len(DEALS_PER_WEEK)):
        wanting = deals[again & (pipeline.team[deals] == team)]
        pool = known[lost & (pipeline.team[known] == team)]
        picked = pool[draws.order(len(pool))][: len(wanting)]
        pipeline.account[wanting[: len(picked)]] = pipeline.account[picked]
        pipeline.retried[picked] = True


def _amounts(draws: Draws, team: Ints, account_size: Floats) -> Ints:
    of_account, of_deal = _BIG_AND_SMALL
    deviation = of_account * account_size + of_deal * draws.normal(len(team))
    amount = np.array(MEDIAN_AMOUNT)[team] * np.exp(np.array(AMOUNT_SPREAD)[team] * deviation)
    limits = np.array(AMOUNT_LIMITS)[team]
    return np.clip(rounded(amount, team), limits[:, 0], limits[:, 1])
