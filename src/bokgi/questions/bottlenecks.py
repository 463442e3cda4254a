"""Find the stage and unit in which the funnel stops, what that costs a month, and the deals that stand there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import ibis

from bokgi.analysis.bottleneck import PAST, STAGE, Bottlenecks, GainInDeals, Unit, bottlenecks
from bokgi.analysis.comparison.conditions import DERIVED_CONDITIONS, varied
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message, chained
from bokgi.domain.money import Money
from bokgi.facts.model import Facts
from bokgi.questions.asked import HOW_HISTORY_COMES, Asked, Json, asked, column_name, fair_factors, known_late
from bokgi.questions.explained import explained
from bokgi.questions.stages import last_entry_before, order_doubts

VIEWS: Final = {"stage": "stage", "person": "owner_id", "team": "team"}
_ALL_OF_A_STAGE: Final = {"pipeline": STAGE, f"pipeline{PAST}": f"{STAGE}{PAST}"}
"""Every stage is of one pipeline: its deals there are all deals of the stage."""
ALL_MOVED_ON: Final = N_("Every deal that left a stage moved on. Import the deals that were lost, too.")
TOO_FEW: Final = N_("There are too few deals with stage history to look for a bottleneck.")
COST_NOT_SURE: Final = N_("Deals stop more than could be expected, but whether that costs anything is not sure.")
WORTH_UNKNOWN: Final = N_(
    "Deals stop more than could be expected, but none that came there has an amount, so whether that costs as much as "
    "was asked for cannot be told."
)
COSTS_LITTLE: Final = N_("Deals stop more than could be expected, but that costs too little to call it a bottleneck.")
DEFAULT_VIEWS: Final = (STAGE, "team", f"team{PAST}", "segment", "source", "person")


def find_bottlenecks(
    facts: Facts,
    *,
    as_of: date,
    by: Sequence[str] = DEFAULT_VIEWS,
    fdr: float = 0.10,
    min_gain: Decimal | None = None,
) -> Json:
    """Find the bottleneck among stages, teams, people, conditions and attributes.

    Reads all facts of a lake version, cut to `as_of`. `by`: `stage`, `team`, `person`, a condition, or an attribute,
    each also with `:past` to be held against its own past; broad ones first. A view in which deals do not differ, or
    that is filled in after the outcome, is left out and named in `left_out`.

    Gives `units[]{stage, unit, n, z, q_value, flagged, gain{amount, low, high, currency}, gain_in_deals{n, low, high},
    deals[]}`, `gate{p, passed}`, `said[]`, `caveats[]`; see `docs/reference/bottlenecks.schema.json`. Where no deal
    that came has an amount, `gain` is null (`gain_reason`) and the gain in deals is what a flag goes by. Raises
    `RefusalError` for an unknown view.
    """
    by = list(dict.fromkeys(_ALL_OF_A_STAGE.get(view, view) for view in by))
    columns = [_view(view) for view in by]
    own = [column.removesuffix(PAST) for column in columns if column.removesuffix(PAST) not in VIEWS.values()]
    with asked(facts, as_of=as_of, attributes=own) as here:
        told = here.visits()
        moves = here.progressions()
        conditions, refused = fair_factors(here, here.deals, None)
        leaking = {refusal["factor"] for refusal in refused}
        split = list(dict.fromkeys(view.removesuffix(PAST) for view in columns if view != STAGE))
        late, told_late = known_late(here, [column for column in split if column not in leaking])
        usable = [
            view
            for view, column in ((view, view.removesuffix(PAST)) for view in columns)
            if view == STAGE or (column not in leaking | late and varied(here.deals, [column]))
        ]
        conditions = tuple(name for name in conditions if name not in DERIVED_CONDITIONS)
        found = bottlenecks(
            moves,
            told,
            here.deals,
            as_of=as_of,
            by=usable,
            conditions=conditions,
            fdr=fdr,
            min_gain=None if min_gain is None else float(min_gain),
        )
        labels = {
            (row["pipeline"], row["stage"]): row["label"]
            for row in here.facts.stages.select("pipeline", "stage", "label").to_pyarrow().to_pylist()
        }
        views = {_view(view): view for view in by}
        units = [_unit(here, unit, labels, views) for unit in found.units]
        return {
            "as_of": as_of.isoformat(),
            "period": {"start": found.start.isoformat(), "end": found.end.isoformat()},
            "by": [views.get(column, column) for column in usable],
            "left_out": [views.get(column, column) for column in columns if column not in usable],
            "conditions": list(conditions),
            "level": found.level,
            "gate": {"p": found.gate_p, "passed": found.passed},
            "units": units,
            "refusals": [*refused, *told_late],
            **explained(
                "bottleneck",
                said=_said(here, found, labels, told),
                caveats=[*_caveats(found), *order_doubts(told, labels), *here.unconverted()],
                would_change=_would_change(here, found, labels),
            ),
        }


def _view(view: str) -> str:
    """Give the view of the analysis that a name of `by` means."""
    column = view.removesuffix(PAST)
    return VIEWS.get(column, column) + view[len(column) :]


def _unit(here: Asked, unit: Unit, labels: dict[tuple[str, str], str], views: dict[str, str]) -> Json:
    gain, in_deals = unit.gain, unit.gain_in_deals
    return {
        "pipeline": unit.pipeline,
        "stage": unit.stage,
        "label": labels.get((unit.pipeline, unit.stage), unit.stage),
        "by": views.get(unit.by, unit.by),
        "unit": unit.unit,
        "name": _name(here, unit, labels),
        "n": unit.n,
        "conversion": unit.conversion,
        "expected": unit.expected,
        "arrivals": unit.arrivals,
        "z": unit.z,
        "q_value": unit.q_value,
        "flagged": unit.flagged,
        "gain": None
        if gain is None
        else {
            "amount": here.money(gain.amount)["amount"],
            "low": here.money(gain.low)["amount"],
            "high": here.money(gain.high)["amount"],
            "currency": here.facts.settings.currency,
            "p_positive": gain.p_positive,
            "arrivals_a_month": gain.arrivals,
            "chance_missing": gain.chance,
            "mean_amount": here.money(gain.value)["amount"],
        },
        "gain_reason": unit.reason if unit.z is None else "amounts_unknown" if gain is None else None,
        "gain_in_deals": None
        if in_deals is None
        else {
            "n": in_deals.n,
            "low": in_deals.low,
            "high": in_deals.high,
            "p_positive": in_deals.p_positive,
            "arrivals_a_month": in_deals.arrivals,
            "chance_missing": in_deals.chance,
        },
        "more_cases": unit.more_cases,
        "more_cases_reason": None if unit.more_cases is not None else _no_more_cases(unit),
        "deals": list(unit.deals),
        "reason": unit.reason,
    }


def _no_more_cases(unit: Unit) -> str:
    """Say why it is not told how many more cases would show a unit to be behind."""
    if unit.z is None:
        return unit.reason or "too_few"
    if unit.z >= 0.0:
        return "not_below"
    return "told_apart" if unit.flagged or unit.reason is not None else "out_of_reach"


def _name(here: Asked, unit: Unit, labels: dict[tuple[str, str], str]) -> str:
    if unit.by == STAGE:
        return labels.get((unit.pipeline, unit.stage), unit.stage)
    return here.name(unit.unit) if unit.by.removesuffix(PAST) == "owner_id" else unit.unit


def _said(here: Asked, found: Bottlenecks, labels: dict[tuple[str, str], str], visits: ibis.Table) -> list[Message]:
    flagged = [unit for unit in found.units if unit.flagged]
    if not any(unit.z is not None for unit in found.units):
        told = nothing_judged(found.units)
        if told.msgid != TOO_FEW:
            return [told]
        if last := last_entry_before(visits, found.start):
            text = N_("No deal entered a stage since {start}. The last one did on {day}: ask as of that day.")
            return [Message(text, {"start": found.start, "day": last})]
        return [told, Message(HOW_HISTORY_COMES)]
    if not flagged:
        return [nothing_found(found.units)]
    first = flagged[0]
    stage = labels.get((first.pipeline, first.stage), first.stage)
    return [
        moved_on(first, stage, _name(here, first, labels)),
        *what_it_costs(first, found.level, here.worth),
        Message(N_("It rests on {n} {n:deal|deals} that left the stage."), {"n": first.n}),
    ]


def moved_on(unit: Unit, stage: str, name: str) -> Message:
    """Say how many of a unit's deals moved on from a stage, and how many were to be expected."""
    lead = (
        N_("{share} of the deals that left {stage} in the last six months moved on. Before, {expected} did.")
        if unit.by == STAGE
        else N_(
            "{unit}: {share} of the deals that left {stage} in the last six months moved on. Before, {expected} did."
        )
        if unit.by.endswith(PAST)
        else N_("{unit}: {share} of the deals that left {stage} moved on. Of like deals elsewhere, {expected} did.")
    )
    shares = {"share": Rate(unit.conversion), "expected": Rate(unit.expected)}
    return Message(lead, {"stage": stage, "unit": name, **shares})


