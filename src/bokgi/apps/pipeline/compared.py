"""The page on which two periods of the funnel are compared: conversion and time by stage, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bokgi.analysis.funnel import FunnelMode
from bokgi.apps.pipeline.chosen_days import LABELS, chosen, field, period_of
from bokgi.apps.pipeline.figures import MODES
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.labels import PIPELINES
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions import funnel_compared
from bokgi.questions.asked import Json
from bokgi.ui.blocks import Badge, Cell, Column, Field, Table
from bokgi.ui.format import ABSENT, days, points
from bokgi.ui.format import n as cases

_DAYS: Final = 91
_LABELS: Final = {**LABELS, "past_from": N_("Compared with, from"), "past_to": N_("Compared with, to")}


@dataclass(frozen=True)
class Compared:
    """What the address asks: two periods and a mode."""

    now: Period
    before: Period
    mode: str

    @property
    def days(self) -> dict[str, date]:
        """Give the first and last days by the name of their parameter."""
        values = (self.now.start, self.now.last, self.before.start, self.before.last)
        return dict(zip(_LABELS, values, strict=True))


def read(screen: Screen) -> Compared:
    """Read two periods and the mode; without days the last 13 weeks and the 13 before.

    Raises `UsageError` for a day that is none and for a period that ends before it begins.
    """
    last = chosen(screen, "to") or screen.as_of
    first = chosen(screen, "from") or last - timedelta(days=_DAYS - 1)
    past_last = chosen(screen, "past_to") or first - timedelta(days=1)
    past_first = chosen(screen, "past_from") or past_last - (last - first)
    mode = screen.request.GET.get("mode") or FunnelMode.STAGE_ENTRY_COHORT.value
    return Compared(period_of(first, last), period_of(past_first, past_last), mode)


def periods_of(screen: Screen) -> tuple[Period, ...]:
    """Give the periods whose deals the page sums up."""
    asked = read(screen)
    return asked.now, asked.before


def modes() -> dict[str, str]:
    """Give the modes that can be compared, with their names."""
    return {mode: MODES[mode] for mode in funnel_compared.MODES}


def fields(screen: Screen, asked: Compared) -> list[Field]:
    """Give the form in which the two periods are chosen."""
    return [field(screen, name, _LABELS[name], day) for name, day in asked.days.items()]


def quick(screen: Screen, asked: Compared) -> list[tuple[str, str]]:
    """Offer the period right before and the same days a year before (52 weeks, so that weekdays agree)."""
    long, year = timedelta(days=asked.now.days), timedelta(days=364)
    now = {"from": asked.now.start.isoformat(), "to": asked.now.last.isoformat()}
    offered = [(screen.say(N_("The period before")), long)]
    if asked.now.days <= year.days:
        offered.append((screen.say(N_("A year before")), year))
    return [
        (
            words,
            screen.address(
                **now,
                past_from=(asked.now.start - back).isoformat(),
                past_to=(asked.now.last - back).isoformat(),
            ),
        )
        for words, back in offered
    ]


def answer(screen: Screen, asked: Compared) -> Json:
    """Ask for the comparison, of team, person and pipeline that are looked at or of all."""
    return screen.ask(
        funnel_compared.compare_funnel,
        start=asked.now.start,
        end=asked.now.end,
        past_start=asked.before.start,
        past_end=asked.before.end,
        mode=asked.mode,
        team=screen.team,
        pipeline=screen.pipeline,
        person=screen.person,
    )


def table(screen: Screen, found: Json) -> Table:
    """Draw both periods stage by stage; what chance explains is said, not coloured."""
    say = screen.say
    columns = [
        Column(say(N_("Stage"))),
        Column(say(N_("Conversion")), "right"),
        Column(say(N_("Compared with")), "right"),
        Column(say(N_("Difference")), "right"),
        Column(say(N_("Verdict"))),
        Column(say(N_("Days, median")), "right"),
        Column(say(N_("Compared with")), "right"),
        Column(say(N_("Difference")), "right"),
        Column(say(N_("Verdict"))),
    ]
    pipelines = {stage["pipeline"] for stage in found["stages"]}
    rows = [
        [
            Cell(
                stage["label"],
                sub=screen.speaker.label(PIPELINES, stage["pipeline"]) if len(pipelines) > 1 else "",
                strong=True,
            ),
            *_measure(screen, stage["conversion"], "conversion"),
            *_measure(screen, stage["time"], "time"),
        ]
        for stage in found["stages"]
    ]
    return Table(
        say(N_("Conversion and time by stage, two periods")),
        columns,
        rows,
        hidden_caption=True,
        empty=say(N_("No deal entered a stage in these periods.")),
    )


def _measure(screen: Screen, there: Json, name: str) -> list[Cell]:
    return [*(_estimate(screen, there[when], name) for when in ("now", "before")), *_difference(screen, there, name)]


def _estimate(screen: Screen, found: Json | None, name: str) -> Cell:
    if found is None:
        return Cell(ABSENT, sub=screen.say(N_("too few")), tone="dim")
    text = screen.speaker.percent(found["estimate"]) if name == "conversion" else screen.speaker.days(found["median"])
    return Cell(text, sub=cases(found["n"]))


_VERDICTS: Final[Mapping[tuple[str, str], tuple[str, str, str]]] = {
    ("conversion", "higher"): (N_("higher"), "good", "rose"),
    ("conversion", "lower"): (N_("lower"), "bad", "fell"),
    ("time", "higher"): (N_("longer"), "", "rose"),
    ("time", "lower"): (N_("shorter"), "", "fell"),
}


def _difference(screen: Screen, there: Json, name: str) -> list[Cell]:
    found = there["difference"]
    if found is None:
        return [Cell(ABSENT), Cell(badge=Badge(screen.say(N_("too few")), "few"))]

    def write(value: float | None) -> str:
        if value is None:
            return "?"
        if name == "conversion":
            return points(value, screen.lang)
        return f"{'−' if value < 0 else '+' if value > 0 else ''}{days(abs(value), screen.lang)}"

    ends = screen.say(N_("{low} to {high}"), low=write(found["low"]), high=write(found["high"]))
    if found["verdict"] == "cannot_tell":
        badge = Badge(screen.say(N_("cannot tell")), "same", "same")
    else:
        words, tone, icon = _VERDICTS[name, found["verdict"]]
        badge = Badge(screen.say(words), tone, icon)  # type: ignore[arg-type]  # tones named above
    return [Cell(write(found["estimate"]), sub=ends), Cell(badge=badge)]
