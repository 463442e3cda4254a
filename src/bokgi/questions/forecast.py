"""What will be won in a period, with an honest range, what changed since last week, and what to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import ibis
import pyarrow as pa
from ibis import _

from bokgi.analysis.comparison.conditions import leaks, varied
from bokgi.analysis.decomposition.shapley import apportioned
from bokgi.analysis.forecast import Forecast, Scope
from bokgi.analysis.forecast import forecast as analysed
from bokgi.analysis.forecast.reading import Keep
from bokgi.analysis.forecast.result import Change, DealOutlook, Part, Share
from bokgi.domain.messages import N_, Message
from bokgi.domain.money import WITHOUT_CENTS
from bokgi.domain.period import Period
from bokgi.domain.sentences import encoded
from bokgi.facts.as_of import changes_by
from bokgi.facts.model import Facts
from bokgi.questions.asked import Asked, Json, asked
from bokgi.questions.explained import explained
from bokgi.questions.forecast_categories import categories
from bokgi.questions.forecast_told import LEVEL, caveats, notes, said, would_change
from bokgi.questions.targets import counts_elsewhere, target_of
from bokgi.questions.titles import Names, deal_names, title

MONTH: Final = "month"
QUARTER: Final = "quarter"
CONDITIONS: Final = ("source", "lead_grade", "type", "product", "industry", "segment", "size", "region")
"""Conditions that a forecast tells deals apart by, where they differ and are known before the outcome."""
_READ: Final = (
    *("deal_id", "owner_id", "team", "pipeline", "outcome", "created_on", "closed_on", "amount", "currency"),
    *("expected_close_on", "probability"),
)
_UNKNOWN: Final = "(unknown)"
_OWNER: Final = "owner_id"


@dataclass(frozen=True)
class Inputs:
    """What a forecast reads, cut to a day: deals with their conditions, visits, field history, stages, factors.

    `left_out`: conditions that are filled in when the outcome is known; `by_owner`: the owner is none of these.
    """

    deals: ibis.Table
    visits: ibis.Table
    changes: ibis.Table
    stages: ibis.Table
    factors: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def by_owner(self) -> bool:
        """Tell whether an open deal may be judged by who owns it."""
        return _OWNER not in self.left_out


def period_of(text: str | None, as_of: date) -> Period | None:
    """Read `month`, or a period as `Period.parse` reads it; null for the `quarter` of the day (the default)."""
    if text is None or text == QUARTER:
        return None
    return Period.month_of(as_of) if text == MONTH else Period.parse(text)


def inputs_of(here: Asked, raw: Facts, scope: Scope) -> Inputs:
    """Gather what a forecast reads. First values of the field history tell what a deal held on past days."""
    known = raw.deals.select(known_deal="deal_id", was_known="known_at_creation")
    told = here.deals.select(*_READ, *CONDITIONS)
    told = told.left_join(known, [told.deal_id == known.known_deal]).drop("known_deal")
    deals = here.keep(told.rename(known_at_creation="was_known"))
    here.check(team=scope.team, pipeline=scope.pipeline)
    changes = changes_by(raw.deal_changes, here.as_of)
    own = here.facts.settings.currency
    foreign = raw.deals.filter(_.currency.notnull() & (_.currency != own)).select("deal_id")
    # What a foreign amount was before is in its own currency; today's is converted.
    changes = changes.filter(_.field != "amount").union(
        changes.filter(_.field == "amount").anti_join(foreign, "deal_id")
    )
    found = leaks(deals, [*CONDITIONS, _OWNER])
    # Somebody who never wins is one of the people; an owner who stands on won deals only was filled in with the win.
    leaking = tuple(leak.factor for leak in found if leak.factor != _OWNER or leak.sign != "a_level_decides")
    factors = varied(deals, [name for name in CONDITIONS if name not in leaking])
    return Inputs(deals, here.visits(), changes, here.facts.stages, factors, leaking)


def keeping(facts: Facts, kind: str, as_of: date, windows: str) -> Keep:
    """Keep what forecasts of a day and some windows learn from, for whatever team; see `Facts.kept`."""

    def keep(name: str, make: Callable[[], pa.Table]) -> pa.Table:
        return facts.kept(f"{kind}_{name}-{as_of}-{windows}", make).to_pyarrow()

    return keep


def ask_forecast(
    facts: Facts,
    *,
    as_of: date,
    period: Period | None = None,
    team: str | None = None,
    pipeline: str | None = None,
    person: str | None = None,
) -> Json:
    """Ask what will be won in a period (the quarter of the day without one), by everybody or by some.

    `team`, `pipeline` and `person` (the owner) narrow it to open deals, wins and new business of theirs; what deals do
    in a stage is learnt from everybody's. `reason` says where that cannot be told of them (see `forecast`).

    Reads all facts of a lake version, cut to `as_of`. Gives `quantiles`, `mean`, `open`, `new`, `won_so_far`,
    `won_by_day[]` (up to each day with a win), `categories{}`, `benchmarks{}`, `calibration{}`, `people[]`, `teams[]`,
    `change{}`, `at_risk[]`, `range_deals[]`, `target{}`, `said[]`, `caveats[]`, `would_change[]`; see
    `docs/reference/forecast.schema.json`. Money in the organisation's currency; parts add up to the whole to the last
    won. Raises `NotFoundError` for an unknown team or pipeline, `UsageError` for a period too long.
    """
    period = period if period is not None else facts.settings.quarter_of(as_of)
    scope = Scope(team, pipeline, person)
    with asked(facts, as_of=as_of) as here:
        read = inputs_of(here, facts, scope)
        found = analysed(
            read.deals,
            read.visits,
            as_of=as_of,
            period=period,
            changes=read.changes,
            stages=read.stages,
            factors=read.factors,
            by_owner=read.by_owner,
            team=team,
            pipeline=pipeline,
            person=person,
            year_starts=facts.settings.year_starts,
            keep=keeping(facts, "forecast", as_of, f"{period.start}-{period.end}"),
        )
        return _answer(here, found, read, scope)


def _answer(here: Asked, found: Forecast, read: Inputs, scope: Scope) -> Json:
    mean = None if found.mean is None else here.worth(found.mean).amount
    so_far = here.worth(found.won_so_far).amount
    parts = [] if found.open is None or found.new is None else [found.open.mean, found.new.mean]
    rest = [] if mean is None else _split(here, parts, mean - so_far)
    target = _target(here, found, scope)
    change = None if found.change is None or mean is None else _change(here, found.change, mean)
    shown = {deal.deal_id for deal in (*found.at_risk, *found.range_deals)}
    names = deal_names(here.deals, here.facts, sorted(shown))
    return {
        "as_of": found.as_of.isoformat(),
        "period": {"start": found.period.start.isoformat(), "end": found.period.end.isoformat()},
        "team": scope.team,
        "pipeline": scope.pipeline,
        "person": scope.person,
        "reason": found.reason,
        "level": LEVEL,
        "quantiles": {f"{level:.2f}": here.money(value) for level, value in found.quantiles.items()},
        "mean": None if mean is None else here.money(float(mean)),
        "won_so_far": here.money(float(so_far)),
        "won_so_far_n": found.won_so_far_n,
        "won_by_day": [{"on": on.isoformat(), "amount": here.money(amount)} for on, amount in found.won_by_day],
        "open": _part(here, found.open, rest[0] if rest else None),
        "new": _part(here, found.new, rest[1] if len(rest) > 1 else None),
        "open_deals": found.open_deals,
        "unknown_amounts": found.unknown_amounts,
        "people": _shares(here, found.people, mean, people=True),
        "teams": _shares(here, found.teams, mean, people=False),
        "target": target,
        "categories": categories(here, found.period, scope),
        "benchmarks": {
            one.method: {
                "mean": here.money(one.mean),
                "low": here.money(one.low),
                "high": here.money(one.high),
                "crps": None if one.crps is None else here.money(one.crps),
            }
            for one in found.benchmarks
        },
        "best_simple": found.best_simple,
        "calibration": {
            "n": found.calibration.n,
            "since": None if found.calibration.since is None else found.calibration.since.isoformat(),
            "weight": found.calibration.weight,
            "scale": found.calibration.scale,
            "coverage80": found.calibration.coverage80,
            "bias": found.calibration.bias,
            "crps_ratio": found.calibration.crps_ratio,
            "weighted_pipeline": found.pipeline_calibrated,
        },
        "factors": list(read.factors),
        "change": change,
        "at_risk": _deals(here, found.at_risk, names),
        "range_deals": _deals(here, found.range_deals, names),
        **explained(
            "forecast",
            said=said(here, found, target, change, scope),
            caveats=[
                *caveats(found, read.left_out, scope, here.facts.settings.minimum_n),
                *_not_held_against(here, found.period, scope),
                *here.unconverted(estimated=found.reason is None),
            ],
            would_change=would_change(found),
        ),
    }


def _step(here: Asked) -> Decimal:
    return Decimal(1) if here.facts.settings.currency in WITHOUT_CENTS else Decimal("0.01")


def _split(here: Asked, parts: Sequence[float], whole: Decimal) -> tuple[Decimal, ...]:
    return apportioned(parts, whole, _step(here)) if parts else ()


def _part(here: Asked, part: Part | None, mean: Decimal | None) -> Json | None:
    if part is None:
        return None
    return {
        "mean": here.money(part.mean if mean is None else float(mean)),
        "low": here.money(part.low),
        "high": here.money(part.high),
        "n": part.n,
    }


def _shares(here: Asked, found: Sequence[Share], mean: Decimal | None, *, people: bool) -> list[Json]:
    """Write shares out; their means add up to the whole, and the three parts of each to its mean."""
    if mean is None:
        return []
    means = _split(here, [share.mean for share in found], mean)
    named = sorted(
        zip(found, means, strict=True), key=lambda pair: (pair[0].key == _UNKNOWN, here.name(pair[0].key), pair[0].key)
    )
    told = []
    for share, whole in named:
        known = None if share.key == _UNKNOWN else share.key
        names: Json = (
            {"person_id": known, "name": None if known is None else here.name(known)} if people else {"team": known}
        )
        won, still_open, new = _split(here, [share.won_so_far, share.open, share.new], whole)
        figures = {"won_so_far": won, "open": still_open, "new": new, "mean": whole}
        ends = {"low": here.money(share.low), "high": here.money(share.high)}
        told.append(names | {name: here.money(float(amount)) for name, amount in figures.items()} | ends)
    return told


def _change(here: Asked, change: Change, mean: Decimal) -> Json:
    before = here.worth(change.before).amount
    amounts = _split(here, [part.amount for part in change.parts], mean - before)
    return {
        "since": change.since.isoformat(),
        "before": here.money(float(before)),
        "now": here.money(float(mean)),
        "parts": [
            {
                "code": part.code,
                "n": part.n,
                "amount": here.money(float(amount)),
                "people": [{"person_id": person, "team": team} for person, team in part.people],
            }
            for part, amount in zip(change.parts, amounts, strict=True)
        ],
    }


def _deals(here: Asked, found: Sequence[DealOutlook], names: Mapping[str, Names]) -> list[Json]:
    return [
        {
            "deal_id": deal.deal_id,
            "title": title(names.get(deal.deal_id, (None, None)), deal.deal_id),
            "person_id": deal.person,
            "name": None if deal.person is None else here.name(deal.person),
            "stage": deal.stage,
            "amount": here.money(deal.amount),
            "amount_known": deal.amount_known,
            "chance": deal.chance,
            "stage_chance": deal.stage_chance,
            "share": deal.share,
            "due_in": deal.due_in,
            "notes": [encoded(note) for note in notes(deal)],
        }
        for deal in found
    ]


def _target(here: Asked, found: Forecast, scope: Scope) -> Json | None:
    """Give the target of the period and the chance to reach it; null where none was set for just these deals.

    A pipeline has none, and that of somebody in several teams is no team's.
    """
    if scope.pipeline is not None or counts_elsewhere(here, found.period, team=scope.team, person=scope.person):
        return None
    amount = target_of(here, found.period, scope.team, person=scope.person).target
    if amount is None:
        return None
    return {"amount": here.money(float(amount)), "probability": found.probability_of(float(amount))}


def _not_held_against(here: Asked, period: Period, scope: Scope) -> list[Message]:
    """Say whose the target is that these deals are not held against."""
    if scope.pipeline is None and not counts_elsewhere(here, period, team=scope.team, person=scope.person):
        return []
    if target_of(here, period, scope.team, person=scope.person).target is None:
        return []
    if scope.pipeline is not None or scope.person is None:
        return [Message(N_("The target counts deals of all pipelines and stays out here."))]
    text = N_("The target of {name} counts deals of every team, so those of {team} alone are not held against it.")
    return [Message(text, {"name": here.name(scope.person), "team": scope.team})]
