"""Motivation: how far the goal is, and what got better."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from bokgi.apps.reviews.rendering.blocks import Block, Item, Items, Section
from bokgi.apps.reviews.rendering.parts.comparison import comparison_verdict
from bokgi.apps.reviews.rendering.parts.concentration import concentration_verdict
from bokgi.apps.reviews.rendering.parts.forecast import forecast_table
from bokgi.apps.reviews.rendering.parts.head import period_name, value_of
from bokgi.apps.reviews.rendering.parts.won_change import change_table
from bokgi.apps.reviews.rendering.words import PARTS
from bokgi.domain.labels import METRICS
from bokgi.domain.messages import N_
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Chart, Column, Table
from bokgi.ui.charts import cumulative
from bokgi.ui.format import ABSENT, plain
from bokgi.ui.speaker import Speaker, amount_of

Json = Mapping[str, Any]


def section(review: Json, speaker: Speaker) -> Section:
    """Write the part."""
    title, about = PARTS["motivation"]
    progress = review["progress"]
    blocks: list[Block] = []
    if progress["won_by_day"]:
        blocks.append(_chart(review, speaker))
    if progress["targets"]:
        blocks.append(_targets(review, speaker))
    answered = (
        forecast_table(review, speaker),
        change_table(review, speaker),
        concentration_verdict(review, speaker),
        comparison_verdict(review, speaker),
    )
    blocks += [block for block in answered if block is not None]
    blocks.append(
        Items(
            title=speaker.word(N_("What got better")),
            items=[Item(title=speaker.say(found["sentence"])) for found in progress["improved"]],
            empty=speaker.word(N_("Nothing that differs from the weeks before by more than chance.")),
        )
    )
    return Section(
        key="motivation",
        title=speaker.word(title),
        about=speaker.word(about),
        say=[speaker.say(sentence) for sentence in review["said"]["motivation"]],
        blocks=blocks,
    )


def _chart(review: Json, speaker: Speaker) -> Chart:
    progress = review["progress"]
    period = progress["period"]
    points = [(date.fromisoformat(row["on"]), amount_of(row["amount"]) or Decimal(0)) for row in progress["won_by_day"]]
    target = next(
        (
            amount_of(found["target"])
            for found in progress["targets"]
            if found["metric"] == "won_amount" and found["period"] == period
        ),
        None,
    )
    words = (speaker.word(N_("Won")), speaker.word(N_("Target")))

    def spec(width: int) -> dict[str, Any]:
        return cumulative(
            tuple(points),
            target=target,
            period=(date.fromisoformat(period["start"]), date.fromisoformat(period["last"])),
            currency=review["currency"],
            lang=speaker.lang,
            width=width,
            words=words,
        )

    title = speaker.text(N_("Won in {period}"), period=period_name(period, speaker))
    weekly = points[:-1:7] + points[-1:]
    unit = speaker.money_column([{"amount": str(amount), "currency": review["currency"]} for _, amount in weekly])
    return Chart(
        title=title,
        unit="",
        sentence=plain(speaker.say(review["said"]["motivation"][0])) if review["said"]["motivation"] else plain(title),
        wide=spec(1140),
        narrow=spec(330),
        table=Table(
            caption=title,
            columns=[
                Column(speaker.word(N_("Day"))),
                Column(speaker.text(N_("Won so far, {unit}"), unit=unit.label), "right"),
            ],
            rows=[[Cell(speaker.day_short(on.isoformat())), Cell(unit.cell(amount))] for on, amount in weekly],
            hidden_caption=True,
        ),
    )


def _whose(target: Json, speaker: Speaker) -> str:
    if target["subject"]:
        return str(target["subject"])
    return speaker.word(N_("All teams, added up") if target["sum_of_teams"] else N_("Organisation"))


def _targets(review: Json, speaker: Speaker) -> Table:
    rows = [
        [
            Cell(_whose(found, speaker), sub=speaker.label(METRICS, found["metric"]), strong=True),
            Cell(period_name(found["period"], speaker)),
            Cell(value_of(found, "target", speaker)),
            Cell(value_of(found, "reached", speaker)),
            Cell(speaker.percent(found["share"]), strong=True),
            Cell(mark=marks.progress_bar(found["share"] or 0.0, expected=found["passed"])),
            Cell(speaker.percent(found["passed"])),
            Cell(ABSENT if found["coverage"] is None else speaker.text(N_("{times} ×"), times=found["coverage"])),
        ]
        for found in review["progress"]["targets"]
    ]
    return Table(
        caption=speaker.word(N_("Targets")),
        columns=[
            Column(speaker.word(N_("Whose"))),
            Column(speaker.word(N_("Period"))),
            Column(speaker.word(N_("Target")), "right"),
            Column(speaker.word(N_("Reached")), "right"),
            Column(speaker.word(N_("Share")), "right"),
            Column(speaker.word(N_("Reached against time passed")), drawn=True),
            Column(speaker.word(N_("Working days passed")), "right"),
            Column(speaker.word(N_("Open and due ÷ left")), "right"),
        ],
        rows=rows,
        note=speaker.word(
            N_("The tick shows how many working days have passed; deals do not close evenly over a period.")
        ),
    )
