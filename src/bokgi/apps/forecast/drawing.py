"""Drawings of a forecast that several pages share."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from markupsafe import Markup

from bokgi.apps.access.requests import organisation_of
from bokgi.apps.access.selectors import ZONE
from bokgi.apps.data.age import data_age
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.domain.money import Money
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Chart, Column, Table
from bokgi.ui.charts import Ahead, cumulative, for_page
from bokgi.ui.format import money_short, plain
from bokgi.ui.speaker import amount_of

_DOTS = 20
_ENDS = {"half": ("0.25", "0.75"), "wide": ("0.10", "0.90")}
_UNIT = 1e8


def dots(screen: Screen, forecast: Json, width: int = 320) -> Markup | None:
    """Draw the range as twenty equally likely results with the target; null where there is no forecast."""
    quantiles = {float(level): Decimal(found["amount"]) for level, found in (forecast["quantiles"] or {}).items()}
    if len(quantiles) < 2:  # noqa: PLR2004 - a range has two ends
        return None
    levels = sorted(quantiles)

    def value(level: float) -> float:
        below = max((one for one in levels if one <= level), default=levels[0])
        above = min((one for one in levels if one >= level), default=levels[-1])
        low, high = float(quantiles[below]), float(quantiles[above])
        return low if above == below else low + (high - low) * (level - below) / (above - below)

    points = [value((place + 0.5) / _DOTS) / _UNIT for place in range(_DOTS)]
    target = forecast["target"]
    goal = None if target is None else float(Decimal(target["amount"]["amount"])) / _UNIT
    ends = [*points, *([goal] if goal is not None else [])]
    spread = max(max(ends) - min(ends), 0.1)
    line = marks.Scale(min(ends) - 0.1 * spread, max(ends) + 0.1 * spread, width)
    named = sorted({min(points), max(points), *([goal] if goal is not None else [])})
    ticks = [(at, money_short(Money(Decimal(round(at * _UNIT)), screen.currency), screen.lang)) for at in named]
    sentences = forecast["said"]
    label = screen.speaker.say(sentences[0]) if sentences else ""
    return marks.quantile_dots(points, line, goal=goal, ticks=ticks, label=label)


def progress(screen: Screen, forecast: Json) -> Chart | None:
    """Draw what was won day by day, the target, and the range at the end; null where there is no forecast ahead.

    The line of what was won ends with the data: of the days after them nobody knows yet. Null, too, where what was won
    is not shown to this person.
    """
    say, speaker = screen.say, screen.speaker
    quantiles, mean = forecast["quantiles"], amount_of(forecast["mean"])
    start, after = (date.fromisoformat(forecast["period"][end]) for end in ("start", "end"))
    on = date.fromisoformat(forecast["as_of"])
    if (
        mean is None
        or forecast["won_so_far"] is None
        or not {end for ends in _ENDS.values() for end in ends} <= set(quantiles)
        or not start <= on < after
    ):
        return None
    won = [(date.fromisoformat(row["on"]), amount_of(row["amount"]) or Decimal(0)) for row in forecast["won_by_day"]]
    points = [*([] if won and won[0][0] == start else [(start, Decimal(0))]), *won]
    known = max(min(on, data_until(screen)), start, points[-1][0])
    if points[-1][0] < known:
        points.append((known, points[-1][1]))
    ends = say(N_("now")) if known == on else say(N_("data until {day}"), day=speaker.day_short(known.isoformat()))
    half, wide = (tuple(amount_of(quantiles[end]) or Decimal(0) for end in ends) for ends in _ENDS.values())
    target = forecast["target"]

    def spec(width: int) -> dict[str, Any]:
        return for_page(
            cumulative(
                tuple(points),
                target=None if target is None else amount_of(target["amount"]),
                period=(start, after - timedelta(days=1)),
                currency=screen.currency,
                lang=screen.lang,
                width=width,
                words=(say(N_("Won")), say(N_("Target"))),
                mode="page",
                ahead=Ahead(mean, (half[0], half[1]), (wide[0], wide[1]), (say(N_("Forecast")), ends)),
            )
        )

    unit = speaker.money_column([{"amount": str(amount), "currency": screen.currency} for _, amount in won])
    title = say(N_("Won and forecast, {period}"), period=screen.period_name(Period(start, after)))
    head = [Column(say(N_("Day"))), Column(say(N_("Won so far, {unit}"), unit=unit.label), "right")]
    rows = [[Cell(speaker.day_short(day.isoformat())), Cell(unit.cell(amount))] for day, amount in won]
    notes = []
    if screen.sums_only:
        notes.append(say(N_("Drawn by month: day by day the line would show single deals.")))
    if known != on:
        notes.append(say(N_("The data end on {day}: what was won since then is not in them."), day=known))
    return Chart(
        title=title,
        unit="",
        sentence=plain(speaker.say(forecast["said"][0])) if forecast["said"] else title,
        wide=spec(640),
        narrow=spec(330),
        table=Table(title, head, rows, hidden_caption=True),
        note=" ".join(notes),
    )


def data_until(screen: Screen) -> date:
    """Give the day of the newest export; that of the screen before the first one."""
    company = organisation_of(screen.request)
    age = data_age(settings.HOME, today=screen.as_of, zone=ZONE if company is None else company.time_zone)
    return screen.as_of if age is None else age.exported_on
