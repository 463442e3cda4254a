"""Drawings of a forecast that several pages share."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.money import Money
from bokgi.questions.asked import Json
from bokgi.ui import marks
from bokgi.ui.format import money_short

_DOTS = 20
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
