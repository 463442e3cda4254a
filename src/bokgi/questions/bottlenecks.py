"""Find the stage and unit in which the funnel stops, what that costs a month, and the deals that stand there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from bokgi.analysis.bottleneck import PAST, STAGE, Bottlenecks, Unit, bottlenecks
from bokgi.analysis.comparison.conditions import DERIVED_CONDITIONS, varied
from bokgi.domain.measures import Between, Rate
from bokgi.domain.messages import N_, Message
from bokgi.facts.model import Facts
from bokgi.questions.asked import HOW_HISTORY_COMES, Asked, Json, asked, fair_factors, known_late
from bokgi.questions.explained import explained

VIEWS: Final = {"stage": "stage", "person": "owner_id", "team": "team"}
NOT_SURE: Final = ("gain_not_sure", "amounts_unknown")
COST_NOT_SURE: Final = N_("Deals stop more than could be expected, but whether that costs anything is not sure.")
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

    Gives `units[]{stage, unit, n, z, q_value, flagged, gain{amount, low, high, currency}, deals[]}`, `gate{p, passed}`,
    `said[]`, `caveats[]`; see `docs/reference/bottlenecks.schema.json`. Raises `RefusalError` for an unknown view.
    """
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
                said=_said(here, found, labels),
                caveats=[*_caveats(found), *here.unconverted()],
                would_change=_would_change(here, found, labels),
            ),
        }


def _view(view: str) -> str:
    """Give the view of the analysis that a name of `by` means."""
    column = view.removesuffix(PAST)
    return VIEWS.get(column, column) + view[len(column) :]


def _unit(here: Asked, unit: Unit, labels: dict[tuple[str, str], str], views: dict[str, str]) -> Json:
    gain = unit.gain
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
        "more_cases": unit.more_cases,
        "deals": list(unit.deals),
        "reason": unit.reason,
    }


def _name(here: Asked, unit: Unit, labels: dict[tuple[str, str], str]) -> str:
    if unit.by == STAGE:
        return labels.get((unit.pipeline, unit.stage), unit.stage)
    return here.name(unit.unit) if unit.by.removesuffix(PAST) == "owner_id" else unit.unit


def _said(here: Asked, found: Bottlenecks, labels: dict[tuple[str, str], str]) -> list[Message]:
    flagged = [unit for unit in found.units if unit.flagged]
    if not any(unit.z is not None for unit in found.units) and any(u.reason == "none_stopped" for u in found.units):
        return [Message(N_("Every deal that left a stage moved on. Import the deals that were lost, too."))]
    if not any(unit.z is not None for unit in found.units):
        return [
            Message(N_("There are too few deals with stage history to look for a bottleneck.")),
            Message(HOW_HISTORY_COMES),
        ]
    if not flagged and any(unit.reason in NOT_SURE for unit in found.units):
        return [Message(COST_NOT_SURE)]
    if not flagged:
        return [Message(N_("No stage differs from what could be expected by more than chance."))]
    first = max(flagged, key=lambda unit: unit.gain.amount if unit.gain else 0.0)
    values: dict[str, object] = {
        "stage": labels.get((first.pipeline, first.stage), first.stage),
        "unit": _name(here, first, labels),
        "share": Rate(first.conversion),
        "expected": Rate(first.expected),
    }
    lead = (
        N_("{share} of the deals that left {stage} in the last six months moved on. Before, {expected} did.")
        if first.by == STAGE
        else N_(
            "{unit}: {share} of the deals that left {stage} in the last six months moved on. Before, {expected} did."
        )
        if first.by.endswith(PAST)
        else N_("{unit}: {share} of the deals that left {stage} moved on. Of like deals elsewhere, {expected} did.")
    )
    said = [Message(lead, values)]
    if first.gain is not None:
        ends = Between(here.worth(first.gain.low), here.worth(first.gain.high))
        said.append(
            Message(
                N_("At that level, {gain} more a month would be won ({level} interval {ends})."),
                {"gain": here.worth(first.gain.amount), "level": Rate(found.level), "ends": ends},
            )
        )
    return said


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
    if judged and not any(unit.gain for unit in judged):
        return [Message(N_("No deal has an amount, so what a stage costs cannot be told and none is flagged."))]
    return [
        Message(N_("The gain is what would come in if this stage alone were as good as elsewhere, all else as it is.")),
        Message(N_("A flag says where to look, not why: the deals that stand there tell the cause.")),
    ]
