"""The forecast of the period in the review: what it is made of, its range, the goal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bokgi.apps.reviews.rendering.parts.head import period_name
from bokgi.domain.messages import N_
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.format import MoneyColumn, plain
from bokgi.ui.speaker import Speaker, amount_of

Json = Mapping[str, Any]
_PARTS: Final = {"open": N_("Open deals"), "new": N_("Business yet to come")}


def forecast_table(review: Json, speaker: Speaker) -> Table | None:
    """Lay out won so far, the open part and the part to come, which add up to what is expected; and the target."""
    progress = review["progress"]
    found = progress["forecast"]
    if found is None:
        return None
    parts = [(label, found[name]) for name, label in _PARTS.items() if found[name] is not None]
    amounts = [found["won_so_far"], found["mean"], found["high"], *(part["mean"] for __, part in parts)]
    unit = speaker.money_column([*amounts, found["target"]])
    scale = _scale([*amounts, found["target"]])
    target = amount_of(found["target"])
    rows = [[Cell(speaker.word(N_("Won so far")), strong=True), *_known(found, unit, speaker)]]
    rows += [
        [
            Cell(speaker.word(label), strong=True),
            Cell(speaker.text(N_("about {n}"), n=speaker.count(round(part["n"])))),
            *_range(part, unit, scale, None, speaker),
        ]
        for label, part in parts
    ]
    foot = [
        [
            Cell(speaker.word(N_("Together")), strong=True),
            Cell(),
            *_range(found, unit, scale, None if target is None else float(target), speaker),
        ]
    ]
    if target is not None:
        reached = found["probability"]
        chance = "" if reached is None else speaker.text(N_("chance {share}"), share=speaker.percent(reached))
        foot.append([Cell(speaker.word(N_("Target"))), Cell(), Cell(unit.cell(target)), Cell(chance), Cell()])
    past = found["backtest"]
    said = [*found["said"][1:], *([] if past is None else [past["sentence"]]), *found["caveats"]]
    return Table(
        caption=speaker.text(
            N_("Forecast of {period}, {unit}"), period=period_name(progress["period"], speaker), unit=unit.label
        ),
        columns=[
            Column(speaker.word(N_("Part"))),
            Column(speaker.word(N_("Deals")), "right"),
            Column(speaker.word(N_("Expected")), "right"),
            Column(speaker.text(N_("{level} range"), level=speaker.percent(found["level"])), "right"),
            Column(speaker.word(N_("Range against the target")), drawn=True),
        ],
        rows=rows,
        foot=foot,
        note=" ".join(plain(speaker.say(sentence)) for sentence in said),
    )


def _known(found: Json, unit: MoneyColumn, speaker: Speaker) -> list[Cell]:
    return [Cell(speaker.count(found["won_so_far_n"])), Cell(unit.cell(amount_of(found["won_so_far"]))), Cell(), Cell()]


def _range(part: Json, unit: MoneyColumn, scale: marks.Scale, target: float | None, speaker: Speaker) -> list[Cell]:
    mean, low, high = (amount_of(part[name]) for name in ("mean", "low", "high"))
    drawn = None
    if mean is not None and low is not None and high is not None:
        drawn = marks.whisker(float(mean), (float(low), float(high)), scale, reference=target)
    return [Cell(unit.cell(mean), strong=True), Cell(speaker.ends(unit.cell(low), unit.cell(high))), Cell(mark=drawn)]


def _scale(amounts: list[Mapping[str, str] | None]) -> marks.Scale:
    return marks.Scale(0.0, max(float(amount_of(amount) or 0) for amount in amounts) or 1.0, 190)
