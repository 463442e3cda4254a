"""Where the funnel stops most, as one person may see it: what that costs, and the deals that stand there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from bokgi.apps.pipeline.deal_list import DEALS
from bokgi.apps.pipeline.funnel import FREE, deals_address
from bokgi.apps.pipeline.selectors import Screen
from bokgi.apps.pipeline.standing import standing_table
from bokgi.domain.messages import N_
from bokgi.domain.money import Money
from bokgi.questions.asked import Json
from bokgi.questions.deals import Where, list_deals
from bokgi.ui.blocks import Table
from bokgi.ui.format import POINTS, money, money_short, number
from bokgi.ui.speaker import Speaker

_SHOWN: Final = 7


@dataclass(frozen=True)
class Bottleneck:
    """One flagged stage: where, what it costs a month and of what that is the product, why it is said, its deals.

    `parts` are label and value of deals a month, chance of a win that is missing, mean amount; `where` filters the
    deals that stand there, `address` lists them (empty for who may not see lists).
    """

    title: str
    stage: tuple[str, str]
    label: str
    gain: str
    interval: str
    parts: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    where: Where
    address: str


@dataclass(frozen=True)
class Standing:
    """The deals that stand at a bottleneck: how many, worth how much, and the first of them."""

    title: str
    note: str
    table: Table


def costliest(units: Iterable[Json]) -> Json | None:
    """Give the flagged unit that costs most (of equal ones the broader); null where nothing is flagged.

    What is known in deals only comes behind what is known in money.
    """
    flagged = [unit for unit in units if unit["flagged"]]
    return max(flagged, key=_cost, default=None)


def _cost(unit: Json) -> tuple[Decimal, float, int]:
    amount, in_deals = (unit["gain"] or {}).get("amount", "0"), unit["gain_in_deals"]
    return Decimal(amount), 0.0 if unit["gain"] is not None or in_deals is None else in_deals["n"], -len(unit["by"])


def first_deals(where: Where) -> dict[str, Any]:
    """Give the parameters with which the deals at a bottleneck are asked for."""
    return {"where": where, "order": "attention", "limit": _SHOWN}


def where_of(unit: Json, *, owners: Sequence[str] | None, team: str | None) -> Where:
    """Filter the open deals of a flagged unit: of its stage, and of the team, person or kind of deal that it is."""
    view, own = unit["by"].removesuffix(":past"), unit["unit"]
    kind = () if view in {"stage", "team", "person"} else ((view, own),)
    return Where(
        owners=None if owners is None else tuple(owners),
        team=own if view == "team" else team,
        person=own if view == "person" else None,
        pipeline=unit["pipeline"],
        stage=unit["stage"],
        columns=kind,
    )


def bottleneck(screen: Screen, answer: Json) -> Bottleneck | None:
    """Choose the flagged unit with the largest gain that this person may see; null where nothing is flagged."""
    units = [unit for unit in answer["units"] if _may_see(screen, unit)]
    units = [unit for unit in units if screen.pipeline in {None, unit["pipeline"]}]
    if screen.person is not None:
        units = [unit for unit in units if unit["by"].startswith("person") and unit["unit"] == screen.person]
    elif screen.team is not None:
        units = [unit for unit in units if unit["by"].startswith("team") and unit["unit"] == screen.team]
    first = costliest(units)
    if first is None:
        return None
    lines = (
        screen.say(
            N_("{share} moved on where {expected} could be expected, in {n} deals that left the stage."),
            share=screen.speaker.percent(first["conversion"]),
            expected=screen.speaker.percent(first["expected"]),
            n=first["n"],
        ),
    )
    where = where_of(first, owners=screen.owners, team=screen.team)
    wanted = {name: getattr(where, name) for name in ("stage", "pipeline", "team", "person")}
    wanted["where"] = [f"{name}:{value}" for name, value in where.columns]
    return Bottleneck(
        title=first["label"] if first["by"] == "stage" else f"{first['name']} · {first['label']}",
        stage=(first["pipeline"], first["stage"]),
        label=first["label"],
        gain=_gain(screen, first),
        interval=_interval(screen, first, answer["level"]),
        parts=_parts(screen, first),
        lines=lines,
        where=where,
        address=deals_address(screen, **wanted, sort="-attention"),
    )


def nothing_flagged(screen: Screen, answer: Json) -> str:
    """Say that nothing of what is looked at stands out, where something else is flagged, or not this person's to see.

    Empty where nothing at all is flagged.
    """
    if not any(unit["flagged"] for unit in answer["units"]):
        return ""
    one = screen.people.get(screen.person, screen.person) if screen.person is not None else screen.team
    if one is not None:
        return screen.say(N_("{name} differs at no stage from what could be expected by more than chance."), name=one)
    if screen.viewer.role in FREE:
        return screen.say(N_("In this pipeline no stage differs from what could be expected by more than chance."))
    if screen.pipeline is not None:
        return screen.say(
            N_(
                "In this pipeline no stage differs from what could be expected by more than chance, neither as a whole "
                "nor for the teams and people whose figures you see."
            )
        )
    return screen.say(
        N_(
            "No stage differs from what could be expected by more than chance, neither of all deals together nor of "
            "the teams and people whose figures you see."
        )
    )


def _short(screen: Screen, amount: str) -> str:
    return money_short(Money(Decimal(amount), screen.currency), screen.lang)


def _gain(screen: Screen, unit: Json) -> str:
    """Write what a unit at its benchmark would bring a month, in money or, where no amount is known, in deals."""
    if unit["gain"] is not None:
        return f"+{_short(screen, unit['gain']['amount'])}"
    return screen.say(N_("+{n} {n:deal|deals}"), n=number(unit["gain_in_deals"]["n"]))


def _interval(screen: Screen, unit: Json, level: float) -> str:
    share, gain = screen.speaker.percent(level), unit["gain"]
    if gain is None:
        low, high = (number(unit["gain_in_deals"][end]) for end in ("low", "high"))
        return screen.say(N_("{level} interval {low} to {high} deals a month"), level=share, low=low, high=high)
    low, high = (
        money(Money(Decimal(gain[end]), gain["currency"]), screen.lang).replace("\u00a0", " ")
        for end in ("low", "high")
    )
    return screen.say(N_("{level} interval {low} to {high} a month"), level=share, low=low, high=high)


def _parts(screen: Screen, unit: Json) -> tuple[tuple[str, str], ...]:
    """Write of what the gain is the product."""
    gain = unit["gain"] or unit["gain_in_deals"]
    parts = (
        (screen.say(N_("Deals a month")), number(gain["arrivals_a_month"])),
        (screen.say(N_("Chance of a win that is missing")), _points(gain["chance_missing"], screen.speaker)),
    )
    return (
        parts
        if unit["gain"] is None
        else (*parts, (screen.say(N_("Mean amount")), _short(screen, gain["mean_amount"])))
    )


def _points(share: float, speaker: Speaker) -> str:
    """Write percentage points to one digit after the point, so that the product can be followed."""
    return number(share * 100) + POINTS[speaker.lang]


def standing(screen: Screen, found: Bottleneck, stages: Sequence[Json]) -> Standing | None:
    """List the first of the deals that stand at a bottleneck, those with most money × days at stake; null for none.

    `stages` tell how long deals usually stay there.
    """
    if screen.owners == ():
        return None
    answer = screen.ask(list_deals, **first_deals(found.where))
    total = answer["total"]
    if not total["count"]:
        return None
    at = next((stage["time"] for stage in stages if (stage["pipeline"], stage["stage"]) == found.stage), None) or {}
    title = screen.say(N_("Deals that stand in {stage}"), stage=found.label)
    table = standing_table(
        screen.speaker,
        answer["deals"],
        caption=title,
        median=at.get("median"),
        late=at.get("p80"),
        opened_at=DEALS,
        hidden_caption=True,
    )
    worth = screen.speaker.money(total["amount"])
    note = screen.say(
        N_("{n} {n:deal|deals} · {amount} · money at stake × days in the stage first"), n=total["count"], amount=worth
    )
    return Standing(title, note, table)


def _may_see(screen: Screen, unit: Json) -> bool:
    view = unit["by"].removesuffix(":past")
    if view == "person":
        return screen.viewer.sees_person(unit["unit"])
    if view == "team":
        return unit["unit"] in screen.shown
    return view == "stage" or screen.viewer.role in FREE


def flagged_stages(screen: Screen, answer: Json) -> set[tuple[str, str]]:
    """Name the stages, with their pipelines, at which the person, the team or all that are looked at were flagged."""
    by = "person" if screen.person is not None else "team" if screen.team is not None else "stage"
    whose = screen.person or screen.team
    return {
        (unit["pipeline"], unit["stage"])
        for unit in answer["units"]
        if unit["flagged"] and unit["by"] == by and whose in (None, unit["unit"])
    }


def flagged_cells(answer: Json, view: str) -> dict[tuple[str, str, str], bool]:
    """Name what was flagged: pipeline, stage and the unit's name."""
    return {
        (unit["pipeline"], unit["stage"], str(unit["name"])): True
        for unit in answer["units"]
        if unit["flagged"] and unit["by"] == view
    }
