"""The simulated organisation: who sells what to whom, and what really drives the outcome.

Truth of an outcome: `logit P(win) = intercept + condition effects + person + territory`. The probability is spread over
the stages as `conversion(stage) = P(win) ** weight(stage)` with weights that sum to one, so the product over the stages
is exactly `P(win)`. What makes winning likelier then acts a little more on some stages than on others; where that would
be something to find although nothing is planted, `acts_on="stages"` lets every effect shift the log-odds of every stage
alike. A planted defect changes the log-odds of one stage for one unit. Durations are semi-Markov
(log-normal by stage and exit), with a rush before the end of a quarter, deals that never close, re-opened deals, moves
back and skipped stages that leave the outcome as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.simulator.history import Paths, simulate_paths
from benchmarks.simulator.tables import fact_tables

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EPOCH: Final = date(1970, 1, 1)

CONDITIONS: Final[dict[str, tuple[tuple[str, float, float], ...]]] = {
    "source": (
        ("referral", 0.15, 0.70),
        ("inbound", 0.30, 0.25),
        ("event", 0.20, -0.05),
        ("outbound", 0.25, -0.35),
        ("purchased", 0.10, -0.80),
    ),
    "lead_grade": (("A", 0.25, 0.55), ("B", 0.45, 0.0), ("C", 0.30, -0.60)),
    "segment": (("enterprise", 0.20, -0.30), ("midmarket", 0.35, 0.0), ("smb", 0.45, 0.20)),
    "industry": (
        ("manufacturing", 0.30, 0.0),
        ("finance", 0.20, -0.25),
        ("retail", 0.20, 0.10),
        ("public", 0.15, -0.45),
        ("software", 0.15, 0.30),
    ),
    "type": (("new", 0.80, 0.0), ("expansion", 0.20, 0.60)),
}
"""Condition → (level, share of deals, effect on the log-odds of winning)."""

STAGE_NAMES: Final = ("discovery", "solution_fit", "proposal", "review", "negotiation", "legal", "signature")
MEDIAN_AMOUNT: Final = {"enterprise": 180e6, "midmarket": 60e6, "smb": 15e6}


@dataclass(frozen=True)
class Defect:
    """A planted fault: `log_odds` is added at `stage` for one person or one team (None: everybody)."""

    stage: int
    log_odds: float
    person: int | None = None
    team: int | None = None


@dataclass(frozen=True)
class Organisation:
    """What to simulate.

    `assignment`: who gets the hard deals; `acts_on`: whether effects add up on the log-odds of winning or on those of
    each stage; `noise`: nothing planted, all people and territories are equal. `tide`: sd of slow swings, over about a
    year, of the log-odds of winning and of the logarithm of how many deals come in: good and bad times. `steady`: deals
    come in evenly through the year, and everybody is handed as many.
    """

    seed: int
    reps: int = 24
    teams: int = 3
    weeks: int = 104
    stages: int = 5
    deals: int = 6_000
    end: date = date(2026, 1, 1)
    assignment: Literal["random", "good_to_hard", "good_to_easy"] = "random"
    territories: int | Literal["one_each"] = 8
    person_sd: float = 0.40
    territory_sd: float = 0.30
    intercept: float = -0.9
    acts_on: Literal["winning", "stages"] = "winning"
    defects: tuple[Defect, ...] = ()
    heavy_tails: bool = False
    noise: bool = False
    condition_scale: float = 1.0
    turnover: float = 0.10
    never_close: float = 0.04
    cycle_days: float = 75.0
    rush: float = 0.25
    tide: float = 0.0
    steady: bool = False

    def plain(self) -> Organisation:
        """Return the organisation in which nothing is planted and nothing differs."""
        return replace(self, noise=True, defects=(), person_sd=0.0, territory_sd=0.0, condition_scale=0.0)


@dataclass(frozen=True)
class Truth:
    """What holds: effects on the log-odds, win rate of each person on the common mix, stage conversions."""

    person: Floats
    territory: Floats
    standardised_win_rate: Floats
    stage_conversion: Floats  # person × stage on the common mix, with defects
    p_win: Floats  # of each deal, with defects


@dataclass(frozen=True)
class World:
    """A simulated organisation: its fact tables as of `end`, what is true of it, and the full future of its deals."""

    organisation: Organisation
    tables: dict[str, pa.Table]
    truth: Truth
    paths: Paths = field(repr=False)
    owner: Ints = field(repr=False)


def simulate(organisation: Organisation) -> World:
    """Simulate one organisation; the same organisation and seed always give the same world.

    >>> world = simulate(Organisation(seed=1, reps=6, deals=200, weeks=52))
    >>> world.tables["deals"].num_rows
    200
    """
    rng = np.random.default_rng(organisation.seed)
    n, reps = organisation.deals, organisation.reps
    person = np.zeros(reps) if organisation.noise else rng.normal(0, organisation.person_sd, reps)
    person -= person.mean()
    count = reps if organisation.territories == "one_each" else organisation.territories
    territory = np.zeros(count) if organisation.noise else rng.normal(0, organisation.territory_sd, count)
    levels = {name: rng.choice(len(options), n, p=[o[1] for o in options]) for name, options in CONDITIONS.items()}
    conditions = np.zeros(n)
    for name, options in CONDITIONS.items():
        conditions += organisation.condition_scale * np.array([o[2] for o in options])[levels[name]]

    home = np.arange(reps) if organisation.territories == "one_each" else np.arange(reps) % count
    owner = _assign(rng, organisation, person, conditions)
    roam = rng.random(n) < (0.0 if organisation.territories == "one_each" else 0.25)
    deal_territory = np.where(roam, rng.integers(0, count, n), home[owner])

    weights = stage_weights(organisation)
    start, season = intake(organisation)
    swing = _tides(organisation, len(season))
    season = season * np.exp(swing[0]) / (season * np.exp(swing[0])).sum()
    created = start + np.sort(rng.choice(len(season), n, p=season))
    eta = organisation.intercept + conditions + person[owner] + territory[deal_territory] + swing[1][created - start]
    team = owner % organisation.teams
    conversion = _conversions(eta, weights, organisation, owner, team)

    amount = _amounts(rng, organisation, levels["segment"])
    paths = simulate_paths(
        rng,
        created=created,
        conversion=conversion,
        never_close=organisation.never_close,
        cycle_days=organisation.cycle_days,
        rush=organisation.rush,
    )
    tables = fact_tables(
        rng,
        end=(organisation.end - EPOCH).days,
        start=start,
        levels=levels,
        conditions=CONDITIONS,
        owner=owner,
        teams=organisation.teams,
        territory=deal_territory,
        created=created,
        amount=amount,
        paths=paths,
        stage_names=STAGE_NAMES[: organisation.stages],
        turnover=organisation.turnover,
        reps=reps,
    )
    mix = rng.permutation(n)[: min(n, 2_000)]
    standardised, by_stage = _standardised(
        conditions[mix], territory[deal_territory[mix]], person, weights, organisation
    )
    truth = Truth(person, territory, standardised, by_stage, np.prod(conversion, axis=1))
    return World(organisation, tables, truth, paths, owner)


def intake(organisation: Organisation) -> tuple[int, Floats]:
    """Give the first day (since 1970-01-01) and what share of the deals begins on each day, on average."""
    span = organisation.weeks * 7
    start = (organisation.end - EPOCH).days - span
    season = 1.0 + 0.25 * np.sin(2 * np.pi * np.arange(span) / 365.25) + 0.15 * (np.arange(span) % 91 > 70)
    if organisation.steady:
        season = np.ones(span)
    season[(start + np.arange(span) + 3) % 7 >= 5] *= 0.05  # 1970-01-01 was a Thursday: few deals begin at a weekend
    return start, season / season.sum()


def _tides(organisation: Organisation, span: int) -> Floats:
    """Draw the swings of how many deals come in and of their log-odds (`2 × days`), from a generator of their own."""
    rng = np.random.default_rng([organisation.seed, 1])
    period, phase = rng.uniform(250.0, 500.0, (2, 1)), rng.uniform(0.0, 2.0 * np.pi, (2, 1))
    swing: Floats = organisation.tide * np.sqrt(2.0) * np.sin(2.0 * np.pi * np.arange(span) / period + phase)
    return swing


def stage_weights(organisation: Organisation) -> Floats:
    """Give the share of each stage in what makes a deal be won, in powers of the probability."""
    weights = np.linspace(0.8, 1.2, organisation.stages)
    shares: Floats = weights / weights.sum()
    return shares


def day(number: int) -> date:
    """Turn days since 1970-01-01 into a date."""
    return EPOCH + timedelta(days=int(number))


def _assign(rng: np.random.Generator, organisation: Organisation, person: Floats, conditions: Floats) -> Ints:
    """Give deals to people; under the two unfair regimes the better person gets harder (or easier) deals more often."""
    n, reps = organisation.deals, organisation.reps
    load = rng.gamma(6.0, 1.0, reps)
    if organisation.steady:
        load = np.ones(reps)
    if organisation.assignment == "random" or organisation.noise:
        return rng.choice(reps, n, p=load / load.sum()).astype(np.int64)
    sign = -1.0 if organisation.assignment == "good_to_hard" else 1.0
    skill = np.argsort(np.argsort(person)) / max(reps - 1, 1) - 0.5
    ease = np.argsort(np.argsort(conditions)) / max(n - 1, 1) - 0.5
    score = np.log(load)[None, :] + sign * 4.0 * ease[:, None] * skill[None, :]
    gumbel = rng.gumbel(size=score.shape)
    chosen: Ints = np.argmax(score + gumbel, axis=1).astype(np.int64)
    return chosen


def _conversions(eta: Floats, weights: Floats, organisation: Organisation, owner: Ints, team: Ints) -> Floats:
    """Spread the probability of winning over the stages and add the planted defects."""
    conversion: Floats = _expit(eta)[:, None] ** weights[None, :]
    if organisation.acts_on == "stages":
        usual = _expit(np.array(organisation.intercept))
        base = usual**weights
        # So large on each stage that, near the usual deal, winning changes as much as where effects act on it alone.
        part = (1.0 - usual) / (1.0 - base).sum()
        conversion = _expit(np.log(base / (1.0 - base)) + part * (eta[:, None] - organisation.intercept))
    for defect in organisation.defects:
        hit = np.ones(len(eta), dtype=bool)
        if defect.person is not None:
            hit &= owner == defect.person
        if defect.team is not None:
            hit &= team == defect.team
        odds = np.log(conversion[:, defect.stage] / (1.0 - conversion[:, defect.stage]))
        conversion[:, defect.stage] = np.where(hit, _expit(odds + defect.log_odds), conversion[:, defect.stage])
    return conversion


def _expit(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)


def _standardised(
    conditions: Floats,
    territory: Floats,
    person: Floats,
    weights: Floats,
    organisation: Organisation,
) -> tuple[Floats, Floats]:
    """Win rate and stage conversions of each person if everybody had been handed the same mix of deals."""
    rates, stages = np.empty(len(person)), np.empty((len(person), len(weights)))
    for i, effect in enumerate(person):
        owner = np.full(len(conditions), i, dtype=np.int64)
        eta = organisation.intercept + conditions + territory + effect
        conversion = _conversions(eta, weights, organisation, owner, owner % organisation.teams)
        rates[i] = np.prod(conversion, axis=1).mean()
        reach = np.cumprod(np.column_stack([np.ones(len(eta)), conversion[:, :-1]]), axis=1)
        stages[i] = (reach * conversion).sum(axis=0) / reach.sum(axis=0)
    return rates, stages


def _amounts(rng: np.random.Generator, organisation: Organisation, segment: Ints) -> Floats:
    """Deal amounts in won: log-normal by segment, in steps of 100,000; heavy tails add a few giants."""
    median = np.array([MEDIAN_AMOUNT[name] for name, _, _ in CONDITIONS["segment"]])[segment]
    amount = median * np.exp(rng.normal(0, 0.6, len(segment)))
    if organisation.heavy_tails:
        giant = rng.random(len(segment)) < 0.02
        amount = np.where(giant, amount * (1.0 + rng.pareto(1.3, len(segment)) * 4.0), amount)
    return np.maximum(np.round(amount / 1e5) * 1e5, 1e6)
