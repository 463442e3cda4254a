"""Bottleneck search: the stage and team where the funnel stops beyond chance, and the deals that stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis import _

from bokgi.analysis.bottleneck import PAST, Gain, GainInDeals, Unit, bottlenecks
from bokgi.analysis.bottleneck.flags import ENOUGH
from bokgi.analysis.comparison.conditions import leaks
from bokgi.analysis.progressions import progressions
from bokgi.analysis.proportions import wilson
from bokgi.analysis.totals import totals
from bokgi.apps.reviews.pack.care import told
from bokgi.apps.reviews.pack.order import heaviest_first
from bokgi.apps.reviews.pack.scope import Row, Scope, rows, worth
from bokgi.apps.reviews.pack.stages import LEVEL
from bokgi.domain.measures import Days
from bokgi.domain.messages import N_, Message
from bokgi.domain.sentences import encoded
from bokgi.questions.asked import visits_on
from bokgi.questions.bottlenecks import ALL_MOVED_ON, moved_on, nothing_found, nothing_judged, what_it_costs

STAGE: Final = "stage"
TEAM: Final = "team"
TEAM_PAST: Final = f"{TEAM}{PAST}"
_CONDITIONS: Final = ("type", "source", "lead_grade", "segment", "size")
_MOST_VALUES: Final = 12
_SHOWN_FLAGS: Final = 2
_SHOWN_DEALS: Final = 8
CLEAR: Final = 0.01
"""False discovery rate at which a flag is shown the first time it appears."""
Place = tuple[str, str, str, str]
Flagged = tuple[str, str, str | None]
"""Pipeline, stage, and the team that is flagged there; null: all teams."""


@dataclass(frozen=True)
class Search:
    """All units as of the review's day: those that are shown, and those that stand out for the first time."""

    units: tuple[Unit, ...]
    shown: tuple[Unit, ...]
    held: frozenset[Place]
    first_time: tuple[Unit, ...]


def ask(scope: Scope) -> dict[str, Any]:
    """Ask the analysis, for each stage and team against its own past and for each team against the others.

    Gives `units`, and what was asked: `by`, `conditions`. It hangs on the review's day, not on its week.
    """
    late = {leak.factor for leak in leaks(scope.deals, [TEAM]) if leak.sign == "filled_after_closing"}
    teams = scope.team is None and len(set(scope.teams.values())) > 1 and not late
    by = (STAGE, TEAM, TEAM_PAST) if teams else (STAGE,)
    conditions = _conditions(scope)
    found = bottlenecks(scope.progressions, scope.visits, scope.deals, as_of=scope.as_of, by=by, conditions=conditions)
    return {"by": list(by), "conditions": conditions, "units": [asdict(unit) for unit in found.units]}


def search(scope: Scope, asked: Mapping[str, Any]) -> Search:
    """Choose what is shown of what was `asked`.

    A flag is shown when it was there a week before, too, or when it passes at 1 %. The week before is computed from the
    facts as of that day.
    """
    units = tuple(_unit(row) for row in asked["units"])
    flagged = [unit for unit in units if unit.flagged]
    earlier: frozenset[Place] = frozenset()
    if any(not _clear(unit) for unit in flagged):
        stays = scope.keep(visits_on(scope.read, scope.facts_before, scope.before))
        told = scope.keep(progressions(stays))
        options = {"by": asked["by"], "conditions": asked["conditions"]}
        before = bottlenecks(told, stays, scope.before, as_of=scope.day_before, **options)
        earlier = frozenset(_place(unit) for unit in before.units if unit.flagged)
    shown = tuple(unit for unit in flagged if _clear(unit) or _place(unit) in earlier)
    return Search(units, shown, earlier, tuple(unit for unit in flagged if unit not in shown))


def _unit(row: Mapping[str, Any]) -> Unit:
    gain, in_deals = row["gain"], row["gain_in_deals"]
    read = {
        "gain": None if gain is None else Gain(**gain),
        "gain_in_deals": None if in_deals is None else GainInDeals(**in_deals),
        "deals": tuple(row["deals"]),
    }
    return Unit(**{**row, **read})


