"""One person's conversion and time by stage, beside everybody's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bokgi.analysis.funnel import FunnelMode
from bokgi.apps.pipeline.selectors import Screen
from bokgi.domain.messages import N_
from bokgi.domain.period import Period
from bokgi.questions.asked import Json
from bokgi.questions.funnel import WINDOW_DAYS, ask_funnel
from bokgi.ui import marks
from bokgi.ui.blocks import Cell, Column, Table
from bokgi.ui.format import ABSENT
from bokgi.ui.format import n as cases


def table(screen: Screen, name: str | None) -> Table | None:
    """List the stages that deals of the person entered; null for who is not the only one of that name, or has none.

    Everybody's conversion stands beside it only for who may see sums over everybody.
    """
    if name is None or [row["name"] for row in screen.roster].count(name) != 1:
        return None
    answer = _stages(screen, by=("person",))
    own = [stage for stage in answer["stages"] if stage["groups"]["person"] == name]
    if not own:
        return None
    everybody = replace(screen, team=None, person=None, also=(_window(screen),))
    whole = [] if everybody.stages_hidden else _stages(screen, by=())["stages"]
    scale = marks.Scale(0.0, 1.0, 180)
    say, others = screen.say, {(stage["pipeline"], stage["stage"]): stage for stage in whole}
    columns = [
        Column(say(N_("Stage"))),
        Column(say(N_("Conversion, {level} interval"), level=screen.speaker.percent(answer["level"])), "right"),
        Column(screen.speaker.share_ends(scale.low, scale.high), drawn=True),
        *([Column(say(N_("Everybody")), "right")] if whole else []),
        Column(
            say(N_("Days, median and {level} interval"), level=screen.speaker.percent(answer["level"])),
            "right",
        ),
    ]
    rows = []
    for stage in own:
        row = _row(screen, stage, others.get((stage["pipeline"], stage["stage"])), scale, answer["level"])
        rows.append(row if whole else [*row[:3], row[4]])
    return Table(say(N_("Stage by stage")), columns, rows, hidden_caption=True)


def _stages(screen: Screen, *, by: tuple[str, ...]) -> Json:
    """Ask as the funnel does when it is opened, so that the answer is there."""
    window, mode = _window(screen), FunnelMode.STAGE_ENTRY_COHORT.value
    return screen.ask(ask_funnel, mode=mode, by=by, start=window.start, end=window.end)


def _window(screen: Screen) -> Period:
    end = screen.as_of + timedelta(days=1)
    return Period(end - timedelta(days=WINDOW_DAYS), end)


def _row(screen: Screen, stage: Json, other: Json | None, scale: marks.Scale, level: float) -> list[Cell]:
    speaker, found, time = screen.speaker, stage["conversion"], stage["time"]
    usual = None if other is None else other["conversion"]
    if found is None:
        conversion, drawn = (
            Cell(ABSENT, sub=f"{screen.say(N_('too few'))}, {cases(stage['entered'])}", tone="dim"),
            Cell(),
        )
    elif found["low"] is None:
        conversion, drawn = Cell(speaker.percent(found["estimate"]), sub=cases(found["n"]), strong=True), Cell()
    else:
        told = speaker.interval({**found, "level": level})
        ends = speaker.share_ends(found["low"], found["high"])
        conversion = Cell(speaker.percent(found["estimate"]), sub=f"{ends}, {cases(found['n'])}", strong=True)
        drawn = Cell(
            mark=marks.whisker(
                found["estimate"],
                (found["low"], found["high"]),
                scale,
                reference=None if usual is None else usual["estimate"],
                label=f"{speaker.percent(found['estimate'])}, {told}",
            )
        )
    everybody = Cell(ABSENT if usual is None else speaker.percent(usual["estimate"]), tone="dim")
    days = None if time is None else time["median"]
    around = ""
    if days is not None and time["median_low"] is not None:
        around = speaker.days_ends(time["median_low"], time["median_high"])
    return [
        Cell(stage["label"], strong=True),
        conversion,
        drawn,
        everybody,
        Cell(ABSENT if days is None else speaker.days(days), sub=around),
    ]