def what_it_costs(unit: Unit, level: float, worth: Callable[[float], Money]) -> list[Message]:
    """Say what a unit at its benchmark would bring a month: in money, or where no amount is known in deals."""
    if unit.gain is not None:
        ends = Between(worth(unit.gain.low), worth(unit.gain.high))
        text = N_("At that level, {gain} more a month would be won ({level} interval {ends}).")
        return [Message(text, {"gain": worth(unit.gain.amount), "level": Rate(level), "ends": ends})]
    return [] if unit.gain_in_deals is None else [more_deals(unit.gain_in_deals, level)]


def nothing_judged(units: Sequence[Unit]) -> Message:
    """Say why no stage can be judged: no deal stopped at any, or too few deals have a history."""
    none_stopped = any(unit.reason == "none_stopped" for unit in units)
    if none_stopped and all(unit.conversion == 1.0 for unit in units):
        return Message(ALL_MOVED_ON)
    return Message(TOO_FEW)


def nothing_found(units: Sequence[Unit]) -> Message:
    """Say that nothing is flagged: for want of a sure or large cost, or because nothing differs of what was judged."""
    reasons = {unit.reason for unit in units}
    below = {"gain_not_sure": COST_NOT_SURE, "amounts_unknown": WORTH_UNKNOWN, "gain_too_small": COSTS_LITTLE}
    for reason, told in below.items():
        if reason in reasons:
            return Message(told)
    text = N_("No stage differs from what could be expected by more than chance (looked at: {views}).")
    return Message(text, {"views": _looked_at(unit.by for unit in units if unit.z is not None)})