def _clear(unit: Unit) -> bool:
    """Tell whether a flag is so clear that one week is enough."""
    return unit.q_value is not None and unit.q_value <= CLEAR


def _place(unit: Unit) -> Place:
    return unit.pipeline, unit.stage, unit.by, unit.unit


def _conditions(scope: Scope) -> list[str]:
    """Choose what deals differ in from the start: columns with some values, but not one for every deal."""
    counted = scope.deals.agg(**{name: _[name].nunique() for name in _CONDITIONS}).to_pyarrow().to_pylist()[0]
    different = [name for name in _CONDITIONS if 1 < counted[name] <= _MOST_VALUES]
    leaking = {leak.factor for leak in leaks(scope.deals, different)}
    return [name for name in different if name not in leaking]


def found_json(searched: Search, stages: Sequence[Row], scope: Scope) -> list[dict[str, Any]]:
    """Tell about each unit that is shown, the one with the largest gain first."""
    labels = {(stage["pipeline"], stage["stage"]): stage for stage in stages}
    shown = [unit for unit in searched.shown if (unit.pipeline, unit.stage) in labels]
    return [_flag(unit, labels[unit.pipeline, unit.stage], searched, scope) for unit in shown[:_SHOWN_FLAGS]]


def _flag(unit: Unit, stage: Mapping[str, Any], searched: Search, scope: Scope) -> dict[str, Any]:
    team = unit.unit if unit.by in (TEAM, TEAM_PAST) else scope.team
    low, high = wilson(unit.conversion, unit.n, level=LEVEL)
    gain, in_deals = unit.gain, unit.gain_in_deals
    return {
        "key": stage["key"],
        "pipeline": unit.pipeline,
        "stage": unit.stage,
        "label": stage["label"],
        "team": team,
        "against": {TEAM: "others", TEAM_PAST: "own_past"}.get(unit.by, "past"),
        "conversion": {"estimate": unit.conversion, "low": low, "high": high, "level": LEVEL, "n": unit.n},
        "expected": unit.expected,
        "gain": None
        if gain is None
        else {
            "amount": scope.money(Decimal(round(gain.amount))),
            "low": scope.money(Decimal(round(gain.low))),
            "high": scope.money(Decimal(round(gain.high))),
            "level": LEVEL,
        },
        "gain_in_deals": None
        if gain is not None or in_deals is None
        else {"n": in_deals.n, "low": in_deals.low, "high": in_deals.high, "level": LEVEL},
        "held": "two_weeks" if _place(unit) in searched.held else "one_percent",
        "sentence": encoded(moved_on(unit, stage["label"], team or "")),
        "evidence": [encoded(message) for message in _evidence(unit, searched, scope)],
    }


def _evidence(unit: Unit, searched: Search, scope: Scope) -> list[Message]:
    said = what_it_costs(unit, LEVEL, lambda amount: scope.worth(Decimal(round(amount))))
    said.append(
        Message(
            N_(
                "It rests on {n} {n:deal|deals} that left the stage. Chance alone would show a flag "
                "in less than 1 of 100 cases."
            ),
            {"n": unit.n},
        )
    )
    if _place(unit) in searched.held:
        said.append(Message(N_("It stood out a week ago, too.")))
    return said


def judged(stages: Sequence[Row], flags: Sequence[Mapping[str, Any]]) -> None:
    """Let a stage that is flagged against its own past say so in the table of stages, too."""
    lower = {flag["key"] for flag in flags if flag["against"] == "past"}
    for stage in stages:
        if stage["key"] in lower:
            stage["verdict"] = "lower"


