"""Trends as small multiples: one small chart a KPI, all over the same weeks, and the table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil, log10
from typing import Final

from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.labels import KPI_COUNTS, KPI_REASONS, KPIS, TRENDS
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.ui.blocks import Cell, Column, Figure, Link, Table
from bokgi.ui.format import ABSENT, period_name
from bokgi.ui.marks import TrendPoint, trend
from bokgi.ui.speaker import kpi_interval, kpi_value

_YEAR: Final = 4
"""Windows of 13 weeks in a year."""
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


def figures(screen: Screen, answer: Json, *, definitions: str = "") -> list[Figure]:
    """Draw each KPI; `definitions` is the address of the dictionary, where a figure leads to its entry."""
    say, series = screen.say, answer["series"]
    shares = top_of([one for one in series if one["kind"] == "rate"])
    span = answer["windows"]
    first, last = (Period.month_of(day) for day in (date.fromisoformat(span[0]["start"]), screen.as_of))
    ends = (period_name(first, screen.lang), period_name(last, screen.lang))
    told = []
    for one in series:
        points, kind = one["points"], one["kind"]
        now, before = ({"kind": kind, **points[place]} for place in (-1, -1 - _YEAR))
        top = shares if kind == "rate" else top_of([one])
        ticks = [(at, screen.speaker.percent(at) if kind == "rate" else screen.speaker.number(at)) for at in top]
        mark = trend(
            [TrendPoint(point["value"], (point["low"], point["high"])) for point in points],
            ticks,
            ends=ends,
            label=_told(screen, one),
        )
        known = before["value"] is not None and now["value"] is not None
        interval = kpi_interval(screen.speaker, now, one["level"] or 0.0)
        told.append(
            Figure(
                say(TRENDS[one["key"]]),
                kpi_value(screen.speaker, now) if now["value"] is not None else "",
                range=interval or (say(KPI_REASONS[now["reason"]]) if now["reason"] else ""),
                mark=mark,
                comparison=say(N_("a year before {value}"), value=kpi_value(screen.speaker, before)) if known else "",
                n=say(KPI_COUNTS[one["n_of"]], n=now["n"]),
                definition=Link(say(N_("How it is defined")), f"{definitions}#{one['key']}")
                if definitions and one["key"] in KPIS
                else None,
            )
        )
    return told


def top_of(series: Sequence[Json]) -> list[float]:
    """Give the values of a scale from zero: two or more steps of a round number that hold every value and interval.

    >>> top_of([{"points": [{"value": 0.31, "low": 0.28, "high": 0.36}]}])
    [0.0, 0.2, 0.4]
    """
    ends = [point[end] for one in series for point in one["points"] for end in ("value", "high")]
    highest = max([end for end in ends if end is not None] or [1.0]) or 1.0
    size = 10.0 ** (ceil(log10(highest / 2)) - 1)
    step = next(factor * size for factor in _STEPS if factor * size * 2 >= highest * (1 - 1e-9))
    return [0.0, round(step, 10), round(2 * step, 10)]


def _told(screen: Screen, one: Json) -> str:
    """Say in a sentence what a chart shows: its first known and its last value."""
    known = [point for point in one["points"] if point["value"] is not None]
    name = screen.say(TRENDS[one["key"]])
    if not known:
        return screen.say(N_("{what}: too few cases for a trend"), what=name)
    first, last = (kpi_value(screen.speaker, {"kind": one["kind"], **point}) for point in (known[0], known[-1]))
    return screen.say(N_("{what}: at first {first}, at last {last}"), what=name, first=first, last=last)


def table(screen: Screen, answer: Json) -> Table:
    """List every window, the newest first, with value, interval and n of each KPI."""
    say, speaker, series = screen.say, screen.speaker, answer["series"]
    columns = [Column(say(N_("Weeks from"))), *(Column(say(TRENDS[one["key"]]), "right") for one in series)]
    rows = []
    for place in reversed(range(len(answer["windows"]))):
        cells = [Cell(speaker.day_short(answer["windows"][place]["start"]))]
        for one in series:
            point = {"kind": one["kind"], **one["points"][place]}
            count = say(KPI_COUNTS[one["n_of"]], n=point["n"])
            if point["value"] is None:
                cells.append(Cell(ABSENT, sub=f"{say(KPI_REASONS[point['reason']])}, {count}", tone="dim"))
            else:
                interval = kpi_interval(speaker, point, one["level"] or 0.0)
                cells.append(Cell(kpi_value(speaker, point), sub=", ".join(filter(None, (interval, count)))))
        rows.append(cells)
    return Table(say(N_("Trends")), columns, rows, hidden_caption=True)