def _looked_at(views: Iterable[str]) -> Message | str:
    """Name what was told apart, the broadest first."""
    order = {STAGE: 0, VIEWS["team"]: 1, VIEWS["person"]: 3}
    columns = sorted({view.removesuffix(PAST) for view in views}, key=lambda name: (order.get(name, 2), name))
    told = [Message(N_("all deals together")) if column == STAGE else column_name(column) for column in columns]
    return chained(told, N_("{first}, {then}"))


def more_deals(gain: GainInDeals, level: float) -> Message:
    """Say what a unit at its benchmark would bring where no amount is known: in deals won a month."""
    values: dict[str, object] = {"n": gain.n, "level": Rate(level), "ends": Between(gain.low, gain.high)}
    text = N_("At that level, {n} {n:deal|deals} more a month would be won ({level} interval {ends}).")
    return Message(text, values)


def _would_change(here: Asked, found: Bottlenecks, labels: dict[tuple[str, str], str]) -> list[Message]:
    """Say what it would take to be sure: of the nearest unit that is not flagged, and of a flag to go."""
    said = []
    if any(unit.flagged for unit in found.units):
        said.append(Message(N_("The flag goes when the deals that end from now on move on as often as expected.")))
    near = [unit for unit in found.units if unit.more_cases is not None and unit.z is not None]
    if near:
        first = min(near, key=lambda unit: (unit.more_cases or 0, _name(here, unit, labels)))
        values = {
            "stage": labels.get((first.pipeline, first.stage), first.stage),
            "unit": _name(here, first, labels),
            "n": first.more_cases,
        }
        if first.by == STAGE:
            said.append(
                Message(
                    N_(
                        "If {stage} stays as low, about {n} more ended {n:case|cases} would show that it has got worse."
                    ),
                    values,
                )
            )
        else:
            said.append(
                Message(
                    N_("If {unit} stays as far behind at {stage}, about {n} more ended {n:case|cases} would show it."),
                    values,
                )
            )
    elif not said:
        said.append(Message(N_("Deals that leave a stage are what it rests on: record when they enter and leave.")))
    return said


def _caveats(found: Bottlenecks) -> list[Message]:
    judged = [unit for unit in found.units if unit.z is not None]
    if not judged:
        return []
    without = [unit for unit in judged if unit.gain is None]
    where = Message(N_("A flag says where to look, not why: the deals that stand there tell the cause."))
    if len(without) == len(judged):
        text = N_(
            "No deal has an amount, so the gain is told in deals: so many more would be won if this stage alone were "
            "as good as elsewhere, or as before where it is held against its past, all else as it is."
        )
        return [Message(text), where]
    gain = N_(
        "The gain is what would come in if this stage alone were as good as elsewhere, or as before where it is held "
        "against its past, all else as it is."
    )
    some = [Message(N_("Where no deal that came has an amount, the gain is told in deals."))] if without else []
    return [Message(gain), where, *some]