def said(
    searched: Search, flags: Sequence[Mapping[str, Any]], standing: Sequence[Mapping[str, Any]], stages: Sequence[Row]
) -> list[Message]:
    """Say what was found in one sentence, and where most money waits in another."""
    if flags:
        first = flags[0]
        team = first["team"]
        values = {"team": team, "stage": first["label"]}
        leads = {
            "others": Message(N_("{team}: fewer deals move on from {stage} than should."), values),
            "own_past": Message(N_("{team}: fewer deals move on from {stage} than before."), values),
            "past": Message(N_("Fewer deals move on from {stage} than before."), values),
        }
        lead = leads[first["against"]]
        sentences = [lead]
    elif searched.first_time:
        first_time = searched.first_time[0]
        label = next((part["label"] for part in stages if part["stage"] == first_time.stage), first_time.stage)
        where = label if first_time.by == STAGE else f"{first_time.unit} · {label}"
        sentences = [
            Message(
                N_("{where} stands out for the first time; it counts as a bottleneck if it does so next week, too."),
                {"where": where},
            )
        ]
    elif any(unit.z is not None for unit in searched.units):
        sentences = [nothing_found(searched.units)]
    else:
        moved = sum(stage["moved"] for stage in stages)
        none_stopped = moved >= ENOUGH and not any(stage["ended"] for stage in stages)
        sentences = [Message(ALL_MOVED_ON) if none_stopped else nothing_judged(searched.units)]
    return [*sentences, *(line for stage in standing if stage["open"]["count"] for line in _waiting(stage))]


def _waiting(stage: Mapping[str, Any]) -> list[Message]:
    amount = worth(stage["open"]["amount"])
    values: dict[str, object] = {"stage": stage["label"], "n": stage["open"]["count"], "amount": amount}
    here = (
        Message(N_("{n} {n:deal stands|deals stand} in {stage}."), values)
        if amount is None
        else Message(N_("{n} {n:deal|deals} ({amount}) {n:stands|stand} in {stage}."), values)
    )
    if stage["late"] is None:
        return [here]
    late = {"late": stage["late"], "days": Days(stage["days"]["late"])}
    return [
        here,
        Message(N_("{late} of them stand there longer than {days}, within which 80% leave the stage."), late),
    ]


def standing(places: Sequence[Flagged], stages: Sequence[Row], care: ir.Table, scope: Scope) -> list[dict[str, Any]]:
    """List the deals that stand in the flagged `places`; without any, in the stage where most money waits longest.

    `care` has one row per open deal, see `care.open_deals`.
    """
    labels = {(stage["pipeline"], stage["stage"]): stage for stage in stages}
    if not places:
        waiting = care.group_by("pipeline", "stage").agg(waiting=_.waiting.sum(), days=_.days_in_stage.sum())
        heavy = rows(waiting.order_by(_.waiting.desc(), _.days.desc(nulls_first=False), _.pipeline, _.stage))
        places = [
            (row["pipeline"], row["stage"], scope.team) for row in heavy if (row["pipeline"], row["stage"]) in labels
        ][:1]
    # One list for a stage, also where it is flagged twice: as a whole and for a team.
    first = {(pipeline, stage): team for pipeline, stage, team in reversed(places)}
    chosen = [place for place in dict.fromkeys(places) if first[place[0], place[1]] == place[2]]
    return [_standing(labels[pipeline, stage], team, care, scope) for pipeline, stage, team in chosen]


def _standing(stage: Mapping[str, Any], team: str | None, care: ir.Table, scope: Scope) -> dict[str, Any]:
    here = care.filter((_.pipeline == stage["pipeline"]) & (_.stage == stage["stage"]))
    if team is not None:
        here = here.filter(_.team == team)
    late_after = None if stage["days"] is None else stage["days"]["late"]
    late = ibis.literal(0) if late_after is None else ibis.coalesce(_.days_in_stage > late_after, False).sum()
    counted = rows(here.agg(**totals("count", _.deal_id.notnull()), late=late))[0]
    return {
        "key": stage["key"],
        "pipeline": stage["pipeline"],
        "stage": stage["stage"],
        "label": stage["label"] if team is None or team == scope.team else f"{team} · {stage['label']}",
        "open": scope.sum_of(counted, "count"),
        "late": None if late_after is None else counted["late"] or 0,
        "days": stage["days"],
        "deals": told(scope, here.order_by(heaviest_first()).limit(_SHOWN_DEALS)),
    }
